//! Platforms: how well one serves another, and which child of an index is taken.

use multicloudj_registry::ErrorKind::{InvalidArgument, NotFound};
use multicloudj_registry::choice::choose;
use multicloudj_registry::manifest::{Document, Index};
use multicloudj_registry::platform::Platform;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::refused;

fn platform(text: &str) -> Platform {
    text.parse().unwrap_or_else(|why| panic!("{why}"))
}

/// One child: its platform, and what else its entry says. The n-th has size n and a digest of its own.
fn index(children: &[(&str, Value)]) -> Index {
    let entries: Vec<Value> = children
        .iter()
        .enumerate()
        .map(|(n, (text, more))| {
            let mut entry = json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": n,
                "digest": format!("sha256:{n:064x}"),
            });
            if !text.is_empty() {
                let (path, version) =
                    text.split_once(':').map_or((*text, None), |(path, version)| (path, Some(version)));
                let parts: Vec<&str> = path.split('/').collect();
                entry["platform"] = json!({ "os": parts[0], "architecture": parts[1] });
                if let Some(variant) = parts.get(2) {
                    entry["platform"]["variant"] = json!(variant);
                }
                if let Some(version) = version {
                    entry["platform"]["os.version"] = json!(version);
                }
            }
            for (key, value) in more.as_object().into_iter().flatten() {
                match entry.get_mut(key) {
                    Some(Value::Object(there)) => there.extend(value.as_object().expect("an object").clone()),
                    _ => entry[key] = value.clone(),
                }
            }
            entry
        })
        .collect();
    let document = json!({ "schemaVersion": 2, "manifests": entries }).to_string();
    match Document::parse(document.as_bytes(), None).expect("an index") {
        Document::Index(index) => index,
        Document::Manifest(_) => panic!("read as a manifest"),
    }
}

fn plain(children: &[&str]) -> Index {
    index(&children.iter().map(|child| (*child, Value::Null)).collect::<Vec<_>>())
}

/// The number of the child that is taken.
fn chosen(index: &Index, wanted: Option<&str>) -> u64 {
    let entry = choose(index, wanted.map(platform).as_ref()).unwrap_or_else(|why| panic!("{why}"));
    entry.descriptor.size
}

#[test]
fn platforms_print_as_they_parse() {
    for text in ["linux/amd64", "linux/arm/v7", "windows/amd64:10.0.20348.2227", "linux/arm64/v8:x", "a_b/c-d/e.f"] {
        assert_eq!(platform(text).to_string(), text);
    }
    assert_eq!(Platform::default().to_string(), "linux/amd64");
}

#[test]
fn bad_platforms_show_the_input_and_the_form() {
    for text in
        ["", "linux", "linux/", "/amd64", "linux//v8", "a/b/c/d", "linux/amd 64", "linux/amd64:", "ä/b", "a/b:c:d"]
    {
        let why = refused(text.parse::<Platform>(), InvalidArgument, "os/arch[/variant][:os.version]");
        assert!(why.to_string().contains(&format!("{text:?}")), "{why}");
    }
}

