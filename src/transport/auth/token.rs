//! Bearer tokens (distribution spec, auth/token): fetched once per key, kept in memory until shortly before they expire.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::redact::{self, Secret};
use crate::transport::http::{Get, Http};
use crate::transport::refusal;

/// What a token is good for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The token service.
    pub realm: Url,
    /// Its name for the registry.
    pub service: String,
    /// What the token allows.
    pub scope: String,
    /// Which credential it was bought with; see [`crate::provider::callback::Answer`].
    pub generation: u64,
}

// By hand: a realm's query is not ours to show.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {} at {}", self.scope, self.service, redact::shown(&self.realm))
    }
}

/// The tokens of one client.
#[derive(Debug, Default)]
pub struct Tokens {
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
}

/// Locked while its token is fetched: whoever needs the same one waits for it instead of fetching it again.
type Slot = AsyncMutex<Option<Token>>;

#[derive(Debug, Clone)]
struct Token {
    text: Secret,
    until: Instant,
}

impl Tokens {
    /// The token for `key`, and whether it came from the cache. `basic` is the `Authorization` for the token service.
    ///
    /// `refused` is a token that the registry has just refused: it is not given again.
    pub async fn get(
        &self,
        http: &Http,
        key: &Key,
        basic: Option<Secret>,
        refused: Option<&Secret>,
    ) -> Result<(Secret, bool)> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // Keys of credentials and scopes that nobody asks for any more go when their token has expired.
            slots.retain(|_, slot| match slot.try_lock() {
                Ok(token) => token.as_ref().is_some_and(|token| token.until > Instant::now()),
                Err(_) => true,
            } || Arc::strong_count(slot) > 1);
            Arc::clone(slots.entry(key.clone()).or_default())
        };
        let mut token = slot.lock().await;
        if let Some(kept) = &*token
            && kept.until > Instant::now()
            && refused != Some(&kept.text)
        {
            return Ok((kept.text.clone(), true));
        }
        *token = None;
        let fresh = fetch(http, key, basic).await?;
        *token = Some(fresh.clone());
        Ok((fresh.text, false))
    }
}

/// The fields of an answer that matter. `issued_at` does not: life is counted from the answer's arrival, so that a clock
/// that is wrong on either side cannot make every token look expired.
#[derive(Deserialize)]
struct Reply {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<f64>,
}

async fn fetch(http: &Http, key: &Key, basic: Option<Secret>) -> Result<Token> {
    let action = format!("get a token from {}", redact::shown(&key.realm));
    let mut url = key.realm.clone();
    {
        // Appended, percent-encoded, behind the parameters that the realm already has.
        let mut query = url.query_pairs_mut();
        if !key.service.is_empty() {
            query.append_pair("service", &key.service);
        }
        query.append_pair("scope", &key.scope);
    }
    let mut request = Get::new(url);
    request.authorization = basic;
    // No redirects here: whoever the realm would lead to is not the one that may get the credential.
    let answer = http.get(&request).await.map_err(|why| match why.kind() {
        // Where not to go: the registry's doing, not the caller's.
        ErrorKind::InvalidArgument => {
            Error::new(ErrorKind::Unauthorized, "the token service is not asked").context(&action).with_cause(why)
        }
        _ => why,
    })?;
    if !answer.status.is_success() {
        return Err(refusal::error(answer, &action).await);
    }
    let body = answer.body.read(limits::TOKEN, "the token answer").await.map_err(|e| e.context(&action))?;
    // Neither the body nor serde's text about it may reach an error: they could show the token.
    let malformed = |why: &str| Error::new(ErrorKind::Malformed, why).context(&action);
    let reply: Reply = serde_json::from_slice(&body).map_err(|_| malformed("the answer is no JSON token answer"))?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let Some(text) = given(reply.token).or(given(reply.access_token)) else {
        return Err(malformed("the answer has no token"));
    };
    let life = reply.expires_in.filter(|s| s.is_finite() && *s > 0.0).map_or(limits::TOKEN_LIFE, |seconds| {
        // A year is for ever, and far from what an Instant cannot add.
        Duration::from_secs_f64(seconds.min(31_536_000.0))
    });
    Ok(Token { text: Secret::new(text), until: Instant::now() + usable(life) })
}

/// The part of a token's life in which it is used: a tenth of it, and at least 10 s, is left for requests under way.
fn usable(life: Duration) -> Duration {
    let early = (life / 10).max(Duration::from_secs(10));
    life.saturating_sub(early).max(life / 2)
}
