//! Names that lead where a client must not go: what counts is the address that would be dialled.
//!
//! Each command sees an `/etc/hosts` of its own, in a mount namespace. Without the right to make one the tests say so.

use std::path::Path;
use std::process::Command;

use multicloudj_registry::ErrorKind::{InvalidArgument, Malformed, Unauthorized};

use crate::command::{Mcjr, push};
use crate::support::Registry;

const HOSTS: &str = "127.0.0.1 localhost\n\
                     127.0.0.1 here.test\n\
                     192.0.2.1 elsewhere.test\n\
                     169.254.169.254 metadata.test\n\
                     fd00:ec2::254 metadata6.test\n\
                     100.100.100.200 aliyun.test\n";

/// Whether there can be an `/etc/hosts` for the test alone.
fn possible(folder: &Path) -> bool {
    let hosts = folder.join("hosts");
    std::fs::write(&hosts, HOSTS).expect("a file");
    let works = Command::new("unshare").args(["-m", "mount", "--bind"]).arg(&hosts).arg("/etc/hosts").output();
    let works = works.is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("SKIPPED: no right to a mount namespace, so names cannot lead anywhere else");
    }
    works
}

#[test]
fn plain_http_to_a_name() {
    let folder = tempfile::tempdir().expect("a folder");
    if !possible(folder.path()) {
        return;
    }
    let registry = Registry::start();
    push(&registry);
    let hosts = folder.path().join("hosts");
    let pull = |endpoint: &str| Mcjr::new(&["pull", "--endpoint", endpoint, "app:v1", "image.tar"]).hosts(&hosts);
    pull(&registry.url().replace("127.0.0.1", "here.test")).works();
    pull("http://elsewhere.test")
        .fails(InvalidArgument, "plain http is only for loopback addresses, and elsewhere.test is none");
}

#[test]
fn metadata_services_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    if !possible(folder.path()) {
        return;
    }
    let hosts = folder.path().join("hosts");
    for name in ["metadata.test", "metadata6.test", "aliyun.test"] {
        let endpoint = Mcjr::new(&["pull", "--endpoint", &format!("https://{name}"), "app:v1", "image.tar"]);
        endpoint.hosts(&hosts).fails(InvalidArgument, "where a cloud serves credentials");

        let registry = Registry::start();
        push(&registry);
        registry.fault(&format!("GET /v2/app/blobs/* redirect=307:https://{name}/latest/"));
        Mcjr::pull(&registry, "app:v1").hosts(&hosts).fails(Malformed, "where a cloud serves credentials");

        let registry = Registry::builder().bearer().realm(&format!("https://{name}/token")).start();
        push(&registry);
        Mcjr::pull(&registry, "app:v1").hosts(&hosts).fails(Unauthorized, "where a cloud serves credentials");
    }
}

#[test]
fn a_realm_over_plain_http_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    if !possible(folder.path()) {
        return;
    }
    let registry = Registry::builder().bearer().realm("http://elsewhere.test/token").start();
    push(&registry);
    let pull = Mcjr::pull(&registry, "app:v1").hosts(&folder.path().join("hosts"));
    pull.fails(Unauthorized, "plain http is only for loopback addresses");
}
