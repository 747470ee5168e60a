//! Platforms and the choice of one child of an index (OCI image spec, image-index.md).

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};
use crate::manifest::{Index, IndexEntry};

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
    #[serde(default, rename = "os.version")]
    pub os_version: Option<String>,
    /// For example `win32k`.
    #[serde(default, rename = "os.features")]
    pub os_features: Vec<String>,
    /// For example `v7` of `arm`.
    #[serde(default)]
    pub variant: Option<String>,
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
            (_, Some(variant)) if !variant.is_empty() => Some(variant),
            ("arm64", _) => Some("v8"),
            ("arm", _) => Some("v7"),
            _ => None,
        }
    }

    fn is_unknown(&self) -> bool {
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

/// The child of `index` for `wanted`, or for linux/amd64 if nothing was asked for.
///
/// Attestations and `unknown/unknown` children are no images. If nothing was asked for and there is only one image, it
/// is taken: buildx wraps every single image in such an index.
pub fn choose<'a>(index: &'a Index, wanted: Option<&Platform>) -> Result<&'a IndexEntry> {
    let images: Vec<&IndexEntry> = index.manifests.iter().filter(|entry| is_image(entry)).collect();
    if let ([only], None) = (images.as_slice(), wanted) {
        return Ok(only);
    }
    let default = Platform::default();
    let asked = wanted.unwrap_or(&default);
    let mut best: Vec<(u32, &IndexEntry)> = Vec::new();
    for entry in &images {
        let Some(rank) = entry.platform.as_ref().and_then(|p| p.serves(asked)) else { continue };
        match best.first() {
            Some(&(least, _)) if rank > least => continue,
            Some(&(least, _)) if rank < least => best.clear(),
            _ => {}
        }
        best.push((rank, entry));
    }
    // The same image listed twice is no choice to make.
    best.dedup_by(|a, b| a.1.descriptor.digest == b.1.descriptor.digest);
    match best.as_slice() {
        [(_, entry)] => Ok(entry),
        [] => Err(Error::new(
            ErrorKind::NotFound,
            format!("the index has no image for platform {asked}; it has {}", list(&images)),
        )),
        several => {
            let several: Vec<_> = several.iter().map(|&(_, entry)| entry).collect();
            // Linux children that differ in nothing we can ask for: the first one, as every other client does. For
            // Windows the os.version is what decides, so the caller must say it.
            if several.iter().all(|e| e.platform.as_ref().is_some_and(|p| p.os_version.is_none())) {
                return Ok(several[0]);
            }
            Err(Error::new(
                ErrorKind::NotFound,
                format!("platform {asked} fits several images, name the os.version: {}", list(&several)),
            ))
        }
    }
}

fn is_image(entry: &IndexEntry) -> bool {
    let attestation = entry.annotations.contains_key("vnd.docker.reference.type");
    !attestation && !entry.platform.as_ref().is_some_and(Platform::is_unknown)
}

fn list(entries: &[&IndexEntry]) -> String {
    // An index has at most limits::INDEX_CHILDREN entries; a message shows as many as a person reads.
    const SHOWN: usize = 20;
    if entries.is_empty() {
        return "no images".into();
    }
    let name = |entry: &&IndexEntry| entry.platform.as_ref().map_or("no platform".into(), ToString::to_string);
    let mut text = entries.iter().take(SHOWN).map(name).collect::<Vec<_>>().join(", ");
    if entries.len() > SHOWN {
        text.push_str(", …");
    }
    text
}
