//! A certificate authority of our own and a certificate for this machine, made anew at each start.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Writes the authority's certificate to `ca.pem` in a folder and returns it with the server side of TLS for
/// `127.0.0.1` and `localhost`.
pub(super) fn make(folder: &Path) -> (PathBuf, TlsAcceptor) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "multicloudj-registry test CA");
    let authority =
        CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA certificate");
    let key = KeyPair::generate().expect("a key");
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let certificate = CertificateParams::new(names).expect("names").signed_by(&key, &authority).expect("a certificate");

    let path = folder.join("ca.pem");
    std::fs::write(&path, authority.pem()).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a PKCS #8 key");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("the certificate fits its key");
    (path, TlsAcceptor::from(Arc::new(config)))
}
