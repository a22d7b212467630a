//! `iolink_abi.h`, from the SDK's source: cbindgen writes structs and constants, this file the rest.

use crate::root;
use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use iolink_sdk::abi::{IOLINK_ABI_MAJOR, IOLINK_ABI_MINOR};
use iolink_sdk::{AxesInterpretation, DataType, ImageInterpretation};
use std::collections::HashMap;
use std::path::Path;

/// Files of the ABI in the order of the header. `arrow.rs` is absent: the standard's own text stands below.
const FILES: [&str; 8] = ["common", "image", "collections", "services", "frame", "stream", "store", "provider"];

const TOP: &str = "\
/*
 * iolink_abi.h - the plugin ABI between iolink hosts and plugins, VERSION.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * You may copy this file into your own project.
 *
 * Generated from sdk/src/abi by `make refreeze`; do not edit. C99 and C++17. The rules: docs/spec/abi-v1.md.
 *
 * In short: every struct starts with its size and grows only at its end. Everything that a caller holds is an
 * iolink_view, counted by retain and release. Who allocates frees. A function that may block takes an iolink_call, which
 * may be NULL. A function returns IOLINK_OK or an error kind, and then fills the caller's iolink_error. No exception and
 * no longjmp may leave a function of a table.
 */";

/// The C data and stream interfaces as their standard gives them, under the guards that it names.
const ARROW: &str = "
#ifdef __cplusplus
extern \"C\" {
#endif

/* The Arrow C data interface and C stream interface, as their standard gives them. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */
";

/// The macros and the function that C authors get beside the declarations; `MANIFEST_ABI` is filled in.
const TAIL: &str = r#"
/*
 * The plugin's descriptor and manifest. Once in a plugin, at file scope, with a semicolon behind it; `providers` is an
 * array of pointers to the providers, `manifest` TOML in one or several string literals, which lists them:
 *
 *     IOLINK_PLUGIN("org.example.raw", "1.0.0", providers,
 *                   "[[provider]]\nid = \"org.example.raw\"\n"
 *                   "[[provider.offer]]\noffer = \"open\"\nkind = \"image\"\ncapabilities = 1\nformat = \"RAW\"\n");
 *
 * docs/spec/abi-v1.md lists the keys. Compile with -fvisibility=hidden: a plugin exports this one symbol.
 */
#define IOLINK_PLUGIN(id, version, providers, manifest)                                                                \
  IOLINK_MANIFEST(IOLINK_MANIFEST_ABI "id = \"" id "\"\nversion = \"" version "\"\n" manifest);                         \
  IOLINK_EXPORT const struct iolink_plugin iolink_plugin_v1 = {                                                        \
    IOLINK_PLUGIN_MAGIC, sizeof(struct iolink_plugin), IOLINK_ABI_MAJOR, IOLINK_ABI_MINOR, IOLINK_PANIC_NONE, id,      \
    version, (uint32_t) (sizeof(providers) / sizeof *(providers)), 0, providers                                        \
  }

/* The keys of the manifest that name the ABI. */
#define IOLINK_MANIFEST_ABI MANIFEST_ABI

/* The same in parts, for a plugin that needs more than IOLINK_PLUGIN. */
#if defined(_WIN32)
#define IOLINK_VISIBLE __declspec(dllexport)
#elif defined(__GNUC__)
#define IOLINK_VISIBLE __attribute__((visibility("default")))
#else
#define IOLINK_VISIBLE
#endif
#ifdef __cplusplus
#define IOLINK_EXPORT extern "C" IOLINK_VISIBLE
#else
#define IOLINK_EXPORT IOLINK_VISIBLE
#endif

IOLINK_VISIBLE extern const struct iolink_plugin iolink_plugin_v1;

/*
 * Writes the manifest, TOML in one or several string literals, into the section that hosts read without loading the
 * plugin. Once in a plugin, at file scope, with a semicolon behind it:
 *
 *     IOLINK_MANIFEST(IOLINK_MANIFEST_ABI "id = \"org.example.raw\"\nversion = \"1.0.0\"\n");
 *
 * The terminating NUL goes along; a host ends the string there.
 */
#if defined(__has_attribute)
#if __has_attribute(retain)
#define IOLINK_MANIFEST_KEPT used, retain
#endif
#endif
#ifndef IOLINK_MANIFEST_KEPT
#define IOLINK_MANIFEST_KEPT used
#endif
#if defined(__APPLE__)
#define IOLINK_MANIFEST_SECTION "__DATA,__iolink"
#else
#define IOLINK_MANIFEST_SECTION ".iolink.manifest"
#endif
#define IOLINK_MANIFEST(text)                                                                                          \
  static const char iolink_manifest_text[] __attribute__((IOLINK_MANIFEST_KEPT, section(IOLINK_MANIFEST_SECTION))) = text

/*
 * Fills the caller's error, which may be NULL, and returns `kind`: `return iolink_fail(error, IOLINK_ERROR_IO, "...");`.
 * A message that is too long is cut between letters. The provider's id is filled in by the host.
 */
