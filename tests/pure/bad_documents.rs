//! Documents that are no image, or more than one: each refused with its kind and a word that tells why.

use multicloudj_registry::ErrorKind::{Malformed, Unsupported};
use multicloudj_registry::limits;
use multicloudj_registry::manifest::{Document, media};
use serde_json::{Value, json};

use crate::manifest::{GZIP, descriptor, image, index, read};
use crate::{SHA256, SHA512, refused};

/// `document` with changes.
fn changed(mut document: Value, change: impl FnOnce(&mut Value)) -> Value {
    change(&mut document);
    document
}

#[test]
fn two_documents_in_one() {
    // CVE-2021-41190: one client sees an image, another one an index.
    for field in ["config", "layers"] {
        let both = changed(index(), |index| index[field] = image()[field].clone());
        refused(read(&both, None), Malformed, "both an image manifest and an index");
    }
    let both = changed(image(), |image| image["manifests"] = json!([]));
    refused(read(&both, None), Malformed, "both an image manifest and an index");
}

#[test]
fn a_field_given_twice() {
    // Parsers differ in which one they take.
    let layer = descriptor(GZIP, SHA256, 1);
    let config = descriptor(media::OCI_CONFIG, SHA256, 2);
    let twice = [
        format!(r#"{{"schemaVersion":2,"config":{config},"config":{config},"layers":[]}}"#),
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[],"layers":[{layer}]}}"#),
        format!(r#"{{"schemaVersion":2,"schemaVersion":2,"config":{config},"layers":[]}}"#),
        format!(r#"{{"mediaType":"","mediaType":"x","config":{config},"layers":[]}}"#),
        r#"{"manifests":[],"manifests":[]}"#.to_owned(),
        format!(
            r#"{{"config":{{"mediaType":"{}","digest":"{SHA256}","digest":"{SHA512}","size":1}}}}"#,
            media::OCI_CONFIG
        ),
        format!(r#"{{"config":{config},"layers":[{{"mediaType":"{GZIP}","digest":"{SHA256}","size":1,"size":2}}]}}"#),
        format!(r#"{{"manifests":[{{"mediaType":"x","digest":"{SHA256}","digest":"{SHA512}","size":1}}]}}"#),
        format!(r#"{{"manifests":[{{"digest":"{SHA256}","size":1,"platform":{{"os":"a","os":"b"}}}}]}}"#),
    ];
    for document in twice {
        refused(Document::parse(document.as_bytes(), None), Malformed, "duplicate field");
    }
}

#[test]
fn a_field_in_other_letters() {
    // Go's parser takes `Layers` for `layers`: what this one passes over, that one obeys.
    let layers = json!([descriptor(GZIP, SHA512, 9)]);
    for (name, value) in [
        ("Layers", layers.clone()),
        ("LAYERS", layers),
        ("Manifests", json!([descriptor(media::OCI_MANIFEST, SHA256, 7)])),
        // Letters that fold to ASCII ones.
        ("layer\u{17f}", json!([])),
        ("Config", descriptor(media::OCI_CONFIG, SHA512, 2)),
        ("mediatype", json!(media::OCI_INDEX)),
        ("SchemaVersion", json!(1)),
    ] {
        for whole in [image(), index()] {
            refused(read(&changed(whole, |d| d[name] = value.clone()), None), Malformed, name);
        }
    }
    let digest = changed(image(), |image| image["layers"][0]["Digest"] = json!(SHA512));
    refused(read(&digest, None), Malformed, "Digest");
    let size = changed(index(), |index| index["manifests"][0]["SIZE"] = json!(1));
    refused(read(&size, None), Malformed, "SIZE");
}

#[test]
fn a_type_that_does_not_fit() {
    refused(read(&image(), Some(media::OCI_INDEX)), Malformed, "but was sent as");
    refused(read(&index(), Some(media::OCI_MANIFEST)), Malformed, "but was sent as");
    refused(read(&image(), Some(media::DOCKER_MANIFEST)), Malformed, "but was sent as");
    let liar = changed(index(), |index| index["mediaType"] = json!(media::OCI_MANIFEST));
    refused(read(&liar, None), Malformed, "it is an index but says it is");
    let liar = changed(image(), |image| image["mediaType"] = json!(media::DOCKER_LIST));
    refused(read(&liar, None), Malformed, "it is an image manifest but says it is");
    // Without a type inside, the one outside counts.
    let untyped = |document| changed(document, |d| drop(d.as_object_mut().expect("an object").remove("mediaType")));
    refused(read(&untyped(index()), Some(media::OCI_MANIFEST)), Malformed, "it is an index but says it is");
    refused(read(&untyped(image()), Some(media::OCI_INDEX)), Malformed, "it is an image manifest but says it is");
}

#[test]
fn schema_1() {
    let document = json!({ "schemaVersion": 1, "name": "app", "fsLayers": [{ "blobSum": SHA256 }], "history": [] });
    for suffix in ["prettyjws", "json"] {
        let media_type = format!("application/vnd.docker.distribution.manifest.v1+{suffix}");
        refused(read(&document, Some(&media_type)), Unsupported, "schema 1");
        // Whatever is in it.
        refused(Document::parse(b"\xff", Some(&media_type)), Unsupported, "schema 1");
        let inner = changed(image(), |image| image["mediaType"] = json!(media_type));
        refused(read(&inner, None), Unsupported, "schema 1");
    }
    refused(read(&document, None), Unsupported, "push the image again");
    refused(read(&document, Some("application/json")), Unsupported, "schema 1");
}

#[test]
fn artifacts_that_are_no_image() {
    let helm = changed(image(), |chart| {
        chart["config"]["mediaType"] = json!("application/vnd.cncf.helm.config.v1+json");
        chart["layers"][0]["mediaType"] = json!("application/vnd.cncf.helm.chart.content.v1.tar+gzip");
    });
    refused(read(&helm, None), Unsupported, "an artifact of type \"application/vnd.cncf.helm.config.v1+json\"");
    let artifact = changed(image(), |artifact| {
        artifact["artifactType"] = json!("application/vnd.example.sbom");
        artifact["config"]["mediaType"] = json!("application/vnd.oci.empty.v1+json");
    });
    refused(read(&artifact, None), Unsupported, "an artifact of type \"application/vnd.example.sbom\"");
    let attestation = changed(image(), |image| image["layers"][0]["mediaType"] = json!("application/vnd.in-toto+json"));
    refused(read(&attestation, None), Unsupported, "\"application/vnd.in-toto+json\", which is no image layer");
    let untyped =
        changed(image(), |image| drop(image["config"].as_object_mut().expect("an object").remove("mediaType")));
    refused(read(&untyped, None), Unsupported, "an artifact of type \"\"");
}

#[test]
fn sizes_that_cannot_be() {
    let sized = |size: Value| changed(image(), |image| image["layers"][0]["size"] = size);
    for size in [json!(-1), json!(1.5), json!("1"), Value::Null, json!([1]), json!(1e300)] {
        refused(read(&sized(size), None), Malformed, "no manifest");
    }
    let huge: Value = serde_json::from_str("18446744073709551616").expect("a number");
    refused(read(&sized(huge), None), Malformed, "no manifest");
    for size in [u64::MAX, 1 << 63, i64::MAX as u64, limits::BLOB + 1] {
        refused(read(&sized(json!(size)), None), Malformed, &format!("has size {size}"));
    }
    for size in [0, limits::BLOB] {
        read(&sized(json!(size)), None).expect("a size that can be");
    }
    let config = changed(image(), |image| image["config"]["size"] = json!(limits::CONFIG + 1));
    refused(read(&config, None), Malformed, "the config's size");
    let absent = changed(image(), |image| drop(image["layers"][0].as_object_mut().expect("an object").remove("size")));
    refused(read(&absent, None), Malformed, "missing field `size`");
}

#[test]
fn one_layer_with_two_sizes() {
    let liar =
        changed(image(), |image| image["layers"] = json!([descriptor(GZIP, SHA256, 1), descriptor(GZIP, SHA256, 2)]));
    refused(read(&liar, None), Malformed, "listed with two sizes");
}

#[test]
fn digests_that_are_none() {
    for (digest, kind) in
        [("sha256:../../x", Malformed), ("", Malformed), ("md5:x", Unsupported), ("blake3:x", Unsupported)]
    {
        let everywhere = [
            changed(image(), |image| image["config"]["digest"] = json!(digest)),
            changed(image(), |image| image["layers"][0]["digest"] = json!(digest)),
            changed(index(), |index| index["manifests"][0]["digest"] = json!(digest)),
        ];
        for document in everywhere {
            refused(read(&document, None), kind, &format!("{digest:?}"));
        }
    }
}

#[test]
fn more_than_the_caps() {
    let (layer, child) = (image()["layers"][0].clone(), index()["manifests"][0].clone());
    let layers = |n| changed(image(), |image| image["layers"] = Value::Array(vec![layer.clone(); n]));
    read(&layers(limits::LAYERS), None).expect("as many as there may be");
    refused(read(&layers(limits::LAYERS + 1), None), Malformed, "more than 1000 layers");
    let children = |n| changed(index(), |index| index["manifests"] = Value::Array(vec![child.clone(); n]));
    read(&children(limits::INDEX_CHILDREN), None).expect("as many as there may be");
    refused(read(&children(limits::INDEX_CHILDREN + 1), None), Malformed, "more than 1000 children");
}

#[test]
fn no_document_at_all() {
    let deep = format!("{{\"layers\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let trailing = format!("{} {{}}", image());
    // serde reads a struct from a list, too.
    let list = format!(r#"[2,"",null,{},[],null]"#, image()["config"]);
    for text in ["", " ", "null", "[]", "7", "\"x\"", "{", "<html>moved</html>", "\u{feff}{}", &deep, &trailing, &list]
    {
        refused(Document::parse(text.as_bytes(), None), Malformed, "no manifest");
    }
    let ignored = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    refused(Document::parse(ignored.as_bytes(), None), Malformed, "");
    refused(Document::parse(b"{\"schemaVersion\":2,\"mediaType\":\"\xff\"}", None), Malformed, "no manifest");
    refused(Document::parse(b"{}", None), Malformed, "neither manifests nor a config");
    refused(read(&json!({ "schemaVersion": 2, "layers": [] }), None), Malformed, "neither manifests nor a config");
}
