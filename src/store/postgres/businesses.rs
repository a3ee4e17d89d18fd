//! Businesses and the versions of their catalogues.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;

use super::readers::{Read as _, Readers};
use super::rows::{Cells, signed};
use super::transaction::{Ending, Operation};
use super::turn_rows::time;
use crate::store::Result;
use crate::types::BusinessId;

/// Seats of one resource that are repeated at most.
const SEATS_MAX: i64 = 1000;

/// Stores a document as the next version.
pub(super) struct Put {
    pub(super) business: BusinessId,
    pub(super) document: String,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Operation for Put {
    type Output = u64;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<u64>> {
        let (business, now) = (self.business.as_str(), time(self.now));
        // The row is locked until the end, new or not, so that of two at once the second sees the first's version.
        // Version 0 is never seen outside.
        sqlx::query(
            "INSERT INTO businesses (id, catalogue_version, created_at, updated_at) VALUES ($1, 0, $2, $2)
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(business)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        sqlx::query("SELECT FROM businesses WHERE id = $1 FOR NO KEY UPDATE")
            .bind(business)
            .execute(&mut *connection)
            .await?;
        // A statement of its own, so that its snapshot is younger than the lock.
        let latest = sqlx::query(LATEST)
            .bind(business)
            .fetch_optional(&mut *connection)
            .await?;
        let version = match &latest {
            None => 1,
            Some(row) => {
                let cells = Cells::new(row, "catalogue_versions", "id");
                let version: u64 = cells.number("version")?;
                if cells.get::<&str>("document")? == self.document {
                    return Ok(Ending::Commit(version));
                }
                version + 1
            }
        };
        sqlx::query(
            "WITH version AS (
                 INSERT INTO catalogue_versions (business_id, version, document, created_at) VALUES ($1, $2, $3, $4))
             UPDATE businesses SET catalogue_version = $2, updated_at = $4 WHERE id = $1",
        )
        .bind(business)
        .bind(signed(version))
        .bind(&self.document)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        Named::of(&self.document).repeat(connection, business).await?;
        Ok(Ending::Commit(version))
    }
}

const LATEST: &str = "
    SELECT b.id, v.version, v.document
    FROM businesses b
    JOIN catalogue_versions v ON v.business_id = b.id AND v.version = b.catalogue_version
    WHERE b.id = $1";

/// What a document names, for operators who ask in SQL. The document is the truth: what it does not name so is left out
/// here, and what is no JSON names nothing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    /// Names by id.
    services: BTreeMap<String, String>,
    /// Whoever and whatever can be occupied, by id: name, kind, capacity.
    resources: BTreeMap<String, (String, String, i64)>,
}

impl Named {
    fn of(document: &str) -> Self {
        let mut named = Self::default();
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        let list = |of: &str| {
            let values = document.get(of).and_then(Value::as_array);
            values.map(Vec::as_slice).unwrap_or_default()
        };
        for service in list("services") {
            if let Some((id, name)) = id_and_name(service) {
                named.services.entry(id).or_insert(name);
            }
        }
        for person in list("staff") {
            named.take(person, "staff", 1);
        }
        for resource in list("resources") {
            let kind = resource.get("kind").and_then(Value::as_str).unwrap_or("place");
            let capacity = resource.get("capacity").and_then(Value::as_i64).unwrap_or(1);
            named.take(resource, kind, capacity);
        }
        // Classes seat who takes part.
        for service in list("services") {
            if let Some(seats) = service.get("seats").and_then(Value::as_i64) {
                named.take(service, "class", seats);
            }
        }
        named
    }

    fn take(&mut self, value: &Value, kind: &str, capacity: i64) {
        if let Some((id, name)) = id_and_name(value) {
            let resource = (name, storable(kind), capacity.max(1));
            self.resources.entry(id).or_insert(resource);
        }
    }

