//! The yardstick: the same work done the ordinary way, in axum with sqlx on a pool of 16.
//!
//! Per message one transaction: begin, select for update, update, two inserts, commit; then the answer. Understanding
//! and deciding are the product's own functions and its context is the product's, so that only the way of storing
//! differs. It is spared an inbox, an outbox, sessions, caches, a way to recognise duplicates, and the calendar.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use frontdesk::app;
use frontdesk::booking::{Calendar, Catalogue};
use frontdesk::clock::{Clock as _, SystemClock};
use frontdesk::conversation::{Answer, lexicon};
use frontdesk::dialogue::context::Session;
use frontdesk::dialogue::{Context, Heard, Input, View, decide};
use frontdesk::ids::{self, Seed};
use frontdesk::types::{Channel, MessageId, Pair, SessionId};
use frontdesk::understanding::rules::Rules;
use frontdesk::understanding::{self, Lexicon};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::answer::{self, NewMessage};
use super::load::{BUSINESS, QUESTION, participant};

const CONNECTIONS: u32 = 16;

const TABLES: &str = "
    CREATE TABLE conversations (
        id         uuid PRIMARY KEY,
        version    bigint NOT NULL,
        context    text NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE messages (
        conversation_id uuid NOT NULL,
        seq             bigint NOT NULL,
        direction       text NOT NULL,
        message_id      text NOT NULL,
        content         text NOT NULL,
        at              timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (conversation_id, seq)
    )";

struct Desk {
    pool: PgPool,
    salon: Salon,
}

/// What the product knows of the business.
struct Salon {
    catalogue: Catalogue,
    lexicon: Lexicon,
    /// Empty: the question does not look at it.
    calendar: Calendar,
}

/// Serves on the database at `url`.
pub(crate) async fn serve(url: &str) {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(CONNECTIONS)
        .connect(url)
        .await
        .unwrap();
    let desk = Arc::new(Desk {
        pool,
        salon: Salon::open(),
    });
    answer::serve(Router::new().route("/v1/messages", post(say)).with_state(desk)).await;
}

async fn say(
    State(desk): State<Arc<Desk>>,
    Json(message): Json<NewMessage>,
) -> Result<Json<Answer>, StatusCode> {
    match desk.turn(message).await {
        Ok(answer) => Ok(Json(answer)),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

impl Desk {
    #[expect(
        clippy::disallowed_methods,
        reason = "the ordinary way; nobody cancels these requests"
    )]
    async fn turn(&self, message: NewMessage) -> anyhow::Result<Answer> {
        let pair = Pair {
            business: message.business_id,
            participant: message.participant_id,
        };
        let id = pair.conversation().0;
        let message_id = match message.message_id {
            Some(id) => id,
            None => MessageId::new(new_id().to_string())?,
        };
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query("SELECT version, context FROM conversations WHERE id = $1 FOR UPDATE")
            .bind(id)
            .fetch_one(&mut *transaction)
            .await?;
        let version: i64 = row.get(0);
        let context: Context = serde_json::from_str(row.get(1))?;
        let (context, text) = self
            .salon
            .turn(&pair, &context, &message_id, message.text.clone())?;
        sqlx::query(
            "UPDATE conversations SET version = version + 1, context = $2, updated_at = now() WHERE id = $1",
        )
        .bind(id)
        .bind(serde_json::to_string(&context)?)
        .execute(&mut *transaction)
        .await?;
        for (seq, direction, content) in [
            (2 * version + 1, "inbound", &message.text),
            (2 * version + 2, "outbound", &text),
        ] {
            sqlx::query(
                "INSERT INTO messages (conversation_id, seq, direction, message_id, content)
                 VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(id)
            .bind(seq)
            .bind(direction)
            .bind(message_id.as_str())
            .bind(content)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        let session = context
            .session
            .map_or(SessionId(Uuid::nil()), |session| session.id);
        Ok(answer::answer(
            message_id,
            session,
            u64::try_from(version + 1)?,
            text,
        ))
    }
}

impl Salon {
    fn open() -> Self {
        let catalogue = app::demo().unwrap();
        Self {
            lexicon: lexicon(&catalogue),
            catalogue,
            calendar: Calendar::default(),
        }
    }

    /// Understands and decides as the product does. Answers with the context after it and what is said.
    fn turn(
        &self,
        pair: &Pair,
        context: &Context,
        message_id: &MessageId,
        text: String,
    ) -> anyhow::Result<(Context, String)> {
        let now = SystemClock::real().now();
        let options = context.option_labels();
        let understood = Rules::new().hear(understanding::Heard {
            text: &text,
            now: self.catalogue.time_zone.to_datetime(now),
            expecting: context.question.as_ref().map(|question| question.expecting),
            options: &options,
            language: frontdesk::types::Language::English,
            lexicon: &self.lexicon,
            scene: None,
        });
        let heard = [Heard {
            id: message_id.clone(),
            channel: Channel::Api,
            text,
            acts: understood.acts,
            language: None,
            wording: None,
        }];
        let view = View {
            catalogue: &self.catalogue,
            calendar: &self.calendar,
            participant: &pair.participant,
            now,
            seed: Seed::of_turn(pair.conversation().0, context.last_seq),
            lost: None,
        };
        let mut outcome = decide(context, Input::Messages(&heard), &view);
        outcome.context.last_seq += 2;
        if let Some(session) = &mut outcome.context.session {
            session.message_count += 2;
            session.last_activity = now;
        }
        let reply = outcome
            .replies
            .pop()
            .ok_or_else(|| anyhow::anyhow!("nothing to say"))?;
        Ok((outcome.context, reply.text))
    }

    /// The context of a conversation of so many turns.
    fn context_after(&self, turns: u64) -> anyhow::Result<String> {
        let now = SystemClock::real().now();
        let pair = Pair {
            business: BUSINESS.parse()?,
            participant: participant(0).parse()?,
        };
        let mut context = Context {
            session: Some(Session {
                id: SessionId(new_id()),
                title: QUESTION.to_owned(),
                started_at: now,
                last_activity: now,
                ended_at: None,
                message_count: 0,
                total_tokens: 0,
            }),
            ..Context::default()
        };
        for _ in 0..turns {
            let message_id = MessageId::new(new_id().to_string())?;
            (context, _) = self.turn(&pair, &context, &message_id, QUESTION.to_owned())?;
        }
        Ok(serde_json::to_string(&context)?)
    }
}

/// Makes the tables, with a row for each pair.
pub(crate) async fn prepare(url: &str, pairs: u32) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(TABLES).execute(&mut connection).await.unwrap();
    let ids: Vec<Uuid> = (0..pairs)
        .map(|number| {
            let pair = Pair {
                business: BUSINESS.parse().unwrap(),
                participant: participant(number).parse().unwrap(),
            };
            pair.conversation().0
        })
        .collect();
    sqlx::query("INSERT INTO conversations (id, version, context) SELECT id, 0, '' FROM unnest($1) AS id")
        .bind(ids)
        .execute(&mut connection)
        .await
        .unwrap();
    age(url, 0).await;
}

/// Gives every conversation a context as it is after so many turns: it grows over the first ones, and both sides
/// shall write as many bytes. Leaves the tables as autovacuum would.
pub(crate) async fn age(url: &str, turns: u64) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query("UPDATE conversations SET context = $1")
        .bind(Salon::open().context_after(turns).unwrap())
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("VACUUM ANALYZE conversations")
        .execute(&mut connection)
        .await
        .unwrap();
}

/// The mean length of the contexts in either side's table.
pub(crate) async fn context_bytes(url: &str) -> f64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar("SELECT avg(length(context))::float8 FROM conversations")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

fn new_id() -> Uuid {
    ids::new_id(SystemClock::real().now())
}
