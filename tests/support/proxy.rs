//! A proxy that opens tunnels (CONNECT, RFC 9110 section 9.3.6) and tells what it was asked.
//!
//! Names lead where the test says, so that hosts can be met that no resolver knows.

use super::registry::Registry;
use super::store::lock;
use super::tls::{Authority, Clients};
use super::words::basic;
use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// What a client asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The first line without `HTTP/1.1`: `CONNECT registry.test:443`.
    pub line: String,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
}

#[derive(Default)]
struct Shared {
    routes: Mutex<BTreeMap<String, u16>>,
    login: Option<String>,
    answer: Option<String>,
    silent: bool,
    asked: Mutex<Vec<Asked>>,
    certified: Mutex<usize>,
}

/// A running proxy; it ends when it is dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    port: u16,
    runtime: Option<Runtime>,
    folder: Option<TempDir>,
}

/// How a proxy shall be.
#[derive(Default)]
pub struct Builder {
    shared: Shared,
    tls: bool,
}

impl Builder {
    /// Asks for this login.
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.shared.login = Some(basic(user, password));
        self
    }

    /// Answers everything with this line: `502 Bad Gateway`.
    pub fn answer(mut self, line: &str) -> Self {
        self.shared.answer = Some(line.to_owned());
        self
    }

    /// Never answers.
    pub fn silent(mut self) -> Self {
        self.shared.silent = true;
        self
    }

    /// Is spoken to over TLS, and asks for a client certificate without need.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts it.
    pub fn start(self) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a non-blocking socket");
        let port = listener.local_addr().expect("a bound socket").port();
        let folder = self.tls.then(|| TempDir::new().expect("a temporary folder"));
        let tls = folder.as_ref().map(|folder| Authority::new(folder.path()).server(Clients::Asked));
        let shared = Arc::new(self.shared);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        runtime.spawn(accept(listener, tls, Arc::clone(&shared)));
        Proxy { shared, port, runtime: Some(runtime), folder }
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a socket of the runtime");
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        tokio::spawn(async move {
            match tls {
                Some(tls) => {
                    let socket = tls.accept(socket).await?;
                    if socket.get_ref().1.peer_certificates().is_some() {
                        *lock(&shared.certified) += 1;
                    }
                    serve(socket, &shared).await
                }
                None => serve(socket, &shared).await,
            }
        });
    }
}

async fn serve(mut socket: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await?);
    }
    let asked = parse(&String::from_utf8_lossy(&head));
    let authorized = shared.login.is_none() || asked.headers.get("proxy-authorization") == shared.login.as_ref();
    let target = asked.line.strip_prefix("CONNECT ").and_then(|name| lock(&shared.routes).get(name).copied());
    lock(&shared.asked).push(asked);
    if shared.silent {
        return std::future::pending().await;
    }
    let refusal = match (&shared.answer, authorized, target) {
        (Some(line), _, _) => line,
        (None, false, _) => "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"",
        (None, true, None) => "502 Bad Gateway",
        (None, true, Some(port)) => {
            let mut there = TcpStream::connect(("127.0.0.1", port)).await?;
            socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            return copy_bidirectional(&mut socket, &mut there).await.map(drop);
        }
    };
    socket.write_all(format!("HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await?;
    socket.shutdown().await
}

fn parse(head: &str) -> Asked {
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    Asked { line, headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect() }
}

impl Proxy {
    /// One that opens every tunnel it has a route for.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// One that is different.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Leads `host:port` to a port of this machine.
    pub fn route(&self, name: &str, port: u16) -> &Self {
        lock(&self.shared.routes).insert(name.to_owned(), port);
        self
    }

    /// Leads `registry.test` and `auth.test` to a registry, and `blobs.test` to its second origin.
    pub fn lead_to(&self, registry: &Registry) -> &Self {
        let port = |url: &str| url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
        self.route("registry.test:443", port(registry.url()));
        self.route("auth.test:443", port(registry.url()));
        self.route("blobs.test:443", port(registry.other_url()))
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        let scheme = if self.folder.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The URL with a login.
    pub fn url_with(&self, login: &str) -> String {
        self.url().replace("//", &format!("//{login}@"))
    }

    /// The certificate of its authority in PEM.
    pub fn ca(&self) -> PathBuf {
        self.folder.as_ref().expect("a proxy with TLS").path().join("ca.pem")
    }

    /// All requests.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// The distinct first lines, in order.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.asked().into_iter().map(|asked| asked.line).collect();
        lines.sort();
        lines.dedup();
        lines
    }

    /// How many connections came with a client certificate.
    pub fn certified(&self) -> usize {
        *lock(&self.shared.certified)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
