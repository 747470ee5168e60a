//! The bytes: one GET over a pooled connection, within a budget of connections per host.
//!
//! Never follows a redirect, never adds a credential, never decodes a body.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ::http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, RANGE, REFERER};
use ::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::proxy::{Proxy, Rules};
use crate::redact::{self, Secret};
use crate::retry::Policy;
use crate::transport::certificates::Certificates;
use crate::transport::clients::Clients;
use crate::transport::origin::Origin;
use crate::transport::{proxy, retry};

/// The HTTP clients and the connection budget of one registry client.
#[derive(Debug)]
pub struct Http {
    clients: Clients,
    budget: Mutex<HashMap<Origin, Arc<Semaphore>>>,
    per_host: usize,
    patience: Policy,
}

/// A GET to send.
#[derive(Clone)]
pub struct Get {
    /// Where to.
    pub url: Url,
    /// The value of `Accept`.
    pub accept: Option<&'static str>,
    /// First and last byte wanted, both inclusive.
    pub range: Option<(u64, u64)>,
    /// The value of `Authorization`.
    pub authorization: Option<Secret>,
    /// The value of `Referer`: some stores behind signed URLs want to see where the redirect came from
    /// (soci-snapshotter#1974).
    pub referer: Option<String>,
}

impl Get {
    /// A GET of `url`.
    pub fn new(url: Url) -> Self {
        Self { url, accept: None, range: None, authorization: None, referer: None }
    }
}

/// The head of an answer, and its body.
pub struct Answer {
    /// Which request it answers; may carry a signature, show it only through [`redact::shown`].
    pub url: Url,
    /// The `Authorization` that the request had.
    pub sent: Option<Secret>,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Body,
}

/// A body that is still on the wire. Holds its place in the connection budget until it is dropped.
pub struct Body {
    response: reqwest::Response,
    received: u64,
    pace: Pace,
    _permit: OwnedSemaphorePermit,
}

/// How fast a body comes, by the time spent waiting for the network alone: our own disk may be slow.
///
/// Without it a server that sends a byte a minute holds a pull for months (containerd#11650).
struct Pace {
    idle: Duration,
    minimum_rate: u64,
    waited: Duration,
    received: u64,
}

// By hand: URLs may carry signatures, and so may headers.
impl fmt::Debug for Get {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GET {}", redact::shown(&self.url))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.status, redact::shown(&self.url))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "body, {} bytes read", self.received)
    }
}

impl Http {
    /// Speaks TLS with `certificates` and goes through what `proxies` name; opens at most `per_host` connections to an
    /// origin at a time, and waits for servers as long as `patience` says.
    pub fn new(certificates: Certificates, proxies: Rules, per_host: usize, patience: &Policy) -> Self {
        let clients = Clients::new(certificates, proxies, patience.idle_timeout);
        Self { clients, budget: Mutex::default(), per_host, patience: patience.clone() }
    }

    /// Sends `request` and waits for the head of the answer, whatever its status.
    pub async fn get(&self, request: &Get) -> Result<Answer> {
        let (client, proxy) = self.clients.of(&request.url)?;
        let permit = self.permit(&Origin::of(&request.url)).await;
        let mut builder = client.get(request.url.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some(accept) = request.accept {
            builder = builder.header(ACCEPT, accept);
        }
        if let Some((first, last)) = request.range {
            builder = builder.header(RANGE, format!("bytes={first}-{last}"));
        }
        if let Some(referer) = &request.referer {
            builder = builder.header(REFERER, referer);
        }
        if let Some(secret) = &request.authorization {
            let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| {
                // The cause would be harmless, but it is not worth finding out for every http version.
                Error::new(ErrorKind::Unauthorized, "the credential has bytes that no HTTP header can carry")
            })?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        let action = || format!("GET {}", redact::shown(&request.url));
        let response = match self.patience.attempt_timeout {
            None => builder.send().await,
            Some(limit) => tokio::time::timeout(limit, builder.send()).await.map_err(|_| {
                Error::new(ErrorKind::DeadlineExceeded, format!("no answer within {} ms", limit.as_millis()))
                    .context(action())
                    .transient()
            })?,
        };
        let response = response.map_err(|why| failed(why, self.patience.idle_timeout, proxy).context(action()))?;
        Ok(Answer {
            url: request.url.clone(),
            sent: request.authorization.clone(),
            status: response.status(),
            headers: response.headers().clone(),
            body: Body { response, received: 0, pace: Pace::new(&self.patience), _permit: permit },
        })
    }

    async fn permit(&self, origin: &Origin) -> OwnedSemaphorePermit {
        let semaphore = {
            let mut budget = self.budget.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Arc::clone(budget.entry(origin.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.per_host))))
        };
        semaphore.acquire_owned().await.unwrap_or_else(|_| unreachable!("nobody closes the budget"))
    }
}

