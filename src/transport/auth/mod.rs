//! Who is asking: answers challenges with the client's credential, directly (Basic) or through a token (Bearer).
//!
//! Knows nothing of manifests, and of clouds only that a credential comes from somewhere. Why it is built as it is:
//! `docs/architecture.md`, "Authentication".

pub mod challenge;
pub mod token;
pub mod trust;

use std::collections::HashMap;
use std::sync::Mutex;

use ::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::Mutex as AsyncMutex;

use crate::error::{Error, ErrorKind, Result};
use crate::provider::callback::{Answer as Supplied, Desk};
use crate::redact::{Credential, Secret};
use crate::session::Session;
use crate::transport::auth::challenge::Challenge;
use crate::transport::auth::token::{Key, Tokens};
use crate::transport::http::Http;
use crate::transport::origin::Origin;

/// Where the credential of a client comes from.
#[derive(Debug)]
pub enum Source {
    /// There is none.
    Anonymous,
    /// The user gave it.
    Login(Credential),
    /// Somebody outside the engine is asked for it, once per pull and again when it was refused.
    Desk(Desk),
}

/// The credential, the challenges seen and the tokens bought of one client.
#[derive(Debug)]
pub struct Auth {
    source: Source,
    named_hosts: Vec<String>,
    challenges: Mutex<HashMap<Origin, Challenge>>,
    tokens: Tokens,
}

/// On whose behalf a request is made, and what for.
#[derive(Debug)]
pub struct Caller<'a> {
    session: &'a Session,
    /// `repository:<name>:pull`.
    scope: String,
    /// Answers of the desk up to this one are older than the pull.
    asked_after: u64,
    /// What this pull was given. Locked while it waits, so that its requests ask once.
    supplied: AsyncMutex<Option<Supplied>>,
}

/// What makes up an `Authorization` header.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The header's value.
    pub header: Secret,
    generation: u64,
    /// Whether it was made before this request's challenge, so that a newer one may help.
    reused: bool,
}

impl Auth {
    /// Credentials of `source`; token services on `named_hosts` may get them besides the registry's own.
    pub fn new(source: Source, named_hosts: Vec<String>) -> Self {
        Self { source, named_hosts, challenges: Mutex::default(), tokens: Tokens::default() }
    }

    /// The desk where credentials are asked for, if that is their source.
    pub fn desk(&self) -> Option<&Desk> {
        match &self.source {
            Source::Desk(desk) => Some(desk),
            _ => None,
        }
    }

