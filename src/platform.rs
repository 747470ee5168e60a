//! Platforms and the choice of one child of an index (OCI image spec, image-index.md).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};

/// An operating system and a processor architecture, by the names of Go's `GOOS` and `GOARCH`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Platform {
    /// For example `amd64`.
    #[serde(default)]
    pub architecture: String,
    /// For example `linux`.
    #[serde(default)]
    pub os: String,
    /// For example `10.0.20348.2227`; Windows only.
    #[serde(default, rename = "os.version", deserialize_with = "not_empty")]
    pub os_version: Option<String>,
    /// For example `win32k`.
    #[serde(default, rename = "os.features")]
    pub os_features: Vec<String>,
    /// For example `v7` of `arm`.
    #[serde(default, deserialize_with = "not_empty")]
    pub variant: Option<String>,
}

/// Some tools write what they do not know as an empty text.
fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.filter(|text: &String| !text.is_empty()))
}

impl Default for Platform {
    /// `linux/amd64`, whatever this machine is: the same call gives the same image everywhere.
    fn default() -> Self {
        Self {
            architecture: "amd64".into(),
            os: "linux".into(),
            os_version: None,
            os_features: Vec::new(),
            variant: None,
        }
    }
}

impl FromStr for Platform {
    type Err = Error;

    /// Reads `os/arch[/variant][:os.version]`, for example `linux/arm/v7` or `windows/amd64:10.0.20348`.
    fn from_str(text: &str) -> Result<Self> {
        let (path, os_version) = match text.split_once(':') {
            Some((path, version)) => (path, Some(version)),
            None => (text, None),
        };
        let parts: Vec<&str> = path.split('/').collect();
        let word = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !(2..=3).contains(&parts.len()) || !parts.iter().copied().chain(os_version).all(word) {
            return Err(Error::invalid(format!(
                "platform {text:?} does not read os/arch[/variant][:os.version], for example linux/arm64/v8"
            )));
        }
        Ok(Self {
            os: parts[0].into(),
            architecture: parts[1].into(),
            variant: parts.get(2).map(|&v| v.into()),
            os_version: os_version.map(Into::into),
            os_features: Vec::new(),
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if let Some(variant) = &self.variant {
            write!(f, "/{variant}")?;
        }
        if let Some(version) = &self.os_version {
            write!(f, ":{version}")?;
        }
        Ok(())
    }
}

impl Platform {
    /// How well an image for `self` serves `wanted`: 0 is exact, higher is a fallback, `None` does not serve.
    ///
    /// An arm machine runs the variants below its own, nearest first; `arm64` means `arm64/v8` and `arm` means `arm/v7`;
    /// elsewhere variants must be equal if `wanted` names one. An `os.version` matches by its leading components and by
    /// absence. All `os.features` asked for must be there.
    pub fn serves(&self, wanted: &Self) -> Option<u32> {
        if self.os != wanted.os || self.architecture != wanted.architecture {
            return None;
        }
        if !wanted.os_features.iter().all(|feature| self.os_features.contains(feature)) {
            return None;
        }
        let version = match (&wanted.os_version, &self.os_version) {
            (None, _) => 0,
            (Some(_), None) => 1,
            (Some(wanted), Some(found)) if is_version_prefix(wanted, found) => 0,
            _ => return None,
        };
        let variant = match (self.effective_variant(), wanted.effective_variant()) {
            (found, wanted) if found == wanted => 0,
            // A child that names a variant nobody asked for is second to one that does not.
            (Some(_), None) => 1,
            (Some(found), Some(wanted)) if self.architecture == "arm" => {
                let (found, wanted) = (level(found)?, level(wanted)?);
                wanted.checked_sub(found)?
            }
            _ => return None,
        };
        Some(variant * 2 + version)
    }

    fn effective_variant(&self) -> Option<&str> {
        match (self.architecture.as_str(), self.variant.as_deref()) {
            (_, Some(variant)) => Some(variant),
            ("arm64", _) => Some("v8"),
            ("arm", _) => Some("v7"),
            _ => None,
        }
    }

    /// Whether it is the platform of what runs nowhere: attestations and the like.
    pub(crate) fn is_unknown(&self) -> bool {
        self.os == "unknown" || self.architecture == "unknown"
    }
}

/// `10.0.20348` matches `10.0.20348.2227` but not `10.0.203480`.
fn is_version_prefix(wanted: &str, found: &str) -> bool {
    found.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn level(variant: &str) -> Option<u32> {
    variant.strip_prefix('v')?.parse().ok()
}
