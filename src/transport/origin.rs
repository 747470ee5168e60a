//! Scheme, host and port: what a credential belongs to (RFC 6454).

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// The origin of a URL, its port always explicit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an http or https URL.
    pub fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            port: url.port_or_known_default().unwrap_or_default(),
        }
    }

    /// Whether TLS protects it.
    pub fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// The host, IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, explicit or the scheme's own.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host`, or `host:port` where the port is not the scheme's own.
    pub fn authority(&self) -> String {
        match (self.scheme.as_str(), self.port) {
            ("https", 443) | ("http", 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// The URL of `path`, which must be clean: only digests, names and tags that their grammars let through.
    pub fn url(&self, path: &str) -> Url {
        let text = format!("{}://{}{path}", self.scheme, self.authority());
        Url::parse(&text).unwrap_or_else(|why| unreachable!("{text:?} is made of parsed parts: {why}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority())
    }
}

/// The address that `url` names literally.
pub fn ip_literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.to_canonical()),
        Host::Domain(_) => None,
    }
}

/// Whether `ip` is loopback; a v4 address mapped into v6 counts as itself.
pub fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Whether `ip` is where clouds serve credentials to their machines: never a place for blobs or tokens.
pub fn is_link_local(ip: IpAddr) -> bool {
    /// Alibaba's metadata service lies in shared address space, AWS's IPv6 one in unique local space.
    const METADATA: [IpAddr; 2] = [
        IpAddr::V4(std::net::Ipv4Addr::new(100, 100, 100, 200)),
        IpAddr::V6(std::net::Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    ];
    let ip = ip.to_canonical();
    METADATA.contains(&ip)
        || match ip {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        }
}

/// Whether `ip` lies in a network that the public Internet does not reach: loopback, private, link-local, unspecified.
pub fn is_internal(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    is_loopback(ip)
        || is_link_local(ip)
        || match ip {
            IpAddr::V4(v4) => v4.is_private() || v4.is_unspecified() || v4.octets()[0] == 0,
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unspecified(),
        }
}
