//! Who may pull: anybody, whoever sends a password, or whoever fetched a token first.

use super::http1::Request;
use super::registry::Shared;
use super::reply::Reply;
use super::store::lock;
use super::words::{basic, values};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What every token begins with, so that a test can look for leaked ones.
pub const TOKEN_MARK: &str = "token-secret-";

/// How clients prove who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Not at all.
    #[default]
    None,
    /// A password with every request.
    Basic,
    /// A token from the realm.
    Bearer,
}

/// The fields of a token reply that carry the token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field {
    /// `token`, as Docker's registries do.
    #[default]
    Token,
    /// `access_token`, as OAuth 2 does.
    AccessToken,
    /// Both.
    Both,
}

/// The rules and the tokens given out.
pub struct Auth {
    /// How clients log in.
    pub scheme: Scheme,
    /// The only user; `None`: anybody gets a token.
    pub login: Option<(String, String)>,
    /// Whether tokens are also given without a login.
    pub anonymous: bool,
    /// The realm in the challenge; may hold `{self}` and `{other}`.
    pub realm: String,
    /// The WWW-Authenticate lines, replacing the usual one; may hold `{realm}`, `{service}` and `{scope}` besides.
    pub challenges: Vec<String>,
    /// How long a token is good for.
    pub lifetime: Duration,
    /// `expires_in` in the reply; `None` leaves it out.
    pub announced: Option<u64>,
    /// `issued_at` in the reply; `None` leaves it out. A wrong clock is common.
    pub issued_at: Option<String>,
    /// Which fields carry the token.
    pub field: Field,
    /// Whether a token is good only for the scope it was asked for.
    pub scoped: bool,
    /// Tokens by their text.
    pub(super) tokens: Mutex<HashMap<String, Token>>,
}

/// A token given out.
pub(super) struct Token {
    scopes: Vec<String>,
    dies: Instant,
}

/// The service named in challenges.
const SERVICE: &str = "test.registry:443";

impl Default for Auth {
    fn default() -> Self {
        Self {
            scheme: Scheme::None,
            login: None,
            anonymous: false,
            realm: "{self}/token".to_owned(),
            challenges: Vec::new(),
            lifetime: Duration::from_secs(300),
            announced: Some(300),
            issued_at: None,
            field: Field::Token,
            scoped: true,
            tokens: Mutex::default(),
        }
    }
}

impl Auth {
    /// The 401 for a request that may not pass; `repo` is the repository it is about.
    pub(super) fn refusal(&self, shared: &Shared, request: &Request, repo: Option<&str>) -> Option<Reply> {
        let sent = request.header("authorization").unwrap_or_default();
        let scope = repo.map(|repo| format!("repository:{repo}:pull"));
        match self.scheme {
            Scheme::None => None,
            Scheme::Basic if self.login.as_ref().is_none_or(|(user, password)| sent == basic(user, password)) => None,
            Scheme::Basic => Some(self.challenge(shared, None, "")),
            Scheme::Bearer => match lock(&self.tokens).get(sent.strip_prefix("Bearer ").unwrap_or_default()) {
                Some(token) if token.dies <= Instant::now() => {
                    Some(self.challenge(shared, scope, ",error=\"invalid_token\""))
                }
                Some(token) if self.scoped && scope.as_ref().is_some_and(|s| !token.scopes.contains(s)) => {
                    Some(self.challenge(shared, scope, ",error=\"insufficient_scope\""))
                }
                Some(_) => None,
                None => Some(self.challenge(shared, scope, "")),
            },
        }
    }

    fn challenge(&self, shared: &Shared, scope: Option<String>, error: &str) -> Reply {
        let usual = match (self.scheme, &scope) {
            (Scheme::Basic, _) => "Basic realm=\"Test Registry\"".to_owned(),
            (_, None) => format!("Bearer realm=\"{{realm}}\",service=\"{{service}}\"{error}"),
            (_, Some(_)) => format!("Bearer realm=\"{{realm}}\",service=\"{{service}}\",scope=\"{{scope}}\"{error}"),
        };
        let lines = if self.challenges.is_empty() { &vec![usual] } else { &self.challenges };
        let mut reply = Reply::status(401);
        for line in lines {
            let line = line.replace("{realm}", &self.realm).replace("{service}", SERVICE);
            reply.add("WWW-Authenticate", &shared.fill(&line.replace("{scope}", scope.as_deref().unwrap_or_default())));
        }
        reply
    }

    /// The token endpoint: GET with Basic, or OAuth 2 by POST.
    /// <https://distribution.github.io/distribution/spec/auth/token/>,
    /// <https://distribution.github.io/distribution/spec/auth/oauth/>
    pub(super) fn token(&self, request: &Request) -> Reply {
        if self.scheme != Scheme::Bearer {
            return Reply::status(404);
        }
        let form = String::from_utf8_lossy(&request.body);
        let post = request.method == "POST";
        let asked = if post { form.as_ref() } else { request.query.as_str() };
        let first = |key| values(asked, key).into_iter().next().unwrap_or_default();
        let sent = request.header("authorization");
        let known = match (&self.login, post) {
            (None, _) => true,
            (Some((user, password)), false) => sent.map_or(self.anonymous, |sent| sent == basic(user, password)),
            (Some((user, password)), true) => match first("grant_type").as_str() {
                "password" => first("username") == *user && first("password") == *password,
                "refresh_token" => first("refresh_token") == *password,
                _ => false,
            },
        };
        if !known {
            return Reply::error(401, "UNAUTHORIZED", "incorrect username or password")
                .with("WWW-Authenticate", "Basic realm=\"Test Registry\"");
        }
        let scopes =
            values(asked, "scope").iter().flat_map(|s| s.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
        let mut tokens = lock(&self.tokens);
        let token = format!("{TOKEN_MARK}{}", tokens.len() + 1);
        tokens.insert(token.clone(), Token { scopes, dies: Instant::now() + self.lifetime });
        let mut reply = json!({});
        if self.field != Field::AccessToken {
            reply["token"] = json!(token);
        }
        if self.field != Field::Token {
            reply["access_token"] = json!(token);
        }
        if let Some(seconds) = self.announced {
            reply["expires_in"] = json!(seconds);
        }
        if let Some(time) = &self.issued_at {
            reply["issued_at"] = json!(time);
        }
        Reply::json(200, &reply)
    }

    /// Ends the life of every token given out.
    pub(super) fn expire(&self) {
        lock(&self.tokens).values_mut().for_each(|token| token.dies = Instant::now());
    }
}
