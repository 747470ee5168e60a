//! An HTTP/1.1 server of the smallest kind. A server library would mend what the tests want broken: it refuses a false
//! Content-Length, ends a body it has begun, and hides the socket. Here every byte is ours to send or to hold back.

use super::record::{Open, Origin};
use super::registry::Shared;
use super::reply::{Framing, Reply, Stop};
use super::routes;
use bytes::{Bytes, BytesMut};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// The longest request head and body that are read.
const LIMIT: usize = 1 << 20;

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
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
    /// Body.
    pub body: Bytes,
}

impl Request {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A connection that can be torn down as a crashed peer would.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send {
    /// Makes the coming drop a TCP reset.
    fn abort(&self);
}

impl Socket for TcpStream {
    fn abort(&self) {
        let _ = self.set_zero_linger();
    }
}

impl Socket for TlsStream<TcpStream> {
    fn abort(&self) {
        self.get_ref().0.abort();
    }
}

/// Answers one connection's requests until either side ends it.
pub(super) async fn serve(mut socket: impl Socket, origin: Origin, port: u16, shared: Arc<Shared>) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    while let Some(request) = read(&mut socket, &mut buffer, origin, port).await? {
        let last = request.header("connection").is_some_and(|c| c.eq_ignore_ascii_case("close"));
        if request.path.starts_with("/_control/") {
            // Not logged, and out of reach of the faults.
            let reply = super::control::respond(&shared, &request);
            send(&mut socket, &reply, false, |_| {}).await?;
            if last {
                break;
            }
            continue;
        }
        let entry = shared.log.open(&request);
        let (reply, fault) = routes::respond(&shared, &request);
        entry.fault(fault);
        if !answer(&mut socket, &request, reply, &entry).await? || last {
            break;
        }
    }
    socket.shutdown().await
}

async fn answer(socket: &mut impl Socket, request: &Request, reply: Reply, entry: &Open<'_>) -> io::Result<bool> {
    tokio::time::sleep(reply.wire.delay).await;
    if reply.wire.reset {
        socket.abort();
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    if let Some(raw) = &reply.wire.raw {
        socket.write_all(raw).await?;
        return Ok(false);
    }
    entry.status(reply.status);
    send(socket, &reply, request.method == "HEAD", |sent| entry.sent(sent)).await
}

/// Reads one request; `None` at the end of the connection.
async fn read(
    socket: &mut impl Socket,
    buffer: &mut BytesMut,
    origin: Origin,
    port: u16,
) -> io::Result<Option<Request>> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        // Some clients try TLS first and would wait long for an answer to their hello.
        let is_http = buffer.first().is_none_or(u8::is_ascii_uppercase);
        if buffer.len() > LIMIT || !is_http {
            socket.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await?;
            return Err(invalid("no HTTP request"));
        }
        if socket.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer.split_to(end)).into_owned();
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Err(invalid("no request line")) };
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let slot = headers.entry(name.to_ascii_lowercase()).or_default();
        if !slot.is_empty() {
            slot.push_str(", ");
        }
        slot.push_str(value.trim());
    }
    let length: usize =
        headers.get("content-length").map_or(Ok(0), |n| n.parse()).map_err(|_| invalid("content-length"))?;
    if length > LIMIT || headers.contains_key("transfer-encoding") {
        return Err(invalid("a request body must be short and have a content-length"));
    }
    while buffer.len() < length {
        if socket.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = buffer.split_to(length).freeze();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Some(Request {
        origin,
        port,
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body,
    }))
}

/// Sends a reply, bent as its wire says; whether the connection may be used again.
async fn send(socket: &mut impl Socket, reply: &Reply, head_only: bool, sent: impl Fn(u64)) -> io::Result<bool> {
    let wire = &reply.wire;
    let total = reply.len().saturating_add(wire.extra);
    let declared = wire.declared.unwrap_or(total);
    let bodiless = head_only || matches!(reply.status, 100..200 | 204 | 304);
    socket.write_all(head(reply, declared).as_bytes()).await?;
    for n in 0..wire.header_lines {
        socket.write_all(format!("X-Filler-{n}: {}\r\n", "x".repeat(100)).as_bytes()).await?;
    }
    socket.write_all(b"\r\n").await?;
    if bodiless {
        socket.flush().await?;
        return Ok(true);
    }

    let limit = wire.stop.map_or(total, |(n, _)| n.min(total));
    let mut at = 0;
    while at < limit {
        let most = (limit - at).min(wire.pace.map_or(u64::MAX, |(n, _)| n));
        let piece = piece(reply, at, most)?;
        if wire.framing == Framing::Chunked {
            socket.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
        }
        socket.write_all(&piece).await?;
        if wire.framing == Framing::Chunked {
            socket.write_all(b"\r\n").await?;
        }
        at += piece.len() as u64;
        sent(at);
        if let Some((_, pause)) = wire.pace {
            socket.flush().await?;
            tokio::time::sleep(pause).await;
        }
    }
    if wire.stop.is_none() && wire.framing == Framing::Chunked {
        socket.write_all(b"0\r\n\r\n").await?;
    }
    // TLS holds back what the socket did not take.
    socket.flush().await?;
    match (wire.stop, wire.framing) {
        (Some((_, Stop::Drop)), _) | (None, Framing::UntilClose) => Ok(false),
        (Some((_, Stop::Stall)), _) => {
            let mut ignored = [0; 1024];
            while socket.read(&mut ignored).await? > 0 {}
            Ok(false)
        }
        (None, Framing::Chunked) => Ok(true),
        (None, Framing::Length) => Ok(declared == total),
    }
}

/// Status line and headers, without the empty line at the end.
fn head(reply: &Reply, declared: u64) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
    for (name, value) in &reply.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let framing = match reply.wire.framing {
        _ if matches!(reply.status, 100..200 | 204 | 304) => String::new(),
        Framing::Length => format!("Content-Length: {declared}\r\n"),
        Framing::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
        Framing::UntilClose => "Connection: close\r\n".to_owned(),
    };
    head + &framing
}

/// The body's bytes from `at` on, at most `most`: the content's, then the extra ones.
fn piece(reply: &Reply, at: u64, most: u64) -> io::Result<Bytes> {
    static ZEROS: [u8; 16 * 1024] = [0; 16 * 1024];
    let left = reply.len().saturating_sub(at);
    let mut piece = if left > 0 { reply.content.chunk(reply.from + at)? } else { Bytes::from_static(&ZEROS) };
    let most = if left > 0 { most.min(left) } else { most };
    piece.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    match reply.wire.flip {
        Some(n) if n >= at && n - at < piece.len() as u64 => {
            let mut flipped = BytesMut::from(&piece[..]);
            flipped[usize::try_from(n - at).expect("within a chunk")] ^= 0xff;
            Ok(flipped.freeze())
        }
        _ => Ok(piece),
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}
