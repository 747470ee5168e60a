//! `mcjr` as a user runs it: a process, its exit code, its two streams, its signals, its memory.
//!
//! Against the embedded registry: no Docker, no network.

#![cfg(feature = "cli")]

mod codes;
mod command;
mod faults;
mod login;
mod memory;
mod names;
mod network;
mod output;
mod signals;
#[path = "../support/mod.rs"]
mod support;
mod usage;
