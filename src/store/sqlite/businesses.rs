//! Businesses and the versions of their catalogues.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use super::operation::Operation;
use super::rows::{Cells, micros, signed};
use crate::store::Result;
use crate::types::BusinessId;

/// Stores a document as the next version.
pub(super) struct Put {
    pub(super) business: BusinessId,
    pub(super) document: String,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Operation for Put {
    type Output = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64> {
        let latest = sqlx::query(
            "SELECT b.id, b.catalogue_version AS version, v.document
             FROM businesses b
             JOIN catalogue_versions v ON v.business_id = b.id AND v.version = b.catalogue_version
             WHERE b.id = $1",
        )
        .bind(self.business.as_str())
        .fetch_optional(&mut *connection)
        .await?;
        let version = match &latest {
            None => 1,
            Some(row) => {
                let cells = Cells::new(row, "catalogue_versions", "id");
                let version: u64 = cells.number("version")?;
                if cells.get::<&str>("document")? == self.document {
                    return Ok(version);
                }
                version + 1
            }
        };
        sqlx::query(
            "INSERT INTO businesses (id, catalogue_version, created_at, updated_at) VALUES ($1, $2, $4, $4)
             ON CONFLICT (id) DO UPDATE SET
                 catalogue_version = excluded.catalogue_version, updated_at = excluded.updated_at;

             INSERT INTO catalogue_versions (business_id, version, document, created_at) VALUES ($1, $2, $3, $4);

             -- For operators who ask in SQL. The document is the truth: what it does not name so is left out here.
             DELETE FROM services WHERE business_id = $1;
             INSERT INTO services (business_id, service_id, name)
             SELECT $1, value ->> '$.id', COALESCE(value ->> '$.name', value ->> '$.id')
             FROM json_each(CASE WHEN json_valid($3) THEN $3 ELSE '{}' END, '$.services')
             WHERE json_type(value, '$.id') = 'text'
             ON CONFLICT DO NOTHING;

             DELETE FROM resources WHERE business_id = $1;
             -- Whoever and whatever can be occupied: people, places, and classes, which seat who takes part.
             WITH document (v) AS (SELECT CASE WHEN json_valid($3) THEN $3 ELSE '{}' END),
                  named (v, kind, capacity) AS (
                 SELECT e.value, 'staff', 1 FROM document, json_each(document.v, '$.staff') e
                 UNION ALL
                 SELECT e.value, COALESCE(e.value ->> '$.kind', 'place'), COALESCE(e.value ->> '$.capacity', 1)
                 FROM document, json_each(document.v, '$.resources') e
                 UNION ALL
                 SELECT e.value, 'class', e.value ->> '$.seats' FROM document, json_each(document.v, '$.services') e
                 WHERE json_type(e.value, '$.seats') = 'integer')
             INSERT INTO resources (business_id, resource_id, name, kind, capacity)
             SELECT $1, v ->> '$.id', COALESCE(v ->> '$.name', v ->> '$.id'), kind, MAX(1, capacity)
             FROM named WHERE json_type(v, '$.id') = 'text'
             ON CONFLICT DO NOTHING;

             WITH RECURSIVE seats (resource_id, seat, capacity) AS (
                 SELECT resource_id, 1, MIN(capacity, 1000) FROM resources WHERE business_id = $1
                 UNION ALL
                 SELECT resource_id, seat + 1, capacity FROM seats WHERE seat < capacity)
             INSERT INTO resource_seats (business_id, resource_id, seat) SELECT $1, resource_id, seat FROM seats",
        )
        .bind(self.business.as_str())
        .bind(signed(version))
        .bind(&self.document)
        .bind(micros(self.now))
        .execute(connection)
        .await?;
        Ok(version)
    }

    fn bytes(&self) -> usize {
        self.document.len()
    }
}

/// The latest document with its version.
pub(super) async fn latest(readers: &SqlitePool, business: &BusinessId) -> Result<Option<(u64, String)>> {
    let row = sqlx::query(
        "SELECT b.id, v.version, v.document
         FROM businesses b
         JOIN catalogue_versions v ON v.business_id = b.id AND v.version = b.catalogue_version
         WHERE b.id = $1",
    )
    .bind(business.as_str())
    .fetch_optional(readers)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let cells = Cells::new(&row, "catalogue_versions", "id");
    Ok(Some((cells.number("version")?, cells.get("document")?)))
}

/// Every business, by id.
pub(super) async fn all(readers: &SqlitePool) -> Result<Vec<BusinessId>> {
    let rows = sqlx::query("SELECT id FROM businesses ORDER BY id")
        .fetch_all(readers)
        .await?;
    rows.iter()
        .map(|row| Cells::new(row, "businesses", "id").parsed("id"))
        .collect()
}
