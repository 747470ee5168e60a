//! Link flags of the shared library.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // A class loader that is collected makes the JVM dlclose() the library while runtime threads still run its code.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        // Without one, a program that is linked against the file by its path needs that very path when it runs.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmulticloudj_registry.so");
    }
}
