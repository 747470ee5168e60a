//! How the HTTP client speaks to a proxy, and what its failures mean. Which requests go through it: [`crate::proxy`].
//!
//! Only https goes through a proxy, so every request is a tunnel (CONNECT): the proxy sees the host and our login for
//! it, and nothing that is said inside; the host sees no `Proxy-Authorization`.

use std::sync::Arc;

use ::http::HeaderValue;

use crate::error::{Error, ErrorKind};
use crate::proxy::{Proxy, Rules};

/// The rules in the form that the HTTP client takes; `None` if nothing goes through a proxy.
///
/// It asks for each new connection, so a redirect is judged by its own host.
pub fn hook(rules: &Arc<Rules>) -> Option<reqwest::Proxy> {
    let login = rules.proxy()?.authorization().and_then(|login| {
        let mut value = HeaderValue::from_str(login.expose()).ok()?;
        value.set_sensitive(true);
        Some(value)
    });
    let rules = Arc::clone(rules);
    let route = move |url: &url::Url| rules.route(url).ok().flatten().map(|proxy| proxy.url().clone());
    let proxy = reqwest::Proxy::custom(route);
    Some(match login {
        Some(login) => proxy.custom_http_auth(login),
        None => proxy,
    })
}

/// What it means that no tunnel through `proxy` could be opened, from the texts of the causes; `None` if it could.
///
/// By text: the client library does not export the type.
pub fn refused(proxy: &Proxy, causes: &[String]) -> Option<Error> {
    let tunnel = causes.iter().find_map(|cause| cause.strip_prefix("tunnel error: "))?;
    let root = causes.last().map(String::as_str).unwrap_or_default();
    if tunnel == "proxy authorization required" {
        let why = if proxy.authorization().is_some() { "refuses the login it was given" } else { "asks for a login" };
        return Some(Error::new(ErrorKind::Unauthorized, format!("the proxy {proxy} {why}")).with_status(407));
    }
    if tunnel == "failed to create underlying connection" {
        let error = Error::new(ErrorKind::Unavailable, format!("cannot connect to the proxy {proxy}: {root}"));
        // As for a registry: what does not exist or has a wrong certificate stays so.
        let permanent = root.contains("not known") || root.contains("certificate");
        return Some(if permanent { error } else { error.transient() });
    }
    let detail = root.strip_prefix("tunnel error: ").unwrap_or(root);
    let why = format!("the proxy {proxy} does not connect us to the host ({detail})");
    Some(Error::new(ErrorKind::Unavailable, why).transient())
}
