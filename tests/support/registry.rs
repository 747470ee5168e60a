//! The registry a test starts: its address, its content, its faults, its log. It ends when it is dropped.

use super::auth::{Auth, Field, Scheme};
use super::fault::{Faults, Scene};
use super::http1;
use super::record::{Log, Origin, Recorded};
use super::reply::Reply;
use super::store::{Store, lock};
use super::tls::{Authority, Clients};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// Threads that answer. More than a machine of two cores needs, since code of a test may block one ([`Registry::on`]).
const WORKERS: usize = 4;

/// What connections of both origins work with.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) log: Log,
    pub(super) faults: Faults,
    pub(super) auth: Auth,
    /// Where a client certificate was shown, by connection.
    certified: Mutex<Vec<Origin>>,
    /// Base URLs, without a slash at the end.
    pub(super) main: String,
    pub(super) other: String,
}

impl Shared {
    /// Replaces `{self}` and `{other}` by the base URLs.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{self}", &self.main).replace("{other}", &self.other)
    }
}

/// A running registry with a second origin beside it.
pub struct Registry {
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
    ca: Option<PathBuf>,
    // Holds ca.pem until the end.
    _folder: Option<TempDir>,
}

/// How a registry shall be: `Registry::builder().bearer().login("u", "p").tls().start()`.
#[derive(Default)]
pub struct Builder {
    auth: Auth,
    tls: bool,
    tls_folder: Option<PathBuf>,
    client_certificates: bool,
    port: u16,
}

impl Builder {
    /// Asks for this login with every request.
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        self.auth.scheme = Scheme::Basic;
        self.login(user, password)
    }

    /// Asks for a token, which anybody gets unless there is a login.
    pub fn bearer(mut self) -> Self {
        self.auth.scheme = Scheme::Bearer;
        self
    }

    /// The only user there is.
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.auth.login = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Gives tokens also to those who send no login.
    pub fn anonymous_too(mut self) -> Self {
        self.auth.anonymous = true;
        self
    }

    /// The realm is at the second origin.
    pub fn realm_on_other_origin(self) -> Self {
        self.realm("{other}/token")
    }

    /// The realm in the challenge; `{self}` and `{other}` stand for the base URLs.
    pub fn realm(mut self, realm: &str) -> Self {
        self.auth.realm = realm.to_owned();
        self
    }

    /// Sends this WWW-Authenticate line instead of the usual one; several calls, several lines. `{realm}`, `{service}`
    /// and `{scope}` are replaced.
    pub fn challenge(mut self, line: &str) -> Self {
        self.auth.challenges.push(line.to_owned());
        self
    }

    /// How long tokens live, and what `expires_in` says.
    pub fn token_lifetime(mut self, seconds: u64) -> Self {
        self.auth.lifetime = Duration::from_secs(seconds);
        self.auth.announced = Some(seconds);
        self
    }

    /// What `expires_in` says, whatever is true; `None` leaves it out.
    pub fn announced_lifetime(mut self, seconds: Option<u64>) -> Self {
        self.auth.announced = seconds;
        self
    }

    /// What `issued_at` says, which is left out otherwise: `issued_at("2001-01-01T00:00:00Z")` is a server with a wrong
    /// clock.
    pub fn issued_at(mut self, time: &str) -> Self {
        self.auth.issued_at = Some(time.to_owned());
        self
    }

    /// Which fields of the reply carry the token.
    pub fn token_field(mut self, field: Field) -> Self {
        self.auth.field = field;
        self
    }

    /// Takes a token for any repository, whatever scope it was asked for.
    pub fn unscoped_tokens(mut self) -> Self {
        self.auth.scoped = false;
        self
    }

    /// HTTPS on both origins, with a certificate of a CA made for this run ([`Registry::ca`]).
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// As [`Builder::tls`], with `ca.pem` in this folder.
    pub fn tls_in(mut self, folder: &Path) -> Self {
        self.tls_folder = Some(folder.to_owned());
        self.tls()
    }

    /// HTTPS for clients with a certificate ([`Registry::client_certificate`]): the registry turns away those who have
    /// none, and the second origin would take one as well.
    pub fn client_certificates(mut self) -> Self {
        self.client_certificates = true;
        self.tls()
    }

    /// The port of the registry; 0, any free one, unless said.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Starts it.
    pub fn start(self) -> Registry {
        let folder = (self.tls && self.tls_folder.is_none()).then(|| TempDir::new().expect("a temporary folder"));
        let place = self.tls_folder.as_deref().or(folder.as_ref().map(TempDir::path));
        let authority = place.filter(|_| self.tls).map(Authority::new);
        let acceptor = |clients: Clients| {
            let clients = if self.client_certificates { clients } else { Clients::Unasked };
            authority.as_ref().map(|authority| authority.server(clients))
        };
        if let Some(authority) = authority.as_ref().filter(|_| self.client_certificates) {
            authority.client();
        }
        let (main, other) = (bind(self.port), bind(0));
        let scheme = if self.tls { "https" } else { "http" };
        let shared = Arc::new(Shared {
            store: Store::default(),
            log: Log::default(),
            faults: Faults::default(),
            auth: self.auth,
            certified: Mutex::default(),
            main: format!("{scheme}://127.0.0.1:{}", port(&main)),
            other: format!("{scheme}://127.0.0.1:{}", port(&other)),
        });
        // Threads of its own, so that a test may block, and its own runtime, so that a test may have none.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .enable_all()
            .build()
            .expect("a runtime");
        for (listener, origin, clients) in
            [(main, Origin::Main, Clients::Demanded), (other, Origin::Other, Clients::Asked)]
        {
            runtime.spawn(accept(listener, origin, acceptor(clients), Arc::clone(&shared)));
        }
        let ca = authority.as_ref().map(Authority::path);
        Registry { shared, runtime: Some(runtime), ca, _folder: folder }
    }
}

