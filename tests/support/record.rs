//! The log of what clients asked for, at which port, with which headers.

use super::http1::Request;
use super::store::lock;
use super::words::glob;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Which of the two servers was spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The registry.
    Main,
    /// The second origin: target of redirects, place of a foreign realm. It asks for no login.
    Other,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The server it reached.
    pub origin: Origin,
    /// That server's port.
    pub port: u16,
    /// GET, HEAD, POST.
    pub method: String,
    /// Path as sent.
    pub path: String,
    /// Query as sent, without the question mark.
    pub query: String,
    /// Headers by lower-case name; repeated lines joined with `, `.
    pub headers: BTreeMap<String, String>,
    /// Body, for token requests by POST.
    pub body: String,
    /// Status sent; 0 until then, and for a connection that was reset instead.
    pub status: u16,
    /// Body bytes handed to the socket so far.
    pub sent: u64,
    /// The fault line that hit it.
    pub fault: Option<String>,
}

impl Recorded {
    /// A header's value, by any spelling of the name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// The Authorization header.
    pub fn authorization(&self) -> Option<&str> {
        self.header("authorization")
    }

    /// Whether method and path match; see [`matches`].
    pub fn matches(&self, method: &str, pattern: &str) -> bool {
        matches(method, pattern, self.origin, &self.method, &self.path, &self.query)
    }

    fn to_json(&self) -> Value {
        json!({
            "origin": match self.origin { Origin::Main => "main", Origin::Other => "other" },
            "port": self.port, "method": self.method, "path": self.path, "query": self.query, "headers": self.headers,
            "body": self.body, "status": self.status, "sent": self.sent, "fault": self.fault,
        })
    }
}

/// How fault lines and counts name requests: a method or `*`, and a glob over the path, or over path and query if it
/// holds a `?`. A glob that begins with `other:` means the second origin, any other the registry.
pub fn matches(method: &str, pattern: &str, origin: Origin, its_method: &str, path: &str, query: &str) -> bool {
    let (wanted, pattern) = match pattern.strip_prefix("other:") {
        Some(rest) => (Origin::Other, rest),
        None => (Origin::Main, pattern),
    };
    let hit = |text: &str| glob(pattern, text);
    (method == "*" || method == its_method)
        && wanted == origin
        && if pattern.contains('?') { hit(&format!("{path}?{query}")) } else { hit(path) }
}

/// All requests since the start or the last reset, in order of arrival.
#[derive(Default)]
pub struct Log {
    entries: Mutex<Vec<Arc<Slot>>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    busy: AtomicUsize,
    peak: AtomicUsize,
}

struct Slot {
    request: Mutex<Recorded>,
    sent: AtomicU64,
}

/// A request that is being answered; dropping it ends the answer.
pub struct Open<'a> {
    log: &'a Log,
    slot: Arc<Slot>,
}

impl Log {
    /// Notes a request's arrival.
    pub fn open(&self, request: &Request) -> Open<'_> {
        let slot = Arc::new(Slot {
            request: Mutex::new(Recorded {
                origin: request.origin,
                port: request.port,
                method: request.method.clone(),
                path: request.path.clone(),
                query: request.query.clone(),
                headers: request.headers.clone(),
                body: String::from_utf8_lossy(&request.body).into_owned(),
                status: 0,
                sent: 0,
                fault: None,
            }),
            sent: AtomicU64::new(0),
        });
        lock(&self.entries).push(Arc::clone(&slot));
        let busy = self.busy.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(busy, Ordering::SeqCst);
        Open { log: self, slot }
    }

    /// Notes a new connection.
    pub fn connected(&self) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        self.open.fetch_add(1, Ordering::SeqCst);
    }

    /// Notes that one is closed.
    pub fn disconnected(&self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    /// Connections that are open.
    pub fn open_connections(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Requests that are being answered.
    pub fn busy(&self) -> usize {
        self.busy.load(Ordering::SeqCst)
    }

    /// Connections accepted on both origins.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The most requests that were being answered at one time.
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }

    /// The requests so far.
    pub fn all(&self) -> Vec<Recorded> {
        let slots = lock(&self.entries).clone();
        slots
            .iter()
            .map(|slot| Recorded { sent: slot.sent.load(Ordering::SeqCst), ..lock(&slot.request).clone() })
            .collect()
    }

    /// Forgets them.
    pub fn clear(&self) {
        lock(&self.entries).clear();
        self.connections.store(0, Ordering::SeqCst);
        self.peak.store(self.busy.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// For other processes.
    pub fn to_json(&self) -> Value {
        self.all().iter().map(Recorded::to_json).collect()
    }
}

impl Open<'_> {
    /// Notes the fault line that applies.
    pub fn fault(&self, line: Option<String>) {
        lock(&self.slot.request).fault = line;
    }

    /// Notes the status line.
    pub fn status(&self, status: u16) {
        lock(&self.slot.request).status = status;
    }

    /// Notes how much of the body went out.
    pub fn sent(&self, bytes: u64) {
        self.slot.sent.store(bytes, Ordering::SeqCst);
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.log.busy.fetch_sub(1, Ordering::SeqCst);
    }
}
