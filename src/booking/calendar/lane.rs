//! What blocks one seat, by start.

use jiff::{SignedDuration, Timestamp};

use crate::booking::hours::shifted;
use crate::types::AppointmentId;

/// A stretch of time for which a seat is blocked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// The visible start, without the buffer.
    pub(super) starts_at: Timestamp,
    /// The visible end, without the buffer.
    pub(super) ends_at: Timestamp,
    pub(super) appointment: AppointmentId,
    /// When it stops to block although nobody has removed it: a hold's end.
    pub(super) expires_at: Option<Timestamp>,
}

/// The blocks of one seat. They may overlap only where expired holds are among them.
#[derive(Debug, Clone, Default)]
pub(super) struct Lane {
    /// Ordered by `from`.
    blocks: Vec<Block>,
    /// No block is longer, so none that starts earlier than this before a range can reach into it.
    longest: SignedDuration,
}

impl Lane {
    pub(super) fn insert(&mut self, block: Block) {
        let at = self.blocks.partition_point(|other| other.from <= block.from);
        self.blocks.insert(at, block);
        self.longest = self.longest.max(length(&block));
    }

    pub(super) fn remove(&mut self, appointment: AppointmentId) {
        self.blocks.retain(|block| block.appointment != appointment);
        self.longest = self.blocks.iter().map(length).max().unwrap_or_default();
    }

    /// The blocks that overlap `[from, until)` at `now`, by start.
    pub(super) fn overlapping(
        &self,
        from: Timestamp,
        until: Timestamp,
        now: Timestamp,
        ignoring: &[AppointmentId],
    ) -> impl Iterator<Item = &Block> {
        // A second too early does no harm: whatever does not reach into the range is left out below.
        let earliest = shifted(from, -1 - self.longest.as_secs()).unwrap_or(Timestamp::MIN);
        let first = self.blocks.partition_point(|block| block.from < earliest);
        self.blocks
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(move |block| block.from < until)
            .filter(move |block| {
                block.until > from
                    && block.expires_at.is_none_or(|at| now < at)
                    && !ignoring.contains(&block.appointment)
            })
    }
}

fn length(block: &Block) -> SignedDuration {
    block.from.duration_until(block.until)
}
