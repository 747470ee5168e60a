//! Faults, one line of text each: `METHOD PATH-GLOB [condition ...] ACTION ...`.
//!
//! The first line that matches a request and is not used up applies, with all its actions in order; the others wait.
//! Thus two `once` lines are a sequence. METHOD may be `*`. In the glob `*` stands for anything; `other:/path` means
//! the second origin; with a `?` in it the glob is compared with path and query. Values with spaces go in double
//! quotes. `{self}`, `{other}`, `{path}`, `{query}` stand for the base URLs and for the request's own; empty lines and
//! lines that begin with `#` are skipped.
//!
//! | Condition | The line applies |
//! |---|---|
//! | `once`, `times=N` | to the first, the first N matching requests |
//! | `after=N` | only after N matching requests were let through |
//! | `percent=N` | to N of 100 matching requests at random, the same ones for the same `seed=S` |
//! | `range`, `no-range` | to requests with, without a Range header |
//! | `denied` | to requests the registry refuses for lack of a login, which are left alone otherwise |
//!
//! | Action | Does |
//! |---|---|
//! | `status=N` | answers with that status and the spec's error body |
//! | `retry-after=V` | adds the header: seconds, a date, or junk |
//! | `body=TEXT` | replaces the body |
//! | `header=K:V` / `add-header=K:V` / `drop-header=K` | sets, adds a line of, removes a header |
//! | `content-type=V` | sets Content-Type; `none` removes it |
//! | `digest-header=V` | sets Docker-Content-Digest; `none` removes it |
//! | `redirect=STATUS:URL` | redirects; `other:/path` is the second origin, a URL without scheme is sent as it is |
//! | `swap=PATH` | serves the bytes that stand at another path (`/v2/app/blobs/sha256:...`), headers unchanged |
//! | `ignore-range` | answers 200 with everything |
//! | `content-range=V` | sets Content-Range; `none` removes it |
//! | `shift=N` | serves the part of the content that begins N bytes later |
//! | `cut=N` | closes the connection after N body bytes; the declared length stays |
//! | `stall=N` | sends nothing after N body bytes; the connection stays open |
//! | `trickle=BYTES/MS` | sends BYTES at a time with a pause of MS milliseconds |
//! | `flip=N` | inverts the body's byte N |
//! | `short=N` | leaves out the last N bytes; the declared length says so |
//! | `long=N` | sends N zero bytes after the body; the declared length says so |
//! | `extra=N` | sends N zero bytes after the body, chunked |
//! | `endless` | sends zero bytes after the body without end, chunked |
//! | `length=N` | declares that length, whatever is sent; closes afterwards |
//! | `no-length` | sends it chunked |
//! | `until-close` | declares no length at all and closes afterwards |
//! | `gzip-encoding` | compresses the body and says so in Content-Encoding |
//! | `delay=MS` | waits before it answers |
//! | `reset` | resets the connection instead of answering |
//! | `headers=N` | sends N header lines more; `endless` never ends |
//! | `raw=TEXT` | sends this text instead of an HTTP reply, then closes |

use super::content::splitmix;
use super::http1::Request;
use super::layer::gzip_bytes;
use super::record::matches;
use super::registry::Shared;
use super::reply::{Framing, Reply, Stop};
use super::store::lock;
use super::{routes, words};
use bytes::Bytes;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What an action can look at besides the reply it changes.
pub struct Scene<'a> {
    pub(super) shared: &'a Shared,
    /// The request that is answered.
    pub request: &'a Request,
}

impl Scene<'_> {
    /// Replaces the placeholders in a value.
    fn fill(&self, text: &str) -> String {
        let text = self.shared.fill(text);
        text.replace("{path}", &self.request.path).replace("{query}", &self.request.query)
    }
}

