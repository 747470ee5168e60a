//! A certificate authority of our own and a certificate for this machine, made anew at each start.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Who the servers are. No resolver knows the names in `.test` (RFC 6761): only a proxy leads there.
const NAMES: [&str; 7] = ["localhost", "127.0.0.1", "::1", "registry.test", "auth.test", "blobs.test", "192.0.2.7"];

/// What a server does about client certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clients {
    /// Asks for none.
    Unasked,
    /// Asks, and takes those who have none.
    Asked,
    /// Turns away those who have none of our authority.
    Demanded,
}

/// An authority and what it signed.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    /// Writes its certificate to `ca.pem` in a folder.
    pub(super) fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "multicloudj-registry test CA");
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("a CA certificate");
        let authority = Self { issuer, folder: folder.to_owned() };
        authority.write("ca.pem", &authority.issuer.pem());
        authority
    }

    /// Where its certificate is.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Writes a certificate for a client and its key to `client.pem` and `client.key` in the folder.
    pub(super) fn client(&self) {
        let (mut params, key) = (CertificateParams::default(), key());
        params.distinguished_name.push(DnType::CommonName, "a client");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        self.write("client.pem", &certificate.pem());
        self.write("client.key", &key.serialize_pem());
    }

    /// The server side of TLS for all [`NAMES`].
    pub(super) fn server(&self, clients: Clients) -> TlsAcceptor {
        let key = key();
        let names: Vec<String> = NAMES.iter().map(ToString::to_string).collect();
        let certificate = CertificateParams::new(names).expect("names").signed_by(&key, &self.issuer);
        let certificate = certificate.expect("a certificate").der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a PKCS #8 key");
        let provider = Arc::new(default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3");
        let config = if clients == Clients::Unasked {
            config.with_no_client_auth()
        } else {
            let mut roots = RootCertStore::empty();
            roots.add(self.issuer.der().clone()).expect("our own certificate");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = if clients == Clients::Asked { verifier.allow_unauthenticated() } else { verifier };
            config.with_client_cert_verifier(verifier.build().expect("a verifier"))
        };
        let config = config.with_single_cert(vec![certificate], key).expect("the certificate fits its key");
        TlsAcceptor::from(Arc::new(config))
    }

    fn write(&self, name: &str, pem: &str) {
        let path = self.folder.join(name);
        std::fs::write(&path, pem).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}
