//! Any registry, and the names of Docker Hub.

use url::Url;

use crate::error::{Error, Result};
use crate::provider::Place;
use crate::reference::Target;
use crate::transport::origin::Origin;

/// Docker Hub is called `docker.io` and answers at another host.
const HUB: &str = "registry-1.docker.io";
const HUB_NAMES: [&str; 3] = ["docker.io", "index.docker.io", HUB];

/// The host that answers for the registry called `host`.
pub fn api_host(host: &str) -> &str {
    if HUB_NAMES.iter().any(|name| host.eq_ignore_ascii_case(name)) { HUB } else { host }
}

/// The origin of a reference's host, Docker Hub without one.
///
/// Always https: plain http is only for an endpoint that says so.
pub fn origin(host: Option<&str>) -> Result<Origin> {
    let host = api_host(host.unwrap_or(HUB));
    let url = Url::parse(&format!("https://{host}/"));
    url.map(|url| Origin::of(&url)).map_err(|why| Error::invalid(format!("host {host:?}: {why}")))
}

/// The place of `target` at `origin`; at Docker Hub a repository of one component lies below `library/`.
pub fn place(origin: Origin, mut target: Target) -> Place {
    if origin.authority() != HUB {
        let shown_host = origin.authority();
        return Place { origin, target, shown_host };
    }
    if !target.repository.contains('/') {
        target.repository = format!("library/{}", target.repository);
    }
    Place { origin, target, shown_host: "docker.io".into() }
}
