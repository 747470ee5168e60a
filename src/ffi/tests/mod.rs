//! The boundary without a language behind it: handles, the panic guard, and pumps with a scripted front against the
//! embedded registry.

mod credentials;
mod pump;
mod stage;
#[path = "../../../tests/support/mod.rs"]
mod support;

use tokio_util::sync::CancellationToken;

use super::{guard, handles};
use crate::Client;
use crate::error::ErrorKind;

#[test]
fn handles_are_found_by_their_own_type_only() {
    let cancel = handles::insert(CancellationToken::new());
    handles::get::<CancellationToken>(cancel).unwrap();
    assert_eq!(handles::get::<Client>(cancel).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(handles::remove::<Client>(cancel).unwrap_err().kind(), ErrorKind::InvalidArgument);
    handles::get::<CancellationToken>(cancel).unwrap();
    handles::remove::<CancellationToken>(cancel).unwrap();
}

#[test]
fn stale_and_doubled_handles_are_errors_and_numbers_are_not_used_again() {
    let client = handles::insert(stage::client(&[]));
    handles::remove::<Client>(client).unwrap();
    handles::remove::<Client>(client).unwrap();
    let error = handles::get::<Client>(client).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Closed, "the client is closed"));
    assert!(handles::insert(CancellationToken::new()) > client);
    for nobody in [0, u64::MAX] {
        assert_eq!(handles::get::<Client>(nobody).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn panics_become_errors_that_keep_the_text() {
    let text = |body: fn()| {
        let error = guard::guard(|| {
            body();
            Ok(())
        })
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        error.to_string()
    };
    assert_eq!(text(|| panic!("plain")), "bug in this library: plain");
    assert_eq!(text(|| panic!("number {}", 7)), "bug in this library: number 7");
    assert_eq!(text(|| std::panic::panic_any(PanicsInDrop)), "bug in this library: a panic without a text");
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("once more");
    }
}
