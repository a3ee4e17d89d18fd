//! What is kept for channels that have accounts.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{SqliteStore, accounts, attachments, deliveries, identities, outbox};
use crate::store::rules::joining::Join;
use crate::store::{
    AccountRow, Attachment, AttachmentSettlement, Attempt, ChannelStore, ClaimedAttachment, DeliveryReceipt,
    Joined, LinkProof, MessageKey, OutboxEntry, OutboxQuery, OutboxVerdict, Put, Recognised, Result,
    Sighting, StoredAttachment,
};
use crate::types::{AccountId, BusinessId, Channel, ConversationId, ParticipantId};

#[async_trait]
impl ChannelStore for SqliteStore {
    async fn put_account(&self, account: &AccountRow) -> Result<Put> {
        self.write(account.clone()).await
    }

    async fn account(&self, channel: Channel, account: &AccountId) -> Result<Option<AccountRow>> {
        accounts::one(&self.readers, channel, account).await
    }

    async fn accounts(&self) -> Result<Vec<AccountRow>> {
        accounts::all(&self.readers).await
    }

    async fn remove_account(&self, channel: Channel, account: &AccountId) -> Result<bool> {
        let account = account.clone();
        self.write(accounts::Remove { channel, account }).await
    }

    async fn stop_account(
        &self,
        channel: Channel,
        account: &AccountId,
        problem: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        self.write(accounts::Stop {
            channel,
            account: account.clone(),
            problem: problem.map(str::to_owned),
            now,
        })
        .await
    }

    async fn recognise(&self, sightings: Vec<Sighting>, now: Timestamp) -> Result<Vec<Recognised>> {
        let known = identities::known(&self.readers, &sightings).await?;
        match known.into_iter().collect() {
            Some(known) => Ok(known),
            None => self.write(identities::Recognise { sightings, now }).await,
        }
    }

    async fn join(
        &self,
        business: &BusinessId,
        from: &ParticipantId,
        into: &ParticipantId,
        now: Timestamp,
    ) -> Result<Joined> {
        self.write(Join {
            business: business.clone(),
            from: from.clone(),
            into: into.clone(),
            now,
            proof: None,
        })
        .await
    }

    async fn join_by(
        &self,
        business: &BusinessId,
        from: &ParticipantId,
        into: &ParticipantId,
        proof: LinkProof,
        now: Timestamp,
    ) -> Result<Joined> {
        self.write(Join {
            business: business.clone(),
            from: from.clone(),
            into: into.clone(),
            now,
            proof: Some(proof),
        })
        .await
    }

    async fn redact(&self, key: &MessageKey) -> Result<bool> {
        self.write(identities::Redact { key: key.clone() }).await
    }

    async fn part_sent(&self, id: Uuid, part: u32, provider_id: Option<&str>, now: Timestamp) -> Result<()> {
        let provider_id = provider_id.map(str::to_owned);
        self.write(deliveries::PartSent {
            id,
            part,
            provider_id,
            now,
        })
        .await
    }

    async fn receipts(&self, receipts: Vec<DeliveryReceipt>) -> Result<u64> {
        if receipts.is_empty() {
            return Ok(0);
        }
        self.write(deliveries::Told { receipts }).await
    }

    async fn outbox_list(&self, query: &OutboxQuery) -> Result<Vec<OutboxEntry>> {
        outbox::list(&self.readers, query).await
    }

    async fn outbox_decide(&self, ids: &[Uuid], verdict: OutboxVerdict, now: Timestamp) -> Result<u64> {
        if ids.is_empty() {
            return Ok(0);
        }
        let ids = ids.to_vec();
        self.write(outbox::Decide { ids, verdict, now }).await
    }

    async fn attempts(&self, id: Uuid) -> Result<Vec<Attempt>> {
        deliveries::attempts(&self.readers, id).await
    }
    async fn attach(&self, attachments: Vec<Attachment>) -> Result<()> {
        if attachments.is_empty() {
            return Ok(());
        }
        self.write(attachments::Attach { attachments }).await
    }

    async fn attachments_claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedAttachment>> {
        self.write(attachments::Claim {
            now,
            lease_until,
            limit,
        })
        .await
    }

    async fn attachments_settle(
        &self,
        claimed: &ClaimedAttachment,
        settlement: AttachmentSettlement,
    ) -> Result<bool> {
        self.write(attachments::Settle {
            n: claimed.n,
            attempts: claimed.attempts,
            settlement,
        })
        .await
    }

    async fn attachments_of(
        &self,
        conversation: ConversationId,
        messages: &[&str],
    ) -> Result<Vec<StoredAttachment>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        attachments::of(&self.readers, conversation, messages).await
    }
}
