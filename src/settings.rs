//! What a client and a pull can be told, as key and value: the same keys for Java, C and the command line.

use std::path::PathBuf;

use url::Url;

use crate::error::{Error, Result};
use crate::limits;
use crate::platform::Platform;
use crate::proxy::Rules;
use crate::redact::{Credential, Secret, unparsed};
use crate::retry::{self, Policy};

/// Who gives origin and credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProviderKind {
    /// Any registry, anonymously or with user and password.
    #[default]
    Oci,
    /// A provider outside the engine that answers credential requests, see [`crate::provider::callback`].
    Callback,
}

/// The settings of a client.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub(crate) provider: ProviderKind,
    pub(crate) provider_id: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) endpoint: Option<Url>,
    username: Option<String>,
    password: Option<Secret>,
    pub(crate) platform: PlatformSetting,
    pub(crate) certificates: CertificateFiles,
    pub(crate) proxies: Rules,
    pub(crate) max_connections: Option<usize>,
    pub(crate) trusted_auth_hosts: Vec<String>,
    pub(crate) retries: Policy,
}

/// Which certificates are trusted and shown, and where they are.
#[derive(Debug, Clone, Default)]
pub struct CertificateFiles {
    /// A PEM file with authorities.
    pub trusted: Option<PathBuf>,
    /// Authorities as PEM text.
    pub trusted_pem: Option<String>,
    /// A folder as Docker's `certs.d`.
    pub certs_d: Option<PathBuf>,
    /// A PEM file with the client certificate for the endpoint.
    pub client_certificate: Option<PathBuf>,
    /// A PEM file with its key, unless that is in the same file.
    pub client_key: Option<PathBuf>,
}

/// A platform given in up to two keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlatformSetting {
    platform: Option<Platform>,
    os_features: Vec<String>,
}

impl PlatformSetting {
    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "platform" => self.platform = Some(value.parse()?),
            _ => self.os_features = list(value),
        }
        Ok(())
    }

    /// The platform asked for here, else in `other`; features alone are asked for of that one, or of the default.
    pub(crate) fn over(&self, other: &Self) -> Option<Platform> {
        let os_features = match (&self.platform, self.os_features.as_slice()) {
            (None, []) => &other.os_features,
            (_, own) => own,
        };
        let platform = self.platform.as_ref().or(other.platform.as_ref());
        if platform.is_none() && os_features.is_empty() {
            return None;
        }
        Some(Platform { os_features: os_features.to_vec(), ..platform.cloned().unwrap_or_default() })
    }
}

impl Settings {
    /// Sets one key. The keys:
    ///
    /// | key | value |
    /// |---|---|
    /// | `provider` | `oci` (default), or `callback` for a provider that answers credential requests |
    /// | `provider-id` | the name of a `callback` provider in messages |
    /// | `repository` | path in front of references without a host |
    /// | `endpoint` | scheme and authority of the registry, `https://registry.example.com` |
    /// | `username`, `password` | login; needs `endpoint` |
    /// | `platform` | `os/arch[/variant][:os.version]` of the child of an index |
    /// | `os-features` | comma-separated `os.features` that the child must have |
    /// | `trusted-certificates` | PEM file with CA certificates trusted besides the system's |
    /// | `trusted-certificates-pem` | the same as text |
    /// | `certs-dir` | folder with certificates of single hosts; default `/etc/docker/certs.d` |
    /// | `client-certificate`, `client-key` | PEM files for the endpoint alone; the key may be in the first one |
    /// | `proxy-endpoint`, `no-proxy`, `non-proxy-hosts` | see [`Rules::set`] |
    /// | `max-connections` | most connections per host at a time, 1 to 256 |
    /// | `trusted-auth-hosts` | comma-separated `host[:port]` of token services that may get the credential |
    /// | `retry-…`, `…-timeout`, `minimum-rate` | see [`Policy::set`] |
    ///
    /// # Errors
    /// InvalidArgument for an unknown key or a value that breaks the key's rule.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "provider" => {
                self.provider = match value {
                    "oci" => ProviderKind::Oci,
                    "callback" => ProviderKind::Callback,
                    _ => return Err(Error::invalid(format!("provider {value:?} is unknown; there is \"oci\""))),
                };
            }
            "provider-id" => self.provider_id = Some(value.into()),
            "repository" => self.repository = Some(crate::reference::repository(value)?.into()),
            "endpoint" => self.endpoint = Some(endpoint(value)?),
            "username" => self.username = Some(value.into()),
            "password" => self.password = Some(Secret::new(value)),
            "platform" | "os-features" => self.platform.set(key, value)?,
            "trusted-certificates" => self.certificates.trusted = Some(value.into()),
            "trusted-certificates-pem" => self.certificates.trusted_pem = Some(value.into()),
            "certs-dir" => self.certificates.certs_d = Some(value.into()),
            "client-certificate" => self.certificates.client_certificate = Some(value.into()),
            "client-key" => self.certificates.client_key = Some(value.into()),
            "max-connections" => self.max_connections = Some(retry::number(key, value, 1, limits::MAX_CONNECTIONS)?),
            "trusted-auth-hosts" => self.trusted_auth_hosts = list(value),
            _ if self.retries.set(key, value)? || self.proxies.set(key, value)? => {}
            _ => return Err(Error::invalid(format!("option {key:?} is unknown"))),
        }
        Ok(())
    }

    /// Takes from the environment what the settings leave open: the proxy, see [`Rules::inherit`].
    ///
    /// For the fronts to call when a client is made, with [`std::env::var`] behind `variable`: the engine itself never looks
    /// at the environment, so that a client can be made of settings alone.
    pub fn inherit(&mut self, variable: impl Fn(&str) -> Option<String>) {
        self.proxies.inherit(variable);
    }

    /// The explicit login, if there is one.
    ///
    /// # Errors
    /// InvalidArgument if only one half is given, or no endpoint says where it may go.
    pub(crate) fn login(&self) -> Result<Option<Credential>> {
        match (&self.username, &self.password) {
            (None, None) => Ok(None),
            (Some(user), Some(secret)) => {
                if self.endpoint.is_none() {
                    return Err(Error::invalid("user and password need an endpoint that says where they may go"));
                }
                if user.contains(':') {
                    // RFC 7617, section 2: the first colon ends the user name.
                    return Err(Error::invalid("a user name with a colon cannot be sent (RFC 7617)"));
                }
                Ok(Some(Credential { user: user.clone(), secret: secret.clone() }))
            }
            (Some(_), None) => Err(Error::invalid("a user needs a password")),
            (None, Some(_)) => Err(Error::invalid("a password needs a user")),
        }
    }
}

