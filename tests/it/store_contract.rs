//! What every [`Store`](frontdesk::store::Store) must do, races included.
//!
//! Each sentence is one function over a [`Backend`]; the list below runs all of them against every store. A store is
//! added by one line at the end.

mod accounts;
mod appointments;
mod attachments;
mod calendar;
mod cancelled;
mod changes;
mod conversations;
mod durability;
mod effects;
pub(crate) mod given;
mod holds;
mod identities;
mod inbox;
mod joining;
mod outbox;
mod random;
mod receipts;
mod transcript;
mod tries;
mod upkeep;

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk::store::postgres::PostgresStore;
use frontdesk::store::sqlite::{Options, SqliteStore};
use frontdesk::store::{ChannelStore, Store, behind};
use frontdesk::types::ConversationId;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tempfile::TempDir;

use crate::support::postgres::Database;

/// A place where a store keeps its data; it can be opened again after a crash.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    /// Opens the store.
    async fn open(&self) -> Arc<dyn Store>;

    /// The columns `tokens` and `metadata` of a conversation's messages, for those who compare models by SQL.
    async fn accounts(&self, conversation: ConversationId) -> Vec<(i64, Option<String>)>;

    /// Opens the store, also as what it is to channels that have accounts.
    async fn open_for_channels(&self) -> (Arc<dyn Store>, Arc<dyn ChannelStore>);

    /// Asks the database itself: two columns of text, in order.
    async fn ask(&self, sql: &'static str) -> Vec<(Option<String>, Option<String>)>;

    /// Whether a transcript may come a moment after its turn, also from a store that was opened before.
    fn writes_behind(&self) -> bool {
        false
    }
}

struct Sqlite(TempDir);

impl Sqlite {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }
}

#[async_trait]
impl Backend for Sqlite {
    async fn open(&self) -> Arc<dyn Store> {
        let options = Options::file(self.0.path().join("frontdesk.db"));
        Arc::new(SqliteStore::open(&options).await.unwrap())
    }

    async fn accounts(&self, conversation: ConversationId) -> Vec<(i64, Option<String>)> {
        let options = SqliteConnectOptions::new().filename(self.0.path().join("frontdesk.db"));
        let mut connection = options.connect().await.unwrap();
        sqlx::query_as("SELECT tokens, metadata FROM messages WHERE conversation_id = $1 ORDER BY seq")
            .bind(conversation.0.as_bytes().to_vec())
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }

    async fn open_for_channels(&self) -> (Arc<dyn Store>, Arc<dyn ChannelStore>) {
        let options = Options::file(self.0.path().join("frontdesk.db"));
        let store = Arc::new(SqliteStore::open(&options).await.unwrap());
        (store.clone(), store)
    }

    async fn ask(&self, sql: &'static str) -> Vec<(Option<String>, Option<String>)> {
        let options = SqliteConnectOptions::new().filename(self.0.path().join("frontdesk.db"));
        let mut connection = options.connect().await.unwrap();
        sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap()
    }
}

#[async_trait]
impl Backend for Database {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(PostgresStore::open(&self.options()).await.unwrap())
    }

    async fn accounts(&self, conversation: ConversationId) -> Vec<(i64, Option<String>)> {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        sqlx::query_as("SELECT tokens, metadata::text FROM messages WHERE conversation_id = $1 ORDER BY seq")
            .bind(conversation.0)
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }

    async fn open_for_channels(&self) -> (Arc<dyn Store>, Arc<dyn ChannelStore>) {
        let store = Arc::new(PostgresStore::open(&self.options()).await.unwrap());
        (store.clone(), store)
    }

    async fn ask(&self, sql: &'static str) -> Vec<(Option<String>, Option<String>)> {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap()
    }
}

/// The same with transcripts written behind.
struct Behind<B>(B);

#[async_trait]
impl<B: Backend> Backend for Behind<B> {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(behind::Behind::new(self.0.open().await))
    }

    async fn accounts(&self, conversation: ConversationId) -> Vec<(i64, Option<String>)> {
        self.0.accounts(conversation).await
    }

    async fn open_for_channels(&self) -> (Arc<dyn Store>, Arc<dyn ChannelStore>) {
        let (store, channels) = self.0.open_for_channels().await;
        (Arc::new(behind::Behind::new(store)), channels)
    }

    fn writes_behind(&self) -> bool {
        true
    }

    async fn ask(&self, sql: &'static str) -> Vec<(Option<String>, Option<String>)> {
        self.0.ask(sql).await
    }
}

