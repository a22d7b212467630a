//! The header: generated from the source, plain C and C++, and of the layout that Rust has.

use iolink_border_tests::{frozen, header, header_path, host_header, host_header_path, plugin, root, specification};
use iolink_sdk::abi::layout;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

const WARNINGS: [&str; 7] =
    ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wwrite-strings", "-Werror", "-fsyntax-only"];

fn compiles(compiler: &str, language: &str, standard: &str, include: &Path, source: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("source");
    std::fs::write(&file, source).unwrap();
    let mut command = Command::new(compiler);
    command.arg(format!("-std={standard}")).args(WARNINGS).arg("-I").arg(include).args(["-x", language]).arg(&file);
    plugin::run(&mut command).unwrap();
}

#[test]
fn the_committed_header_is_what_the_source_says() {
    let committed = std::fs::read_to_string(header_path()).unwrap();
    assert!(
        committed == header::generate().unwrap(),
        "sdk/include/iolink_abi.h is not what sdk/src/abi says: run make refreeze (after the tag abi-v1: cargo run \
         --release -p iolink-border-tests --bin refreeze -- --header) and commit it"
    );
}

#[test]
fn the_committed_host_header_is_what_the_library_says() {
    let committed = std::fs::read_to_string(host_header_path()).unwrap();
    let written = host_header::generate().unwrap();
    assert!(committed == written, "host/capi/include/iolink.h is not what host/capi/src says: run make refreeze");
}

#[test]
fn the_specification_declares_what_the_header_does() {
    let text = std::fs::read_to_string(specification()).unwrap();
    let told = header::declare(&text, &header::generate().unwrap()).unwrap();
    assert!(told == text, "docs/spec/abi-v1.md declares another border: run make refreeze and commit it");
}

#[test]
fn the_specification_names_the_data_types_by_their_ids() {
    let text = std::fs::read_to_string(root().join("docs/spec/data-types.md")).unwrap();
    let named = iolink_sdk::DataType::NAMED.iter().filter(|(name, _)| !name.starts_with("VEC"));
    let mut told = 0;
    for (name, data_type) in named {
        let row = text.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{name}`"))).expect(name);
        assert!(row.contains(&format!("`{:#x}`", data_type.id())), "{row}");
        told += 1;
    }
    assert_eq!(told, 22);
}

#[test]
fn the_headers_compile_without_a_warning() {
    let plugin = "#include \"iolink_abi.h\"\n#include \"iolink_abi.h\"\n\
                  IOLINK_MANIFEST(IOLINK_MANIFEST_ABI \"id = \\\"a\\\"\\n\");\n\
                  static int32_t fails(iolink_error *error) { return iolink_fail(error, IOLINK_ERROR_IO, \"no\"); }\n\
                  IOLINK_EXPORT const iolink_plugin iolink_plugin_v1 = { IOLINK_PLUGIN_MAGIC, sizeof(iolink_plugin), \
                  IOLINK_ABI_MAJOR, IOLINK_ABI_MINOR, IOLINK_PANIC_NONE, \"a\", \"1\", 0, 0, NULL };\n\
                  int used(void);\nint used(void) { return fails(NULL) == IOLINK_ERROR_IO; }\n";
    let in_one = "#include \"iolink_abi.h\"\nstatic const iolink_provider *const providers[] = { NULL };\n\
                  IOLINK_PLUGIN(\"a\", \"1\", providers, \"[[provider]]\\n\" \"id = \\\"a\\\"\\n\");\n";
    for header in [header_path(), frozen("iolink_abi.h")] {
        let include = header.parent().unwrap();
        for source in [plugin, in_one] {
            for standard in ["c99", "c11", "c17"] {
                compiles("cc", "c", standard, include, source);
            }
            for standard in ["c++11", "c++17", "c++20"] {
                compiles("c++", "c++", standard, include, source);
            }
        }
    }
}

#[test]
fn the_header_stands_beside_apache_arrows_own() {
    let standard = "#define ARROW_C_DATA_INTERFACE\n#define ARROW_C_STREAM_INTERFACE\n\
                    struct ArrowSchema { int a; };\nstruct ArrowArray { int a; };\nstruct ArrowArrayStream { int a; };\n\
                    #include \"iolink_abi.h\"\ntypedef int used;\n";
    compiles("cc", "c", "c99", header_path().parent().unwrap(), standard);
}

#[test]
fn c_lays_every_struct_out_as_rust_does() {
    let mut source = "#include \"iolink_abi.h\"\n".to_owned();
    let mut facts = 0;
    let mut fact = |claim: String| {
        facts += 1;
        let _ = writeln!(source, "typedef char fact_{facts}[({claim}) ? 1 : -1];");
    };
    for known in layout() {
        fact(format!("sizeof(struct {}) == {}", known.name, known.size));
        for field in &known.fields {
            fact(format!("offsetof(struct {}, {}) == {}", known.name, field.name, field.offset));
            fact(format!("sizeof(((struct {} *) 0)->{}) == {}", known.name, field.name, field.size));
        }
    }
    assert!(facts > 300);
    compiles("cc", "c", "c99", header_path().parent().unwrap(), &source);
}

#[test]
fn a_failure_in_c_fills_the_error_and_cuts_between_letters() {
    let source = "#include \"iolink_abi.h\"\n#include <string.h>\n#include <stdio.h>\n\
                  int main(void) {\n  static char text[3000];\n  iolink_error error;\n  size_t at;\n\
                  for (at = 0; at + 2 < sizeof text; at += 2) { text[at] = '\\xc3'; text[at + 1] = '\\xbc'; }\n\
                  memset(&error, 7, sizeof error);\n  error.size = sizeof error;\n\
                  if (iolink_fail(&error, IOLINK_ERROR_CORRUPT, text) != IOLINK_ERROR_CORRUPT) return 1;\n\
                  if (strlen(error.message) != 1006 || error.provider[0] != 0 || error.code != 0) return 2;\n\
                  iolink_fail(&error, IOLINK_ERROR_IO, NULL);\n  if (error.message[0] != 0 || error.kind != 5) return 3;\n\
                  error.size = 8;\n  error.kind = 0;\n  iolink_fail(&error, IOLINK_ERROR_IO, text);\n\
                  if (error.kind != 0 || error.message[0] != 0) return 4;\n\
                  iolink_fail(NULL, IOLINK_ERROR_IO, text);\n  puts(\"good\");\n  return 0;\n}\n";
    let folder = tempfile::tempdir().unwrap();
    let (file, program) = (folder.path().join("main.c"), folder.path().join("main"));
    std::fs::write(&file, source).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined,address", "-o"]).arg(&program);
    plugin::run(cc.arg("-I").arg(header_path().parent().unwrap()).arg(&file)).unwrap();
    assert_eq!(plugin::run(&mut Command::new(&program)).unwrap(), "good\n");
}
