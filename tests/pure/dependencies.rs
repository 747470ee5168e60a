//! One TLS stack and one crypto provider, and no library of the system: a new dependency brings others in unseen.

use std::process::Command;

#[test]
fn one_tls_stack_and_one_crypto_provider() {
    // What is built for this machine; the lock file also names what other targets would take.
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--offline", "--all-features", "--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo, which runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let mut packages: Vec<&str> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    packages.sort_unstable();
    packages.dedup();
    let count = |name: &str| packages.iter().filter(|line| line.split(' ').next() == Some(name)).count();
    assert_eq!(["rustls", "aws-lc-rs", "hyper", "reqwest"].map(count), [1; 4]);
    // With both providers compiled in and none chosen, rustls panics at the first connection.
    assert_eq!(["ring", "openssl-sys", "native-tls", "h2", "libz-sys"].map(count), [0; 5]);
}
