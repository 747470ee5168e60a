//! One blob of a repository, whole or in parts: `GET /v2/<name>/blobs/<digest>` with and without `Range`.
//!
//! The first request finds out where the bytes are and whether parts can be had; what it learns serves all others. A
//! redirect is asked for once and its signed URL reused until it is refused. Only a 206 with exactly the `Content-Range`
//! that was asked for is a part: servers ignore ranges, refuse them, or answer with others (containerd#12291, #11998).

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use ::http::StatusCode;
use ::http::header::{CONTENT_ENCODING, CONTENT_RANGE};
use tokio::sync::Mutex;
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::manifest::Descriptor;
use crate::redact;
use crate::registry::Repository;
use crate::registry::queue::{self, BlobReader, Chunks, Feed};
use crate::runtime;
use crate::transport::http::{Answer, Body, Get};
use crate::transport::origin::Origin;
use crate::transport::refusal;
use crate::transport::retry::Attempts;

/// A blob that is about to be fetched.
#[derive(Debug)]
pub struct Blob<'a> {
    repository: &'a Repository<'a>,
    descriptor: &'a Descriptor,
    action: String,
    way: Mutex<Way>,
    /// Set when the server turned out not to serve parts.
    whole_only: AtomicBool,
    /// Set when it did serve one: a whole answer then comes too late to be used as such.
    parts_used: AtomicBool,
}

/// Where the bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// Not asked yet, or what was known is no longer valid. Whoever holds the lock asks, the others wait.
    Unknown,
    /// The registry serves them itself.
    Registry,
    /// Where its redirect led.
    Redirected(Url),
}

/// How fetching a span has ended.
#[derive(Debug)]
pub enum Fetched<T> {
    /// The span is there, and this is what was made of it.
    Done(T),
    /// The server does not serve parts: only the whole blob can be had, from its beginning.
    NoParts,
}

/// An answer that can be used.
enum Opened {
    /// Exactly the span.
    Span(Body),
    /// The whole blob in answer to a part's request, and nobody has used parts of it yet.
    Whole(Body),
    NoParts,
}

/// Why feeding has stopped early.
enum Stopped {
    /// The reader is gone, and it knows why.
    ByReader,
    NoParts,
    Failed(Error),
}

impl<'a> Blob<'a> {
    pub(super) fn new(repository: &'a Repository<'a>, descriptor: &'a Descriptor) -> Self {
        Self {
            repository,
            descriptor,
            action: format!("get layer {} of {}", descriptor.digest, repository.name_of("")),
            way: Mutex::new(Way::Unknown),
            whole_only: AtomicBool::new(false),
            parts_used: AtomicBool::new(false),
        }
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.descriptor.size
    }

    /// What is done, for messages.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The error of a blob that was begun anew too often, because its server does not resume.
    pub fn cut_too_often(&self) -> Error {
        let why = format!("the connection was cut {} times and the server does not resume", limits::RESTARTS);
        Error::new(ErrorKind::Unavailable, why).context(&self.action)
    }

    /// Whether some of it came in parts, which may have been wrong where the whole is not.
    pub fn came_in_parts(&self) -> bool {
        self.parts_used.load(Ordering::Relaxed)
    }

    /// From now on asks for the whole blob only.
    pub fn give_up_parts(&self) {
        self.whole_only.store(true, Ordering::Relaxed);
    }

