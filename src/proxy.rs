//! Which requests go through a proxy. The rules are curl's, with ports and patterns as Go and Java users write them;
//! the table is in `docs/network.md`.
//!
//! Only https requests can: plain http is for loopback addresses, and those are always dialled directly, since the
//! proxy's own loopback is never what is meant.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use url::{Host, Url};

use crate::error::{Error, Result};
use crate::redact::{self, Secret};

/// A proxy, and who we are to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    url: Url,
    authorization: Option<Secret>,
}

impl Proxy {
    /// Reads `http://[USER[:PASSWORD]@]HOST[:PORT]`; `https` for a proxy that is spoken to over TLS, `http` if no
    /// scheme is there, as in curl. User and password are percent-encoded.
    ///
    /// # Errors
    /// InvalidArgument if it is anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| Error::invalid(format!("proxy {}: {why}", redact::unparsed(text)));
        let no_url = || bad("not a URL like http://proxy.example.com:3128");
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&whole).map_err(|_| no_url())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("only http and https proxies are spoken to"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(bad("a proxy is scheme, login and authority, nothing else"));
        }
        let (Some(user), Some(password)) = (decoded(url.username()), decoded(url.password().unwrap_or_default()))
        else {
            return Err(bad("user or password are not UTF-8 behind their percent-encoding"));
        };
        if user.contains(':') {
            // RFC 7617, section 2: the first colon ends the user name.
            return Err(bad("a user name with a colon cannot be sent (RFC 7617)"));
        }
        let authorization = (!user.is_empty() || !password.is_empty())
            .then(|| Secret::new(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))));
        let url = Url::parse(&redact::origin_and_path(&url)).map_err(|_| no_url())?;
        Ok(Self { url, authorization })
    }

    /// Where it is, without the login.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The value of `Proxy-Authorization`, for the proxy alone.
    pub fn authorization(&self) -> Option<&Secret> {
        self.authorization.as_ref()
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where one source of configuration wants https requests to go.
#[derive(Debug, Clone)]
enum Route {
    Direct,
    Through(Proxy),
    /// A variable that cannot be used. An error only for a request that needs it: going around the proxy that somebody
    /// prescribed would be worse, and so would refusing what needs no proxy.
    Unusable(String),
}

/// The proxy of a client and the hosts that are reached without it.
///
/// Each of the two is taken from the settings if they name it, else from the environment.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    set: Option<Route>,
    inherited: Option<Route>,
    set_exceptions: Option<Exceptions>,
    java_exceptions: Option<Exceptions>,
    inherited_exceptions: Option<Exceptions>,
}

impl Rules {
    /// Sets one key, or says that it is none of these:
    ///
    /// | key | value |
    /// |---|---|
    /// | `proxy-endpoint` | `http[s]://[user[:password]@]host[:port]`, or `direct` for none; beats the environment |
    /// | `no-proxy` | hosts reached without the proxy, in the form of `NO_PROXY`; beats the environment |
    /// | `non-proxy-hosts` | the same in the form of Java's `http.nonProxyHosts`; `no-proxy` beats it |
    ///
    /// # Errors
    /// InvalidArgument for a value that breaks the key's rule.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool> {
        match (key, value) {
            ("proxy-endpoint", "direct") => self.set = Some(Route::Direct),
            ("proxy-endpoint", _) => self.set = Some(Route::Through(Proxy::parse(value)?)),
            ("no-proxy", _) => self.set_exceptions = Some(Exceptions::parse(value)),
            ("non-proxy-hosts", _) => self.java_exceptions = Some(Exceptions::parse_java(value)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Reads `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` through `variable`. Of each the lower-case spelling wins, as in
    /// curl, and an empty one is as good as none.
    ///
    /// `HTTP_PROXY` is not among them: it is for plain http, which never leaves the machine here.
    pub fn inherit(&mut self, variable: impl Fn(&str) -> Option<String>) {
        let first = |names: &[&'static str]| {
            let given = |name: &&'static str| Some((*name, variable(name).filter(|value| !value.trim().is_empty())?));
            names.iter().find_map(given)
        };
        self.inherited = first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]).map(|(name, value)| {
            match Proxy::parse(value.trim()) {
                Ok(proxy) => Route::Through(proxy),
                Err(why) => Route::Unusable(format!("environment variable {name}: {why}")),
            }
        });
        self.inherited_exceptions = first(&["no_proxy", "NO_PROXY"]).map(|(_, value)| Exceptions::parse(&value));
    }

