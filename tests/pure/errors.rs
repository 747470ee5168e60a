//! Error kinds are numbers that never change, and errors read "<action> <target>: <cause>".

use std::error::Error as _;
use std::io;
use std::time::Duration;

use multicloudj_registry::{Error, ErrorKind};

#[test]
fn the_numbers_stay() {
    #[rustfmt::skip]
    let table = [
        (ErrorKind::InvalidArgument,   1), (ErrorKind::NotFound,     2), (ErrorKind::Unauthorized, 3),
        (ErrorKind::RateLimited,       4), (ErrorKind::DiskFull,     5), (ErrorKind::DeadlineExceeded, 6),
        (ErrorKind::Unsupported,       7), (ErrorKind::Closed,       8), (ErrorKind::Interrupted,  9),
        (ErrorKind::Cancelled,        10), (ErrorKind::Integrity,   11), (ErrorKind::Malformed,   12),
        (ErrorKind::Unavailable,      13), (ErrorKind::Io,          14), (ErrorKind::Internal,    15),
    ];
    for (kind, number) in table {
        assert_eq!(kind.number(), number, "{kind:?}");
    }
    assert_eq!(ErrorKind::ALL.to_vec(), table.map(|(kind, _)| kind), "ALL has every kind once, in order");
}

#[test]
fn action_cause_and_facts() {
    let error = Error::new(ErrorKind::NotFound, "manifest unknown")
        .context("get manifest host/app:v1")
        .with_status(404)
        .with_code("MANIFEST_UNKNOWN")
        .with_elapsed(Duration::from_millis(1_240));
    assert_eq!(
        error.to_string(),
        "get manifest host/app:v1: manifest unknown (HTTP 404, MANIFEST_UNKNOWN, after 1.2 s)"
    );
    assert_eq!(
        (error.kind(), error.http_status(), error.code()),
        (ErrorKind::NotFound, Some(404), Some("MANIFEST_UNKNOWN"))
    );
    assert_eq!(Error::invalid("a rule").to_string(), "a rule");
}

#[test]
fn the_layer_nearest_to_the_fault_speaks() {
    let error = Error::invalid("x").context("read the body").context("pull app");
    assert_eq!(error.to_string(), "read the body: x");
    let error = error.with_elapsed(Duration::from_secs(1)).with_elapsed(Duration::from_secs(9));
    assert_eq!(error.to_string(), "read the body: x (after 1.0 s)");
}

#[test]
fn causes_are_kept_and_not_repeated() {
    let root = io::Error::other("connection reset");
    let middle = Error::new(ErrorKind::Unavailable, "the transfer broke").with_cause(root);
    let outer = Error::new(ErrorKind::Integrity, "cannot read the layer").with_cause(middle);
    assert_eq!(outer.causes(), ["the transfer broke", "connection reset"]);
    assert_eq!(outer.source().expect("a cause").to_string(), "the transfer broke");
    let same = Error::io(io::Error::other("no such device"));
    assert_eq!(same.to_string(), "no such device");
    assert!(same.causes().is_empty(), "the message says it already: {:?}", same.causes());
    assert!(same.source().is_some());
}

#[test]
fn a_full_disk_is_a_kind_of_its_own() {
    for (errno, kind) in
        [(28, ErrorKind::DiskFull), (122, ErrorKind::DiskFull), (13, ErrorKind::Io), (5, ErrorKind::Io)]
    {
        assert_eq!(Error::io(io::Error::from_raw_os_error(errno)).kind(), kind, "errno {errno}");
    }
}

#[test]
fn errors_can_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Error>();
}