/// Runs every sentence against a backend.
macro_rules! contract {
    ($name:ident, $backend:expr; $($topic:ident: $($sentence:ident)*;)*) => {
        mod $name {
            use super::*;
            $(mod $topic {
                use super::*;
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                    async fn $sentence() {
                        super::super::$topic::$sentence(&$backend).await;
                    }
                )*
            })*
        }
    };
}

/// The whole contract, for each store.
macro_rules! stores {
    ($($name:ident: $backend:expr;)*) => {
        $(contract! { $name, $backend;
            conversations:
                a_new_conversation_has_version_0_and_no_context
                a_committed_turn_is_read_back
                a_context_is_only_sent_to_those_who_do_not_know_it
                a_stale_version_never_wins
                of_many_commits_of_one_version_exactly_one_wins
                versions_and_transcripts_have_no_gaps
                a_turn_that_is_handed_in_twice_is_committed_once
                a_turn_without_words_changes_the_context_alone;
            inbox:
                a_message_is_new_once
                a_message_delivered_a_hundred_times_at_once_is_new_once
                a_key_twice_in_one_call_is_new_once
                the_same_id_in_another_account_is_another_message
                pending_messages_come_oldest_first_and_leave_with_their_turn
                a_message_that_was_never_accepted_is_done_with_its_turn
                a_turn_with_an_answered_message_writes_nothing
                of_two_turns_with_one_message_exactly_one_answers_it
                a_message_that_fails_four_times_is_given_up_and_the_rest_goes_on
                fresh_messages_are_not_claimed
                untried_messages_are_claimed_together_and_tried_ones_alone
                what_was_recorded_out_of_order_is_found_all_the_same
                an_attempt_is_counted_before_anybody_works
                unanswered_messages_are_listed_oldest_first_in_pages
                the_list_can_be_narrowed_to_a_business_and_a_state
                a_dead_message_that_is_retried_is_as_if_never_tried
                a_dropped_message_stays_a_duplicate_and_is_nobodys_business_any_more
                only_dead_messages_are_settled
                of_many_who_settle_a_message_one_does;
            holds:
                of_96_who_want_one_slot_one_gets_it
                api_and_chat_cannot_both_win
                a_hold_asked_for_again_is_the_same_hold
                a_hold_asked_for_again_elsewhere_moves
                an_expired_hold_frees_its_slot
                an_expired_hold_can_be_placed_again_by_the_turn_that_runs_again
                a_hold_that_became_a_visit_is_not_placed_again
                a_goal_holds_one_slot_at_a_time
                a_refused_hold_leaves_the_goals_earlier_one
                a_class_of_four_takes_four
                buffers_block_and_neighbours_touch
                businesses_do_not_share_resources
                the_sweep_expires_what_ran_out;
            effects:
                a_hold_is_confirmed
                a_business_that_confirms_by_hand_gets_a_request
                an_expired_hold_is_not_confirmed
                a_hold_that_changed_is_not_confirmed
                a_booking_without_a_hold_can_be_refused
                a_move_keeps_the_old_slot_until_the_new_one_is_won
                a_move_into_a_held_slot_uses_the_hold_up
                a_move_onto_itself_is_allowed
                a_stale_move_is_refused
                a_cancelled_visit_frees_its_slot_and_stays_cancelled
                a_released_hold_frees_its_slot
                a_refused_effect_writes_nothing_while_its_neighbours_commit
                somebody_elses_visit_is_out_of_reach
                waiting_customers_are_listed_longest_first
                a_turn_with_a_booking_handed_in_twice_books_once
                of_many_first_turns_with_effects_exactly_one_wins
                handoff_contact_and_profile_are_part_of_the_turn;
            changes:
                an_idempotency_key_books_once
                an_idempotency_key_used_at_once_books_once
                a_change_needs_the_version_it_names
                what_does_not_exist_cannot_be_changed
                a_visit_goes_through_its_life_and_never_back
                a_move_into_a_taken_slot_changes_nothing;
            appointments:
                a_visit_is_read_back_as_it_was_written
                lists_are_paged_without_gaps_and_repeats
                lists_are_filtered
                what_happened_is_kept_in_order;
            calendar:
                a_calendar_without_changes_is_version_0
                from_0_it_shows_the_live_visits_that_have_not_ended
                later_it_shows_what_changed_live_or_not
                a_reader_who_follows_misses_nothing;
            transcript:
                pages_end_before_what_was_asked
                everything_said_is_kept
                what_asking_a_model_came_to_is_kept_with_the_message
                a_turn_without_a_transcript_is_committed_and_gets_it_later
                an_empty_append_does_nothing
                sessions_are_listed_newest_first_and_closed_when_idle;
            outbox:
                a_reply_that_was_sent_with_its_turn_is_never_claimed
                replies_of_one_conversation_leave_in_order
                a_claimed_reply_is_nobody_elses_until_its_lease_ends
                a_reply_is_tried_again_when_it_is_due
                a_long_row_of_replies_that_waits_for_its_first_holds_nobody_up
                a_dead_reply_does_not_hold_up_the_next
                claims_at_once_never_share_a_reply;
            upkeep:
                a_catalogue_has_a_version_per_text
                businesses_are_listed
                figures_count
                a_closed_store_says_so;
            durability:
                what_was_committed_survives_a_crash
                closing_finishes_what_was_handed_over;
            cancelled:
                callers_cancelled_at_every_await_lose_and_double_nothing
                a_cancelled_hold_is_whole_or_not_there;
            random:
                no_sequence_of_changes_books_a_seat_twice;
        })*
    };
}

