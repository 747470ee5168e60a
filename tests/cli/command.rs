//! A command line in a folder of its own, with an environment that holds nothing but what the test says.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use multicloudj_registry::ErrorKind;
use tempfile::TempDir;

use crate::support::{Image, Pushed, Registry, gzip};

pub(crate) const USER: &str = "ci";
pub(crate) const PASSWORD: &str = "canary-pa55word";

/// An image of two small layers at `app:v1`.
pub(crate) fn push(registry: &Registry) -> Pushed {
    Image::new().layer(gzip(&[("a", b"first")])).layer(gzip(&[("b", b"second")])).push(registry, "app", "v1")
}

/// `mcjr pull`, or something else.
pub(crate) struct Mcjr {
    command: Command,
    input: Vec<u8>,
    folder: TempDir,
}

/// What it left when it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Names in its folder.
    pub(crate) files: Vec<String>,
    pub(crate) folder: TempDir,
}

impl Mcjr {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcjr"));
        command.env_clear().env("HOME", "/nonexistent").current_dir(folder.path()).args(arguments);
        Self { command, input: Vec::new(), folder }
    }

    /// `mcjr pull REFERENCE image.tar` from this registry.
    pub(crate) fn pull(registry: &Registry, reference: &str) -> Self {
        Self::new(&["pull", "--endpoint", registry.url(), reference, "image.tar"])
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it where this file is `/etc/hosts`.
    pub(crate) fn hosts(mut self, file: &Path) -> Self {
        let mut command = Command::new("unshare");
        let script = "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"";
        command.args(["-m", "sh", "-c", script, "sh"]).arg(file).arg(self.command.get_program());
        command.args(self.command.get_args()).current_dir(self.folder.path());
        self.command = command;
        self
    }

    pub(crate) fn input(mut self, bytes: &[u8]) -> Self {
        self.input = bytes.to_owned();
        self
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("image.tar")
    }

    /// Starts it; what happens meanwhile is the test's.
    pub(crate) fn start(mut self) -> Started {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("mcjr starts");
        // One that fails before it reads closes the pipe; that is its answer.
        let _ = child.stdin.take().expect("a pipe").write_all(&self.input);
        Started { child, folder: self.folder }
    }

    pub(crate) fn run(self) -> Ended {
        self.start().end()
    }

    /// It works: code 0 and one archive.
    #[track_caller]
    pub(crate) fn works(self) -> Ended {
        let ended = self.run();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.files, ["image.tar"]);
        ended
    }

    /// A fault shall show at once: no second attempt.
    pub(crate) fn once(self) -> Self {
        self.args(&["-o", "retry-attempts=1"])
    }

    /// It fails at the first attempt with the code of `kind`, says `words` on stderr, nothing on stdout, and leaves nothing.
    #[track_caller]
    pub(crate) fn fails(self, kind: ErrorKind, words: &str) -> Ended {
        let ended = self.once().run();
        assert_eq!(ended.code, Some(10 + kind.number()), "{}", ended.stderr);
        assert!(
            ended.stderr.starts_with("mcjr: ") && ended.stderr.contains(words),
            "{}\nshould say: {words}",
            ended.stderr
        );
        assert!(!ended.stderr.contains(PASSWORD), "the password is told: {}", ended.stderr);
        assert_eq!((ended.stdout.as_str(), ended.files.len()), ("", 0), "{:?}", ended.files);
        ended
    }
}

pub(crate) struct Started {
    pub(crate) child: Child,
    folder: TempDir,
}

impl Started {
    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    pub(crate) fn end(self) -> Ended {
        let output = self.child.wait_with_output().expect("mcjr ends");
        let entries = std::fs::read_dir(self.folder.path()).expect("its folder");
        let mut files: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        files.sort();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
            files,
            folder: self.folder,
        }
    }
}