fn bind(port: u16) -> TcpListener {
    let listener =
        TcpListener::bind(("127.0.0.1", port)).unwrap_or_else(|e| panic!("cannot listen on 127.0.0.1:{port}: {e}"));
    listener.set_nonblocking(true).expect("a non-blocking socket");
    listener
}

fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("a bound socket").port()
}

async fn accept(listener: TcpListener, origin: Origin, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let port = port(&listener);
    let listener = tokio::net::TcpListener::from_std(listener).expect("a socket of the runtime");
    loop {
        // Out of file descriptors or the like: the test that caused it fails elsewhere.
        let Ok((socket, _)) = listener.accept().await else { continue };
        let _ = socket.set_nodelay(true);
        shared.log.connected();
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        // How a connection ends is the client's to judge.
        tokio::spawn(async move {
            let served = async {
                match tls {
                    Some(tls) => {
                        let socket = tls.accept(socket).await?;
                        if socket.get_ref().1.peer_certificates().is_some() {
                            lock(&shared.certified).push(origin);
                        }
                        http1::serve(socket, origin, port, Arc::clone(&shared)).await
                    }
                    None => http1::serve(socket, origin, port, Arc::clone(&shared)).await,
                }
            };
            let ended = served.await;
            shared.log.disconnected();
            ended
        });
    }
}

impl Registry {
    /// An empty registry over plain http that lets everybody pull.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// A registry with logins, TLS and so on.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Base URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.shared.main
    }

    /// Base URL of the second origin.
    pub fn other_url(&self) -> &str {
        &self.shared.other
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        self.url().split_once("//").map_or("", |(_, host)| host)
    }

    /// `127.0.0.1:PORT/repository:tag`; with a digest in place of the tag, `...@sha256:...`.
    pub fn reference(&self, repo: &str, tag: &str) -> String {
        let mark = if tag.contains(':') { '@' } else { ':' };
        format!("{}/{repo}{mark}{tag}", self.host())
    }

    /// The CA's certificate in PEM.
    pub fn ca(&self) -> &Path {
        self.ca.as_deref().expect("a registry without TLS has no CA")
    }

    /// A certificate of that CA for a client, and its key, in PEM.
    pub fn client_certificate(&self) -> (PathBuf, PathBuf) {
        let folder = self.ca().parent().expect("a folder");
        (folder.join("client.pem"), folder.join("client.key"))
    }

    /// How many connections to this server came with a client certificate.
    pub fn certified(&self, origin: Origin) -> usize {
        lock(&self.shared.certified).iter().filter(|&&there| there == origin).count()
    }

    /// The content.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Adds fault lines (see the module `fault`); panics if one is wrong.
    pub fn fault(&self, script: &str) -> &Self {
        self.shared.faults.add(script).unwrap_or_else(|e| panic!("{e}"));
        self
    }

    /// Runs code on matching requests, after the line's own actions:
    /// `registry.on("GET /v2/app/* once", |reply, scene| ...)`.
    /// The code may wait for something, but it holds one of four threads meanwhile.
    pub fn on(&self, line: &str, act: impl Fn(&mut Reply, &Scene<'_>) + Send + Sync + 'static) -> &Self {
        self.shared.faults.add_code(line, act).unwrap_or_else(|e| panic!("{e}"));
        self
    }

    /// All requests since the start or the last [`Registry::reset`].
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.log.all()
    }

    /// Those that match a method and a glob (`other:/...` for the second origin).
    pub fn requests_for(&self, method: &str, pattern: &str) -> Vec<Recorded> {
        self.requests().into_iter().filter(|r| r.matches(method, pattern)).collect()
    }

    /// How many of them there are.
    pub fn count(&self, method: &str, pattern: &str) -> usize {
        self.requests_for(method, pattern).len()
    }

    /// Connections accepted on both origins.
    pub fn connections(&self) -> usize {
        self.shared.log.connections()
    }

    /// Connections that are open on both origins, idle ones too.
    pub fn open_connections(&self) -> usize {
        self.shared.log.open_connections()
    }

    /// Requests that are being answered.
    pub fn busy(&self) -> usize {
        self.shared.log.busy()
    }

    /// The most requests that were being answered at one time.
    pub fn peak(&self) -> usize {
        self.shared.log.peak()
    }

    /// Ends the life of every token given out.
    pub fn expire_tokens(&self) {
        self.shared.auth.expire();
    }

    /// Forgets faults and log; content stays.
    pub fn reset(&self) {
        self.shared.faults.clear();
        self.shared.log.clear();
    }
}

impl AsRef<Store> for Registry {
    fn as_ref(&self) -> &Store {
        &self.shared.store
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not a plain drop, which waits and is forbidden inside an async test.
            runtime.shutdown_background();
        }
    }
}
