//! Keys and certificates, made by the openssl command with a configuration of our own, so that the machine's plays no
//! part.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::run;

const CONFIG: &str = "
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
";

/// A private CA and a certificate of it for 127.0.0.1 and localhost.
pub(crate) struct Authority {
    pub(crate) ca: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new(dir: &Path) -> Self {
        let ca = Pair::new(dir, "ca", "ca", EC, None);
        let server = Pair::new(dir, "server", "server", EC, Some(&ca));
        Self { ca: ca.certificate, certificate: server.certificate, key: server.key }
    }
}

/// A key and its certificate, both PEM files.
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

const EC: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const RSA: &[&str] = &["rsa:2048"];

impl Pair {
    /// Signs tokens: self-signed, and RSA because an RS256 signature is what `openssl dgst` prints, byte for byte.
    pub(crate) fn signer(dir: &Path) -> Self {
        Self::new(dir, "signer", "signer", RSA, None)
    }

    fn new(dir: &Path, name: &str, section: &str, algorithm: &[&str], issuer: Option<&Self>) -> Self {
        let config = dir.join("openssl.cnf");
        std::fs::write(&config, CONFIG).expect("openssl.cnf");
        let pair = Self { certificate: dir.join(format!("{name}.pem")), key: dir.join(format!("{name}.key")) };
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-nodes", "-days", "2", "-subj"]).arg(format!("/CN=mcjr test {name}"));
        command.arg("-newkey").args(algorithm).arg("-config").arg(&config).args(["-extensions", section]);
        command.arg("-keyout").arg(&pair.key).arg("-out").arg(&pair.certificate);
        if let Some(issuer) = issuer {
            command.arg("-CA").arg(&issuer.certificate).arg("-CAkey").arg(&issuer.key);
        }
        run(&mut command);
        pair
    }

    /// The certificate in base64 of its DER form: a PEM file without its first and last line.
    pub(crate) fn certificate_base64(&self) -> String {
        let pem = std::fs::read_to_string(&self.certificate).expect("the certificate");
        pem.lines().filter(|line| !line.starts_with("-----")).collect()
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256, called RS256 in a token.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("message");
        std::fs::write(&file, message).expect("the message");
        run(Command::new("openssl").args(["dgst", "-sha256", "-sign"]).arg(&self.key).arg(&file))
    }
}