static inline int32_t iolink_fail(struct iolink_error *error, int32_t kind, const char *message)
{
  if (error != NULL && error->size >= offsetof(struct iolink_error, message) + sizeof error->message) {
    size_t length = 0;
    error->kind = kind;
    error->code = 0;
    error->provider[0] = '\0';
    while (message != NULL && message[length] != '\0' && length < sizeof error->message - 1) {
      error->message[length] = message[length];
      length++;
    }
    if (message != NULL && message[length] != '\0') {
      while (length > 0 && ((unsigned char) message[length] & 0xC0) == 0x80) {
        length--;
      }
    }
    error->message[length] = '\0';
  }
  return kind;
}
"#;

/// The header's text.
///
/// # Errors
/// Where a source file of the border cannot be read or parsed.
pub fn generate() -> Result<String, String> {
    let Declared { body, structs } = declared(&root().join("sdk/src/abi"), &FILES)?;
    let top = TOP.replace("VERSION", &version());
    let (guard, body, numbers) = ("IOLINK_ABI_H", body.trim(), numbers());
    let names = typedefs(&structs);
    let tail = TAIL.replace("MANIFEST_ABI MANIFEST_ABI", &format!("MANIFEST_ABI {}", manifest_abi()));
    Ok(format!(
        "{top}\n#ifndef {guard}\n#define {guard}\n\n#include <stddef.h>\n#include <stdint.h>\n{ARROW}\n{names}\n{body}\n\
         {numbers}{tail}\n#ifdef __cplusplus\n}}\n#endif\n\n#endif /* {guard} */\n"
    ))
}

/// The manifest's keys of the ABI, as a C string literal.
fn manifest_abi() -> String {
    format!("\"abi = {IOLINK_ABI_MAJOR}\\nabi_minor = {IOLINK_ABI_MINOR}\\n\"")
}

/// The version of the ABI for the title: a draft until major 1.
fn version() -> String {
    match (IOLINK_ABI_MAJOR, IOLINK_ABI_MINOR) {
        (0, draft) => format!("draft {draft}"),
        (major, minor) => format!("version {major}.{minor}"),
    }
}

/// What some source files declare: constants, structs and functions in C, and the names of the structs.
pub(crate) struct Declared {
    pub(crate) body: String,
    pub(crate) structs: Vec<String>,
}

/// A type name for each struct.
pub(crate) fn typedefs(structs: &[String]) -> String {
    structs.iter().map(|name| format!("typedef struct {name} {name};\n")).collect()
}

/// What the files of a folder declare, in their order.
pub(crate) fn declared(folder: &Path, names: &[&str]) -> Result<Declared, String> {
    let mut files = Vec::new();
    let mut constants = HashMap::new();
    let mut structs = Vec::new();
    for file in names {
        let path = folder.join(file).with_extension("rs");
        let source = std::fs::read_to_string(&path).map_err(|reason| format!("{}: {reason}", path.display()))?;
        for line in source.lines() {
            if let Some((name, kind, value)) = constant(line) {
                constants.insert(name.to_owned(), literal(kind, value));
            } else if let Some(name) = line.strip_prefix("pub struct ").and_then(|rest| rest.strip_suffix(" {")) {
                structs.push(name.to_owned());
            }
        }
        files.push(path);
    }
    let builder = Builder::new().with_config(config(&structs));
    let builder = files.into_iter().fold(builder, Builder::with_src);
    let mut written = Vec::new();
    builder.generate().map_err(|reason| reason.to_string())?.write(&mut written);
    let written = String::from_utf8(written).map_err(|reason| reason.to_string())?;
    let body = finish(&written, &constants, &structs)?;
    Ok(Declared { body, structs })
}

fn config(structs: &[String]) -> Config {
    let mut config = Config {
        language: Language::C,
        style: Style::Tag,
        cpp_compat: false,
        documentation: true,
        documentation_style: DocumentationStyle::Doxy,
        header: None,
        no_includes: true,
        usize_is_size_t: true,
        line_length: 120,
        tab_width: 2,
        ..Config::default()
    };
    // Nothing is a function, by which cbindgen would find what is used.
    config.export.include = structs.to_vec();
    config
}

/// Name, type and value of a line that declares a constant.
fn constant(line: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = line.strip_prefix("pub const ")?.split_once(": ")?;
    let (kind, value) = rest.strip_suffix(';')?.split_once(" = ")?;
    Some((name, kind, value))
}

/// A constant's value with its width.
fn literal(kind: &str, value: &str) -> String {
    let digits = value.replace('_', "");
    match kind {
        "u8" => format!("UINT8_C({digits})"),
        "u32" => format!("UINT32_C({digits})"),
        "u64" => format!("UINT64_C({digits})"),
        "i32" => format!("INT32_C({digits})"),
        _ => digits,
    }
}

