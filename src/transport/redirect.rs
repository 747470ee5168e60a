//! Our own redirect loop: the HTTP client's would carry `Authorization` along or drop it by rules of its own.
//!
//! A credential goes to the registry's origin alone. A redirect must not lead from https to http, nor from a public
//! registry to an internal address (google/go-containerregistry#2440).

use ::http::StatusCode;
use ::http::header::LOCATION;
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::redact;
use crate::transport::http::{Answer, Get, Http};
use crate::transport::origin::{self, Origin};

/// Sends `request` and follows redirects to the first answer that is none.
pub async fn get(http: &Http, mut request: Get, registry: &Origin) -> Result<Answer> {
    for hop in 0..=limits::REDIRECTS {
        let answer = http.get(&request).await.map_err(|why| match why.kind() {
            // Not the caller's doing.
            ErrorKind::InvalidArgument if hop > 0 => {
                refused(&request.url, "a redirect leads where this client does not go").with_cause(why)
            }
            _ => why,
        })?;
        let Some(target) = target(&answer)? else { return Ok(answer) };
        // Its connection is free again before the next one is asked for.
        drop(answer);
        check(&target, registry).await?;
        if Origin::of(&target) != Origin::of(&request.url) {
            // For good: a way back to the registry would be the other host's wish, not ours.
            request.authorization = None;
        }
        request.referer = Some(redact::origin_and_path(&request.url));
        request.url = target;
    }
    Err(Error::new(ErrorKind::Malformed, format!("more than {} redirects", limits::REDIRECTS)))
}

fn target(answer: &Answer) -> Result<Option<Url>> {
    let redirects = matches!(
        answer.status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !redirects {
        return Ok(None);
    }
    let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    match location.map(|location| answer.url.join(location)) {
        Some(Ok(url)) => Ok(Some(url)),
        _ => Err(refused(&answer.url, "it redirects to no URL").with_status(answer.status.as_u16())),
    }
}

async fn check(target: &Url, registry: &Origin) -> Result<()> {
    let same = Origin::of(target) == *registry;
    match target.scheme() {
        "https" => {}
        "http" if !registry.is_https() => {}
        _ => return Err(refused(target, "a redirect leads away from https")),
    }
    if !target.username().is_empty() || target.password().is_some() {
        return Err(refused(target, "a redirect carries a user"));
    }
    let Some(ip) = origin::ip_literal(target) else { return Ok(()) };
    if same || !origin::is_internal(ip) {
        return Ok(());
    }
    if origin::is_link_local(ip) || !is_internal(registry).await {
        return Err(refused(target, "a redirect leads to an internal address"));
    }
    Ok(())
}

/// Whether the registry itself is on an internal network, so that its blob store may be there too.
async fn is_internal(registry: &Origin) -> bool {
    let host = registry.host().trim_matches(['[', ']']).to_owned();
    match tokio::net::lookup_host((host, registry.port())).await {
        Ok(mut addresses) => addresses.any(|address| origin::is_internal(address.ip())),
        Err(_) => false,
    }
}

fn refused(url: &Url, why: &str) -> Error {
    Error::new(ErrorKind::Malformed, format!("{}: {why}", redact::shown(url)))
}
