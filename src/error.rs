//! The one error type of the engine: what was done to what, why it failed, and a number that says which kind it is.
//!
//! Never holds a secret or a signed URL: whoever builds an error passes targets through [`crate::redact`].

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What went wrong, as a number that never changes its meaning.
///
/// Java, C (`mcjr_kind`) and the CLI (exit code = 10 + number) all derive from it. Add at the end; never reuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum ErrorKind {
    /// A reference, option, endpoint or destination breaks a rule.
    InvalidArgument = 1,
    /// The registry knows no such repository, manifest, blob or platform.
    NotFound = 2,
    /// Credentials were missing, refused, or not allowed to go where they were asked for.
    Unauthorized = 3,
    /// The registry asks to slow down (HTTP 429).
    RateLimited = 4,
    /// The destination's file system is full.
    DiskFull = 5,
    /// A connection or a transfer stood still for too long.
    DeadlineExceeded = 6,
    /// The registry holds something that is no image this library can pull (schema 1, an artifact, an unknown algorithm).
    Unsupported = 7,
    /// The client was closed before the call.
    Closed = 8,
    /// The calling Java thread was interrupted.
    Interrupted = 9,
    /// The caller cancelled the call.
    Cancelled = 10,
    /// Bytes do not match their digest or size.
    Integrity = 11,
    /// An answer does not follow the protocol.
    Malformed = 12,
    /// The registry could not be reached, cut the connection or answered with a server error.
    Unavailable = 13,
    /// A local file operation failed.
    Io = 14,
    /// A bug in this library.
    Internal = 15,
}

impl ErrorKind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 15] = [
        Self::InvalidArgument,
        Self::NotFound,
        Self::Unauthorized,
        Self::RateLimited,
        Self::DiskFull,
        Self::DeadlineExceeded,
        Self::Unsupported,
        Self::Closed,
        Self::Interrupted,
        Self::Cancelled,
        Self::Integrity,
        Self::Malformed,
        Self::Unavailable,
        Self::Io,
        Self::Internal,
    ];

    /// The stable number.
    pub const fn number(self) -> i32 {
        self as i32
    }
}

type Cause = Box<dyn StdError + Send + Sync>;

/// An error of the engine; displays as `"<action> <target>: <cause>"`.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    /// "pull", "GET", "write": with the target, in plain words. Empty until a layer that knows adds it.
    action: String,
    message: String,
    http_status: Option<u16>,
    /// The registry's own code, for example `MANIFEST_UNKNOWN`.
    code: Option<String>,
    attempts: Option<u32>,
    elapsed: Option<Duration>,
    transient: bool,
    retry_after: Option<Duration>,
    cause: Option<Cause>,
}

/// What the engine's functions return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            action: String::new(),
            message: message.into(),
            http_status: None,
            code: None,
            attempts: None,
            elapsed: None,
            transient: false,
            retry_after: None,
            cause: None,
        }))
    }

    /// A rule that a caller's input breaks.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    /// A local file operation that failed; a full disk has a kind of its own.
    pub fn io(cause: std::io::Error) -> Self {
        let kind = match cause.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::DiskFull,
            _ => ErrorKind::Io,
        };
        Self::new(kind, cause.to_string()).with_cause(cause)
    }

    /// Says what was being done, once: the layer nearest to the fault knows best, so a later call changes nothing.
    #[must_use]
    pub fn context(mut self, action: impl fmt::Display) -> Self {
        if self.0.action.is_empty() {
            self.0.action = action.to_string();
        }
        self
    }

    /// Keeps `cause` as the source.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds the HTTP status of the answer that led here.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// Adds the registry's error code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Adds how long the operation ran.
    #[must_use]
    pub fn with_elapsed(mut self, elapsed: Duration) -> Self {
        self.0.elapsed.get_or_insert(elapsed);
        self
    }

    /// Says that the same request may well succeed later.
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.0.transient = true;
        self
    }

    /// Adds how long the registry asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// Adds how often it was tried.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts.get_or_insert(attempts);
        self
    }

    /// Whether the same request may well succeed later.
    pub fn is_transient(&self) -> bool {
        self.0.transient
    }

    /// How long the registry asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Which kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status, if an answer led here.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The registry's error code, if it gave one.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The texts of the causes, nearest first.
    ///
    /// A cause that only repeats what the message already says is left out.
    pub fn causes(&self) -> Vec<String> {
        let own = self.to_string();
        std::iter::successors(self.source(), |&cause| cause.source())
            .map(ToString::to_string)
            .filter(|text| !own.contains(text.as_str()))
            .collect()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if !inner.action.is_empty() {
            write!(f, "{}: ", inner.action)?;
        }
        f.write_str(&inner.message)?;
        let mut facts = Vec::new();
        if let Some(status) = inner.http_status {
            facts.push(format!("HTTP {status}"));
        }
        facts.extend(inner.code.clone());
        if let Some(wait) = inner.retry_after {
            facts.push(format!("asked to wait {} s", wait.as_secs()));
        }
        if let Some(attempts @ 2..) = inner.attempts {
            facts.push(format!("{attempts} attempts"));
        }
        if let Some(elapsed) = inner.elapsed {
            facts.push(format!("after {:.1} s", elapsed.as_secs_f64()));
        }
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}
