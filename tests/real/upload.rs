//! Pushes to a registry, by the monolithic upload of the distribution spec.

use std::fmt::Write as _;

use crate::http::{Answer, request};
use crate::registry::Registry;
use crate::support::Pushed;

/// Puts an image, or an index with its children, under a tag.
pub(crate) fn image(registry: &Registry, repository: &str, tag: &str, image: &Pushed) {
    // A real registry takes a document only after everything that it names.
    for child in &image.children {
        self::image(registry, repository, &child.digest, child);
    }
    for layer in &image.layers {
        blob(registry, repository, &layer.digest, &layer.content.bytes());
    }
    if image.children.is_empty() {
        blob(registry, repository, &image.config_digest, &image.config);
    }
    manifest(registry, repository, tag, &image.media_type, &image.manifest);
}

/// Puts one blob into a repository.
fn blob(registry: &Registry, repository: &str, digest: &str, bytes: &[u8]) {
    let head = request(&registry.authority, "HEAD", &format!("/v2/{repository}/blobs/{digest}"), &[], &[]);
    if head.status == 200 {
        return;
    }
    let started = request(&registry.authority, "POST", &format!("/v2/{repository}/blobs/uploads/"), &[], &[]);
    let location = expect(&started, 202).header("location").expect("a place to upload to").to_owned();
    // Absolute on some registries, and it carries the upload's state as a query.
    let mut path = location.trim_start_matches(&registry.url).to_owned();
    let _ = write!(path, "{}digest={digest}", if path.contains('?') { '&' } else { '?' });
    expect(&request(&registry.authority, "PUT", &path, &["Content-Type: application/octet-stream"], bytes), 201);
}

/// Puts a manifest or an index under a tag or its digest.
fn manifest(registry: &Registry, repository: &str, reference: &str, media_type: &str, bytes: &[u8]) {
    let path = format!("/v2/{repository}/manifests/{reference}");
    expect(&request(&registry.authority, "PUT", &path, &[&format!("Content-Type: {media_type}")], bytes), 201);
}

fn expect(answer: &Answer, status: u16) -> &Answer {
    assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&answer.body));
    answer
}