/// What only those must do that write the transcript with its turn.
macro_rules! stores_with_the_transcript {
    ($($name:ident: $backend:expr;)*) => {
        $(contract! { $name, $backend;
            conversations:
                a_turn_that_the_database_refuses_fails_alone;
            transcript:
                what_was_said_stays_what_it_was;
            durability:
                a_crash_in_the_middle_loses_nothing_that_was_answered;
        })*
    };
}

/// What the stores keep for channels that have accounts.
macro_rules! stores_of_channels {
    ($($name:ident: $backend:expr;)*) => {
        $(contract! { $name, $backend;
            accounts:
                an_account_is_read_back_as_it_was_put
                an_account_stays_with_its_business
                a_stopped_account_says_why_until_it_goes_on;
            attachments:
                a_file_is_recorded_once_and_read_back_as_it_was_told
                a_message_that_was_accepted_without_files_gets_none_later
                a_claimed_file_is_nobody_elses_until_its_lease_ends
                a_file_is_tried_again_when_it_is_due_and_not_once_it_is_given_up
                what_was_taken_back_is_deleted_whatever_had_become_of_it
                files_come_along_when_two_are_one;
            identities:
                somebody_new_is_who_was_proposed_and_stays_so
                a_new_name_belongs_to_whom_the_known_one_does
                names_of_two_people_are_left_as_they_are_and_both_are_named
                many_who_meet_the_same_new_person_agree
                the_same_name_at_another_account_is_somebody_else
                a_name_at_an_account_that_changed_hands_is_free
                a_turn_records_no_name_of_those_who_were_recognised
                what_was_taken_back_is_gone_from_inbox_and_transcript;
            tries:
                a_reply_is_claimed_with_where_it_goes
                an_account_that_is_down_holds_up_no_other
                what_became_of_each_try_is_on_record
                a_try_that_was_none_is_not_counted
                what_nobody_knows_is_due_again_and_marked
                parts_that_the_channel_has_are_counted
                replies_of_the_web_chat_leave_no_record
                operators_see_what_was_not_sent
                operators_see_pages_without_gaps_and_repeats
                what_is_retried_is_as_if_never_tried
                what_is_dropped_is_dead_and_what_was_sent_stays_sent;
            receipts:
                what_is_known_only_moves_forward
                a_receipt_for_what_nobody_sent_finds_nothing
                a_receipt_settles_what_nobody_knew
                a_receipt_settles_what_is_in_flight
                a_receipt_of_another_account_settles_nothing
                what_failed_at_its_channel_is_dead
                a_receipt_up_to_a_time_is_for_all_that_was_said_before
                a_receipt_that_is_faster_than_the_answer_is_kept_for_it
                a_receipt_that_is_faster_than_the_answer_to_a_part_is_kept_for_it
                a_receipt_for_a_part_settles_that_part_and_not_the_rest
                early_receipts_and_answers_at_once_agree
                receipts_and_settlements_at_once_agree;
            joining:
                two_who_are_one_have_one_conversation
                appointments_move_with_the_calendar
                only_those_who_were_heard_of_are_joined
                whoever_was_joined_before_comes_along
                of_many_who_join_the_same_two_one_does
                a_turn_under_way_begins_again_and_answers_once
                what_comes_in_under_an_old_name_is_handed_over
                a_first_turn_under_way_answers_nothing_that_has_moved
                a_join_among_turns_loses_and_doubles_nothing
                a_dead_letter_is_retried_where_its_sender_is_now
                a_token_makes_one_participant_another_and_no_second_one;
        })*
    };
}

