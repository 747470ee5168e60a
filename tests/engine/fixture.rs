//! A client that pulls into a folder of its own, and watches that folder.

use std::collections::BTreeMap;
use std::future::Future;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use multicloudj_registry::{Client, Error, ErrorKind, PullOptions, Pulled, Result, Session, Settings, runtime};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::support::Registry;
use crate::support::auth::TOKEN_MARK;

pub(crate) const USER: &str = "ci";
pub(crate) const PASSWORD: &str = "canary-pa55word";
/// What signs URLs in these tests.
pub(crate) const SIGNATURE: &str = "canary-signature";

/// What a pull leaves behind in its folder when it works.
const FILE: &str = "image.tar";

pub(crate) struct Puller {
    pub(crate) client: Client,
    options: PullOptions,
    folder: TempDir,
}

impl Puller {
    /// Pulls from `registry`, anonymously. Like all of these without retries: a test that scripts one fault wants to see
    /// what it does, once. Tests of retries say how many they want.
    pub(crate) fn at(registry: &Registry) -> Self {
        Self::with(registry, &[])
    }

    /// Pulls from `registry` as the user the tests know.
    pub(crate) fn login(registry: &Registry) -> Self {
        Self::with(registry, &[("username", USER), ("password", PASSWORD)])
    }

    pub(crate) fn with(registry: &Registry, more: &[(&str, &str)]) -> Self {
        let mut settings = Settings::default();
        for (key, value) in [("endpoint", registry.url()), ("retry-attempts", "1")].iter().chain(more) {
            settings.set(key, value).unwrap_or_else(|why| panic!("{key}={value}: {why}"));
        }
        Self::of(&settings)
    }

    pub(crate) fn of(settings: &Settings) -> Self {
        let client = Client::new(settings).expect("settings that fit together");
        Self { client, options: PullOptions::default(), folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn option(mut self, key: &str, value: &str) -> Self {
        self.options.set(key, value).expect("an option of a pull");
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where pulls go unless told otherwise.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join(FILE)
    }

    /// A pull that runs beside the test.
    pub(crate) fn start(&self, reference: &str) -> Running {
        self.start_to(reference, &self.file())
    }

    pub(crate) fn start_to(&self, reference: &str, file: &Path) -> Running {
        let (session, bell) = Session::new(CancellationToken::new());
        let (client, options, own) = (self.client.clone(), self.options.clone(), Arc::clone(&session));
        let (reference, file) = (reference.to_owned(), file.to_owned());
        let task = runtime::handle().expect("a runtime").spawn(async move {
            // What keeps the bell, so that ringing it has an effect.
            client.pull(&reference, &file, &options, &own).await
        });
        Running { session, bell, task }
    }

    pub(crate) fn pull_to(&self, reference: &str, file: &Path) -> Result<Pulled> {
        self.start_to(reference, file).end()
    }

    /// The pull works: one file, nothing beside it, its size as told.
    #[track_caller]
    pub(crate) fn works(&self, reference: &str) -> Archive {
        let mut expected = self.listing();
        let pulled = self.pull_to(reference, &self.file()).unwrap_or_else(|why| panic!("{why} {:?}", why.causes()));
        expected.remove(FILE);
        let mut found = self.listing();
        assert!(found.remove(FILE).is_some(), "there is no {FILE}");
        assert_eq!(found, expected, "beside the archive nothing has changed");
        Archive::read(&self.file(), pulled)
    }

    /// The pull fails as `kind` and says `words`; the folder is as it was, and no secret is told.
    #[track_caller]
    pub(crate) fn fails(&self, reference: &str, kind: ErrorKind, words: &str) -> Error {
        self.fails_to(reference, &self.file(), kind, words)
    }

    #[track_caller]
    pub(crate) fn fails_to(&self, reference: &str, file: &Path, kind: ErrorKind, words: &str) -> Error {
        let before = self.listing();
        let why = match self.pull_to(reference, file) {
            Ok(pulled) => panic!("it works, but should fail as {kind:?}: {pulled:?}"),
            Err(why) => why,
        };
        assert_eq!(self.listing(), before, "the folder has changed");
        tells(&why, kind, words);
        why
    }

    /// Everything in the folder: name, mode and content.
    pub(crate) fn listing(&self) -> BTreeMap<String, (u32, Vec<u8>)> {
        listing(self.folder())
    }
}

/// The error is of this kind, says these words, and tells no secret.
#[track_caller]
pub(crate) fn tells(why: &Error, kind: ErrorKind, words: &str) {
    assert_eq!(why.kind(), kind, "{why} {:?}", why.causes());
    let all = format!("{why}\n{:?}\n{why:?}", why.causes());
    assert!(all.contains(words), "{all}\nshould say: {words}");
    for secret in [PASSWORD, TOKEN_MARK, SIGNATURE] {
        assert!(!all.contains(secret), "a secret is told: {all}");
    }
}

pub(crate) fn listing(folder: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the folder");
    let entries = entries.map(|entry| {
        let entry = entry.expect("an entry");
        let metadata = entry.metadata().expect("its metadata");
        let content = if metadata.is_file() { std::fs::read(entry.path()).expect("its bytes") } else { Vec::new() };
        (entry.file_name().to_string_lossy().into_owned(), (metadata.permissions().mode(), content))
    });
    entries.collect()
}

/// A pull under way.
pub(crate) struct Running {
    pub(crate) session: Arc<Session>,
    pub(crate) bell: std::sync::mpsc::Receiver<()>,
    pub(crate) task: tokio::task::JoinHandle<Result<Pulled>>,
}

impl Running {
    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(self) -> Result<Pulled> {
        wait(self.task).expect("the pull does not panic")
    }
}

/// Waits, but not for ever: a test that hangs says so.
#[track_caller]
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = runtime::handle().expect("a runtime");
    let patient = async { tokio::time::timeout(Duration::from_secs(120), future).await };
    runtime.block_on(patient).expect("this takes for ever")
}

/// Looks until `there`, for what has no event of its own.
#[track_caller]
pub(crate) fn until(what: &str, there: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !there() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what} never comes");
        std::thread::sleep(Duration::from_millis(1));
    }
}
