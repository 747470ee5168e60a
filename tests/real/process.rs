//! Child processes: services that never outlive the tests, commands that must succeed.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a service may take to answer. Long, because two cores may be compiling beside it.
const READY: Duration = Duration::from_secs(60);

/// Runs a service and its folder's removal for as long as its standard input stays open. The kernel closes that when
/// the test process ends, in whatever way, so not even an aborted run leaves a daemon behind: shared parts live in
/// statics, which Rust never drops.
const GUARD: &str = r#"
    ( trap : TERM; "$@"; echo "the service ended with status $?" >&2 ) &
    cat >/dev/null
    trap '' TERM
    kill 0
    wait
    rm -rf --one-file-system "$GUARDED_DIR"
"#;

/// A running service and the folder it owns; both go when this is dropped, or at the latest with the test process.
pub(crate) struct Service {
    guard: Child,
    name: String,
    dir: PathBuf,
}

impl Service {
    /// Starts a command in a folder of its own, which may hold prepared files. Its output goes to the folder's `log`.
    pub(crate) fn start(dir: tempfile::TempDir, command: &[&OsStr]) -> Self {
        let dir = dir.keep();
        let log = File::create(dir.join("log")).expect("a log file");
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .args(command)
            .env_clear()
            .env("PATH", search_path())
            .env("HOME", &dir)
            .env("GUARDED_DIR", &dir)
            .current_dir(&dir)
            // Away from the terminal's group: Ctrl-C reaches the tests, and the guard then cleans up in order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a second handle of the log"))
            .stderr(log)
            .spawn()
            .expect("sh");
        Self { guard, name: command[0].to_string_lossy().into_owned(), dir }
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.dir.join("log")).unwrap_or_default()).into_owned()
    }

    /// Polls until the service is up; a service that does not come up fails the test with what it wrote.
    pub(crate) fn wait_for<T>(&self, mut ready: impl FnMut(&Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = ready(self) {
                return found;
            }
            let (waited, log) = (start.elapsed(), self.log());
            let failed = waited > READY || log.contains("the service ended with status");
            assert!(!failed, "{} is not up after {waited:?}; its output:\n{log}", self.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// The folders commands are looked up in: Debian keeps daemons in sbin, which an ordinary PATH may lack.
fn search_path() -> String {
    format!("{}:/usr/local/sbin:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

fn installed(command: &str) -> bool {
    search_path()
        .split(':')
        .map(|dir| Path::new(dir).join(command))
        .any(|path| path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0))
}

/// Whether the parts a test needs are here. If not, says so where it is seen, and fails where all of them have to be:
/// in CI, or with `MCJR_REQUIRE_PARTS=1`.
#[must_use = "return from the test if a part is absent"]
pub(crate) fn have(parts: &[&str]) -> bool {
    let mut absent = String::new();
    for part in parts.iter().filter(|part| !installed(part)) {
        let _ = write!(absent, " {part}");
    }
    if parts.contains(&"dockerd") && std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() != 0) {
        absent.push_str(" root(for dockerd)");
    }
    if absent.is_empty() {
        return true;
    }
    let required = |name: &str, value: &str| std::env::var(name).is_ok_and(|is| is == value);
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let message = format!("{test} needs{absent} (scripts/setup test installs the parts)");
    assert!(!required("CI", "true") && !required("MCJR_REQUIRE_PARTS", "1"), "{message}");
    // Not eprintln!: the test harness would keep it to itself, as the test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {message}");
    false
}

/// Runs a command that has to succeed and returns what it wrote to standard output.
pub(crate) fn run(command: &mut Command) -> Vec<u8> {
    let output = output(command);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Runs a command to its end, without input.
pub(crate) fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).env("PATH", search_path()).output().unwrap_or_else(|why| panic!("{command:?}: {why}"))
}
