//! The one place that makes HTTP clients, so that proxy, trust and timeouts hold for registry, token service and blob
//! store alike.
//!
//! A client of the HTTP library has one TLS configuration. All hosts share one, but those with certificates of their
//! own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::header::USER_AGENT;
use ::http::{HeaderMap, HeaderValue};
use once_cell::sync::OnceCell;
use reqwest::{Client, ClientBuilder};
use url::{Host, Url};

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::proxy::{Proxy, Rules};
use crate::transport::certificates::{Certificates, Own};
use crate::transport::http::root_cause;
use crate::transport::origin::{self, Origin};
use crate::transport::{dial, proxy};

/// The HTTP clients of one registry client. Each is made at first use: reading the system's certificates takes
/// milliseconds that plain http need not pay.
#[derive(Debug)]
pub struct Clients {
    /// For plain http, which reaches loopback addresses only.
    plain: OnceCell<Client>,
    /// For https.
    shared: OnceCell<Client>,
    /// For https to each origin met so far; `None` if it has no certificates of its own.
    own: Mutex<HashMap<Origin, Option<Client>>>,
    certificates: Certificates,
    proxies: Arc<Rules>,
    idle: Duration,
}

impl Clients {
    /// Clients that trust `certificates`, go through what `proxies` name, and wait `idle` for the next byte.
    pub fn new(certificates: Certificates, proxies: Rules, idle: Duration) -> Self {
        let own = Mutex::default();
        Self { plain: OnceCell::new(), shared: OnceCell::new(), own, certificates, proxies: Arc::new(proxies), idle }
    }

    /// The client for `url`, and the proxy that it goes through.
    ///
    /// # Errors
    /// InvalidArgument for plain http to an address that is not loopback, and for a proxy that cannot be used; Io if
    /// the certificates of the host cannot.
    pub fn of(&self, url: &Url) -> Result<(Client, Option<&Proxy>)> {
        // An address; a name is checked where it is resolved, so that what is checked is what is dialled.
        let (ip, host) = (origin::ip_literal(url), url.host_str().unwrap_or_default());
        if url.scheme() == "https" {
            if ip.is_some_and(origin::is_link_local) {
                return Err(dial::metadata(host));
            }
            let proxy = self.proxies.route(url)?;
            if proxy.is_some() && matches!(url.host(), Some(Host::Ipv6(_))) {
                // reqwest 0.13 would look for a certificate of "[::1]", brackets included, and find none.
                return Err(Error::invalid(format!(
                    "{host}: an IPv6 address cannot be reached through a proxy: use a name, or except it by no-proxy"
                )));
            }
            return Ok((self.tls(&Origin::of(url), proxy)?, proxy));
        }
        if ip.is_some_and(|ip| !origin::is_loopback(ip)) {
            return Err(dial::not_loopback(host));
        }
        let plain = || build(base(self.idle).no_proxy().dns_resolver(Arc::new(dial::LOOPBACK_ONLY)));
        Ok((self.plain.get_or_try_init(plain)?.clone(), None))
    }

    fn tls(&self, origin: &Origin, proxy: Option<&Proxy>) -> Result<Client> {
        let known = self.own.lock().unwrap_or_else(PoisonError::into_inner).get(origin).cloned();
        let own = match known {
            Some(own) => own,
            None => {
                let own = self.certificates.of(origin)?.map(|own| self.make(own, origin, proxy)).transpose()?;
                // Two that make it at the same time make the same.
                self.own.lock().unwrap_or_else(PoisonError::into_inner).insert(origin.clone(), own.clone());
                own
            }
        };
        match own {
            Some(client) => Ok(client),
            None => Ok(self.shared.get_or_try_init(|| build(self.https(Own::default())))?.clone()),
        }
    }

    fn make(&self, own: Own, origin: &Origin, proxy: Option<&Proxy>) -> Result<Client> {
        if let Some(proxy) = proxy
            && proxy.url().scheme() == "https"
            && own.identity.is_some()
        {
            // The HTTP library would use the same TLS configuration for the proxy.
            return Err(Error::invalid(format!(
                "the proxy {proxy} is spoken to over TLS, where it could ask for the client certificate of {origin}: \
                 use an http proxy, which sees nothing of the TLS inside, or except the host"
            )));
        }
        build(self.https(own))
    }

    fn https(&self, own: Own) -> ClientBuilder {
        let builder = match proxy::hook(&self.proxies) {
            Some(hook) => base(self.idle).proxy(hook),
            None => base(self.idle).no_proxy(),
        };
        let builder = builder
            .https_only(true)
            .dns_resolver(Arc::new(dial::NO_METADATA))
            .tls_certs_merge(self.certificates.trusted().chain(own.trusted));
        match own.identity {
            Some(identity) => builder.identity(identity),
            None => builder,
        }
    }
}

fn base(idle: Duration) -> ClientBuilder {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .http1_only()
        .connect_timeout(limits::CONNECT)
        .read_timeout(idle)
        .default_headers(HeaderMap::from_iter([(
            USER_AGENT,
            HeaderValue::from_static(concat!("multicloudj-registry/", env!("CARGO_PKG_VERSION"))),
        )]))
}

fn build(builder: ClientBuilder) -> Result<Client> {
    // What can go wrong are certificates: none on the system, or a key that does not fit.
    let failed = |why: reqwest::Error| Error::new(ErrorKind::Io, format!("cannot set up TLS: {}", root_cause(&why)));
    builder.build().map_err(failed)
}