    async fn repeat(self, connection: &mut PgConnection, business: &str) -> Result<()> {
        let (mut ids, mut names, mut kinds, mut capacities) = (vec![], vec![], vec![], vec![]);
        for (id, (name, kind, capacity)) in self.resources {
            ids.push(id);
            names.push(name);
            kinds.push(kind);
            capacities.push(capacity);
        }
        let (service_ids, service_names): (Vec<_>, Vec<_>) = self.services.into_iter().unzip();
        sqlx::query("DELETE FROM services WHERE business_id = $1")
            .bind(business)
            .execute(&mut *connection)
            .await?;
        // With their seats.
        sqlx::query("DELETE FROM resources WHERE business_id = $1")
            .bind(business)
            .execute(&mut *connection)
            .await?;
        sqlx::query(
            "WITH service AS (
                 INSERT INTO services (business_id, service_id, name)
                 SELECT $1, * FROM unnest($2::text[], $3::text[])),
             resource AS (
                 INSERT INTO resources (business_id, resource_id, name, kind, capacity)
                 SELECT $1, * FROM unnest($4::text[], $5::text[], $6::text[], $7::bigint[])
                 RETURNING resource_id, capacity)
             INSERT INTO resource_seats (business_id, resource_id, seat)
             SELECT $1, resource_id, seat FROM resource, generate_series(1, LEAST(capacity, $8::bigint)) seat",
        )
        .bind(business)
        .bind(service_ids)
        .bind(service_names)
        .bind(ids)
        .bind(names)
        .bind(kinds)
        .bind(capacities)
        .bind(SEATS_MAX)
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// JSON may hold U+0000, which PostgreSQL's `text` cannot.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn id_and_name(value: &Value) -> Option<(String, String)> {
    let id = value.get("id")?.as_str()?;
    let name = value.get("name").and_then(Value::as_str).unwrap_or(id);
    Some((storable(id), storable(name)))
}

/// The latest document with its version.
pub(super) async fn latest(readers: &Readers, business: &BusinessId) -> Result<Option<(u64, String)>> {
    let row = sqlx::query(LATEST)
        .bind(business.as_str())
        .read_optional(readers)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let cells = Cells::new(&row, "catalogue_versions", "id");
    Ok(Some((cells.number("version")?, cells.get("document")?)))
}

/// Every business, by id.
pub(super) async fn all(readers: &Readers) -> Result<Vec<BusinessId>> {
    // By bytes, as ids compare in the program, whatever the database's collation.
    let rows = sqlx::query("SELECT id FROM businesses ORDER BY id COLLATE \"C\"")
        .read_all(readers)
        .await?;
    rows.iter()
        .map(|row| Cells::new(row, "businesses", "id").parsed("id"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_names_who_and_what_can_be_occupied() {
        let named = Named::of(
            r#"{"services": [{"id": "cut", "name": "A cut"}, {"nameless": 1}, {"id": "yoga", "seats": 8}],
                "staff": [{"id": "mai"}],
                "resources": [{"id": "room", "capacity": 2}, {"id": "van", "kind": "vehicle", "capacity": -1},
                              {"id": "mai", "name": "somebody else's id"}]}"#,
        );
        let text = |text: &str| text.to_owned();
        assert_eq!(
            named.services,
            BTreeMap::from([(text("cut"), text("A cut")), (text("yoga"), text("yoga"))])
        );
        let resource = |id: &str, kind: &str, capacity| (text(id), (text(id), text(kind), capacity));
        assert_eq!(
            named.resources,
            BTreeMap::from([
                resource("mai", "staff", 1),
                resource("room", "place", 2),
                resource("van", "vehicle", 1),
                resource("yoga", "class", 8),
            ])
        );
    }

    #[test]
    fn what_is_no_json_names_nothing() {
        for document in ["not even JSON", "[]", "{\"services\": {\"id\": 1}}", ""] {
            assert_eq!(Named::of(document), Named::default(), "{document}");
        }
    }
}
