//! Image configs: the platform, and one diffID for each layer.

use multicloudj_registry::ErrorKind::Malformed;
use multicloudj_registry::manifest::ImageConfig;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::manifest::{image, manifest};
use crate::{SHA256, SHA512, refused};

fn config(diff_ids: &Value) -> Value {
    json!({
        "architecture": "arm64", "os": "linux", "variant": "v8", "created": "2024-01-01T00:00:00Z",
        "config": { "Env": ["A=b"], "Labels": { "os": "a label, not the os" } },
        "rootfs": { "type": "layers", "diff_ids": diff_ids }, "history": [{ "created_by": "x" }],
    })
}

/// Reads a config of an image with `layers` layers.
fn read(text: &str, layers: usize) -> multicloudj_registry::Result<ImageConfig> {
    let mut document = image();
    document["layers"] = Value::Array(vec![document["layers"][0].clone(); layers]);
    ImageConfig::parse(text.as_bytes(), &manifest(&document))
}

#[test]
fn a_config() {
    let config = read(&config(&json!([SHA256, SHA512])).to_string(), 2).expect("a config");
    assert_eq!(config.platform.to_string(), "linux/arm64/v8");
    assert_eq!(config.diff_ids().iter().map(|id| id.as_str()).collect::<Vec<_>>(), [SHA256, SHA512]);
}

#[test]
fn as_many_diff_ids_as_layers() {
    for (ids, layers) in [(0, 1), (1, 0), (1, 2), (2, 1)] {
        let text = config(&Value::Array(vec![json!(SHA256); ids])).to_string();
        refused(read(&text, layers), Malformed, &format!("{ids} diffIDs for {layers} layers"));
    }
}

#[test]
fn no_layers_and_no_list() {
    // `null` is how Go writes a list that was never made.
    for text in [config(&json!([])), config(&Value::Null), json!({ "rootfs": { "type": "layers" } })] {
        assert!(read(&text.to_string(), 0).expect("a config without layers").diff_ids().is_empty());
    }
}

#[test]
fn configs_that_are_none() {
    let id = json!([SHA256]);
    let mut no_digest = config(&json!(["sha256:../x"]));
    no_digest["os"] = json!("linux");
    let twice = config(&id).to_string().replacen("\"rootfs\"", "\"rootfs\":{\"diff_ids\":[]},\"rootfs\"", 1);
    let os_twice = config(&id).to_string().replacen("\"os\":\"linux\"", "\"os\":\"linux\",\"os\":\"windows\"", 1);
    for text in ["", "{}", "[]", "null", "<html>", &no_digest.to_string(), &twice, &os_twice] {
        refused(read(text, 1), Malformed, "no image config");
    }
    let mut number = config(&id);
    number["os"] = json!(7);
    refused(read(&number.to_string(), 1), Malformed, "no image config");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        let _ = ImageConfig::parse(&bytes, &manifest(&image()));
    }
}
