//! Gives the library its name for linkers, and keeps what it exports to `iolink_*`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        let major = std::env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libiolinkrs.so.{major}");
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
        // A second copy in the process, under another name, calls its own functions and not those of the first.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-Bsymbolic");
    }
}
