//! The choice of one child of an index (OCI image spec, image-index.md).

use crate::error::{Error, ErrorKind, Result};
use crate::manifest::{Index, IndexEntry};
use crate::platform::Platform;

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
