//! What a store keeps for channels that have accounts: the accounts, who is who, and what became of replies.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::attachments::{Attachment, AttachmentSettlement, ClaimedAttachment, StoredAttachment};
use super::outbox::{Attempt, DeliveryReceipt, OutboxEntry, OutboxQuery, OutboxVerdict};
use super::{MessageKey, Result};
use crate::types::{AccountId, BusinessId, Channel, ConversationId, ParticipantId};

/// Durable storage for channels.
#[async_trait]
pub trait ChannelStore: Send + Sync + 'static {
    // Accounts.

    /// Stores an account, new or in place of the one of that name. Its business must exist. An account stays with its
    /// business: one of another business is not overwritten.
    async fn put_account(&self, account: &AccountRow) -> Result<Put>;
    /// One account.
    async fn account(&self, channel: Channel, account: &AccountId) -> Result<Option<AccountRow>>;
    /// Every account, by channel and name.
    async fn accounts(&self) -> Result<Vec<AccountRow>>;
    /// Forgets an account. Its identities and messages stay. Answers whether there was one.
    async fn remove_account(&self, channel: Channel, account: &AccountId) -> Result<bool>;
    /// Stops an account with the reason, or has it go on. A stopped one takes messages and sends nothing.
    async fn stop_account(
        &self,
        channel: Channel,
        account: &AccountId,
        problem: Option<&str>,
        now: Timestamp,
    ) -> Result<()>;

    // Who is who.

    /// Says whose messages these are, in the same order. Aliases that are new are recorded, with the participant of
    /// those that are known; where none is, `new` becomes the participant. Two senders at once who meet the same new
    /// person agree on one participant. Aliases that are known as two participants are left as they are: the first
    /// alias decides, and the second answer names the others, to be joined.
    async fn recognise(&self, sightings: Vec<Sighting>, now: Timestamp) -> Result<Vec<Recognised>>;
    /// Makes two participants of a business one: all identities, messages that wait, appointments, waitlist entries and
    /// handoffs of `from` become those of `into`, and what `from` has said and heard is appended to the transcript of
    /// `into`, with its own times. All of it or nothing. Both conversations get a new version, so that a turn that is
    /// under way in one of them begins again; messages that such a turn was to answer are answered once.
    /// Replies to `from` that wait are delivered where they were addressed to.
    async fn join(
        &self,
        business: &BusinessId,
        from: &ParticipantId,
        into: &ParticipantId,
        now: Timestamp,
    ) -> Result<Joined>;
    /// The same because `from` brought back a token that was given to `into`. A token makes one participant another, and
    /// no second one: whoever brings it back after somebody else is told that it is spent. It is remembered until it ends.
    async fn join_by(
        &self,
        business: &BusinessId,
        from: &ParticipantId,
        into: &ParticipantId,
        proof: LinkProof,
        now: Timestamp,
    ) -> Result<Joined>;

    // Messages.

    /// Takes back what a message said, because its sender did: its text and attachments are gone from inbox and
    /// transcript for good, and its files are due to be deleted. Answers whether it was there. Its number and its answer
    /// stay. One that has no answer yet gets none: it is dropped, and a turn under way begins again without it.
    async fn redact(&self, key: &MessageKey) -> Result<bool>;

    // Attachments.

    /// Records files that have to be fetched, each once by its message and place; those of a message that was accepted
    /// before are left out. Comes before the message is accepted, so that none is acknowledged without its files.
    async fn attach(&self, attachments: Vec<Attachment>) -> Result<()>;
    /// Takes attachments that are due, those that were due first first, and counts a try. Until `lease_until` nobody
    /// else gets them.
    async fn attachments_claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedAttachment>>;
    /// Records what became of a claim. Answers whether it was: not when the lease ran out and somebody else has it by
    /// now, and not when the sender took the message back meanwhile. Then it is claimed again, to be deleted.
    async fn attachments_settle(
        &self,
        claimed: &ClaimedAttachment,
        settlement: AttachmentSettlement,
    ) -> Result<bool>;
    /// Which files of these messages of a conversation are in the bucket.
    async fn attachments_of(
        &self,
        conversation: ConversationId,
        messages: &[&str],
    ) -> Result<Vec<StoredAttachment>>;

    // Deliveries.

    /// Records that the channel has one part of a reply that was cut into several, so that it is not sent again.
    async fn part_sent(&self, id: Uuid, part: u32, provider_id: Option<&str>, now: Timestamp) -> Result<()>;
    /// Records what channels tell of messages that they were given. What is known only moves forward. A receipt settles
    /// a row whose outcome was unknown: it is sent, or dead when it failed. Answers how many messages were found.
    async fn receipts(&self, receipts: Vec<DeliveryReceipt>) -> Result<u64>;
    /// Rows of the outbox, for operators: nothing is sent because it was listed.
    async fn outbox_list(&self, query: &OutboxQuery) -> Result<Vec<OutboxEntry>>;
    /// Does to rows that wait or are dead what an operator decided, and answers how many there were.
    async fn outbox_decide(&self, ids: &[Uuid], verdict: OutboxVerdict, now: Timestamp) -> Result<u64>;
    /// The tries to deliver a row, in order.
    async fn attempts(&self, id: Uuid) -> Result<Vec<Attempt>>;
}

/// An account as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Its channel.
    pub channel: Channel,
    /// Its name.
    pub account: AccountId,
    /// Whose it is.
    pub business: BusinessId,
    /// A JSON object without secrets.
    pub settings: String,
    /// The secrets, sealed. The store cannot read them.
    pub secrets: String,
    /// Why it sends nothing, if it was stopped.
    pub problem: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What became of an account that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Added,
    /// It replaces what it was.
    Changed,
    /// There is no such business.
    UnknownBusiness,
    /// The name belongs to an account of another business.
    Taken,
}

/// Somebody who wrote, as the channel names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The business.
    pub business: BusinessId,
    /// The channel.
    pub channel: Channel,
    /// The account.
    pub account: AccountId,
    /// What the channel calls them, the most lasting name first. At least one, at most 4.
    pub aliases: Vec<String>,
    /// Who they are if nobody knows any of these names.
    pub new: ParticipantId,
}

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// The participant.
    pub participant: ParticipantId,
    /// Others that aliases of the same sighting belong to.
    pub also: Vec<ParticipantId>,
}

/// What became of two participants who are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// They are one now; so many messages were moved.
    Done(u64),
    /// They were one before.
    Already,
    /// One of them was never heard of.
    Unknown,
    /// Somebody else has brought the token back before.
    Spent,
}

/// A token that was brought back, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkProof {
    /// SHA-256 of the token, in hexadecimal: whoever reads the database cannot use it.
    pub digest: String,
    /// When the token ends.
    pub ends_at: Timestamp,
}