type Action = Arc<dyn Fn(&mut Reply, &Scene<'_>) + Send + Sync>;

/// One line.
pub struct Fault {
    line: String,
    method: String,
    glob: String,
    times: Option<u64>,
    after: u64,
    percent: u64,
    seed: u64,
    range: Option<bool>,
    denied: bool,
    actions: Vec<Action>,
    seen: u64,
    done: u64,
}

/// The `n`th throw for a seed.
pub fn dice(seed: u64, n: u64) -> u64 {
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(n);
    splitmix(&mut state)
}

/// The action a word names. A new kind of fault is one line here and one in the table above.
fn action(name: &str, value: &str) -> Result<Action, String> {
    let n = || number(name, value);
    let text = value.to_owned();
    Ok(match name {
        "status" => with(code(value)?, |&s, r, _| r.become_(Reply::status(s))),
        "retry-after" => with(text, |v, r, _| r.set("Retry-After", v)),
        "body" => with(text, |v, r, s| r.body(s.fill(v).into_bytes())),
        "header" => with(pair(value)?, |(k, v), r, s| r.set(k, &s.fill(v))),
        "add-header" => with(pair(value)?, |(k, v), r, s| r.add(k, &s.fill(v))),
        "drop-header" => with(text, |k, r, _| r.unset(k)),
        "content-type" => with(text, |v, r, _| set_or_drop(r, "Content-Type", v)),
        "digest-header" => with(text, |v, r, _| set_or_drop(r, "Docker-Content-Digest", v)),
        "content-range" => with(text, |v, r, _| set_or_drop(r, "Content-Range", v)),
        "redirect" => with(redirect(value)?, |(status, url), r, s| r.become_(redirection(*status, &s.fill(url)))),
        "swap" => {
            with(text, |path, r, s| r.body(routes::content_at(s.shared, &s.fill(path)).unwrap_or_else(|| "".into())))
        }
        "ignore-range" => with(none(name, value)?, |(), r, _| whole(r)),
        "shift" => with(n()?, |&n, r, _| shift(r, n)),
        "cut" => with(n()?, |&n, r, _| r.wire.stop = Some((n, Stop::Drop))),
        "stall" => with(n()?, |&n, r, _| r.wire.stop = Some((n, Stop::Stall))),
        "trickle" => with(pace(value)?, |&p, r, _| r.wire.pace = Some(p)),
        "flip" => with(n()?, |&n, r, _| r.wire.flip = Some(n)),
        "short" => with(n()?, |&n, r, _| r.to = r.to.saturating_sub(n).max(r.from)),
        "long" => with(n()?, |&n, r, _| r.wire.extra = n),
        "extra" => with(n()?, |&n, r, _| (r.wire.extra, r.wire.framing) = (n, Framing::Chunked)),
        "endless" => with(none(name, value)?, |(), r, _| (r.wire.extra, r.wire.framing) = (u64::MAX, Framing::Chunked)),
        "length" => with(n()?, |&n, r, _| r.wire.declared = Some(n)),
        "no-length" => with(none(name, value)?, |(), r, _| r.wire.framing = Framing::Chunked),
        "until-close" => with(none(name, value)?, |(), r, _| r.wire.framing = Framing::UntilClose),
        "gzip-encoding" => with(none(name, value)?, |(), r, _| compress(r)),
        "delay" => with(n()?, |&n, r, _| r.wire.delay = Duration::from_millis(n)),
        "reset" => with(none(name, value)?, |(), r, _| r.wire.reset = true),
        "headers" if value == "endless" => with((), |(), r, _| r.wire.header_lines = u64::MAX),
        "headers" => with(n()?, |&n, r, _| r.wire.header_lines = n),
        "raw" => with(text, |v, r, s| r.wire.raw = Some(Bytes::from(s.fill(v)))),
        _ => return Err(format!("unknown word {name:?}")),
    })
}

fn with<T: Send + Sync + 'static>(value: T, act: fn(&T, &mut Reply, &Scene<'_>)) -> Action {
    Arc::new(move |reply, scene| act(&value, reply, scene))
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("{name} needs a number, not {value:?}"))
}

fn code(value: &str) -> Result<u16, String> {
    value.parse().ok().filter(|s| (100..1000).contains(s)).ok_or_else(|| format!("{value:?} is no status code"))
}

fn none(name: &str, value: &str) -> Result<(), String> {
    if value.is_empty() { Ok(()) } else { Err(format!("{name} takes no value")) }
}

fn pair(value: &str) -> Result<(String, String), String> {
    let (k, v) = value.split_once(':').ok_or_else(|| format!("{value:?} is not NAME:VALUE"))?;
    Ok((k.to_owned(), v.trim_start().to_owned()))
}

fn redirect(value: &str) -> Result<(u16, String), String> {
    let (status, url) = value.split_once(':').ok_or_else(|| format!("{value:?} is not STATUS:URL"))?;
    let url = url.strip_prefix("other:").map_or_else(|| url.to_owned(), |path| format!("{{other}}{path}"));
    Ok((code(status)?, url))
}

fn pace(value: &str) -> Result<(u64, Duration), String> {
    let parts = value.split_once('/').and_then(|(n, ms)| Some((n.parse().ok()?, ms.parse().ok()?)));
    let (n, ms): (u64, u64) = parts.filter(|(n, _)| *n > 0).ok_or_else(|| format!("{value:?} is not BYTES/MS"))?;
    Ok((n, Duration::from_millis(ms)))
}

fn set_or_drop(reply: &mut Reply, name: &str, value: &str) {
    if value == "none" { reply.unset(name) } else { reply.set(name, value) }
}

