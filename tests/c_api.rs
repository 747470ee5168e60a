//! The C API as C programs see it: compiled with gcc against the shared library, plain and with AddressSanitizer.

#[path = "support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::{Image, Registry, big, gzip};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with `libmulticloudj_registry.so`: cargo builds it before an integration test, in the folder of the test's
/// own executable. `MCJR_LIBRARY_FOLDER` names another build, for example one that was sanitized itself:
///
/// ```sh
/// RUSTFLAGS=-Zsanitizer=address cargo +nightly build --lib --target x86_64-unknown-linux-gnu --target-dir /tmp/asan
/// MCJR_LIBRARY_FOLDER=/tmp/asan/x86_64-unknown-linux-gnu/debug cargo test --test c_api sanitizer
/// ```
fn library_folder() -> PathBuf {
    let executable = std::env::current_exe().unwrap();
    let given = std::env::var_os("MCJR_LIBRARY_FOLDER").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| executable.parent().unwrap().to_owned());
    assert!(folder.join("libmulticloudj_registry.so").is_file(), "no shared library in {}", folder.display());
    folder
}

fn compile(source: &str, to: &Path, flags: &[&str]) {
    let library = library_folder();
    let output = Command::new("gcc")
        .args(["-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-pedantic", "-Werror", "-pthread"])
        .args(flags)
        .arg("-I")
        .arg(root().join("include"))
        .arg(root().join(source))
        .arg("-o")
        .arg(to)
        .arg("-L")
        .arg(&library)
        .arg("-lmulticloudj_registry")
        .arg(format!("-Wl,-rpath,{}", library.display()))
        .output()
        .expect("gcc, which `make setup` installs, cannot be run");
    assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
}

fn text(output: &Output) -> String {
    format!("{}\n{}{}", output.status, String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A program as a test runs it: cargo's library path would hide a missing rpath.
fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_remove("LD_LIBRARY_PATH");
    command
}

fn registry() -> Registry {
    let registry = Registry::start();
    for repository in ["app", "slow", "stuck"] {
        let image = Image::new().layer(gzip(&[("etc/motd", b"welcome\n")])).layer(big(400_000));
        image.push(&registry, repository, "v1");
    }
    registry.fault("GET /v2/slow/blobs/* after=1 trickle=10000/30");
    registry.fault("GET /v2/stuck/blobs/* after=1 stall=50");
    registry.fault("GET /v2/down/manifests/* status=503");
    registry
}

fn consume(flags: &[&str], environment: &[(&str, &str)]) -> Output {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    let consumer = folder.path().join("consumer");
    compile("tests/c/consumer.c", &consumer, flags);
    let pulled = folder.path().join("pulled");
    std::fs::create_dir(&pulled).unwrap();
    let output =
        program(&consumer).arg(registry.url()).arg(&pulled).envs(environment.iter().copied()).output().unwrap();
    let strays: Vec<_> = std::fs::read_dir(&pulled)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "tar"))
        .collect();
    assert_eq!(strays, Vec::<PathBuf>::new(), "{}", text(&output));
    output
}

#[test]
fn a_c_program_pulls_cancels_and_misuses() {
    let output = consume(&[], &[]);
    assert!(output.status.success() && output.stdout == b"all is well\n", "{}", text(&output));
}

#[test]
fn a_client_takes_the_proxy_of_its_environment_unless_told_another() {
    let folder = tempfile::tempdir().unwrap();
    let proxied = folder.path().join("proxied");
    compile("tests/c/proxied.c", &proxied, &[]);
    // Nobody listens there.
    for (arguments, proxy) in
        [(&[][..], "http://127.0.0.1:1"), (&["http://me:canary@127.0.0.1:2"], "http://127.0.0.1:2")]
    {
        let output = program(&proxied).args(arguments).env("https_proxy", "http://127.0.0.1:1").output().unwrap();
        let output = text(&output);
        assert!(output.contains(&format!("cannot connect to the proxy {proxy}:")), "{output}");
        assert!(!output.contains("canary"), "{output}");
    }
}

#[test]
fn under_address_sanitizer_it_leaks_and_overruns_nothing() {
    let options = ("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0");
    let output = consume(&["-fsanitize=address", "-fno-omit-frame-pointer"], &[options]);
    assert!(output.status.success() && output.stdout == b"all is well\n", "{}", text(&output));
}

#[test]
fn address_sanitizer_is_really_on() {
    let folder = tempfile::tempdir().unwrap();
    let leaker = folder.path().join("leaker");
    compile("tests/c/leaker.c", &leaker, &["-fsanitize=address", "-fno-omit-frame-pointer"]);
    let output = program(&leaker).env("ASAN_OPTIONS", "detect_leaks=1").output().unwrap();
    assert!(!output.status.success(), "leaked errors were not found: {}", text(&output));
    assert!(text(&output).contains("LeakSanitizer"), "{}", text(&output));
}

#[test]
fn the_library_exports_the_header_and_the_native_methods_and_nothing_else() {
    let header = std::fs::read_to_string(root().join("include/multicloudj_registry.h")).unwrap();
    let java = "java/src/main/java/com/salesforce/multicloudj/registry/internal/Native.java";
    let java = std::fs::read_to_string(root().join(java)).unwrap();
    // A declaration begins its line and has a name in front of its parenthesis; comments are indented by a star.
    let declared = header.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
    let functions = declared.filter(|line| !line.starts_with("typedef")).filter_map(|line| name_before(line, '('));
    let natives = java.lines().filter(|line| line.contains("static native ")).filter_map(|line| name_before(line, '('));
    let mut expected: Vec<String> = functions.map(Into::into).collect();
    expected.extend(natives.map(|name| format!("Java_com_salesforce_multicloudj_registry_internal_Native_{name}")));
    expected.push("JNI_OnUnload".into());
    expected.sort();

    let library = library_folder().join("libmulticloudj_registry.so");
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(library).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let listing = String::from_utf8(output.stdout).unwrap();
    let mut exported: Vec<&str> = listing.lines().filter_map(|line| line.rsplit(' ').next()).collect();
    exported.sort_unstable();
    assert_eq!(exported, expected);
}

/// `mcjr_client_free` of `void mcjr_client_free(struct mcjr_client *client);`.
fn name_before(line: &str, end: char) -> Option<&str> {
    let (head, _) = line.split_once(end)?;
    head.rsplit([' ', '*']).next()
}

#[test]
fn the_example_pulls() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    let (pull, tar) = (folder.path().join("pull"), folder.path().join("app.tar"));
    // The oldest C that it claims to be.
    compile("examples/c/pull.c", &pull, &["-std=c99"]);
    let output =
        program(&pull).args(["app:v1".as_ref(), tar.as_os_str()]).args(["endpoint", registry.url()]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("sha256:"), "{}", text(&output));
    assert!(tar.is_file());

    let output = program(&pull).args(["app:no", "no.tar"]).args(["endpoint", registry.url()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("app:no"), "{}", text(&output));
}