/// How layers are kept in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LayerEncoding {
    /// Byte for byte as the registry has them, except zstd in a docker tar, which Docker before 23 cannot read.
    #[default]
    AsStored,
    /// Decoded to plain tar.
    Uncompressed,
}

/// The kind of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArchiveFormat {
    /// What `docker save` wrote before version 25.
    #[default]
    Docker,
    /// An OCI image layout with the registry's own manifest, and a `manifest.json` for `docker load`.
    Oci,
}

/// The options of one pull.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    pub(crate) platform: PlatformSetting,
    pub(crate) layers: LayerEncoding,
    pub(crate) format: ArchiveFormat,
    pub(crate) durable: bool,
}

impl PullOptions {
    /// Sets one key. The keys:
    ///
    /// | key | value |
    /// |---|---|
    /// | `platform`, `os-features` | as for the client, and before it |
    /// | `layers` | `as-stored` (default) or `uncompressed` |
    /// | `format` | `docker` (default) or `oci` |
    /// | `durable` | `true`: the archive is on the disk (fsync) before the pull returns; default `false` |
    ///
    /// # Errors
    /// InvalidArgument for an unknown key or a value that breaks the key's rule.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let bad = |known: &str| Err(Error::invalid(format!("pull option {key} is {value:?}; it can be {known}")));
        match (key, value) {
            ("platform" | "os-features", _) => self.platform.set(key, value)?,
            ("layers", "as-stored") => self.layers = LayerEncoding::AsStored,
            ("layers", "uncompressed") => self.layers = LayerEncoding::Uncompressed,
            ("layers", _) => return bad("as-stored or uncompressed"),
            ("format", "docker") => self.format = ArchiveFormat::Docker,
            ("format", "oci") => self.format = ArchiveFormat::Oci,
            ("format", _) => return bad("docker or oci"),
            ("durable", "true") => self.durable = true,
            ("durable", "false") => self.durable = false,
            ("durable", _) => return bad("true or false"),
            _ => return Err(Error::invalid(format!("pull option {key:?} is unknown"))),
        }
        Ok(())
    }
}

/// Reads an endpoint: scheme and authority, nothing else.
fn endpoint(value: &str) -> Result<Url> {
    let bad = |why: &str| Err(Error::invalid(format!("endpoint {}: {why}", unparsed(value))));
    let Ok(url) = Url::parse(value) else {
        return bad("not a URL like https://registry.example.com");
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return bad("not a URL like https://registry.example.com");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return bad("user and password do not belong into the URL");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return bad("an endpoint is scheme and authority; the path belongs to the repository");
    }
    Ok(url)
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Into::into).collect()
}
