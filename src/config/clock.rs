//! `[clock]`: another "now", for trying things out.

use jiff::{Timestamp, Zoned};

use super::values::{FromSetting, Values};

/// The settings of the clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    /// `FRONTDESK_NOW`: the clock starts there and runs on.
    pub start: Option<Start>,
}

/// An instant, written as RFC 3339 or as a local time with its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start(pub Timestamp);

impl FromSetting for Start {
    const SHAPE: &'static str =
        "2026-11-18T15:00:00Z, 2026-11-18T10:00:00-05:00, or 2026-11-18T10:00:00[America/New_York]";
    fn from_text(text: &str) -> Option<Self> {
        // A time zone in brackets first: the instant alone would ignore it.
        text.parse::<Zoned>()
            .map(|zoned| zoned.timestamp())
            .or_else(|_| text.parse::<Timestamp>())
            .ok()
            .map(Self)
    }
}

impl Clock {
    pub(super) fn read(values: &mut Values) -> Self {
        Self {
            start: values.take_optional("clock.now", &["FRONTDESK_NOW"]),
        }
    }

    pub(super) fn warnings(self, warnings: &mut Vec<String>) {
        if let Some(Start(at)) = self.start {
            warnings.push(format!(
                "FRONTDESK_NOW: the clock started at {at}, which is not the machine's time"
            ));
        }
    }
}
