//! How to talk to a registry. Each file is one decorator with one job; a request passes them in this order:
//!
//! [`auth`] (who may ask) → [`redirect`] (where the answer is) → [`http`] (the bytes) over one of the [`clients`]
//!
//! Nothing here knows what a manifest is. [`origin`] is the term they share: scheme, host and port.

pub mod auth;
pub mod certificates;
pub mod clients;
pub mod dial;
pub mod http;
pub mod origin;
pub mod proxy;
pub mod redirect;
pub mod refusal;
pub mod retry;

use ::http::StatusCode;

use crate::error::{Error, ErrorKind, Result};
use crate::redact;
use crate::transport::auth::{Auth, Caller};
use crate::transport::http::{Answer, Get, Http};
use crate::transport::origin::Origin;

/// The way to one registry.
#[derive(Debug)]
pub struct Transport {
    http: Http,
    auth: Auth,
}

impl Transport {
    /// A transport over `http` that proves who it is by `auth`.
    pub fn new(http: Http, auth: Auth) -> Self {
        Self { http, auth }
    }

    /// Who may ask.
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Sends `request` to where a redirect of `registry` led before, without any credential.
    pub async fn get_redirected(&self, registry: &Origin, request: Get) -> Result<Answer> {
        redirect::get(&self.http, request, registry).await
    }

    /// Sends `request` to `registry` for `caller` and returns whatever is no redirect and no challenge.
    ///
    /// The first request goes without a credential unless an earlier answer said how to use one: ghcr.io answers a
    /// wrong credential with 403 and no challenge, so the challenge must come first. A 401 is answered once with the
    /// credential at hand and, where there can be a newer one, once with that.
    pub async fn get(&self, registry: &Origin, request: Get, caller: &Caller<'_>) -> Result<Answer> {
        let mut grant = self.auth.known(&self.http, registry, caller).await?;
        loop {
            let mut request = request.clone();
            request.authorization = grant.as_ref().map(|grant| grant.header.clone());
            let answer = redirect::get(&self.http, request, registry).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                return Ok(answer);
            }
            if Origin::of(&answer.url) != *registry {
                // CVE-2020-15157: a blob store's challenge must never reach our credentials.
                return Err(Error::new(
                    ErrorKind::Unauthorized,
                    format!("{} is not the registry and asks for credentials", redact::shown(&answer.url)),
                )
                .with_status(401));
            }
            let Some(challenge) = self.auth.challenge(registry, &answer.headers, grant.as_ref()) else {
                return Ok(answer);
            };
            // Its connection first: the token may have to come through the last one that the budget allows.
            drop(answer);
            grant = Some(self.auth.answer(&self.http, registry, &challenge, grant, caller).await?);
        }
    }
}
