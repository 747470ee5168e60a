//! Whom TLS trusts, and who we are to it.
//!
//! Certificates of authorities are trusted besides the system's. What belongs to one host, by option or by Docker's
//! `certs.d`, is for exactly that host and port: no redirect, token service or proxy gets to see a client certificate
//! that is not its own (jarodr47/Portager#66).

use std::fmt;
use std::fs;
use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, Client, Identity};

use crate::error::{Error, ErrorKind, Result};
use crate::settings::CertificateFiles;
use crate::transport::origin::Origin;

/// Where Docker keeps certificates of single registries:
/// <https://docs.docker.com/engine/security/certificates/>
const CERTS_D: &str = "/etc/docker/certs.d";

/// The certificates of one registry client.
pub struct Certificates {
    /// Of authorities, for every host.
    trusted: Vec<Certificate>,
    /// The client certificate and the only origin that gets it.
    identity: Option<(Origin, Identity)>,
    certs_d: PathBuf,
}

/// What is for one host alone.
#[derive(Default)]
pub struct Own {
    /// Of authorities.
    pub trusted: Vec<Certificate>,
    /// The client certificate.
    pub identity: Option<Identity>,
}

// By hand: an identity is a private key.
impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = self.identity.as_ref().map(|(origin, _)| origin.to_string());
        write!(f, "{} authorities, client certificate for {owner:?}, {}", self.trusted.len(), self.certs_d.display())
    }
}

impl Certificates {
    /// Reads `files`; the client certificate among them is for `endpoint`.
    ///
    /// # Errors
    /// InvalidArgument if a file cannot be read or does not hold what it should, or if a client certificate has no
    /// https endpoint to belong to.
    pub fn new(files: &CertificateFiles, endpoint: Option<&Origin>) -> Result<Self> {
        let mut trusted = Vec::new();
        if let Some(path) = &files.trusted {
            let what = format!("trusted certificates {}", path.display());
            trusted.extend(authorities(&read(path, &what)?).map_err(|why| bad(&what, &why))?);
        }
        if let Some(pem) = &files.trusted_pem {
            trusted.extend(authorities(pem.as_bytes()).map_err(|why| bad("trusted-certificates-pem", &why))?);
        }
        let certs_d = files.certs_d.clone().unwrap_or_else(|| CERTS_D.into());
        let identity = match (&files.client_certificate, &files.client_key) {
            (None, None) => None,
            (None, Some(_)) => return Err(Error::invalid("a client key needs a client certificate")),
            (Some(certificate), key) => {
                let Some(endpoint) = endpoint.filter(|endpoint| endpoint.is_https()) else {
                    return Err(Error::invalid(
                        "a client certificate needs an https endpoint that says where it may be shown",
                    ));
                };
                let what = format!("client certificate {}", certificate.display());
                let mut pem = read(certificate, &what)?;
                if let Some(key) = key {
                    pem.push(b'\n');
                    pem.extend(read(key, &format!("client key {}", key.display()))?);
                }
                Some((endpoint.clone(), identity(&pem).map_err(|why| bad(&what, &why))?))
            }
        };
        Ok(Self { trusted, identity, certs_d })
    }

    /// The authorities to trust for every host.
    pub fn trusted(&self) -> impl Iterator<Item = Certificate> {
        self.trusted.iter().cloned()
    }

    /// What is for `origin` alone; `None` if there is nothing.
    ///
    /// # Errors
    /// Io if its folder in `certs.d` is not as Docker wants it: leaving something out would only fail later, for
    /// reasons that nobody finds.
    pub fn of(&self, origin: &Origin) -> Result<Option<Own>> {
        let mut own = self.folder(origin)?;
        if let Some((owner, identity)) = &self.identity
            && owner == origin
        {
            own.get_or_insert_default().identity = Some(identity.clone());
        }
        Ok(own)
    }

    /// What Docker's folder for `origin` holds: `HOST:PORT`, and for the port of https also `HOST`.
    fn folder(&self, origin: &Origin) -> Result<Option<Own>> {
        let (host, port) = (origin.host(), origin.port());
        if !origin.is_https() || matches!(host, "" | "." | "..") {
            return Ok(None);
        }
        let mut names = vec![format!("{host}:{port}")];
        if port == 443 {
            names.push(host.to_owned());
        }
        for name in names {
            let folder = self.certs_d.join(name);
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                // Nobody who may not look can know whether it is there (containers/image goes on as well).
                Err(why) if matches!(why.kind(), IoKind::NotFound | IoKind::PermissionDenied) => continue,
                Err(why) => return Err(Error::io(why).context(format!("read {}", folder.display()))),
            };
            let mut files: Vec<PathBuf> = Vec::new();
            for entry in entries {
                files.push(entry.map_err(|why| Error::io(why).context(format!("read {}", folder.display())))?.path());
            }
            files.sort();
            return own(&files).map(Some);
        }
        Ok(None)
    }
}

/// What the files of a folder in `certs.d` are: `*.crt` authorities, `*.cert` with `*.key` a client certificate.
fn own(files: &[PathBuf]) -> Result<Own> {
    let wrong = |path: &Path, why: &str| Error::new(ErrorKind::Io, format!("{}: {why}", path.display()));
    let read = |path: &Path| fs::read(path).map_err(|why| wrong(path, &why.to_string()).with_cause(why));
    let mut own = Own::default();
    for path in files {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("crt") => own.trusted.extend(authorities(&read(path)?).map_err(|why| wrong(path, &why))?),
            Some("cert") => {
                let key = path.with_extension("key");
                if !files.contains(&key) {
                    let why = format!("there is no {} beside it (authorities end in .crt)", key.display());
                    return Err(wrong(path, &why));
                }
                if own.identity.is_some() {
                    return Err(wrong(path, "there is another client certificate beside it, and a host gets one"));
                }
                let pem = [read(path)?, b"\n".to_vec(), read(&key)?].concat();
                own.identity = Some(identity(&pem).map_err(|why| wrong(path, &why))?);
            }
            Some("key") if !files.contains(&path.with_extension("cert")) => {
                return Err(wrong(path, "there is no client certificate (.cert) beside it"));
            }
            _ => {}
        }
    }
    Ok(own)
}

fn bad(what: &str, why: &str) -> Error {
    Error::invalid(format!("{what}: {why}"))
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>> {
    fs::read(path).map_err(|why| bad(what, &why.to_string()).with_cause(why))
}

fn authorities(pem: &[u8]) -> std::result::Result<Vec<Certificate>, String> {
    let all = Certificate::from_pem_bundle(pem).map_err(|why| super::http::root_cause(&why))?;
    if all.is_empty() {
        return Err("there is no PEM certificate in it".into());
    }
    let usable = usable(all);
    if usable.is_empty() { Err("TLS can read no certificate in it".into()) } else { Ok(usable) }
}

/// Those that TLS can read. A JDK's own store has certificates that it cannot, old and odd ones; Go and OpenSSL pass
/// over such as well.
fn usable(all: Vec<Certificate>) -> Vec<Certificate> {
    let readable = |certificates: &[Certificate]| {
        Client::builder().no_proxy().tls_certs_only(certificates.iter().cloned()).build().is_ok()
    };
    if readable(&all) {
        return all;
    }
    all.into_iter().filter(|one| readable(std::slice::from_ref(one))).collect()
}

fn identity(pem: &[u8]) -> std::result::Result<Identity, String> {
    // The library's texts tell no more.
    Identity::from_pem(pem).map_err(|_| "no PEM certificate with its private key, unencrypted".into())
}
