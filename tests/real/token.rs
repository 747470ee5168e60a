//! A token server as registries have one beside them (Docker Hub, GitLab, Harbor): it trades a login, or none, for a
//! signed token that docker-registry verifies. It notes what it was asked, for the tests to look at.

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::routing::get;
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
    // Dropped with the server, which stops it.
    _runtime: tokio::runtime::Runtime,
}

struct Shared {
    policy: Policy,
    signer: Pair,
    asked: Mutex<Vec<Asked>>,
    _dir: tempfile::TempDir,
}

impl TokenServer {
    pub(crate) fn start(policy: Policy) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let shared = Arc::new(Shared { policy, signer: Pair::signer(dir.path()), asked: Mutex::default(), _dir: dir });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let authority = listener.local_addr().expect("its address").to_string();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("tokio");
        let state = Arc::clone(&shared);
        // Tokens are for GET; a POST (the OAuth2 flow) gets 405, as from most of them.
        let app = Router::new()
            .route("/token", get(move |uri: Uri, headers: HeaderMap| async move { state.answer(&uri, &headers) }));
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a tokio listener");
            axum::serve(listener, app).await.expect("the server runs");
        });
        Self { authority, shared, _runtime: runtime }
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

impl Shared {
    fn answer(&self, uri: &Uri, headers: &HeaderMap) -> (StatusCode, String) {
        let query = uri.query().unwrap_or_default().as_bytes();
        let parameters: Vec<_> = url::form_urlencoded::parse(query).into_owned().collect();
        let values =
            |name: &str| parameters.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect();
        let scopes: Vec<String> = values("scope");
        let service: Vec<String> = values("service");
        let login = headers.get(header::AUTHORIZATION).map(|value| basic(value.as_bytes()));
        let known = login.as_ref().map(|(user, password)| user == USER && password == PASSWORD);
        self.asked.lock().expect("no poison").push(Asked {
            scopes: scopes.clone(),
            service: service.first().cloned(),
            login,
        });
        match known {
            Some(false) => (StatusCode::UNAUTHORIZED, json!({"details": "incorrect username or password"}).to_string()),
            // A token for another service than the one that asked is of no use to it; say so at once.
            _ if service != [SERVICE] => (StatusCode::BAD_REQUEST, json!({"details": "unknown service"}).to_string()),
            _ => {
                let opens = known.is_some() || self.policy == Policy::Public;
                let access = if opens { scopes.iter().filter_map(|scope| access(scope)).collect() } else { Vec::new() };
                (StatusCode::OK, json!({"token": self.token(&access), "expires_in": 300}).to_string())
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
fn basic(header: &[u8]) -> (String, String) {
    let whole = String::from_utf8_lossy(header).into_owned();
    let decoded = whole.strip_prefix("Basic ").and_then(|code| BASE64_STANDARD.decode(code).ok());
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    text.as_deref()
        .and_then(|text| text.split_once(':'))
        .map_or((whole, String::new()), |(user, password)| (user.to_owned(), password.to_owned()))
}
