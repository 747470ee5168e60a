//! Which addresses may be dialled.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::error::Error;
use crate::transport::origin;

/// Resolves names to the addresses that may be dialled: a check of the name alone would not see where it leads.
///
/// Behind a proxy it is the proxy that resolves the names of others; its own name passes here.
#[derive(Debug)]
pub struct Guard {
    may_dial: fn(IpAddr) -> bool,
    refusal: fn(&str) -> Error,
}

/// For plain http.
pub const LOOPBACK_ONLY: Guard = Guard { may_dial: origin::is_loopback, refusal: not_loopback };
/// For https.
pub const NO_METADATA: Guard = Guard { may_dial: |ip| !origin::is_link_local(ip), refusal: metadata };

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { may_dial, refusal } = *self;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.into_iter().filter(|address| may_dial(address.ip())).collect();
            if allowed.is_empty() {
                return Err(refusal(name.as_str()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The refusal of plain http to `host`.
pub fn not_loopback(host: &str) -> Error {
    Error::invalid(format!("plain http is only for loopback addresses, and {host} is none: use https"))
}

/// The refusal of any request to `host`.
pub fn metadata(host: &str) -> Error {
    Error::invalid(format!("{host} is where a cloud serves credentials to its machines: never a registry"))
}
