//! Redis servers that a test starts for itself, kills, stops and starts again.
//!
//! Each runs under a shell that waits for the end of its standard input, a pipe from this process: when the test ends,
//! however it ends, the shell reads the end and kills the server. So no server is left behind.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

/// How long a server may take to start or to answer.
const LIMIT: Duration = Duration::from_secs(20);

const KEEPER: &str = r#"
redis-server "$@" >/dev/null 2>&1 </dev/null &
pid=$!
echo $pid
read -r _
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
"#;

/// A server of the test's own.
pub(crate) struct Redis {
    pub port: u16,
    _folder: TempDir,
    arguments: Vec<String>,
    running: Option<Running>,
}

struct Running {
    keeper: Child,
    server: String,
}

/// A port that was free a moment ago. A cluster's bus takes the one 10,000 above it.
fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        if port < 55_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}

impl Redis {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more arguments; `{folder}` in them is the server's own.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        Self::on(free_port(), TempDir::new().unwrap(), more)
    }

    pub(crate) fn on(port: u16, folder: TempDir, more: &[&str]) -> Self {
        let place = folder.path().to_str().unwrap().to_owned();
        let mut arguments: Vec<String> = ["--bind", "127.0.0.1", "--save", "", "--dir", &place]
            .map(str::to_owned)
            .to_vec();
        let encrypted = more.contains(&"--tls-port");
        let open_port = if encrypted { 0 } else { port };
        arguments.extend(["--port".to_owned(), open_port.to_string()]);
        arguments.extend(more.iter().map(|text| {
            text.replace("{folder}", &place)
                .replace("{port}", &port.to_string())
        }));
        let mut server = Self {
            port,
            _folder: folder,
            arguments,
            running: None,
        };
        server.run();
        server
    }

    /// Starts the server, on the same port if it ran before, and waits until it accepts connections.
    pub(crate) fn run(&mut self) {
        use std::io::{BufRead, BufReader};
        let found = Command::new("redis-server").arg("--version").output();
        assert!(
            found.is_ok(),
            "these tests need redis-server; install it (Debian: apt-get install redis-server)"
        );
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = String::new();
        BufReader::new(keeper.stdout.take().unwrap())
            .read_line(&mut server)
            .unwrap();
        self.running = Some(Running {
            keeper,
            server: server.trim().to_owned(),
        });
        let deadline = Instant::now() + LIMIT;
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn signal(&self, name: &str) {
        let server = &self.running.as_ref().expect("a running server").server;
        let sent = Command::new("kill").args([name, server]).status().unwrap();
        assert!(sent.success());
    }

    /// SIGKILL; what it kept is gone.
    pub(crate) fn kill(&mut self) {
        self.signal("-KILL");
        self.end();
    }

    /// It stops answering and keeps its connections.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// What `redis-cli` says to this.
    pub(crate) fn cli(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let said = Command::new("redis-cli")
            .args(["-p", &port])
            .args(words)
            .output()
            .unwrap();
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    }

    fn end(&mut self) {
        if let Some(mut running) = self.running.take() {
            // The end of its input is the keeper's sign.
            drop(running.keeper.stdin.take());
            running.keeper.wait().unwrap();
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.end();
    }
}

/// Three servers that form a cluster.
pub(crate) fn cluster() -> Vec<Redis> {
    let nodes: Vec<Redis> = (0..3)
        .map(|_| Redis::start_with(&["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]))
        .collect();
    let addresses: Vec<String> = nodes
        .iter()
        .map(|node| format!("127.0.0.1:{}", node.port))
        .collect();
    let made = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(&addresses)
        .args(["--cluster-replicas", "0", "--cluster-yes"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    let deadline = Instant::now() + LIMIT;
    while !nodes
        .iter()
        .all(|node| node.cli(&["cluster", "info"]).contains("cluster_state:ok"))
    {
        assert!(Instant::now() < deadline, "the cluster was not formed");
        std::thread::sleep(Duration::from_millis(20));
    }
    nodes
}

/// A server behind TLS, with the certificate of the authority that vouches for it; nothing without `openssl`.
pub(crate) fn encrypted() -> Option<(Redis, PathBuf)> {
    let folder = TempDir::new().unwrap();
    let openssl = |words: &[&str]| {
        let done = Command::new("openssl")
            .args(words)
            .current_dir(folder.path())
            .output();
        done.is_ok_and(|done| done.status.success())
    };
    let authority = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=a private authority",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    ];
    let request = [
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-keyout",
        "redis.key",
        "-out",
        "redis.csr",
    ];
    let sign = [
        "x509",
        "-req",
        "-in",
        "redis.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "30",
        "-extfile",
        "names",
        "-out",
        "redis.pem",
    ];
    std::fs::write(
        folder.path().join("names"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\n",
    )
    .unwrap();
    if !(openssl(&authority) && openssl(&request) && openssl(&sign)) {
        return None;
    }
    let ca = folder.path().join("ca.pem");
    let server = Redis::on(
        free_port(),
        folder,
        &[
            "--tls-port",
            "{port}",
            "--tls-cert-file",
            "{folder}/redis.pem",
            "--tls-key-file",
            "{folder}/redis.key",
            "--tls-ca-cert-file",
            "{folder}/ca.pem",
            "--tls-auth-clients",
            "no",
        ],
    );
    Some((server, ca))
}
