//! Types for what must never be printed: secrets, and URLs that carry a signature.

use std::fmt;

use url::Url;

/// A text that cannot print itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// A user name with its password or token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Credential {
    /// The name in front of the colon of Basic authentication.
    pub user: String,
    /// The password or token.
    pub secret: Secret,
}

/// A URL without what is secret in it.
pub fn origin_and_path(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Only URLs that cannot have a user fail here, and they have none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// A text that should be a URL and is none, without what could be a login in it.
pub fn unparsed(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("\"…@{host}\""),
        None => format!("{text:?}"),
    }
}

/// A URL as it may be shown: without user info, query and fragment, where signatures and tokens live.
pub fn shown(url: &Url) -> String {
    let visible = origin_and_path(url);
    if url.query().is_some() { format!("{visible}?…") } else { visible }
}
