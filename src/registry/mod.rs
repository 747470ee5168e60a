//! The endpoints of the distribution spec, one method each, for one repository.
//!
//! What comes back is verified: a document by its digest, a blob by digest and size before its end is reported.

pub mod blob;

use ::http::StatusCode;
use ::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use bytes::Bytes;

use crate::digest::{self, Digest};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::manifest::{Descriptor, Document, media};
use crate::registry::blob::BlobReader;
use crate::transport::Transport;
use crate::transport::auth::Caller;
use crate::transport::http::Get;
use crate::transport::origin::Origin;
use crate::transport::refusal;

/// One repository of one registry, on behalf of one pull.
#[derive(Debug)]
pub struct Repository<'a> {
    transport: &'a Transport,
    origin: &'a Origin,
    name: &'a str,
    caller: Caller<'a>,
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
    pub fn new(transport: &'a Transport, origin: &'a Origin, name: &'a str, caller: Caller<'a>) -> Self {
        Self { transport, origin, name, caller }
    }

    /// `GET /v2/<name>/manifests/<reference>` by tag or digest.
    ///
    /// The digest is that of the bytes; the registry's header is only compared (GHSA-qv35-3gw6-8q4j).
    pub async fn manifest(&self, reference: &str, expected: Option<&Digest>) -> Result<Fetched> {
        let action = format!("get manifest {}", self.name_of(reference));
        self.fetch_manifest(reference, expected, &action).await.map_err(|why| why.context(&action))
    }

    async fn fetch_manifest(&self, reference: &str, expected: Option<&Digest>, action: &str) -> Result<Fetched> {
        let mut request = Get::new(self.origin.url(&format!("/v2/{}/manifests/{reference}", self.name)));
        request.accept = Some(media::ACCEPT);
        let answer = self.transport.get(self.origin, request, &self.caller).await?;
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
        let fetch = async {
            let body = self.open(descriptor, &action).await?;
            let bytes = body.read(cap, what).await?;
            digest::verify(&bytes, &descriptor.digest, descriptor.size)?;
            Ok(bytes)
        };
        fetch.await.map_err(|why: Error| why.context(&action))
    }

    /// `GET /v2/<name>/blobs/<digest>`; `work` reads the blob on a thread where it may block.
    ///
    /// `arrived` is told of bytes as they come. Succeeds only if `work` did *and* has read the blob to its verified end.
    pub async fn read_blob<T: Send + 'static>(
        &self,
        descriptor: &Descriptor,
        arrived: impl Fn(u64),
        work: impl FnOnce(&mut BlobReader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let action = format!("get layer {} of {}", descriptor.digest, self.name_of(""));
        let fetch = async {
            let mut body = self.open(descriptor, &action).await?;
            let (feed, mut reader) = blob::pipe(descriptor);
            let worker = tokio::task::spawn_blocking(move || {
                let done = work(&mut reader)?;
                reader.expect_end()?;
                Ok(done)
            });
            feed.drain(&mut body, arrived).await;
            worker.await.map_err(|why| Error::new(ErrorKind::Internal, "a worker thread died").with_cause(why))?
        };
        fetch.await.map_err(|why: Error| why.context(&action))
    }

    async fn open(&self, descriptor: &Descriptor, action: &str) -> Result<crate::transport::http::Body> {
        let request = Get::new(self.origin.url(&format!("/v2/{}/blobs/{}", self.name, descriptor.digest)));
        let answer = self.transport.get(self.origin, request, &self.caller).await?;
        if answer.status != StatusCode::OK {
            return Err(refusal::error(answer, action).await);
        }
        if let Some(encoding) = answer.headers.get(CONTENT_ENCODING)
            && encoding != "identity"
        {
            // A web server or proxy in between compresses what must not be touched (moby#17595).
            return Err(Error::new(
                ErrorKind::Integrity,
                "the answer has a Content-Encoding although none was asked for: its bytes are not the blob's",
            ));
        }
        match answer.body.declared() {
            // Before the first byte: 10 GB of the wrong thing need not be read to find out.
            Some(declared) if declared != descriptor.size => Err(Error::new(
                ErrorKind::Integrity,
                format!("the answer has {declared} bytes instead of the {} its descriptor gives", descriptor.size),
            )),
            _ => Ok(answer.body),
        }
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
