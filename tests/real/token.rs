//! A token server as registries have one beside them (Docker Hub, GitLab, Harbor): it trades a login, or none, for a
//! signed token that docker-registry verifies. It notes what it was asked, for the tests to look at.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::pki::Pair;
use crate::registry::{PASSWORD, USER};

pub(crate) const ISSUER: &str = "tests";
/// With a blank and an ampersand: it comes back as a query parameter and has to be encoded.
pub(crate) const SERVICE: &str = "registry & tests";

/// Who gets a token that opens a repository.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Everyone, as with public images.
    Public,
    /// Who logs in. Without a login there is a token too, one that opens nothing: registries do it so.
    Private,
}

/// One request for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) scopes: Vec<String>,
    pub(crate) service: Option<String>,
    /// User and password, as they arrived.
    pub(crate) login: Option<(String, String)>,
}

pub(crate) struct TokenServer {
    authority: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    policy: Policy,
    signer: Pair,
    asked: Mutex<Vec<Asked>>,
    ended: AtomicBool,
    _dir: tempfile::TempDir,
}

impl TokenServer {
    pub(crate) fn start(policy: Policy) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let signer = Pair::signer(dir.path());
        let shared =
            Arc::new(Shared { policy, signer, asked: Mutex::default(), ended: AtomicBool::new(false), _dir: dir });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let authority = listener.local_addr().expect("its address").to_string();
        let serving = Arc::clone(&shared);
        // One request after the other: it is the number of requests that the tests are after.
        let thread = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if serving.ended.load(Ordering::Relaxed) {
                    break;
                }
                // A client that hangs up is no matter of the server's.
                let _ = connection.and_then(|connection| serving.serve(connection));
            }
        });
        Self { authority, shared, thread: Some(thread) }
    }

    /// `HOST:PORT`
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn realm(&self) -> String {
        format!("http://{}/token", self.authority)
    }

    pub(crate) fn certificate(&self) -> &Path {
        &self.shared.signer.certificate
    }

    /// What it was asked since the last call of this.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.shared.asked.lock().expect("no poison"))
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the thread from its wait for a connection.
        drop(TcpStream::connect(&self.authority));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn serve(&self, mut connection: TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        for line in BufReader::new(connection.try_clone()?).lines() {
            match line? {
                end if end.is_empty() => break,
                line => head.push(line),
            }
        }
        let target = head.first().and_then(|line| line.strip_prefix("GET ")?.split(' ').next());
        let login = head.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("authorization").then(|| basic(value.trim()))
        });
        let (status, body) = match target.map(|target| target.split_once('?').unwrap_or((target, ""))) {
            Some(("/token", query)) => self.answer(query, login),
            Some(_) => ("404 Not Found", json!({})),
            // The OAuth2 flow posts; most token servers answer that so, and the client is to come back with GET.
            None => ("405 Method Not Allowed", json!({})),
        };
        let body = body.to_string();
        write!(connection, "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n")?;
        write!(connection, "Content-Length: {}\r\n\r\n{body}", body.len())
    }

    fn answer(&self, query: &str, login: Option<(String, String)>) -> (&'static str, Value) {
        let parameters: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let values =
            |name: &str| parameters.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect();
        let scopes: Vec<String> = values("scope");
        let service: Vec<String> = values("service");
        let known = login.as_ref().map(|(user, password)| user == USER && password == PASSWORD);
        let asked = Asked { scopes: scopes.clone(), service: service.first().cloned(), login };
        self.asked.lock().expect("no poison").push(asked);
        match known {
            Some(false) => ("401 Unauthorized", json!({"details": "incorrect username or password"})),
            // A token for another service than the one that asked is of no use to it; say so at once.
            _ if service != [SERVICE] => ("400 Bad Request", json!({"details": "unknown service"})),
            _ => {
                let opens = known.is_some() || self.policy == Policy::Public;
                let access = if opens { scopes.iter().filter_map(|scope| access(scope)).collect() } else { Vec::new() };
                ("200 OK", json!({"token": self.token(&access), "expires_in": 300}))
            }
        }
    }

    fn token(&self, access: &[Value]) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let head = json!({"typ": "JWT", "alg": "RS256", "x5c": [self.signer.certificate_base64()]});
        let claims = json!({
            "iss": ISSUER, "sub": USER, "aud": SERVICE, "jti": now.to_string(),
            "nbf": now - 60, "iat": now, "exp": now + 300, "access": access,
        });
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.signer.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// What a scope (`repository:path/name:pull,push`) comes to for someone who may only pull.
fn access(scope: &str) -> Option<Value> {
    let (head, actions) = scope.rsplit_once(':')?;
    let (kind, name) = head.split_once(':')?;
    let may: Vec<&str> = actions.split(',').filter(|action| *action == "pull").collect();
    Some(json!({"type": kind, "name": name, "actions": may}))
}

/// User and password of a Basic header; what is none comes back whole, and matches nothing.
fn basic(header: &str) -> (String, String) {
    let decoded = header.strip_prefix("Basic ").and_then(|code| BASE64_STANDARD.decode(code).ok());
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let (user, password) = text.as_deref().and_then(|text| text.split_once(':')).unwrap_or((header, ""));
    (user.to_owned(), password.to_owned())
}