    /// Fetches the whole blob through `work`, which reads it on a thread where it may block.
    ///
    /// Succeeds only if `work` did *and* has read the blob to its verified end. A cut connection is resumed where it broke
    /// if the server serves parts; if not, [`Fetched::NoParts`] asks the caller to start over.
    pub async fn read<T: Send + 'static>(
        &self,
        arrived: impl Fn(u64),
        work: impl FnOnce(&mut BlobReader) -> Result<T> + Send + 'static,
    ) -> Result<Fetched<T>> {
        let descriptor = self.descriptor.clone();
        let work = move |chunks| {
            let mut reader = BlobReader::new(chunks, &descriptor);
            let done = work(&mut reader)?;
            reader.expect_end()?;
            Ok(done)
        };
        self.fetch(0..self.size(), arrived, work).await
    }

    /// Fetches the bytes of `span` through `work`, which takes them on a thread where it may block, *not verified*.
    ///
    /// A part's request may be answered with the whole blob; it is used as such if `span` begins at 0 and no part was
    /// fetched before, so `work` must go by what it gets and not by `span`'s end.
    pub async fn fetch<T: Send + 'static>(
        &self,
        span: Range<u64>,
        arrived: impl Fn(u64),
        work: impl FnOnce(Chunks) -> Result<T> + Send + 'static,
    ) -> Result<Fetched<T>> {
        let turn = runtime::blocking_turn().await;
        let (feed, chunks) = queue::pair();
        let worker = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(chunks)
        });
        let (stopped, body) = match self.feed(span, &feed, arrived).await {
            // The connection keeps its place in the budget until the worker is done: by then it is idle again, and whoever
            // gets the place uses it instead of opening another.
            Ok(body) => (None, Some(body)),
            Err(Stopped::Failed(why)) => (Some(Err(why)), None),
            Err(Stopped::NoParts) => (Some(Ok(Fetched::NoParts)), None),
            Err(Stopped::ByReader) => (None, None),
        };
        // Without an end mark the worker stops when its queue closes.
        drop(feed);
        let done = worker.await.map_err(|why| runtime::worker_died(why).context(&self.action))?;
        drop(body);
        match stopped {
            Some(Ok(end)) => Ok(end),
            Some(Err(why)) => Err(why.context(&self.action)),
            None => done.map(Fetched::Done).map_err(|why| why.context(&self.action)),
        }
    }

    /// Moves the bytes of `span` into `feed`, over as many requests as it takes, and marks their end.
    async fn feed(&self, span: Range<u64>, feed: &Feed, arrived: impl Fn(u64)) -> std::result::Result<Body, Stopped> {
        let mut attempts = Attempts::new(self.repository.retries);
        let (mut at, mut end) = (span.start, span.end);
        // Where the attempts began to count; far enough behind it they are counted anew.
        let mut mark = at;
        loop {
            let mut is_part = !self.is_whole(&(at..end));
            let mut body = match self.open(at..end).await {
                Ok(Opened::Span(body)) => body,
                Ok(Opened::Whole(body)) => {
                    (end, is_part) = (self.size(), false);
                    body
                }
                Ok(Opened::NoParts) => return Err(Stopped::NoParts),
                Err(why) => {
                    again(&mut attempts, why).await?;
                    continue;
                }
            };
            match pour(&mut body, &mut at, end, feed, &arrived).await {
                Ok(()) => {
                    feed.end().await;
                    return Ok(body);
                }
                // Cut behind its last byte: nothing is left to ask for, and the digest tells whether it is the blob.
                Err(Stopped::Failed(why)) if at == end && why.is_transient() => {
                    feed.end().await;
                    return Ok(body);
                }
                // A part with more bytes than it said.
                Err(Stopped::Failed(why)) if is_part && why.kind() == ErrorKind::Integrity && !why.is_transient() => {
                    self.give_up_parts();
                    return Err(Stopped::NoParts);
                }
                Err(Stopped::Failed(why)) => {
                    let size = self.size();
                    let why = why.context(format!("{} from {} after {at} bytes of {size}", self.action, body.host()));
                    if at - mark >= limits::PROGRESS {
                        attempts.progressed();
                        mark = at;
                    }
                    // Its place in the budget first: the wait may be long.
                    drop(body);
                    again(&mut attempts, why).await?;
                }
                Err(stopped) => return Err(stopped),
            }
        }
    }

    async fn open(&self, span: Range<u64>) -> Result<Opened> {
        let range = (!self.is_whole(&span)).then(|| (span.start, span.end - 1));
        let mut way = self.way.lock().await;
        // Before anything is asked for: a server that was told once answers with everything once more.
        if range.is_some() && self.whole_only.load(Ordering::Relaxed) {
            return Ok(Opened::NoParts);
        }
        while let Way::Redirected(url) = &*way {
            let url = url.clone();
            drop(way);
            let mut request = Get::new(url.clone());
            request.range = range;
            request.referer = Some(redact::origin_and_path(&self.url()));
            let answer = self.repository.transport.get_redirected(self.repository.origin, request).await?;
            if !may_be_expired(answer.status) {
                return self.judge(answer, &span).await;
            }
            // The signature has expired, it seems. The registry gives a new one, to whoever asks first.
            drop(answer);
            way = self.way.lock().await;
            if *way == Way::Redirected(url) {
                *way = Way::Unknown;
            }
        }
        // Held until the answer has been judged: the others then know what it has taught.
        let asking = (*way == Way::Unknown).then_some(way);
        let mut request = Get::new(self.url());
        request.range = range;
        let Repository { transport, origin, caller, .. } = self.repository;
        let answer = transport.get(origin, request, caller).await?;
        let url = answer.url.clone();
        let opened = self.judge(answer, &span).await?;
        if let Some(mut way) = asking {
            *way = if Origin::of(&url) == **origin { Way::Registry } else { Way::Redirected(url) };
        }
        Ok(opened)
    }

    /// Whether `answer` has the bytes of `span`.
    async fn judge(&self, answer: Answer, span: &Range<u64>) -> Result<Opened> {
        let whole = self.is_whole(span);
        match answer.status {
            StatusCode::PARTIAL_CONTENT if !whole && is_exactly(&answer, span, self.size()) => {
                let Ok(body) = checked(answer, span.end - span.start) else {
                    self.give_up_parts();
                    return Ok(Opened::NoParts);
                };
                self.parts_used.store(true, Ordering::Relaxed);
                Ok(Opened::Span(body))
            }
            StatusCode::OK if whole => checked(answer, self.size()).map(Opened::Span),
            StatusCode::OK if span.start == 0 && !self.parts_used.load(Ordering::Relaxed) => {
                self.give_up_parts();
                checked(answer, self.size()).map(Opened::Whole)
            }
            // 416 on a span that lies inside the blob is as wrong as 200 with a Content-Range or a refusal.
            status if !whole && (status.is_success() || matches!(status.as_u16(), 400 | 405 | 406 | 416 | 501)) => {
                self.give_up_parts();
                Ok(Opened::NoParts)
            }
            _ => Err(refusal::error(answer, &self.action).await),
        }
    }

    fn is_whole(&self, span: &Range<u64>) -> bool {
        *span == (0..self.size())
    }

    fn url(&self) -> Url {
        self.repository.blob_url(&self.descriptor.digest)
    }
}

