//! Compiles the C++ shim that makes real shared pointers, and keeps the extension's exports to `PyInit__iolink`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/shared_pointer.cpp");
    cc::Build::new().cpp(true).std("c++17").file("src/shared_pointer.cpp").compile("iolink_shared_pointer");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
    }
}
