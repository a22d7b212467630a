//! Compiles the C++ shims: shared pointers for `to_pointer`, and the wrappers around Python's functions that park a thread at
//! the interpreter's end. Keeps the extension's exports to `PyInit__iolink`.

const SHARED_POINTER: &str = "src/shared_pointer.cpp";
const END_OF_INTERPRETER: &str = "src/end_of_interpreter.cpp";

fn main() {
    for source in ["build.rs", SHARED_POINTER, END_OF_INTERPRETER] {
        println!("cargo:rerun-if-changed={source}");
    }
    shim(SHARED_POINTER).compile("iolink_shared_pointer");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
        wrap_python();
    }
}

fn shim(source: &str) -> cc::Build {
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").flag_if_supported("-fvisibility=hidden").file(source);
    build
}

/// Leads every call to a function that the shim wraps through its wrapper. The object is linked as it is: an archive may be
/// searched before the calls are seen.
fn wrap_python() {
    for object in shim(END_OF_INTERPRETER).compile_intermediates() {
        println!("cargo:rustc-cdylib-link-arg={}", object.display());
    }
    let source = std::fs::read_to_string(END_OF_INTERPRETER).expect("the shim lies beside this script");
    for name in source.lines().filter_map(wrapped) {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--wrap={name}");
    }
}

/// Returns the name of the function that a line wraps.
fn wrapped(line: &str) -> Option<&str> {
    let (kind, rest) = line.split_once('(')?;
    let mut parts = rest.split(", ");
    match kind {
        "WRAP" => parts.nth(1),
        "WRAP_VOID" | "WRAP_ARGUMENTS" => parts.next(),
        _ => None,
    }
}
