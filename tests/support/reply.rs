//! A reply as an honest registry gives it, and the ways in which a fault may bend it on the wire.

use super::content::Content;
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Content-Length.
    Length,
    /// Transfer-Encoding: chunked.
    Chunked,
    /// Neither; the connection's end is the body's.
    UntilClose,
}

/// What happens after the last byte that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The connection is closed.
    Drop,
    /// Nothing more comes, the connection stays.
    Stall,
}

/// How a reply goes out; the default is honest.
#[derive(Clone, Debug)]
pub struct Wire {
    /// How the body's end is marked.
    pub framing: Framing,
    /// A Content-Length that need not be true.
    pub declared: Option<u64>,
    /// Stops after so many body bytes.
    pub stop: Option<(u64, Stop)>,
    /// Inverts this byte of the body.
    pub flip: Option<u64>,
    /// Zero bytes after the body; `u64::MAX` never ends.
    pub extra: u64,
    /// At most so many bytes at a time, then a pause.
    pub pace: Option<(u64, Duration)>,
    /// Waits before the status line.
    pub delay: Duration,
    /// Resets the connection instead of answering.
    pub reset: bool,
    /// So many header lines more; `u64::MAX` never ends.
    pub header_lines: u64,
    /// Sends these bytes instead of a reply, then closes.
    pub raw: Option<Bytes>,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            framing: Framing::Length,
            declared: None,
            stop: None,
            flip: None,
            extra: 0,
            pace: None,
            delay: Duration::ZERO,
            reset: false,
            header_lines: 0,
            raw: None,
        }
    }
}

/// A reply: status, headers, and the part `from..to` of some content.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Header lines in order, without Content-Length and Transfer-Encoding, which the wire decides.
    pub headers: Vec<(String, String)>,
    /// What the body is cut from.
    pub content: Content,
    /// The body's first byte in it.
    pub from: u64,
    /// One past the body's last byte.
    pub to: u64,
    /// How it is sent.
    pub wire: Wire,
}

impl Reply {
    /// A reply whose body is the whole content.
    pub fn new(status: u16, content_type: &str, content: impl Into<Content>) -> Self {
        let content = content.into();
        let mut reply =
            Self { status, headers: Vec::new(), from: 0, to: content.len(), content, wire: Wire::default() };
        if !content_type.is_empty() {
            reply.set("Content-Type", content_type);
        }
        reply
    }

    /// A JSON reply.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json", Content::from(value.to_string().into_bytes()))
    }

    /// An error in the shape of the distribution spec.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({"errors": [{"code": code, "message": message, "detail": null}]}))
    }

    /// An error with the code registries usually give for the status.
    pub fn status(status: u16) -> Self {
        let (code, message) = match status {
            401 => ("UNAUTHORIZED", "authentication required"),
            403 => ("DENIED", "requested access to the resource is denied"),
            404 => ("NAME_UNKNOWN", "repository name not known to registry"),
            416 => ("RANGE_INVALID", "invalid content range"),
            429 => ("TOOMANYREQUESTS", "too many requests"),
            500..=599 => ("UNAVAILABLE", "service unavailable"),
            _ => ("UNKNOWN", "unknown error"),
        };
        Self::error(status, code, message)
    }

    /// Replaces status, headers and body by those of another reply; what was said about the wire stays.
    pub fn become_(&mut self, other: Self) {
        *self = Self { wire: self.wire.clone(), ..other };
    }

    /// Replaces the body.
    pub fn body(&mut self, content: impl Into<Content>) {
        self.content = content.into();
        (self.from, self.to) = (0, self.content.len());
    }

    /// The body's length as an honest registry would declare it.
    pub fn len(&self) -> u64 {
        self.to - self.from
    }

    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Sets a header, replacing all lines of that name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.add(name, value);
    }

    /// Adds a header line.
    pub fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Removes a header.
    pub fn unset(&mut self, name: &str) {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    /// Sets a header, chainable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }
}
