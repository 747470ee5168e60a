//! Documents found in registries that are no image, or more than one.

use super::content::sha256;
use super::image::{Image, OCI_MANIFEST, Pushed};
use super::layer::{Layer, gzip};
use super::store::Store;
use serde_json::json;

/// Media type of a signed schema 1 manifest.
pub const SCHEMA1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// A schema 1 manifest, as registries of 2015 hold; returns its digest.
pub fn schema1(to: &impl AsRef<Store>, repo: &str, tag: &str) -> String {
    let layer = gzip(&[("etc/motd", b"from 2015\n")]);
    to.as_ref().put_blob(repo, layer.content.clone());
    let document = json!({
        "schemaVersion": 1, "name": repo, "tag": tag, "architecture": "amd64",
        "fsLayers": [{"blobSum": layer.digest}],
        "history": [{"v1Compatibility": json!({"id": &layer.digest[7..], "os": "linux"}).to_string()}],
        "signatures": [{"header": {"alg": "ES256"}, "signature": "bm90IGEgc2lnbmF0dXJl", "protected": "e30"}],
    });
    to.as_ref().put_manifest(repo, tag, SCHEMA1_SIGNED, document.to_string())
}

/// A Helm chart: an OCI manifest whose config and layer are no image's.
pub fn helm(to: &impl AsRef<Store>, repo: &str, tag: &str) -> Pushed {
    let config = json!({"name": "app", "version": "1.2.3", "apiVersion": "v2", "type": "application"});
    let chart = gzip(&[("app/Chart.yaml", b"apiVersion: v2\nname: app\nversion: 1.2.3\n")]);
    Image::new()
        .config("application/vnd.cncf.helm.config.v1+json", config.to_string())
        .layer(chart.media_type("application/vnd.cncf.helm.chart.content.v1.tar+gzip"))
        .push(to, repo, tag)
}

/// Any other OCI 1.1 artifact: an empty config and an `artifactType`.
pub fn artifact(to: &impl AsRef<Store>, repo: &str, tag: &str, artifact_type: &'static str) -> Pushed {
    Image::new()
        .config("application/vnd.oci.empty.v1+json", "{}")
        .layer(Layer::blob("application/json", "{}"))
        .edit_manifest(move |m| m["artifactType"] = json!(artifact_type))
        .push(to, repo, tag)
}

/// One document that reads as a manifest and as an index, each naming another image (CVE-2021-41190); returns its
/// digest.
pub fn both(to: &impl AsRef<Store>, repo: &str, tag: &str) -> String {
    let store = to.as_ref();
    let seen = Image::new().layer(gzip(&[("seen", b"by the scanner")])).push(store, repo, "");
    let run = Image::new().layer(gzip(&[("run", b"by the node")])).push(store, repo, "");
    let mut document: serde_json::Value = serde_json::from_slice(&seen.manifest).expect("own JSON");
    document["manifests"] = json!([{
        "mediaType": OCI_MANIFEST, "digest": run.digest, "size": run.manifest.len(),
        "platform": {"architecture": "amd64", "os": "linux"},
    }]);
    store.put_manifest(repo, tag, OCI_MANIFEST, document.to_string())
}

/// A document of any bytes and media type; returns its digest.
pub fn document(to: &impl AsRef<Store>, repo: &str, tag: &str, media_type: &str, body: &str) -> String {
    let digest = to.as_ref().put_manifest(repo, tag, media_type, body.to_owned());
    debug_assert_eq!(digest, sha256(body.as_bytes()));
    digest
}
