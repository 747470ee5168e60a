//! A scripted front, and a registry for it to pull from.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::pump::{Front, Order, run};
use super::support::{Image, Registry, big, gzip};
use crate::Client;
use crate::error::{Error, ErrorKind};
use crate::pull::Pulled;
use crate::redact::{Credential, Secret};
use crate::session::LayerProgress;
use crate::settings::{PullOptions, Settings};

/// What a scripted front stops a pull with.
#[derive(Debug)]
pub(super) enum Stop {
    Engine(Error),
    Mine(&'static str),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl Stop {
    pub(super) fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Engine(error) => Some(error.kind()),
            Self::Mine(_) => None,
        }
    }
}

pub(super) type Outcome<T> = std::result::Result<T, Stop>;

pub(super) type Listener<'a> = dyn FnMut(&[LayerProgress], bool) -> Outcome<()> + 'a;

/// A front of closures.
pub(super) struct Script<'a> {
    pub(super) poll: Box<dyn FnMut() -> Outcome<()> + 'a>,
    pub(super) progress: Box<Listener<'a>>,
    pub(super) credential: Box<dyn FnMut() -> Outcome<Option<Credential>> + 'a>,
}

impl Default for Script<'_> {
    fn default() -> Self {
        Self {
            poll: Box::new(|| Ok(())),
            progress: Box::new(|_, _| Ok(())),
            credential: Box::new(|| panic!("nobody should ask")),
        }
    }
}

impl Front for Script<'_> {
    type Failure = Stop;
    const REPORT_EVERY: Duration = Duration::from_millis(100);

    fn poll(&mut self) -> Outcome<()> {
        (self.poll)()
    }

    fn progress(&mut self, layers: &[LayerProgress], last: bool) -> Outcome<()> {
        (self.progress)(layers, last)
    }

    fn credential(&mut self) -> Outcome<Option<Credential>> {
        (self.credential)()
    }
}

/// Layers stand still for ever; the config, which is asked for before them, comes.
pub(super) const STUCK: &str = "GET /v2/app/blobs/* after=1 stall=100";

/// A registry with image `app:v1`, a client of it, and a folder to pull into.
pub(super) struct Stage {
    pub(super) registry: Registry,
    pub(super) client: Client,
    pub(super) folder: TempDir,
}

impl Stage {
    pub(super) fn new() -> Self {
        let registry = Registry::start();
        let client = client(&[("endpoint", registry.url())]);
        Self::of(registry, client)
    }

    /// With a client whose credential comes from the fronts.
    pub(super) fn with_desk() -> Self {
        let registry = Registry::builder().basic("robot", "hunter2").start();
        let client = client(&[("provider", "callback"), ("endpoint", registry.url())]);
        Self::of(registry, client)
    }

    fn of(registry: Registry, client: Client) -> Self {
        Image::new().layer(gzip(&[("a", b"alpha")])).layer(big(1_000_000)).push(&registry, "app", "v1");
        Self { registry, client, folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn order(&self, name: &str) -> Order {
        Order {
            client: self.client.clone(),
            reference: "app:v1".into(),
            destination: self.file(name),
            options: PullOptions::default(),
            cancel: None,
        }
    }

    pub(super) fn pull(&self, name: &str, script: &mut Script<'_>) -> Outcome<Pulled> {
        run(self.order(name), script)
    }
}

pub(super) fn client(settings: &[(&str, &str)]) -> Client {
    let mut parsed = Settings::default();
    for (key, value) in settings {
        parsed.set(key, value).unwrap();
    }
    Client::new(&parsed).unwrap()
}

pub(super) fn robot() -> Outcome<Option<Credential>> {
    Ok(Some(Credential { user: "robot".into(), secret: Secret::new("hunter2") }))
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

pub(super) fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "it did not come to that in 20 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}
