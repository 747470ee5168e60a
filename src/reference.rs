//! Image references (distribution reference grammar) and how a client's repository and endpoint complete them.

use std::fmt;

use crate::digest::Digest;
use crate::error::{Error, Result};

/// A parsed reference: `[host[:port]/]path[:tag][@digest]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// `host` or `host:port`, if the reference names one.
    pub host: Option<String>,
    /// The repository path; empty if the reference is only `:tag` or `@digest`.
    pub path: String,
    /// The tag, if any.
    pub tag: Option<String>,
    /// The digest, if any. It decides what is pulled; the tag then only names it.
    pub digest: Option<Digest>,
}

/// The longest repository name and tag (distribution reference grammar).
const MAX_NAME: usize = 255;
const MAX_TAG: usize = 128;

impl Reference {
    /// Parses `text` by Docker's rule: the first component is a host if it contains `.` or `:` or is `localhost`.
    ///
    /// # Errors
    /// InvalidArgument that shows the input and says which rule failed.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| Err(Error::invalid(format!("reference {text:?}: {why}")));
        if text.is_empty() {
            return bad("it is empty");
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => match digest.parse::<Digest>() {
                Ok(digest) => (rest, Some(digest)),
                // Here the digest is the caller's own input, whatever kind a registry's would be.
                Err(why) => return bad(&why.to_string()),
            },
            None => (text, None),
        };
        // The tag's colon is the one after the last slash; one before it belongs to a port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        if let Some(tag) = tag
            && let Err(why) = check_tag(tag)
        {
            return bad(why);
        }
        let (host, path) = match name.split_once('/') {
            Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), path),
            _ => (None, name),
        };
        if let Some(host) = host
            && let Err(why) = check_host(host)
        {
            return bad(why);
        }
        if path.is_empty() && (host.is_some() || (tag.is_none() && digest.is_none())) {
            return bad("it has no repository");
        }
        if !path.is_empty()
            && let Err(why) = check_path(path)
        {
            return bad(&why);
        }
        Ok(Self { host: host.map(Into::into), path: path.into(), tag: tag.map(Into::into), digest })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "{host}/")?;
        }
        f.write_str(&self.path)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// A reference whose repository is complete, at a registry that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The full path, `library/nginx`.
    pub repository: String,
    /// The tag: the reference's, or `latest` if it has neither tag nor digest.
    pub tag: Option<String>,
    /// The digest that decides, if the reference has one.
    pub digest: Option<Digest>,
}

impl Target {
    /// Joins `reference` with the client's `repository`.
    ///
    /// With a host the path stands as it is. Without one it stands if it equals `repository` or lies below it; else
    /// `repository` comes in front. `:tag` and `@digest` alone mean `repository` itself.
    pub fn join(reference: &Reference, repository: Option<&str>) -> Result<Self> {
        let path = &reference.path;
        let joined = match repository {
            None if path.is_empty() => {
                return Err(Error::invalid(format!(
                    "reference \"{reference}\": it names no repository and the client has none"
                )));
            }
            None => path.clone(),
            Some(_) if reference.host.is_some() => path.clone(),
            Some(base) if path.is_empty() || is_below(path, base) => {
                if path.is_empty() {
                    base.to_owned()
                } else {
                    path.clone()
                }
            }
            Some(base) => format!("{base}/{path}"),
        };
        if joined.len() > MAX_NAME {
            return Err(Error::invalid(format!("reference \"{reference}\": the repository is longer than {MAX_NAME}")));
        }
        let tag = match (&reference.tag, &reference.digest) {
            (None, None) => Some("latest".to_owned()),
            (tag, _) => tag.clone(),
        };
        Ok(Self { repository: joined, tag, digest: reference.digest.clone() })
    }

    /// What is asked of the registry: the digest, or the tag.
    pub fn wanted(&self) -> &str {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.as_str(),
            (None, Some(tag)) => tag,
            (None, None) => "latest",
        }
    }
}

fn is_below(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Checks a repository path given by itself.
///
/// # Errors
/// InvalidArgument that says which rule failed.
pub fn repository(path: &str) -> Result<&str> {
    check_path(path).map_err(|why| Error::invalid(format!("repository {path:?}: {why}")))?;
    Ok(path)
}

fn check_path(path: &str) -> std::result::Result<(), String> {
    if path.len() > MAX_NAME {
        return Err(format!("the repository is longer than {MAX_NAME}"));
    }
    for component in path.split('/') {
        if component.is_empty() {
            return Err("the repository has an empty component".into());
        }
        if component.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(format!("repository component {component:?} has upper-case letters"));
        }
        if !is_component(component) {
            return Err(format!(
                "repository component {component:?} is not lower-case letters and digits with single . _ __ or - between"
            ));
        }
    }
    Ok(())
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(component: &str) -> bool {
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    let runs = bytes.split(alphanumeric).filter(|run| !run.is_empty());
    let separators_fit = runs.clone().all(|run| matches!(run, b"." | b"_" | b"__") || run.iter().all(|&b| b == b'-'));
    separators_fit && bytes.first().is_some_and(alphanumeric) && bytes.last().is_some_and(alphanumeric)
}

fn check_tag(tag: &str) -> std::result::Result<(), &'static str> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    match tag.as_bytes() {
        [] => Err("the tag is empty"),
        bytes if bytes.len() > MAX_TAG => Err("the tag is longer than 128"),
        [first, rest @ ..] if word(*first) && rest.iter().all(|&b| word(b) || b == b'.' || b == b'-') => Ok(()),
        _ => Err("the tag is not letters, digits, _ . and -, starting with none of . and -"),
    }
}

fn check_host(host: &str) -> std::result::Result<(), &'static str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(v6) => match v6.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => {
                ("v6", if port.is_empty() { None } else { Some(port.strip_prefix(':').unwrap_or("")) })
            }
            _ => return Err("the host is no IPv6 address in brackets"),
        },
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    if let Some(port) = port
        && (port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) || port.parse::<u16>().is_err())
    {
        return Err("the port is no number up to 65535");
    }
    let label = |l: &str| {
        !l.is_empty()
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    if name.split('.').all(label) { Ok(()) } else { Err("the host is not letters, digits and - between dots") }
}
