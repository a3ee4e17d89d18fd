//! Whether files that come along with messages can be kept.

use std::path::Path;
use std::time::Duration;

use super::Finding::{self, Fine, Wrong};
use super::written_to;
use crate::attachments::Bucket;
use crate::attachments::bucket::Place;

/// How long a bucket may take to answer.
const LIMIT: Duration = Duration::from_secs(15);

/// Writes to the bucket and deletes that; a folder that is not there yet is not made.
pub(super) fn look(place: &Place) -> Finding {
    let wrong = |problem: String| Wrong {
        problem,
        fix: match place {
            Place::Folder(_) => {
                "give the folder to the user that frontdesk runs as, or set ATTACHMENT_BUCKET to another"
                    .to_owned()
            }
            Place::S3 { .. } => {
                "make the bucket, and correct AWS_REGION, AWS_ENDPOINT and the credentials in the environment"
                    .to_owned()
            }
        },
    };
    if let Place::Folder(path) = place
        && !path.exists()
    {
        let there = path
            .ancestors()
            .find(|folder| folder.exists())
            .unwrap_or(Path::new("."));
        return match written_to(there) {
            Ok(()) => Fine(format!(
                "{place} does not exist yet and will be made at the start"
            )),
            Err(error) => wrong(format!("{place} cannot be made: {error}")),
        };
    }
    let examined = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let bucket = Bucket::open(place)?;
            let name = format!("frontdesk-doctor-{}/probe", std::process::id());
            runtime.block_on(async { tokio::time::timeout(LIMIT, bucket.examine(&name)).await? })
        });
    if let Place::Folder(path) = place {
        // Deleting a file leaves its folder.
        let _ = std::fs::remove_dir(path.join(format!("frontdesk-doctor-{}", std::process::id())));
    }
    match examined {
        Ok(()) => Fine(format!("{place} can be written to")),
        Err(error) => wrong(format!("{place} cannot be written to: {error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_tried_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let there = Place::Folder(folder.path().to_owned());
        assert!(matches!(look(&there), Fine(says) if says.ends_with("can be written to")));
        let absent = Place::Folder(folder.path().join("not/yet"));
        assert!(matches!(look(&absent), Fine(says) if says.ends_with("will be made at the start")));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "x").unwrap();
        let Wrong { problem, fix } = look(&Place::Folder(path)) else {
            panic!("a file is no folder");
        };
        assert!(problem.contains("file cannot be written to"), "{problem}");
        assert!(fix.contains("ATTACHMENT_BUCKET"), "{fix}");
    }
}