/// Moves `body` into `feed` from offset `at` on, which it advances; the bytes up to `end` must come and no more.
async fn pour(
    body: &mut Body,
    at: &mut u64,
    end: u64,
    feed: &Feed,
    arrived: &impl Fn(u64),
) -> std::result::Result<(), Stopped> {
    while let Some(bytes) = body.chunk().await.map_err(Stopped::Failed)? {
        let length = bytes.len() as u64;
        *at += length;
        if *at > end {
            let why = format!("more than the {end} bytes that its descriptor gives");
            return Err(Stopped::Failed(Error::new(ErrorKind::Integrity, why)));
        }
        arrived(length);
        feed.send(bytes).await.map_err(|()| Stopped::ByReader)?;
    }
    if *at < end {
        // Without a declared length a cut connection looks like an end.
        let why = Error::new(ErrorKind::Integrity, format!("{at} bytes instead of the {end} its descriptor gives"));
        return Err(Stopped::Failed(why.transient()));
    }
    Ok(())
}

/// Whether the answer to a signed URL that worked before says that it does no more. S3 says 403; GCS 400 for an expired
/// token; a link that works once may say 404 or 410. If it means the range, the registry's new URL will say so again.
fn may_be_expired(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 401 | 403 | 404 | 410)
}

async fn again(attempts: &mut Attempts<'_>, why: Error) -> std::result::Result<(), Stopped> {
    attempts.again(why).await.map_err(Stopped::Failed)
}

/// The body of an answer that must have `expected` bytes.
pub(super) fn checked(answer: Answer, expected: u64) -> Result<Body> {
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
        Some(declared) if declared != expected => Err(Error::new(
            ErrorKind::Integrity,
            format!("the answer has {declared} bytes instead of the {expected} its descriptor gives"),
        )),
        _ => Ok(answer.body),
    }
}

/// `Content-Range: bytes <first>-<last>/<size>` (RFC 9110, section 14.4); a server may leave the size open.
fn is_exactly(answer: &Answer, span: &Range<u64>, size: u64) -> bool {
    let value = answer.headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let Some((range, total)) = value.and_then(|value| value.trim().strip_prefix("bytes ")?.split_once('/')) else {
        return false;
    };
    range.trim() == format!("{}-{}", span.start, span.end - 1) && (total == "*" || total.parse() == Ok(size))
}
