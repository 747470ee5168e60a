//! Debian's docker-registry (distribution 2.8), as many of them as there are ways to guard one. All serve one folder:
//! what is pushed through the open one can be pulled through each.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::pki::Authority;
use crate::process::{Service, run};
use crate::token::{ISSUER, SERVICE, TokenServer};

pub(crate) const USER: &str = "robot$puller";
/// Not only letters: a colon may not cut it, and it has to survive Base64 and form encoding.
pub(crate) const PASSWORD: &str = "s3cr:t +ü&%";

/// Who may pull.
pub(crate) enum Access<'a> {
    Anyone,
    /// Who sends USER and PASSWORD with each request.
    Basic,
    /// Who brings a token of this server.
    Bearer(&'a TokenServer),
}

pub(crate) struct Registry {
    /// `127.0.0.1:PORT`
    pub(crate) authority: String,
    pub(crate) url: String,
    _service: Service,
}

impl Registry {
    /// An open registry, and the folder of its own that it keeps everything in.
    pub(crate) fn with_own_storage() -> (Self, PathBuf) {
        let dir = folder();
        let storage = dir.path().join("storage");
        (Self::in_folder(dir, &storage, &Access::Anyone, None), storage)
    }

    /// A registry that serves what another one holds.
    pub(crate) fn start(storage: &Path, access: &Access<'_>, tls: Option<&Authority>) -> Self {
        Self::in_folder(folder(), storage, access, tls)
    }

    fn in_folder(dir: TempDir, storage: &Path, access: &Access<'_>, tls: Option<&Authority>) -> Self {
        // Port 0: the kernel picks a free one, and the log tells which, so that no two tests can meet.
        let mut config = format!(
            "version: 0.1\nlog: {{level: info, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}}}\nhttp:\n  addr: 127.0.0.1:0\n  secret: none\n",
            storage.display()
        );
        if let Some(tls) = tls {
            let (certificate, key) = (tls.certificate.display(), tls.key.display());
            let _ = writeln!(config, "  tls: {{certificate: {certificate}, key: {key}}}");
        }
        match access {
            Access::Anyone => {}
            Access::Basic => {
                let file = dir.path().join("htpasswd");
                std::fs::write(&file, run(Command::new("htpasswd").args(["-Bbn", USER, PASSWORD]))).expect("htpasswd");
                let _ = writeln!(config, "auth: {{htpasswd: {{realm: a registry, path: {}}}}}", file.display());
            }
            Access::Bearer(server) => {
                let (realm, roots) = (server.realm(), server.certificate().display());
                let _ = writeln!(config, "auth:\n  token: {{realm: '{realm}', service: '{SERVICE}', issuer: {ISSUER},");
                let _ = writeln!(config, "    rootcertbundle: {roots}}}");
            }
        }
        let file = dir.path().join("config.yml");
        std::fs::write(&file, config).expect("config.yml");

        let service = Service::start(dir, &[OsStr::new("docker-registry"), OsStr::new("serve"), file.as_os_str()]);
        let authority = service.wait_for(|service| {
            let log = service.log();
            let (_, rest) = log.split_once("listening on ")?;
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':')?;
            Some(rest[..end].to_owned())
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        Self { url: format!("{scheme}://{authority}"), authority, _service: service }
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("mcjr-registry-").tempdir().expect("a folder")
}
