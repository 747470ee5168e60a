//! Where a pull goes and who it says it is: a provider gives the origin and the source of the credential, nothing else.
//!
//! Only these modules know one registry service from another.

pub mod callback;
pub mod oci;

use url::Url;

use crate::error::{Error, Result};
use crate::reference::{Reference, Target};
use crate::settings::{ProviderKind, Settings};
use crate::transport::auth::Source;
use crate::transport::origin::Origin;

/// A reference resolved: which registry, which repository, and how the image is called there.
#[derive(Debug)]
pub struct Place {
    /// The registry's origin.
    pub origin: Origin,
    /// Repository, tag and digest.
    pub target: Target,
    /// The host in front of the image's name (`RepoTags`).
    pub shown_host: String,
}

/// Where the client's credential comes from.
///
/// # Errors
/// InvalidArgument if the settings do not fit together.
pub fn source(settings: &Settings) -> Result<Source> {
    let login = settings.login()?;
    match (settings.provider, login) {
        (ProviderKind::Callback, Some(_)) => Err(Error::invalid(format!("{} has its own credentials", name(settings)))),
        (ProviderKind::Callback, None) if settings.endpoint.is_none() => {
            Err(Error::invalid(format!("{} gave no endpoint", name(settings))))
        }
        (ProviderKind::Callback, None) => Ok(Source::Desk(callback::Desk::default())),
        (ProviderKind::Oci, Some(login)) => Ok(Source::Login(login)),
        (ProviderKind::Oci, None) => Ok(Source::Anonymous),
    }
}

/// Resolves `text` for a client with `settings`.
///
/// # Errors
/// InvalidArgument if the reference breaks a rule or names a host that is not the client's: credentials never leave
/// their provider.
pub fn resolve(settings: &Settings, text: &str) -> Result<Place> {
    let reference = Reference::parse(text)?;
    let target = Target::join(&reference, settings.repository.as_deref())?;
    let host = reference.host.as_deref();
    match &settings.endpoint {
        Some(endpoint) => {
            let origin = Origin::of(endpoint);
            if let Some(host) = host
                && !is_same(host, &origin)
            {
                return Err(Error::invalid(format!(
                    "reference {text:?}: its host {host} is not {origin}, the endpoint of this client"
                )));
            }
            Ok(oci::place(origin, target))
        }
        None => Ok(oci::place(oci::origin(host)?, target)),
    }
}

fn is_same(host: &str, origin: &Origin) -> bool {
    let scheme = if origin.is_https() { "https" } else { "http" };
    let host = oci::api_host(host);
    Url::parse(&format!("{scheme}://{host}/")).is_ok_and(|url| Origin::of(&url) == *origin)
}

fn name(settings: &Settings) -> String {
    format!("provider {:?}", settings.provider_id.as_deref().unwrap_or("callback"))
}