    /// The proxy, whatever is to be reached; `None` if every request goes directly.
    pub fn proxy(&self) -> Option<&Proxy> {
        match self.set.as_ref().or(self.inherited.as_ref())? {
            Route::Through(proxy) => Some(proxy),
            Route::Direct | Route::Unusable(_) => None,
        }
    }

    /// The proxy for a request of `url`; `None` if it goes directly.
    ///
    /// # Errors
    /// InvalidArgument if the environment names a proxy that cannot be used.
    pub fn route(&self, url: &Url) -> Result<Option<&Proxy>> {
        let Some(route) = self.set.as_ref().or(self.inherited.as_ref()) else { return Ok(None) };
        let exceptions = [&self.set_exceptions, &self.java_exceptions, &self.inherited_exceptions];
        let excepted = exceptions.into_iter().flatten().next().is_some_and(|exceptions| exceptions.cover(url));
        if url.scheme() != "https" || is_local(url) || excepted {
            return Ok(None);
        }
        match route {
            Route::Direct => Ok(None),
            Route::Through(proxy) => Ok(Some(proxy)),
            Route::Unusable(why) => Err(Error::invalid(why)),
        }
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            // RFC 6761, section 6.3
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        None => false,
    }
}

/// Hosts that are reached without the proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exceptions(Vec<(Pattern, Option<u16>)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// An address, or all in a network.
    Network(IpNet),
    /// A name and all below it.
    Domain(String),
    /// A host with `*` for any run of characters.
    Glob(String),
}

impl Exceptions {
    /// Reads a list as in `NO_PROXY`. What cannot be read covers nothing, as in curl.
    pub fn parse(list: &str) -> Self {
        let items = list.split(|c: char| c == ',' || c.is_whitespace()).filter(|item| !item.is_empty());
        Self(items.filter_map(exception).collect())
    }

    /// Reads a list as in `http.nonProxyHosts`: separated by `|`, and a name without `*` is that host alone.
    pub fn parse_java(list: &str) -> Self {
        let items = list.split('|').map(str::trim).filter(|item| !item.is_empty());
        Self(items.map(|item| (Pattern::Glob(ascii(item)), None)).collect())
    }

    /// Whether `url` is reached without the proxy.
    pub fn cover(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::from(ip)),
            Some(Host::Ipv6(ip)) => Some(ip.to_canonical()),
            _ => None,
        };
        self.0.iter().filter(|(_, only)| only.is_none() || *only == port).any(|(pattern, _)| match pattern {
            Pattern::Network(network) => ip.is_some_and(|ip| network.contains(&ip)),
            Pattern::Domain(domain) => {
                ip.is_none()
                    && host.strip_suffix(domain.as_str()).is_some_and(|front| front.is_empty() || front.ends_with('.'))
            }
            Pattern::Glob(pattern) => glob(pattern, host),
        })
    }
}

/// One item of `NO_PROXY`: a host, an address or a network, and a port that it may be limited to.
fn exception(item: &str) -> Option<(Pattern, Option<u16>)> {
    // Whole first: the colons of an IPv6 address are no ports.
    if let Some(network) = network(item) {
        return Some((Pattern::Network(network), None));
    }
    let (host, port) = match item.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (item, None),
    };
    if let Some(network) = network(host) {
        return Some((Pattern::Network(network), port));
    }
    let host = ascii(host);
    let host = host.trim_end_matches('.');
    if host.contains('*') {
        return Some((Pattern::Glob(host.to_owned()), port));
    }
    let domain = host.trim_start_matches('.');
    (!domain.is_empty()).then(|| (Pattern::Domain(domain.to_owned()), port))
}

fn network(text: &str) -> Option<IpNet> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match bare.parse::<IpAddr>() {
        Ok(ip) => Some(ip.to_canonical().into()),
        Err(_) => text.parse().ok(),
    }
}

/// A name as it stands in a parsed URL: lower-case, and in Punycode if it has other letters.
fn ascii(name: &str) -> String {
    if !name.is_ascii()
        && let Ok(Host::Domain(name)) = Host::parse(name)
    {
        return name;
    }
    name.to_ascii_lowercase()
}

/// Whether `*`, any run of characters, makes `pattern` equal to `text`.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match text.find(piece) {
            Some(at) => text = &text[at + piece.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

/// Undoes percent-encoding; `None` if that is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}