fn finish(written: &str, constants: &HashMap<String, String>, structs: &[String]) -> Result<String, String> {
    let mut body = String::new();
    let mut defined = 0;
    for line in written.lines() {
        match line.strip_prefix("#define ").and_then(|rest| rest.split_once(' ')) {
            Some((name, _)) => {
                let value = constants.get(name).ok_or_else(|| format!("{name} is no constant on one line"))?;
                body.push_str(&format!("#define {name} {value}"));
                defined += 1;
            }
            None => body.push_str(&plain(line)),
        }
        body.push('\n');
    }
    if defined != constants.len() {
        return Err(format!("the sources declare {} constants, {defined} were written", constants.len()));
    }
    for name in structs {
        if !body.contains(&format!("struct {name} {{")) && !body.contains(&format!("struct {name};")) {
            return Err(format!("struct {name} was not written"));
        }
    }
    Ok(on_one_line(&body))
}

const DECLARED: (&str, &str) =
    ("<!-- declarations: written by make refreeze, do not edit -->\n", "<!-- end of declarations -->\n");

/// The specification's text with today's declarations in it.
///
/// # Errors
/// Where the text has no place for them.
pub fn declare(text: &str, header: &str) -> Result<String, String> {
    let missing = || "the specification has no place for the declarations".to_owned();
    let (before, rest) = text.split_once(DECLARED.0).ok_or_else(missing)?;
    let (_, after) = rest.split_once(DECLARED.1).ok_or_else(missing)?;
    Ok(format!("{before}{}```c\n{}```\n{}{after}", DECLARED.0, declarations(header), DECLARED.1))
}

/// Constants and structs of the header without their comments. Data types have a document of their own.
fn declarations(header: &str) -> String {
    let (mut out, mut inside, mut comment) = (String::new(), false, false);
    for line in header.lines().filter(|line| line.starts_with("#define IOLINK_") && !line.contains("IOLINK_TYPE_")) {
        if line.contains("_C(") || line.contains("IOLINK_MAX_DIMS") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.push('\n');
    for line in header.lines() {
        if let Some(name) = line.strip_prefix("struct iolink_").and_then(|rest| rest.strip_suffix(" {")) {
            let known = iolink_sdk::abi::layout().into_iter().find(|known| known.name == format!("iolink_{name}"));
            let size = known.map_or(String::new(), |known| format!(" /* {}, {} */", known.size, known.alignment));
            out.push_str(&format!("{line}{size}\n"));
            inside = true;
            continue;
        }
        let words = line.trim();
        comment |= words.starts_with("/*");
        if inside && !comment {
            out.push_str(line);
            out.push_str(if line == "};" { "\n\n" } else { "\n" });
            inside = line != "};";
        }
        comment &= !words.ends_with("*/");
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Data types and interpretations by name, as the SDK numbers them.
fn numbers() -> String {
    let mut text = String::from(
        "\n/* Data types, packed: docs/spec/data-types.md. */\n\
         #define IOLINK_DATA_TYPE(primitive, bits, components, meaning) \\\n  \
         ((uint64_t) (primitive) | (uint64_t) (bits) << 8 | (uint64_t) (components) << 24 | (uint64_t) (meaning) << 40)\n",
    );
    for (name, data_type) in DataType::NAMED {
        text.push_str(&format!("#define IOLINK_TYPE_{name} UINT64_C({:#x})\n", data_type.id()));
    }
    text.push_str("\n/* What a whole shape means: which axes it has, in this order. */\n");
    for interpretation in AxesInterpretation::all() {
        let (name, number) = (interpretation.name(), interpretation.number());
        text.push_str(&format!("#define IOLINK_AXES_{name} UINT32_C({number})\n"));
    }
    text.push_str("\n/* What the values of an image mean. */\n");
    for (name, interpretation) in ImageInterpretation::NAMED {
        text.push_str(&format!("#define IOLINK_VALUES_{name} UINT32_C({})\n", interpretation as u32));
    }
    text
}

/// Documentation without Rust's link marks, Arrow structs by their tag.
fn plain(line: &str) -> String {
    let mut line = line.replace("[`", "`").replace("`]", "`");
    while let Some(start) = line.find("`(super::") {
        match line[start..].find(')') {
            Some(end) => line.replace_range(start + 1..=start + end, ""),
            None => break,
        }
    }
    for name in ["ArrowSchema", "ArrowArrayStream", "ArrowArray"] {
        let (with_tag, pointer) = (format!("struct {name} *"), format!("{name} *"));
        if !line.contains(&with_tag) {
            line = line.replace(&pointer, &with_tag);
        }
    }
    line.trim_end().to_owned()
}

/// Comments of one line take one line, and no line is empty between two constants of a group.
fn on_one_line(body: &str) -> String {
    let lines: Vec<&str> = body.lines().collect();
    let (mut out, mut at) = (String::new(), 0);
    while at < lines.len() {
        let indent = lines[at].len() - lines[at].trim_start().len();
        let text = lines.get(at + 1).and_then(|line| line.trim_start().strip_prefix("* "));
        let ends = lines.get(at + 2).is_some_and(|line| line.trim() == "*/");
        match text {
            Some(text) if lines[at].trim() == "/**" && ends && indent + text.len() + 7 <= 120 => {
                out.push_str(&format!("{}/** {text} */\n", " ".repeat(indent)));
                at += 3;
            }
            _ => {
                out.push_str(lines[at]);
                out.push('\n');
                at += 1;
            }
        }
    }
    out
}
