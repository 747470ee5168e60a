//! The open registry and the images in it, made once for all tests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use crate::registry::Registry;
use crate::support::{Image, Index, Layer, Pushed, Store, Tar, big, gzip, members, plain, zstd};
use crate::upload;

/// Where the images are, each under the tag of its name.
pub(crate) const REPOSITORY: &str = "team-a/app";

pub(crate) struct Fixture {
    /// Needs no login.
    pub(crate) open: Registry,
    /// What all registries serve.
    pub(crate) storage: PathBuf,
    images: BTreeMap<&'static str, Pushed>,
}

pub(crate) fn fixture() -> &'static Fixture {
    static FIXTURE: LazyLock<Fixture> = LazyLock::new(Fixture::new);
    &FIXTURE
}

impl Fixture {
    fn new() -> Self {
        let (open, storage) = Registry::with_own_storage();
        let store = Store::default();
        let mut images = BTreeMap::new();
        for (name, image) in images_to_push() {
            let pushed = image.push(&store, REPOSITORY, name);
            upload::image(&open, REPOSITORY, name, &pushed);
            images.insert(name, pushed);
        }
        let index = Index::new()
            .attestation()
            .image(Image::new().platform("linux/arm64/v8").layer(gzip(&[("bin/app", b"arm64")])))
            .image(
                Image::new().platform("linux/amd64").layer(gzip(&[("bin/app", b"amd64")])).layer(file(1, 4096).gzip()),
            )
            .image(Image::new().platform("linux/arm/v7").layer(gzip(&[("bin/app", b"arm")])))
            .push(&store, REPOSITORY, "index");
        upload::image(&open, REPOSITORY, "index", &index);
        images.insert("index", index);
        Self { open, storage, images }
    }

    pub(crate) fn image(&self, name: &str) -> &Pushed {
        self.images.get(name).unwrap_or_else(|| panic!("there is no image {name}"))
    }
}

/// `team-a/app:NAME`
pub(crate) fn reference(name: &str) -> String {
    format!("{REPOSITORY}:{name}")
}

/// Each has a layer of its own, so that the tests that load them do not meet at one image ID.
fn images_to_push() -> Vec<(&'static str, Image)> {
    let with = |layers: Vec<Layer>| layers.into_iter().fold(Image::new(), Image::layer);
    let twice = gzip(&[("etc/twice", b"the same layer, below and above\n")]);
    vec![
        (
            "gzip",
            with(vec![
                gzip(&[("etc/motd", b"gzip\n")]),
                file(2, 3_000_000).gzip(),
                members(&[("etc/members", &[7; 9000])]),
            ]),
        ),
        (
            "zstd",
            with(vec![gzip(&[("etc/motd", b"zstd\n")]), zstd(&[("etc/above", b"zstd\n")]), file(3, 3_000_000).zstd()]),
        ),
        // Docker's media types, and layers that were never compressed.
        ("plain", with(vec![plain(&[("etc/motd", b"plain\n")]), file(4, 1_000_000).plain()]).docker()),
        ("duplicate", with(vec![twice.clone(), gzip(&[("etc/between", b"once\n")]), twice])),
        // Large enough for more than one range, if ranges are what is fetched.
        ("large", with(vec![big(40 << 20), gzip(&[("etc/motd", b"large\n")])])),
        ("zero", Image::new()),
        ("pinned", with(vec![gzip(&[("etc/motd", b"pinned\n")])])),
    ]
}

/// A file of bytes that repeat late enough to keep a compressor busy.
fn file(seed: usize, len: usize) -> Tar {
    let bytes: Vec<u8> = (0..len).map(|at| (at * seed % 251).to_le_bytes()[0]).collect();
    Tar::files(&[(&format!("data/{seed}"), &bytes)])
}
