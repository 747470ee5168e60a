//! Answers with an error status as errors: the status decides the kind, the body's codes and messages tell why.

use ::http::StatusCode;
use ::http::header::RETRY_AFTER;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::redact::Secret;
use crate::transport::http::Answer;
use crate::transport::retry;

/// The error body of the distribution spec ("Error Codes").
#[derive(Deserialize)]
struct Body {
    errors: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The error for `answer`, whose status is no success, in reply to `action`.
pub async fn error(answer: Answer, action: &str) -> Error {
    let (status, sent) = (answer.status, answer.sent);
    let asked = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(retry::retry_after);
    // A body that cannot be read tells less, but the status still tells what happened.
    let body = answer.body.read(limits::ERROR_BODY, "the error answer").await.unwrap_or_default();
    let item = serde_json::from_slice::<Body>(&body).ok().and_then(|body| body.errors.into_iter().next());
    let shown = |text: &str| shown(&without(text, sent.as_ref()));
    let (code, message) = item.map_or((None, None), |item| (shown(&item.code), shown(&item.message)));

    let kind = match status {
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorKind::Unauthorized,
        StatusCode::TOO_MANY_REQUESTS => ErrorKind::RateLimited,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => ErrorKind::DeadlineExceeded,
        _ if status.is_server_error() => ErrorKind::Unavailable,
        _ => ErrorKind::Malformed,
    };
    let message = message.unwrap_or_else(|| {
        let word = status.canonical_reason().unwrap_or("unknown status").to_ascii_lowercase();
        format!("the answer was {word}")
    });
    let mut error = Error::new(kind, message).context(action).with_status(status.as_u16()).with_retry_after(asked);
    if matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504) {
        error = error.transient();
    }
    match code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

/// `text` without the credential that was sent: a registry that repeats it must not bring it into our error.
fn without(text: &str, sent: Option<&Secret>) -> String {
    let mut text = text.to_owned();
    let Some((_, value)) = sent.and_then(|sent| sent.expose().split_once(' ')) else { return text };
    let decoded = STANDARD.decode(value).ok().and_then(|pair| String::from_utf8(pair).ok());
    let password = decoded.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password);
    for secret in [Some(value), password].into_iter().flatten().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "…");
    }
    text
}

/// A remote text as it may stand in our message: one line, bounded, no control characters; `None` if nothing is left.
fn shown(text: &str) -> Option<String> {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(limits::ERROR_MESSAGE).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}
