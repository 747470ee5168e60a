//! The endpoints of the distribution spec, one method each, for one repository.
//!
//! What comes back is verified: a document by its digest, a blob by digest and size before its end is reported.

pub mod blob;
pub mod queue;

use ::http::StatusCode;
use ::http::header::CONTENT_TYPE;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use url::Url;

use crate::digest::{self, Digest};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::manifest::{Descriptor, Document, media};
use crate::registry::blob::Blob;
use crate::retry::Policy;
use crate::transport::Transport;
use crate::transport::auth::Caller;
use crate::transport::http::{Answer, Get};
use crate::transport::origin::Origin;
use crate::transport::refusal;
use crate::transport::retry::Attempts;

/// One repository of one registry, on behalf of one pull.
#[derive(Debug)]
pub struct Repository<'a> {
    transport: &'a Transport,
    origin: &'a Origin,
    name: &'a str,
    caller: Caller<'a>,
    retries: &'a Policy,
    fastest: Mutex<Option<Duration>>,
}

/// A manifest or index with its own digest.
#[derive(Debug)]
pub struct Fetched {
    /// The bytes as served, which the digest covers.
    pub bytes: Bytes,
    /// Their SHA-256 digest, or the one they were asked for by.
    pub digest: Digest,
    /// What they say.
    pub document: Document,
}

impl<'a> Repository<'a> {
    /// The repository `name` at `origin`.
    pub fn new(
        transport: &'a Transport,
        origin: &'a Origin,
        name: &'a str,
        caller: Caller<'a>,
        retries: &'a Policy,
    ) -> Self {
        Self { transport, origin, name, caller, retries, fastest: Mutex::default() }
    }

    /// `GET /v2/<name>/manifests/<reference>` by tag or digest.
    ///
    /// The digest is that of the bytes; the registry's header is only compared (GHSA-qv35-3gw6-8q4j).
    pub async fn manifest(&self, reference: &str, expected: Option<&Digest>) -> Result<Fetched> {
        let action = format!("get manifest {}", self.name_of(reference));
        let mut attempts = Attempts::new(self.retries);
        loop {
            match self.fetch_manifest(reference, expected, &action).await {
                Ok(fetched) => return Ok(fetched),
                Err(why) => attempts.again(why.context(&action)).await?,
            }
        }
    }

    async fn fetch_manifest(&self, reference: &str, expected: Option<&Digest>, action: &str) -> Result<Fetched> {
        let mut request = Get::new(self.origin.url(&format!("/v2/{}/manifests/{reference}", self.name)));
        request.accept = Some(media::ACCEPT);
        let answer = self.get(request).await?;
        if answer.status != StatusCode::OK {
            return Err(refusal::error(answer, action).await);
        }
        let header = |name| answer.headers.get(name).and_then(|value: &::http::HeaderValue| value.to_str().ok());
        let content_type = header(CONTENT_TYPE.as_str()).map(essence);
        let claimed = header("docker-content-digest").map(str::to_owned);
        let bytes = answer.body.read(limits::MANIFEST, "the manifest").await?;
        let digest = match expected {
            Some(expected) => {
                digest::verify_digest(&bytes, expected)?;
                expected.clone()
            }
            None => Digest::sha256(&bytes),
        };
        if let Some(claimed) = claimed {
            let claimed: Digest = claimed.parse()?;
            digest::verify_digest(&bytes, &claimed).map_err(|why| {
                Error::new(ErrorKind::Integrity, "the Docker-Content-Digest header lies").with_cause(why)
            })?;
        }
        let document = Document::parse(&bytes, content_type.as_deref())?;
        Ok(Fetched { bytes, digest, document })
    }

    /// A child of an index: its size is known, too.
    pub async fn child(&self, descriptor: &Descriptor) -> Result<Fetched> {
        let fetched = self.manifest(descriptor.digest.as_str(), Some(&descriptor.digest)).await?;
        digest::verify(&fetched.bytes, &descriptor.digest, descriptor.size)
            .and_then(|()| fetched.document.expect_type(descriptor))
            .map_err(|why| why.context(format!("get manifest {}", self.name_of(descriptor.digest.as_str()))))?;
        Ok(fetched)
    }

    /// `GET /v2/<name>/blobs/<digest>` of a small blob, whole and verified.
    pub async fn small_blob(&self, descriptor: &Descriptor, cap: u64, what: &str) -> Result<Bytes> {
        let action = format!("get {what} {} of {}", descriptor.digest, self.name_of(""));
        let mut attempts = Attempts::new(self.retries);
        loop {
            match self.fetch_small(descriptor, cap, what, &action).await {
                Ok(bytes) => return Ok(bytes),
                Err(why) => attempts.again(why.context(&action)).await?,
            }
        }
    }

    async fn fetch_small(&self, descriptor: &Descriptor, cap: u64, what: &str, action: &str) -> Result<Bytes> {
        let request = Get::new(self.blob_url(&descriptor.digest));
        let answer = self.get(request).await?;
        if answer.status != StatusCode::OK {
            return Err(refusal::error(answer, action).await);
        }
        let bytes = blob::checked(answer, descriptor.size)?.read(cap, what).await?;
        digest::verify(&bytes, &descriptor.digest, descriptor.size)?;
        Ok(bytes)
    }

    /// The shortest time from a request for a document to the head of its answer, if there has been one: no more than the
    /// round trip with whatever the registry did meanwhile.
    pub fn fastest_answer(&self) -> Option<Duration> {
        *self.fastest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// [`Transport::get`] for a document, timed.
    async fn get(&self, request: Get) -> Result<Answer> {
        let asked = Instant::now();
        let answer = self.transport.get(self.origin, request, &self.caller).await?;
        let mut fastest = self.fastest.lock().unwrap_or_else(PoisonError::into_inner);
        *fastest = Some(fastest.map_or(asked.elapsed(), |time| time.min(asked.elapsed())));
        Ok(answer)
    }

    /// A blob that is too large to be held, to be fetched whole or in parts.
    pub fn blob<'b>(&'b self, descriptor: &'b Descriptor) -> Blob<'b> {
        Blob::new(self, descriptor)
    }

    fn blob_url(&self, digest: &Digest) -> Url {
        self.origin.url(&format!("/v2/{}/blobs/{digest}", self.name))
    }

    /// `host/name:tag`, `host/name@digest`, or `host/name` for an empty reference.
    fn name_of(&self, reference: &str) -> String {
        let separator = match reference {
            "" => "",
            digest if digest.contains(':') => "@",
            _ => ":",
        };
        format!("{}/{}{separator}{reference}", self.origin.authority(), self.name)
    }
}

/// A media type without its parameters.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