    /// A caller that pulls `repository`.
    pub fn caller<'a>(&self, repository: &str, session: &'a Session) -> Caller<'a> {
        Caller {
            session,
            scope: format!("repository:{repository}:pull"),
            asked_after: self.desk().map_or(0, Desk::generation),
            supplied: AsyncMutex::default(),
        }
    }

    /// The grant for a challenge that `registry` gave earlier, to spare the round trip of being challenged again.
    pub async fn known(&self, http: &Http, registry: &Origin, caller: &Caller<'_>) -> Result<Option<Grant>> {
        let challenge = self.challenges().get(registry).cloned();
        let Some(challenge) = challenge else { return Ok(None) };
        match self.grant(http, registry, &challenge, caller, None).await {
            Ok(grant) => Ok(grant.map(|grant| Grant { reused: true, ..grant })),
            // Refused is refused; but a token service that does not answer may have moved, and the registry knows where.
            Err(why) if why.kind() != ErrorKind::Unauthorized && challenge != Challenge::Basic => {
                self.challenges().remove(registry);
                // What may pass by itself is for the next attempt, which then begins with the registry.
                if why.is_transient() { Err(why) } else { Ok(None) }
            }
            Err(why) => Err(why),
        }
    }

    /// What the 401 with `headers` to a request sent with `used` asks for; `None` if there is nothing (more) to try.
    pub fn challenge(&self, registry: &Origin, headers: &HeaderMap, used: Option<&Grant>) -> Option<Challenge> {
        if used.is_some_and(|grant| !grant.reused) {
            return None;
        }
        // Some registries answer an expired token with a bare 401: the challenge from before still holds.
        let challenge =
            choose(Challenge::all(headers), registry).or_else(|| self.challenges().get(registry).cloned())?;
        self.challenges().insert(registry.clone(), challenge.clone());
        match (&challenge, &self.source) {
            (Challenge::Basic, Source::Anonymous) => None,
            // The same password again would count as a second failed login.
            (Challenge::Basic, Source::Login(_)) if used.is_some() => None,
            _ => Some(challenge),
        }
    }

    /// The grant that answers `challenge`; `used` is the one that was refused.
    pub async fn answer(
        &self,
        http: &Http,
        registry: &Origin,
        challenge: &Challenge,
        used: Option<Grant>,
        caller: &Caller<'_>,
    ) -> Result<Grant> {
        self.grant(http, registry, challenge, caller, used.as_ref()).await?.ok_or_else(|| {
            Error::new(ErrorKind::Unauthorized, format!("{registry} asks for user and password, and there are none"))
                .with_status(401)
        })
    }

    /// Builds a grant; `refused` is the one that did not help.
    async fn grant(
        &self,
        http: &Http,
        registry: &Origin,
        challenge: &Challenge,
        caller: &Caller<'_>,
        refused: Option<&Grant>,
    ) -> Result<Option<Grant>> {
        let supplied = self.credential(caller, refused).await?;
        let generation = supplied.generation;
        // With a desk, a refused grant of this pull's own first answer is worth one newer answer.
        let reused = refused.is_none() && matches!(self.source, Source::Desk(_));
        match challenge {
            Challenge::Basic => {
                let Some(credential) = supplied.credential else { return Ok(None) };
                Ok(Some(Grant { header: basic(&credential), generation, reused }))
            }
            Challenge::Bearer { realm, service, scope } => {
                let realm = trust::check_realm(realm, registry)?;
                let trusted = trust::may_receive(&realm, registry, &self.named_hosts);
                let withheld = !trusted && supplied.credential.is_some();
                let basic = supplied.credential.filter(|_| trusted).map(|credential| basic(&credential));
                let scope = self.scope(scope, caller);
                let key = Key { realm, service: service.clone(), scope, generation };
                let refused = refused.and_then(|grant| grant.header.expose().strip_prefix("Bearer ").map(Secret::new));
                let token = self.tokens.get(http, &key, basic, refused.as_ref()).await;
                let (text, cached) = match token {
                    // The token service refused what the desk gave: as good as a 401 from the registry itself.
                    Err(why) if why.http_status() == Some(401) && refused.is_none() && reused => {
                        let spent = Grant { header: Secret::new(""), generation, reused };
                        return Box::pin(self.grant(http, registry, challenge, caller, Some(&spent))).await;
                    }
                    Err(why) if withheld && why.kind() == ErrorKind::Unauthorized => {
                        return Err(Error::new(
                            ErrorKind::Unauthorized,
                            format!(
                                "the credential for {registry} was not sent to {}, which {registry} names as its token \
                                 service and which is not known to belong to it; without, the answer was: {why}",
                                Origin::of(&key.realm)
                            ),
                        )
                        .with_cause(why));
                    }
                    token => token?,
                };
                let header = Secret::new(format!("Bearer {}", text.expose()));
                Ok(Some(Grant { header, generation, reused: reused || cached }))
            }
        }
    }

    /// The credential, newer than the one in `refused` if that is possible.
    async fn credential(&self, caller: &Caller<'_>, refused: Option<&Grant>) -> Result<Supplied> {
        match &self.source {
            Source::Anonymous => Ok(Supplied { generation: 0, credential: None }),
            Source::Login(credential) => Ok(Supplied { generation: 0, credential: Some(credential.clone()) }),
            Source::Desk(desk) => {
                let mut supplied = caller.supplied.lock().await;
                let after = refused.map_or(caller.asked_after, |grant| grant.generation);
                if let Some(kept) = &*supplied
                    && kept.generation > after
                {
                    return Ok(kept.clone());
                }
                let answer = desk.wait(caller.session, after).await?;
                *supplied = Some(answer.clone());
                Ok(answer)
            }
        }
    }

    /// What the token must allow. A registry may have a scope word of its own (ECR Public: `aws`), but where it speaks of
    /// repositories the token is for ours and for pulling, whatever it asks.
    fn scope(&self, asked: &str, caller: &Caller<'_>) -> String {
        if asked.is_empty() || asked.split(' ').any(|scope| scope.starts_with("repository:")) {
            caller.scope.clone()
        } else {
            asked.to_owned()
        }
    }

    fn challenges(&self) -> std::sync::MutexGuard<'_, HashMap<Origin, Challenge>> {
        self.challenges.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The first challenge that can be answered, or the first of all, which then says why it cannot: a registry behind a proxy
/// that ends TLS may name a token service by http, and offer Basic beside it.
fn choose(challenges: Vec<Challenge>, registry: &Origin) -> Option<Challenge> {
    let usable = |challenge: &&Challenge| match challenge {
        Challenge::Basic => true,
        Challenge::Bearer { realm, .. } => trust::check_realm(realm, registry).is_ok(),
    };
    challenges.iter().find(usable).or(challenges.first()).cloned()
}

/// RFC 7617.
fn basic(credential: &Credential) -> Secret {
    let pair = format!("{}:{}", credential.user, credential.secret.expose());
    Secret::new(format!("Basic {}", STANDARD.encode(pair)))
}
