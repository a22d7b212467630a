//! The layout table: one line for each struct, one for each field.

use iolink_sdk::abi::{FieldLayout, StructLayout};
use std::fmt::Write;

/// A struct as the frozen table tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Name of the struct.
    pub name: String,
    /// Bytes it takes.
    pub size: usize,
    /// Alignment in bytes.
    pub alignment: usize,
    /// Name, offset and size of each field.
    pub fields: Vec<(String, usize, usize)>,
}

/// The table as text.
pub fn write(structs: &[StructLayout]) -> String {
    let mut text = String::from(
        "# Layout of the border on a machine with 64-bit pointers.\n# STRUCT size alignment / \"  \" field offset size\n",
    );
    for StructLayout { name, size, alignment, fields } in structs {
        let _ = writeln!(text, "{name} {size} {alignment}");
        for FieldLayout { name, offset, size } in fields {
            let _ = writeln!(text, "  {name} {offset} {size}");
        }
    }
    text
}

/// The table from text; a line that is none of it is told by its number.
pub fn read(text: &str) -> Result<Vec<Frozen>, String> {
    let mut structs: Vec<Frozen> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let bad = || format!("line {} is no line of a layout table: {line}", number + 1);
        let (name, first, second) = match words[..] {
            [name, first, second] => {
                (name.to_owned(), first.parse().map_err(|_| bad())?, second.parse().map_err(|_| bad())?)
            }
            _ => return Err(bad()),
        };
        if line.starts_with(' ') {
            structs.last_mut().ok_or_else(bad)?.fields.push((name, first, second));
        } else {
            structs.push(Frozen { name, size: first, alignment: second, fields: Vec::new() });
        }
    }
    Ok(structs)
}

/// What in `today` breaks a promise of `frozen`: a struct or field that is gone, moved, or of another size, a field put
/// in anywhere but at the end, an alignment that changed. Empty: nothing.
pub fn broken_promises(frozen: &[Frozen], today: &[Frozen]) -> Vec<String> {
    let mut broken = Vec::new();
    for old in frozen {
        let Some(new) = today.iter().find(|new| new.name == old.name) else {
            broken.push(format!("{} is gone", old.name));
            continue;
        };
        if new.alignment != old.alignment {
            broken.push(format!("{}: alignment {} became {}", old.name, old.alignment, new.alignment));
        }
        if new.size < old.size {
            broken.push(format!("{}: size {} became {}", old.name, old.size, new.size));
        }
        for (index, field) in old.fields.iter().enumerate() {
            match new.fields.get(index) {
                Some(now) if now == field => {}
                now => broken.push(format!("{}: field {field:?} became {now:?}", old.name)),
            }
        }
        // A struct that others hold by value, or in arrays, must not grow at all.
        if FIXED.contains(&old.name.as_str()) && (new.size != old.size || new.fields.len() != old.fields.len()) {
            broken.push(format!("{}: lies inside others, or in arrays, and must stay as it is", old.name));
        }
        // What is new must lie behind the frozen size, or an old reader would take it for padding it may overwrite.
        for (name, offset, _) in new.fields.iter().skip(old.fields.len()) {
            if *offset < old.size {
                broken.push(format!("{}: new field {name} lies inside the frozen {} bytes", old.name, old.size));
            }
        }
    }
    broken
}

/// Structs without room to grow: inside others by value, in arrays, without a size of their own, or of another standard.
pub const FIXED: [&str; 7] = [
    "iolink_view",
    "iolink_view_base",
    "iolink_option",
    "iolink_byte_range",
    "ArrowSchema",
    "ArrowArray",
    "ArrowArrayStream",
];

/// Today's layout in the form of the frozen one.
pub fn today() -> Vec<Frozen> {
    let own = |layout: &StructLayout| Frozen {
        name: layout.name.to_owned(),
        size: layout.size,
        alignment: layout.alignment,
        fields: layout.fields.iter().map(|field| (field.name.to_owned(), field.offset, field.size)).collect(),
    };
    iolink_sdk::abi::layout().iter().map(own).collect()
}
