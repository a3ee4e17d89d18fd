//! The program itself, as a process of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use super::client::Connection;

const START_LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
    file: PathBuf,
    _folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let address = free_address();
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("bench.db");
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .arg("serve")
            .current_dir(folder.path())
            .env("DATABASE_URL", format!("sqlite://{}", file.display()))
            .env("FRONTDESK_LISTEN", address.to_string())
            .env("FRONTDESK_RATE_LIMITS", "off")
            .env("FRONTDESK_NOW", "2026-11-18T10:00:00-05:00[America/New_York]")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self {
            process,
            address,
            file,
            _folder: folder,
        };
        let begun = Instant::now();
        while Connection::open(address).await.is_err() {
            assert!(begun.elapsed() < START_LIMIT, "the server did not start");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // Nothing is owed any more, so that it need not be asked politely; a second call finds it gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