/// A redirect with the page web servers send along, which no client may take for content.
fn redirection(status: u16, url: &str) -> Reply {
    Reply::new(status, "text/html; charset=utf-8", "<html><body>The document has moved.</body></html>\n")
        .with("Location", url)
}

fn whole(reply: &mut Reply) {
    if reply.status == 206 {
        reply.status = 200;
        reply.unset("Content-Range");
        (reply.from, reply.to) = (0, reply.content.len());
    }
}

fn shift(reply: &mut Reply, n: u64) {
    let n = n.min(reply.content.len() - reply.to);
    (reply.from, reply.to) = (reply.from + n, reply.to + n);
}

fn compress(reply: &mut Reply) {
    let body = reply.content.bytes();
    let at = |n: u64| usize::try_from(n).expect("64-bit machine");
    reply.body(gzip_bytes(&body[at(reply.from)..at(reply.to)]));
    reply.set("Content-Encoding", "gzip");
}

impl Fault {
    /// Reads one line.
    pub fn parse(line: &str) -> Result<Self, String> {
        let fault = Self::conditions(line)?;
        if fault.actions.is_empty() { Err(format!("fault {line:?}: no action")) } else { Ok(fault) }
    }

    /// Reads a line that may lack actions, because code adds one.
    fn conditions(line: &str) -> Result<Self, String> {
        let explain = |e: String| format!("fault {line:?}: {e}");
        let mut words = words::split(line).map_err(explain)?.into_iter();
        let (Some(method), Some(glob)) = (words.next(), words.next()) else {
            return Err(explain("a method and a path come first".to_owned()));
        };
        if !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'*') || !glob.starts_with(['/', '*', 'o']) {
            return Err(explain(format!("{method:?} {glob:?} is not METHOD PATH-GLOB")));
        }
        let mut fault = Self {
            line: line.to_owned(),
            method,
            glob,
            times: None,
            after: 0,
            percent: 100,
            seed: 0,
            range: None,
            denied: false,
            actions: Vec::new(),
            seen: 0,
            done: 0,
        };
        for word in words {
            let (name, value) = word.split_once('=').unwrap_or((&word, ""));
            match name {
                "once" => fault.times = none(name, value).map(|()| Some(1)).map_err(explain)?,
                "times" => fault.times = Some(number(name, value).map_err(explain)?),
                "after" => fault.after = number(name, value).map_err(explain)?,
                "percent" => fault.percent = number(name, value).map_err(explain)?,
                "seed" => fault.seed = number(name, value).map_err(explain)?,
                "range" => fault.range = Some(true),
                "no-range" => fault.range = Some(false),
                "denied" => fault.denied = true,
                _ => fault.actions.push(action(name, value).map_err(explain)?),
            }
        }
        Ok(fault)
    }

    /// Whether the line applies now; counts the request.
    fn hits(&mut self, request: &Request, denied: bool) -> bool {
        let ranged = request.header("range").is_some();
        let meant = matches(&self.method, &self.glob, request.origin, &request.method, &request.path, &request.query)
            && self.range.is_none_or(|wanted| wanted == ranged)
            && self.denied == denied;
        if !meant || self.times.is_some_and(|n| self.done >= n) {
            return false;
        }
        self.seen += 1;
        let hit = self.seen > self.after && dice(self.seed, self.seen) % 100 < self.percent;
        self.done += u64::from(hit);
        hit
    }
}

/// The script: all lines in force.
#[derive(Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Adds lines, all or none.
    pub fn add(&self, script: &str) -> Result<(), String> {
        let lines = script.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let mut faults = lines.map(Fault::parse).collect::<Result<Vec<_>, _>>()?;
        lock(&self.0).append(&mut faults);
        Ok(())
    }

    /// Adds a line whose last action is code.
    pub fn add_code(
        &self,
        line: &str,
        act: impl Fn(&mut Reply, &Scene<'_>) + Send + Sync + 'static,
    ) -> Result<(), String> {
        let mut fault = Fault::conditions(line)?;
        fault.actions.push(Arc::new(act));
        lock(&self.0).push(fault);
        Ok(())
    }

    /// Forgets all lines.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    /// Bends the reply as the first line that applies says; returns that line.
    pub(super) fn apply(&self, denied: bool, reply: &mut Reply, scene: &Scene<'_>) -> Option<String> {
        let (line, actions) = {
            let mut faults = lock(&self.0);
            let fault = faults.iter_mut().find_map(|f| f.hits(scene.request, denied).then_some(f))?;
            (fault.line.clone(), fault.actions.clone())
        };
        // Without the lock: a test's code may wait here, or add faults.
        actions.iter().for_each(|act| act(reply, scene));
        Some(line)
    }
}
