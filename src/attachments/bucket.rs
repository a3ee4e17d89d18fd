//! Where files are kept: a folder, or a bucket of S3 or of a service that speaks like it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use futures_util::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{Attribute, Attributes, ObjectStore, ObjectStoreExt as _, PutOptions};

/// Where the bucket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder on this machine.
    Folder(PathBuf),
    /// A bucket of S3, and what its objects begin with.
    S3 {
        /// Its name.
        bucket: String,
        /// What comes before all that is put there; may be empty.
        prefix: String,
    },
}

impl Place {
    /// From a path, `file:///…` or `s3://bucket/prefix`.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return Err("write s3://bucket or s3://bucket/prefix".to_owned());
            }
            if !cfg!(feature = "s3") {
                return Err(
                    "this frontdesk was built without S3; build it with `--features s3`, or name a folder"
                        .to_owned(),
                );
            }
            return Ok(Self::S3 {
                bucket: bucket.to_owned(),
                prefix: prefix.trim_matches('/').to_owned(),
            });
        }
        let path = text.strip_prefix("file://").unwrap_or(text);
        if path.is_empty() || path.contains("://") || (path.len() < text.len() && !path.starts_with('/')) {
            return Err("write a folder, file:///folder or s3://bucket/prefix".to_owned());
        }
        Ok(Self::Folder(PathBuf::from(path)))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

/// An open bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bucket {
    objects: Arc<dyn ObjectStore>,
    /// A folder keeps no types, and refuses what has one.
    keeps_types: bool,
}

impl Bucket {
    /// Opens it; a folder that is not there is made. Nobody is asked whether a bucket of S3 is there.
    ///
    /// # Errors
    /// When a folder cannot be made, or the environment lacks what S3 needs.
    pub fn open(place: &Place) -> anyhow::Result<Self> {
        match place {
            Place::Folder(path) => {
                std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
                let folder = LocalFileSystem::new_with_prefix(path)
                    .with_context(|| format!("cannot open {}", path.display()))?;
                // What is recorded as stored must be there after the machine was switched off.
                Ok(Self {
                    objects: Arc::new(folder.with_fsync(true)),
                    keeps_types: false,
                })
            }
            Place::S3 { bucket, prefix } => {
                let mut objects = s3(bucket)?;
                if !prefix.is_empty() {
                    objects = Arc::new(PrefixStore::new(objects, prefix.as_str()));
                }
                Ok(Self {
                    objects,
                    keeps_types: true,
                })
            }
        }
    }

    /// Puts a file there, in place of one that is there already.
    ///
    /// # Errors
    /// When it is not there for good.
    pub async fn put(&self, location: &str, bytes: Vec<u8>, mime_type: &'static str) -> anyhow::Result<()> {
        let location = Path::parse(location)?;
        let mut options = PutOptions::default();
        if self.keeps_types {
            options.attributes = Attributes::from_iter([(Attribute::ContentType, mime_type)]);
        }
        self.objects.put_opts(&location, bytes.into(), options).await?;
        Ok(())
    }

    /// Deletes what begins with `base` and a dot, if anything does.
    ///
    /// # Errors
    /// When something of it may still be there.
    pub async fn erase(&self, base: &str) -> anyhow::Result<()> {
        let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
        let beginning = format!("{base}.");
        let found: Vec<_> = self
            .objects
            .list(Some(&Path::parse(folder)?))
            .try_collect()
            .await?;
        for object in found {
            if !object.location.as_ref().starts_with(&beginning) {
                continue;
            }
            match self.objects.delete(&object.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Puts something there and deletes it.
    ///
    /// # Errors
    /// When either fails.
    pub async fn examine(&self, name: &str) -> anyhow::Result<()> {
        self.put(&format!("{name}.txt"), b"probe".to_vec(), "text/plain")
            .await?;
        self.erase(name).await
    }
}

#[cfg(feature = "s3")]
fn s3(bucket: &str) -> anyhow::Result<Arc<dyn ObjectStore>> {
    use std::time::Duration;

    use object_store::aws::AmazonS3Builder;
    use object_store::client::{ClientOptions, HttpClient, HttpConnector};

    /// Speaks TLS as everybody here does.
    #[derive(Debug)]
    struct Connector;

    impl HttpConnector for Connector {
        fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
            let failed = |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic {
                store: "S3",
                source,
            };
            let tls = crate::tls::client().map_err(|error| failed(error.into()))?;
            let http = reqwest::Client::builder()
                .tls_backend_preconfigured(tls)
                .connect_timeout(Duration::from_secs(5))
                .timeout(Duration::from_secs(30))
                .build()
                .map_err(|error| failed(error.into()))?;
            Ok(HttpClient::new(http))
        }
    }

    let store = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_http_connector(Connector)
        .build()
        .context(
            "the environment lacks what S3 needs (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION)",
        )?;
    Ok(Arc::new(store))
}

#[cfg(not(feature = "s3"))]
fn s3(_bucket: &str) -> anyhow::Result<Arc<dyn ObjectStore>> {
    anyhow::bail!("this frontdesk was built without S3; build it with `--features s3`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_folder_or_one_of_s3() {
        let folder = |path: &str| Ok(Place::Folder(PathBuf::from(path)));
        for (text, expected) in [
            ("/var/lib/files", folder("/var/lib/files")),
            (" files ", folder("files")),
            ("file:///var/files", folder("/var/files")),
        ] {
            assert_eq!(Place::parse(text), expected, "{text}");
        }
        for nonsense in [
            "",
            "file://",
            "file://host/x",
            "gs://bucket",
            "s3://",
            "https://x.example/",
        ] {
            assert!(Place::parse(nonsense).is_err(), "{nonsense}");
        }
    }

    #[cfg(not(feature = "s3"))]
    #[test]
    fn without_s3_it_is_said_how_to_get_it() {
        assert!(
            Place::parse("s3://bucket/x")
                .unwrap_err()
                .contains("--features s3")
        );
    }

    #[cfg(feature = "s3")]
    #[test]
    fn a_bucket_of_s3_has_a_name_and_perhaps_a_prefix() {
        for (text, shown) in [
            ("s3://b", "s3://b"),
            ("s3://b/", "s3://b"),
            ("s3://b/x/y/", "s3://b/x/y"),
        ] {
            assert_eq!(Place::parse(text).unwrap().to_string(), shown);
        }
    }

    #[tokio::test]
    async fn what_is_put_in_a_folder_is_a_file_until_it_is_erased() {
        let kept = tempfile::tempdir().unwrap();
        let place = Place::Folder(kept.path().join("made/for/this"));
        let bucket = Bucket::open(&place).unwrap();
        for (location, bytes) in [
            ("a/b/1.png", "old"),
            ("a/b/1.png", "new"),
            ("a/b/11.png", "other"),
        ] {
            bucket.put(location, bytes.into(), "image/png").await.unwrap();
        }
        let at = |name: &str| kept.path().join("made/for/this/a/b").join(name);
        assert_eq!(std::fs::read(at("1.png")).unwrap(), b"new");
        bucket.erase("a/b/1").await.unwrap();
        bucket.erase("a/b/1").await.unwrap();
        bucket.erase("never/was/1").await.unwrap();
        assert!(!at("1.png").exists() && at("11.png").exists());
        bucket.examine("probe/probe").await.unwrap();
        assert!(!kept.path().join("made/for/this/probe/probe.txt").exists());
    }
}