stores! {
    sqlite: Sqlite::new();
    sqlite_behind: Behind(Sqlite::new());
    postgres: Database::new().await;
    postgres_behind: Behind(Database::new().await);
}

stores_of_channels! {
    sqlite_of_channels: Sqlite::new();
    postgres_of_channels: Database::new().await;
}

stores_with_the_transcript! {
    sqlite_with_turn: Sqlite::new();
    postgres_with_turn: Database::new().await;
}

/// What only the store in a file must do.
mod sqlite_file {
    use super::*;

    #[tokio::test]
    async fn a_second_process_is_refused_with_the_name_of_the_file() {
        let dir = TempDir::new().unwrap();
        let options = Options::file(dir.path().join("frontdesk.db"));
        let first = SqliteStore::open(&options).await.unwrap();
        let refused = SqliteStore::open(&options).await.unwrap_err().to_string();
        assert!(
            refused.contains("frontdesk.db is in use by another frontdesk process"),
            "{refused}"
        );
        first.close().await;
        SqliteStore::open(&options).await.unwrap();
    }

    /// Not a test of its own: the process that the next one kills.
    #[tokio::test]
    async fn commits_until_it_is_killed() {
        let Ok(path) = std::env::var("FRONTDESK_TEST_DB_OF_THE_KILLED") else {
            return;
        };
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&Options::file(path)).await.unwrap());
        for version in 0.. {
            given::committed(&store, given::turn(&given::pair("ana"), version)).await;
            println!("\ncommitted {}", version + 1);
        }
    }

    #[tokio::test]
    async fn a_killed_process_leaves_no_lock_and_no_half_turn() {
        use std::io::{BufRead as _, BufReader};
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("frontdesk.db");
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store_contract::sqlite_file::commits_until_it_is_killed",
                "--nocapture",
            ])
            .env("FRONTDESK_TEST_DB_OF_THE_KILLED", &path)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut answered = 0_u64;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            if let Some(version) = line.unwrap().strip_prefix("committed ") {
                answered = version.parse().unwrap();
            }
            if answered == 50 {
                break;
            }
        }
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(answered, 50);
        let store = SqliteStore::open(&Options::file(&path)).await.unwrap();
        let ana = given::pair("ana");
        let version = store.open(&ana, None).await.unwrap().version();
        assert!(version >= 50, "{version}");
        let said = store.messages(ana.conversation(), None, 9999).await.unwrap();
        assert_eq!(said.len() as u64, 2 * version);
    }

    #[tokio::test]
    async fn a_store_in_memory_works_and_leaves_nothing() {
        let store = SqliteStore::open(&Options::new("sqlite::memory:")).await.unwrap();
        let pair = given::pair("ana");
        store.commit(given::turn(&pair, 0)).await.unwrap();
        assert_eq!(store.open(&pair, None).await.unwrap().version(), 1);
        let other = SqliteStore::open(&Options::new("sqlite::memory:")).await.unwrap();
        assert_eq!(other.open(&pair, None).await.unwrap().version(), 0);
    }

    #[tokio::test]
    async fn a_url_of_another_database_is_refused() {
        let refused = SqliteStore::open(&Options::new("postgres://localhost/frontdesk"))
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("names no SQLite file"), "{refused}");
    }
}
