//! Who may get a credential: the registry itself, the token service known to belong to it, and hosts the user named.
//!
//! Every rule answers an attack: a registry, or whoever speaks in its place, names the realm that the client sends its
//! password to (oras-go CVE-2026-48978, go-containerregistry#2193).

use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::redact;
use crate::transport::origin::{self, Origin};

/// Registries whose token service has a host of its own: exact pairs, because a realm that is fine for one registry is
/// an attack when another names it.
const PAIRS: [(&str, &str); 1] = [("registry-1.docker.io", "auth.docker.io")];

/// Checks that `realm`, named by `registry`, may be asked at all.
pub fn check_realm(realm: &str, registry: &Origin) -> Result<Url> {
    let refuse =
        |why: String| Err(Error::new(ErrorKind::Unauthorized, format!("{registry} names a token service that {why}")));
    let Ok(url) = Url::parse(realm) else { return refuse("is no URL".into()) };
    if url.host_str().is_none() || !matches!(url.scheme(), "http" | "https") {
        return refuse("is no http or https URL".into());
    }
    let shown = redact::shown(&url);
    if url.scheme() == "http" && registry.is_https() {
        return refuse(format!("is not https: {shown}"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return refuse(format!("carries a user or a fragment: {shown}"));
    }
    if let Some(ip) = origin::ip_literal(&url)
        && origin::is_internal(ip)
        && Origin::of(&url).host() != registry.host()
    {
        return refuse(format!("has an internal address: {shown}"));
    }
    Ok(url)
}

/// Whether the credential for `registry` may go to `realm`; `named` are the hosts the user named, `host` or `host:port`.
pub fn may_receive(realm: &Url, registry: &Origin, named: &[String]) -> bool {
    let realm = Origin::of(realm);
    realm == *registry
        || (realm.is_https() && PAIRS.contains(&(registry.authority().as_str(), realm.authority().as_str())))
        || named.iter().any(|host| {
            host.eq_ignore_ascii_case(&realm.authority())
                || host.eq_ignore_ascii_case(&format!("{}:{}", realm.host(), realm.port()))
        })
}