#[test]
fn what_serves_what() {
    #[rustfmt::skip]
    let table = [
        // an image for           asked for                     how well (0 is exact)
        ("linux/amd64",           "linux/amd64",                Some(0)),
        ("linux/amd64",           "linux/arm64",                None),
        ("windows/amd64",         "linux/amd64",                None),
        ("Linux/amd64",           "linux/amd64",                None),
        // arm64 means arm64/v8, arm means arm/v7.
        ("linux/arm64",           "linux/arm64/v8",             Some(0)),
        ("linux/arm64/v8",        "linux/arm64",                Some(0)),
        ("linux/arm64/v9",        "linux/arm64",                None),
        ("linux/arm",             "linux/arm/v7",               Some(0)),
        ("linux/arm/v7",          "linux/arm",                  Some(0)),
        // An arm machine runs what is older than itself, the nearest first.
        ("linux/arm/v6",          "linux/arm/v7",               Some(2)),
        ("linux/arm/v5",          "linux/arm/v7",               Some(4)),
        ("linux/arm/v7",          "linux/arm/v6",               None),
        ("linux/arm/v6",          "linux/arm",                  Some(2)),
        ("linux/arm/x",           "linux/arm/v7",               None),
        ("linux/arm",             "linux/arm64",                None),
        // Elsewhere a variant that is asked for must be there, and one that is not is second.
        ("linux/amd64/v3",        "linux/amd64",                Some(2)),
        ("linux/amd64",           "linux/amd64/v3",             None),
        ("linux/amd64/v2",        "linux/amd64/v3",             None),
        // os.version by leading components, or absent.
        ("windows/amd64:10.0.20348.2227", "windows/amd64:10.0.20348",      Some(0)),
        ("windows/amd64:10.0.20348.2227", "windows/amd64:10.0.20348.2227", Some(0)),
        ("windows/amd64:10.0.20348.2227", "windows/amd64",                 Some(0)),
        ("windows/amd64",                 "windows/amd64:10.0.20348",      Some(1)),
        ("windows/amd64:10.0.203480",     "windows/amd64:10.0.20348",      None),
        ("windows/amd64:10.0.17763.1",    "windows/amd64:10.0.20348",      None),
        ("windows/amd64:10.0",            "windows/amd64:10.0.20348",      None),
    ];
    for (image, wanted, expected) in table {
        assert_eq!(platform(image).serves(&platform(wanted)), expected, "{image} for {wanted}");
    }
}

#[test]
fn features_asked_for_must_be_there() {
    let features = |names: &[&str]| Platform {
        os_features: names.iter().map(|&name| name.into()).collect(),
        ..platform("windows/amd64")
    };
    assert_eq!(features(&["win32k", "x"]).serves(&features(&["win32k"])), Some(0));
    assert_eq!(features(&["win32k"]).serves(&features(&[])), Some(0));
    assert_eq!(features(&[]).serves(&features(&["win32k"])), None);
}

#[test]
fn linux_amd64_unless_another_is_asked_for() {
    let index = plain(&["linux/arm64/v8", "windows/amd64:10.0.1", "linux/amd64", "linux/s390x"]);
    assert_eq!(chosen(&index, None), 2, "never simply the first one");
    assert_eq!(chosen(&index, Some("linux/s390x")), 3);
    assert_eq!(chosen(&index, Some("linux/arm64")), 0);
}

#[test]
fn attestations_and_unknowns_are_no_images() {
    let attestation = json!({ "annotations": { "vnd.docker.reference.type": "attestation-manifest" } });
    let index = index(&[
        ("linux/amd64", attestation),
        ("unknown/unknown", Value::Null),
        ("linux/unknown", Value::Null),
        ("linux/amd64", Value::Null),
    ]);
    assert_eq!(chosen(&index, None), 3);
    assert_eq!(chosen(&index, Some("linux/amd64")), 3);
    refused(choose(&index, Some(&platform("unknown/unknown"))), NotFound, "it has linux/amd64");
}

#[test]
fn the_only_image_is_taken_when_nothing_was_asked_for() {
    // buildx wraps single images in an index.
    for only in ["", "linux/arm64", "windows/amd64:10.0.1"] {
        let index = plain(&["unknown/unknown", only]);
        assert_eq!(chosen(&index, None), 1, "{only:?}");
    }
    // But what was asked for must be there.
    let index = plain(&["linux/arm64"]);
    refused(
        choose(&index, Some(&platform("linux/amd64"))),
        NotFound,
        "no image for platform linux/amd64; it has linux/arm64",
    );
}