impl Body {
    /// The next bytes, `None` at the end. The caller knows best what an error of it is about.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.pace.check()?;
        let asked = Instant::now();
        let chunk = self.response.chunk().await.map_err(|why| failed(why, self.pace.idle, None))?;
        let length = chunk.as_ref().map_or(0, |bytes| bytes.len() as u64);
        self.pace.waited += asked.elapsed();
        self.pace.received += length;
        self.received += length;
        Ok(chunk)
    }

    /// Who sends it.
    pub fn host(&self) -> String {
        Origin::of(self.response.url()).authority()
    }

    /// The length that the answer declares.
    pub fn declared(&self) -> Option<u64> {
        self.response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// The whole body, which must not be longer than `cap`.
    pub async fn read(mut self, cap: u64, what: &str) -> Result<Bytes> {
        let mut all = BytesMut::new();
        let url = redact::shown(self.response.url());
        let read = |why: Error, received| why.context(format!("read {url} after {received} bytes"));
        while let Some(bytes) = self.chunk().await.map_err(|why| read(why, self.received))? {
            if all.len() as u64 + bytes.len() as u64 > cap {
                return Err(Error::new(ErrorKind::Malformed, format!("{what} is longer than {cap} bytes")));
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all.freeze())
    }
}

impl Pace {
    fn new(patience: &Policy) -> Self {
        let Policy { idle_timeout: idle, minimum_rate, .. } = *patience;
        Self { idle, minimum_rate, waited: Duration::ZERO, received: 0 }
    }

    fn check(&mut self) -> Result<()> {
        if self.waited < self.idle {
            return Ok(());
        }
        #[expect(clippy::cast_precision_loss, reason = "a limit, not a count")]
        let least = self.minimum_rate as f64 * self.waited.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a limit, not a count")]
        if (self.received as f64) < least {
            return Err(retry::too_slow(self.received, self.waited, self.minimum_rate));
        }
        (self.waited, self.received) = (Duration::ZERO, 0);
        Ok(())
    }
}

/// TLS alerts about our certificate, or that there is none (RFC 8446, section 6.2), as rustls calls them.
const CLIENT_CERTIFICATE: [&str; 8] = [
    "CertificateRequired",
    "BadCertificate",
    "UnsupportedCertificate",
    "CertificateRevoked",
    "CertificateExpired",
    "CertificateUnknown",
    "UnknownCA",
    "AccessDenied",
];

/// What a failed exchange means. reqwest puts the URL into its texts, so they are never shown whole.
fn failed(why: reqwest::Error, idle: Duration, proxy: Option<&Proxy>) -> Error {
    let why = why.without_url();
    if let Some(own) = chain(&why).find_map(|cause| cause.downcast_ref::<Error>()) {
        // Our resolver's refusal, wrapped on its way through the client.
        return Error::new(own.kind(), own.to_string());
    }
    if why.is_timeout() {
        let message = if why.is_connect() {
            let through = proxy.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
            format!("no connection within {} s{through}", limits::CONNECT.as_secs())
        } else {
            format!("nothing came for {} s", idle.as_secs_f64())
        };
        return Error::new(ErrorKind::DeadlineExceeded, message).with_cause(why).transient();
    }
    let causes: Vec<String> = chain(&why).map(ToString::to_string).collect();
    if let Some(refused) = proxy.and_then(|proxy| proxy::refused(proxy, &causes)) {
        return refused.with_cause(why);
    }
    let cause = root_cause(&why);
    if CLIENT_CERTIFICATE.iter().any(|alert| cause == format!("received fatal alert: {alert}")) {
        let message = format!("the server wants a client certificate that it trusts: {cause}");
        return Error::new(ErrorKind::Unauthorized, message).with_cause(why);
    }
    // A name that does not exist and a certificate that is wrong stay so; a resolver or a server that is down does not.
    let permanent = why.is_connect() && (cause.contains("not known") || cause.contains("certificate"));
    let message = if why.is_connect() { format!("cannot connect: {cause}") } else { cause };
    let error = Error::new(ErrorKind::Unavailable, message).with_cause(why);
    if permanent { error } else { error.transient() }
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

/// The innermost text, which is the one that tells.
pub(super) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}
