//! The pull side of the OCI distribution spec.
//! <https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pull>

use super::content::Content;
use super::fault::Scene;
use super::http1::Request;
use super::image::{DOCKER_MANIFEST, OCI_MANIFEST};
use super::index::{DOCKER_LIST, OCI_INDEX};
use super::record::Origin;
use super::registry::Shared;
use super::reply::Reply;
use super::store::Document;
use super::words;
use serde_json::json;

/// The reply to a request, with the fault that applies, and that fault's line.
pub(super) fn respond(shared: &Shared, request: &Request) -> (Reply, Option<String>) {
    let refused = refusal(shared, request);
    let denied = refused.is_some();
    let mut reply = refused.unwrap_or_else(|| route(shared, request));
    let line = shared.faults.apply(denied, &mut reply, &Scene { shared, request });
    (reply, line)
}

/// What the registry answers to a request without the right login. The second origin has none: signed URLs need no
/// other proof.
fn refusal(shared: &Shared, request: &Request) -> Option<Reply> {
    if request.origin == Origin::Other || !request.path.starts_with("/v2/") {
        return None;
    }
    let repo = split(&request.path).map(|(repo, _, _)| repo);
    shared.auth.refusal(shared, request, repo)
}

/// Takes `/v2/<repository>/<kind>/<reference>` apart.
pub fn split(path: &str) -> Option<(&str, &str, &str)> {
    let rest = path.strip_prefix("/v2/")?;
    ["/manifests/", "/blobs/", "/tags/"].iter().find_map(|kind| {
        let (repo, reference) = rest.rsplit_once(kind)?;
        (!repo.is_empty() && !reference.contains('/')).then_some((repo, kind.trim_matches('/'), reference))
    })
}

/// The reply of an honest registry.
pub(super) fn route(shared: &Shared, request: &Request) -> Reply {
    if request.path == "/token" {
        return shared.auth.token(request);
    }
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Reply::error(405, "UNSUPPORTED", "this registry is read-only");
    }
    let reply = match (request.path.as_str(), split(&request.path)) {
        ("/v2/", _) => Reply::json(200, &json!({})),
        ("/v2/_catalog", _) => Reply::json(200, &json!({"repositories": shared.store.repositories()})),
        (_, Some((repo, "manifests", reference))) => manifest(shared, request, repo, reference),
        (_, Some((repo, "blobs", digest))) => blob(shared, request, repo, digest),
        (_, Some((repo, "tags", "list"))) => tags(shared, request, repo),
        _ => Reply::new(404, "text/plain; charset=utf-8", "404 page not found\n"),
    };
    reply.with("Docker-Distribution-Api-Version", "registry/2.0")
}

fn manifest(shared: &Shared, request: &Request, repo: &str, reference: &str) -> Reply {
    if !shared.store.has_repository(repo) {
        return Reply::error(404, "NAME_UNKNOWN", &format!("repository {repo} not known to registry"));
    }
    let Some(Document { media_type, digest, body }) = shared.store.manifest(repo, reference) else {
        return Reply::error(404, "MANIFEST_UNKNOWN", &format!("manifest {reference} unknown"));
    };
    // As the reference implementation does: a client that forgets a type in Accept is told of another one, or of
    // nothing.
    let negotiated = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST].contains(&media_type.as_str());
    if negotiated && !accepts(request.header("accept").unwrap_or_default(), &media_type) {
        let message = format!("{media_type} found, but accept header does not support it");
        return Reply::error(404, "MANIFEST_UNKNOWN", &message);
    }
    let etag = format!("\"{digest}\"");
    Reply::new(200, &media_type, body).with("Docker-Content-Digest", &digest).with("Etag", &etag)
}

fn accepts(header: &str, media_type: &str) -> bool {
    let types = header.split(',').map(|t| t.split(';').next().unwrap_or_default().trim());
    types.into_iter().any(|t| t == media_type || t == "*/*")
}

fn blob(shared: &Shared, request: &Request, repo: &str, digest: &str) -> Reply {
    let Some(content) = shared.store.blob(repo, digest) else {
        return Reply::error(404, "BLOB_UNKNOWN", &format!("blob {digest} unknown to registry"));
    };
    let len = content.len();
    let reply = Reply::new(200, "application/octet-stream", content)
        .with("Accept-Ranges", "bytes")
        .with("Docker-Content-Digest", digest)
        .with("Etag", &format!("\"{digest}\""));
    match request.header("range").map(|range| parse_range(range, len)) {
        None | Some(Asked::All) => reply,
        Some(Asked::Part(from, to)) => {
            let content_range = format!("bytes {from}-{}/{len}", to - 1);
            Reply { status: 206, from, to, ..reply }.with("Content-Range", &content_range)
        }
        Some(Asked::Beyond) => Reply::status(416).with("Content-Range", &format!("bytes */{len}")),
    }
}

/// What a Range header asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// No part, or something to be ignored.
    All,
    /// From, and one past the last.
    Part(u64, u64),
    /// A part that does not exist.
    Beyond,
}

/// RFC 9110 14.1.2. A header that is malformed or names several ranges is ignored, as the RFC allows.
pub fn parse_range(header: &str, len: u64) -> Asked {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else { return Asked::All };
    let (from, to) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(a), Ok(b)) if a <= b => (a, b.saturating_add(1).min(len)),
        (Ok(a), Err(_)) if last.is_empty() => (a, len),
        (Err(_), Ok(n)) if first.is_empty() => (len.saturating_sub(n), len),
        _ => return Asked::All,
    };
    if from < to { Asked::Part(from, to) } else { Asked::Beyond }
}

fn tags(shared: &Shared, request: &Request, repo: &str) -> Reply {
    if !shared.store.has_repository(repo) {
        return Reply::error(404, "NAME_UNKNOWN", &format!("repository {repo} not known to registry"));
    }
    let mut tags = shared.store.tags(repo);
    if let Some(last) = words::values(&request.query, "last").first() {
        tags.retain(|tag| tag > last);
    }
    let limit = words::values(&request.query, "n").first().and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    let more = tags.len() > limit;
    tags.truncate(limit);
    let reply = Reply::json(200, &json!({"name": repo, "tags": tags}));
    match tags.last() {
        Some(last) if more => {
            reply.with("Link", &format!("</v2/{repo}/tags/list?n={limit}&last={last}>; rel=\"next\""))
        }
        _ => reply,
    }
}

/// What stands at a path, for faults that serve another object.
pub(super) fn content_at(shared: &Shared, path: &str) -> Option<Content> {
    match split(path)? {
        (repo, "manifests", reference) => Some(shared.store.manifest(repo, reference)?.body.into()),
        (repo, "blobs", digest) => shared.store.blob(repo, digest),
        _ => None,
    }
}