#[test]
fn an_index_without_the_platform_lists_what_it_has() {
    let index = plain(&["linux/arm/v7", "windows/amd64:10.0.1", "", "unknown/unknown"]);
    let why = refused(choose(&index, None), NotFound, "no image for platform linux/amd64");
    assert!(why.to_string().ends_with("it has linux/arm/v7, windows/amd64:10.0.1, no platform"), "{why}");
    refused(choose(&plain(&[]), None), NotFound, "it has no images");
    refused(choose(&plain(&["unknown/unknown"]), None), NotFound, "it has no images");
}

#[test]
fn a_long_list_is_cut_where_nobody_reads_on() {
    let names: Vec<String> = (0..30).map(|n| format!("linux/a{n}")).collect();
    let index = plain(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let why = refused(choose(&index, None), NotFound, "linux/a19, …").to_string();
    assert!(!why.contains("linux/a20"), "{why}");
}

#[test]
fn the_nearest_fallback_wins_wherever_it_stands() {
    let index = plain(&["linux/arm/v5", "linux/arm/v6", "linux/arm/v5", "linux/arm64"]);
    assert_eq!(chosen(&index, Some("linux/arm/v7")), 1);
    assert_eq!(chosen(&index, Some("linux/arm/v6")), 1);
    refused(choose(&plain(&["linux/arm/v7"]), Some(&platform("linux/arm/v6"))), NotFound, "it has linux/arm/v7");
}

#[test]
fn several_windows_builds_need_a_version() {
    let index = plain(&["windows/amd64:10.0.17763.5329", "windows/amd64:10.0.20348.2227", "linux/arm64"]);
    let why = refused(choose(&index, Some(&platform("windows/amd64"))), NotFound, "name the os.version");
    for build in ["10.0.17763.5329", "10.0.20348.2227"] {
        assert!(why.to_string().contains(build), "{why}");
    }
    assert_eq!(chosen(&index, Some("windows/amd64:10.0.20348")), 1);
    assert_eq!(chosen(&index, Some("windows/amd64:10.0.17763.5329")), 0);
    // One that runs on any build is taken only where no build fits better.
    let index = plain(&["windows/amd64", "windows/amd64:10.0.20348.1"]);
    assert_eq!(chosen(&index, Some("windows/amd64:10.0.20348")), 1);
    assert_eq!(chosen(&index, Some("windows/amd64:10.0.1")), 0);
}

#[test]
fn the_same_image_listed_twice_is_no_choice_to_make() {
    let same = |n: u64| json!({ "digest": format!("sha256:{:064x}", 7), "size": n });
    let index = index(&[("windows/amd64:10.0.1.1", same(0)), ("windows/amd64:10.0.1.2", same(1))]);
    assert_eq!(chosen(&index, Some("windows/amd64")), 0);
}

#[test]
fn empty_fields_are_as_good_as_absent() {
    let empty = json!({ "platform": { "variant": "", "os.version": "" } });
    let index = index(&[("linux/arm64", empty.clone()), ("linux/arm", Value::Null), ("windows/amd64", empty)]);
    assert_eq!(chosen(&index, Some("linux/arm64/v8")), 0);
    assert_eq!(chosen(&index, Some("windows/amd64:10.0.20348")), 2, "a child without a build fits any");
    let why = refused(choose(&index, None), NotFound, "no image for platform linux/amd64").to_string();
    assert!(why.ends_with("it has linux/arm64, linux/arm, windows/amd64"), "{why}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_platform_or_shown(text in any::<String>()) {
        match text.parse::<Platform>() {
            Ok(platform) => prop_assert_eq!(platform.to_string(), text),
            Err(why) => {
                let shown = format!("{text:?}");
                prop_assert!(why.to_string().contains(&shown));
            }
        }
    }

    #[test]
    fn every_platform_serves_itself_best(text in "[a-z]{1,5}/(arm|arm64|amd64|x)(/v[1-9])?(:[0-9]{1,3}(\\.[0-9]{1,3}){0,3})?") {
        prop_assert_eq!(platform(&text).serves(&platform(&text)), Some(0));
    }
}
