//! The archive: which entries it has ([`docker`], [`oci`]), where each byte of it goes ([`layout`]), layers whose size is
//! known only once they are decoded ([`decode`], [`tail`]), and the file that appears whole or not at all ([`output`]).
//!
//! Nothing here knows where the bytes come from.

pub mod decode;
pub mod docker;
pub mod layout;
pub mod oci;
pub mod output;
pub mod tail;
