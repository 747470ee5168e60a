//! Memory: the same whatever the size of the image, also with the unoptimised build that tests run.

use std::io::Read as _;

use multicloudj_registry::ErrorKind;

use crate::command::Mcjr;
use crate::support::{Image, Layer, Registry, big, big_plain};

const MIB: u64 = 1 << 20;

/// Runs it and returns its code and the most memory it ever had at once, in bytes.
fn peak(pull: Mcjr) -> (Option<i32>, u64) {
    let mut started = pull.start();
    let status = format!("/proc/{}/status", started.child.id());
    let mut peak = 0;
    // The mark only rises, so a look shortly before the end is as good as one at the end.
    let code = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        if let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
            let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
            peak = peak.max(kib * 1024);
        }
        if let Some(status) = started.child.try_wait().expect("a child") {
            break status.code();
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    let mut stderr = String::new();
    started.child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("text");
    eprintln!("peak {:.1} MiB; {stderr}", peak as f64 / MIB as f64);
    (code, peak)
}

#[track_caller]
fn stays_below(registry: &Registry, arguments: &[&str], most: u64) {
    let (code, peak) = peak(Mcjr::pull(registry, "app:v1").args(arguments));
    assert_eq!(code, Some(0));
    assert!(peak < most, "{} MiB", peak / MIB);
}

#[test]
fn one_layer_of_a_gibibyte() {
    let registry = Registry::start();
    Image::new().layer(big(1 << 30)).push(&registry, "app", "v1");
    stays_below(&registry, &[], 64 * MIB);
}

#[test]
fn a_large_layer_decoded() {
    let registry = Registry::start();
    Image::new().layer(big(256 * MIB)).push(&registry, "app", "v1");
    stays_below(&registry, &["--layers", "uncompressed"], 64 * MIB);
}

#[test]
fn many_large_layers_at_once() {
    let registry = Registry::start();
    let layers = (0..8).map(|n| big_plain((48 + n) * MIB));
    layers.fold(Image::new(), Image::layer).push(&registry, "app", "v1");
    stays_below(&registry, &[], 64 * MIB);
}

#[test]
fn a_config_made_to_fill_memory() {
    // 16 MiB of the smallest JSON values: read into a tree they would take half a gigabyte.
    let registry = Registry::start();
    let config = format!(
        "{{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{{\"diff_ids\":[]}},\"x\":[0{}]}}",
        ",0".repeat(8_300_000)
    );
    Image::new().config("application/vnd.oci.image.config.v1+json", config).push(&registry, "app", "v1");
    stays_below(&registry, &[], 128 * MIB);
}

#[test]
fn an_index_made_to_fill_memory() {
    let registry = Registry::start();
    let entry = format!("{{\"digest\":\"sha256:{}\",\"size\":1,\"x\":[0{}]}}", "0".repeat(64), ",0".repeat(2_000_000));
    let index = format!("{{\"schemaVersion\":2,\"manifests\":[{entry}]}}");
    registry.store().put_manifest("app", "v1", "application/vnd.oci.image.index.v1+json", index);
    let (code, peak) = peak(Mcjr::pull(&registry, "app:v1"));
    assert_eq!(code, Some(10 + ErrorKind::NotFound.number()));
    assert!(peak < 64 * MIB, "{} MiB", peak / MIB);
}

#[test]
fn a_bomb_is_not_held() {
    let registry = Registry::start();
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("zstd");
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), 256 * MIB), &mut encoder).expect("zeros");
    let bomb = Layer::blob("application/vnd.oci.image.layer.v1.tar+zstd", encoder.finish().expect("zstd"));
    Image::new().layer(bomb).push(&registry, "app", "v1");
    let (code, peak) = peak(Mcjr::pull(&registry, "app:v1"));
    assert_eq!(code, Some(10 + ErrorKind::Malformed.number()));
    assert!(peak < 64 * MIB, "{} MiB", peak / MIB);
}
