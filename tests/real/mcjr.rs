//! The command line as a user runs it: `mcjr pull` in an environment that holds nothing but what the test says.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::registry::{PASSWORD, Registry, USER};

/// Exit codes: 10 and the error's kind (`ErrorKind` in src/error.rs).
pub(crate) const NOT_FOUND: i32 = 12;
pub(crate) const UNAUTHORIZED: i32 = 13;
pub(crate) const UNAVAILABLE: i32 = 23;

/// A pull into a folder of its own.
pub(crate) struct Pull {
    command: Command,
    input: String,
    dir: tempfile::TempDir,
}

/// What a pull that worked leaves behind.
pub(crate) struct Pulled {
    /// What `--json` printed.
    pub(crate) result: Value,
    dir: tempfile::TempDir,
}

const FILE: &str = "image.tar";

impl Pull {
    /// From a registry, by a reference without a host.
    pub(crate) fn new(registry: &Registry, reference: &str) -> Self {
        let mut pull = Self::bare(reference);
        pull.command.args(["--endpoint", &registry.url]);
        pull
    }

    /// From wherever the reference says.
    pub(crate) fn bare(reference: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcjr"));
        // No proxy, no docker login, no SSL_CERT_FILE of the machine; HOME is empty.
        command.env_clear().env("HOME", dir.path().join("home"));
        command.args(["pull", "--json", reference]).arg(dir.path().join(FILE));
        Self { command, input: String::new(), dir }
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &Path) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn ca(mut self, file: &Path) -> Self {
        self.command.arg("--ca").arg(file);
        self
    }

    pub(crate) fn login(self) -> Self {
        self.login_as(USER, PASSWORD)
    }

    pub(crate) fn login_as(mut self, user: &str, password: &str) -> Self {
        self.command.args(["--username", user, "--password-stdin"]);
        // With the end of line that `echo` and password stores add.
        self.input = format!("{password}\n");
        self
    }

    fn run(&mut self) -> Output {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("mcjr starts");
        // A command that fails before it reads closes the pipe; that is its answer, not ours to judge.
        let _ = child.stdin.take().expect("a pipe").write_all(self.input.as_bytes());
        child.wait_with_output().expect("mcjr ends")
    }

    /// The pull works: one JSON object on standard output, the archive, and nothing beside it.
    pub(crate) fn works(mut self) -> Pulled {
        let output = self.run();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{:?}: {}\n{stderr}", self.command, output.status);
        let result = serde_json::from_slice(&output.stdout).expect("one JSON object on standard output");
        assert_eq!(files(self.dir.path()), [FILE]);
        Pulled { result, dir: self.dir }
    }

    /// The pull fails with this exit code, says why on standard error, and leaves nothing behind; returns what it said.
    pub(crate) fn fails(mut self, code: i32) -> String {
        let output = self.run();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{:?}: {stderr}", self.command);
        assert!(!stderr.trim().is_empty(), "{:?} failed without a word", self.command);
        assert!(!stderr.contains(PASSWORD), "the password is printed: {stderr}");
        assert_eq!(files(self.dir.path()), [""; 0]);
        stderr
    }
}

impl Pulled {
    pub(crate) fn file(&self) -> PathBuf {
        self.dir.path().join(FILE)
    }
}

fn files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("the folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}
