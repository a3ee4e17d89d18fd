//! `[attachments]`: where files go that come along with messages.

use super::values::Values;
use crate::attachments::bucket::Place;

/// The settings of attachments.
#[derive(Debug, Clone)]
pub struct Attachments {
    /// `ATTACHMENT_BUCKET`: a folder, `file:///folder` or `s3://bucket/prefix`. Without one, attachments are described
    /// and not fetched.
    pub bucket: Option<Place>,
    /// The longest file that is fetched, in bytes. Default 16 MiB.
    pub bytes_max: u64,
}

impl Default for Attachments {
    fn default() -> Self {
        Self {
            bucket: None,
            bytes_max: 16 * 1024 * 1024,
        }
    }
}

impl Attachments {
    pub(super) fn read(values: &mut Values) -> Self {
        let default = Self::default();
        let text: Option<String> = values.take_optional("attachments.bucket", &["ATTACHMENT_BUCKET"]);
        let bucket = text.and_then(|text| {
            Place::parse(&text)
                .map_err(|says| values.refuse("attachments.bucket", says))
                .ok()
        });
        let bytes_max = values.take("attachments.bytes_max", &[], default.bytes_max);
        values.bound("attachments.bytes_max", bytes_max, 1024, 256 * 1024 * 1024);
        Self { bucket, bytes_max }
    }
}
