//! Checks of Arrow C structs against each other, before anybody reads a buffer by them: all that costs a look at each struct.
//! Values within buffers are not read, except those that give a length.

use super::layout::{type_ids, Layout};
use super::{OwnedArray, OwnedSchema};
use crate::abi::{ArrowArray, ArrowSchema};
use crate::{fail, Error, ErrorKind, Result};
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};

/// The largest number of types within each other.
pub const MAX_TYPE_DEPTH: usize = 64;
/// The largest number of types in a schema.
const MAX_TYPES: usize = 4_000_000;
/// The largest number of bytes of one type's metadata. A length that is a lie is told by nothing else.
const MAX_METADATA: usize = 1 << 28;
/// The largest number of rows: one of 32 bytes each can still be addressed.
const MAX_ROWS: i64 = isize::MAX as i64 / 32;

/// A schema that can be read: see [`OwnedSchema::check`].
#[derive(Clone, Copy)]
pub struct CheckedSchema<'a>(&'a OwnedSchema);

impl OwnedSchema {
    /// Checks that the schema and all below it can be read.
    ///
    /// # Errors
    /// `Corrupt` for a struct that contradicts itself or the standard, `Limit` for types nested too deeply, too many of them, or
    /// too much metadata.
    pub fn check(&self) -> Result<CheckedSchema<'_>> {
        // SAFETY: an owned schema is live.
        unsafe { check_schema(self.as_raw(), 0, &mut 0)? };
        Ok(CheckedSchema(self))
    }
}

impl CheckedSchema<'_> {
    /// Checks that an array has the buffers, children and lengths of this type. A null count that may be wrong becomes -1,
    /// which means that it is to be counted, and an array of the null type loses its buffers.
    ///
    /// # Errors
    /// `Corrupt` for a struct that contradicts itself or the type, `Unsupported` for a type that the standard does not have.
    pub fn check_array(self, array: &mut OwnedArray) -> Result<()> {
        // SAFETY: both are live, and the schema was checked.
        unsafe { check_array(self.0.as_raw(), &mut *array.as_mut_ptr()) }
    }
}

fn damaged_schema<T>(name: &str, fault: &str) -> Result<T> {
    let column = if name.is_empty() { String::new() } else { format!(" of {name:?}") };
    fail!(Corrupt, "the Arrow schema{column} is damaged: {fault}")
}

/// Returns a string that is UTF-8; "" for NULL.
///
/// # Safety
/// `at` is NULL or ends with a NUL.
unsafe fn text<'a>(at: *const c_char) -> Option<&'a str> {
    if at.is_null() {
        return Some("");
    }
    // SAFETY: by the caller's promise.
    unsafe { CStr::from_ptr(at) }.to_str().ok()
}

/// # Safety
/// `raw` is a live schema.
unsafe fn check_schema(raw: &ArrowSchema, depth: usize, count: &mut usize) -> Result<()> {
    *count += 1;
    if depth > MAX_TYPE_DEPTH || *count > MAX_TYPES {
        fail!(
            Limit,
            "the Arrow schema has more than {MAX_TYPE_DEPTH} types within each other, or more than {MAX_TYPES} in all"
        );
    }
    if raw.release.is_none() {
        return damaged_schema("", "a part of it was released already");
    }
    // SAFETY: the strings of a live schema end with a NUL.
    let (name, format) = unsafe { (text(raw.name), text(raw.format)) };
    let (Some(name), Some(format)) = (name, format) else {
        return damaged_schema("", "a name or a format is not UTF-8");
    };
    if raw.format.is_null() {
        return damaged_schema(name, "it has no format");
    }
    let children = match usize::try_from(raw.n_children) {
        Ok(count) if count <= MAX_TYPES && (count == 0 || !raw.children.is_null()) => count,
        _ => return damaged_schema(name, &format!("it has no children where it claims {}", raw.n_children)),
    };
    let layout = Layout::of(format)?;
    if let Some(expected) = layout.and_then(Layout::children).filter(|expected| *expected != children) {
        return damaged_schema(name, &format!("the format {format:?} has {expected} children, not {children}"));
    }
    // SAFETY: a live schema has that many children, and its metadata are those of the standard.
    unsafe {
        check_metadata(raw.metadata, name)?;
        for index in 0..children {
            match (*raw.children.add(index)).as_ref() {
                Some(child) => check_schema(child, depth + 1, count)?,
                None => return damaged_schema(name, "a child is NULL"),
            }
        }
        if let Some(dictionary) = raw.dictionary.as_ref() {
            if !matches!(format, "c" | "C" | "s" | "S" | "i" | "I" | "l" | "L") {
                return damaged_schema(name, &format!("the keys of a dictionary are integers, not {format:?}"));
            }
            check_schema(dictionary, depth + 1, count)?;
        }
        match layout {
            Some(Layout::Map) => check_map(raw, name),
            Some(Layout::Runs) => check_runs(raw, name),
            Some(Layout::Union(_)) if type_ids(format)?.len() != children => {
                damaged_schema(name, &format!("the format {format:?} has another number of types than {children}"))
            }
            _ => Ok(()),
        }
    }
}

/// # Safety
/// `raw` is a live schema with the children of a map, which were checked.
unsafe fn check_map(raw: &ArrowSchema, name: &str) -> Result<()> {
    // SAFETY: by the caller's promise.
    let entries = unsafe { &**raw.children };
    // SAFETY: a checked schema has a format.
    if unsafe { text(entries.format) } != Some("+s") || entries.n_children != 2 || !entries.dictionary.is_null() {
        return damaged_schema(name, "the entries of a map are structs with two fields");
    }
    Ok(())
}

/// # Safety
/// `raw` is a live schema with the children of run-end encoded values, which were checked.
unsafe fn check_runs(raw: &ArrowSchema, name: &str) -> Result<()> {
    // SAFETY: by the caller's promise.
    let ends = unsafe { &**raw.children };
    // SAFETY: a checked schema has a format.
    match unsafe { text(ends.format) } {
        Some("s" | "i" | "l") if ends.dictionary.is_null() => Ok(()),
        _ => damaged_schema(name, "the ends of runs are integers of 16, 32 or 64 bits"),
    }
}

/// Checks that the lengths in a blob of metadata are not negative, its strings UTF-8, and all of it not too long.
///
/// # Safety
/// `at` is NULL or metadata as the standard has them.
unsafe fn check_metadata(at: *const c_char, name: &str) -> Result<()> {
    if at.is_null() {
        return Ok(());
    }
    let mut place = 0usize;
    let number = |place: &mut usize| -> Result<usize> {
        // SAFETY: the blob goes on as far as the lengths before say.
        let number = unsafe { at.add(*place).cast::<i32>().read_unaligned() };
        *place += 4;
        match usize::try_from(number) {
            Ok(number) => Ok(number),
            Err(_) => damaged_schema(name, &format!("its metadata have a length or count of {number}")),
        }
    };
    let pairs = number(&mut place)?;
    for _ in 0..pairs.saturating_mul(2) {
        let length = number(&mut place)?;
        if place + length > MAX_METADATA {
            fail!(Limit, "the metadata of {name:?} in the Arrow schema are longer than {MAX_METADATA} bytes");
        }
        // SAFETY: as above.
        let string = unsafe { std::slice::from_raw_parts(at.add(place).cast::<u8>(), length) };
        if std::str::from_utf8(string).is_err() {
            return damaged_schema(name, "its metadata are not UTF-8");
        }
        place += length;
    }
    Ok(())
}

/// An array beside its type while it is checked.
struct Checked<'a> {
    format: &'a str,
    name: &'a str,
    layout: Layout,
    raw: &'a mut ArrowArray,
    /// Length and offset together.
    rows: u64,
}

impl Checked<'_> {
    fn damaged<T>(&self, fault: &str) -> Result<T> {
        let column = if self.name.is_empty() { String::new() } else { format!(" of {:?}", self.name) };
        fail!(Corrupt, "the Arrow array{column} of format {:?} is damaged: {fault}", self.format)
    }

    /// Returns the address of a buffer that is there.
    ///
    /// # Safety
    /// The array is live and has more than `index` buffers.
    unsafe fn buffer(&self, index: usize) -> *const c_void {
        // SAFETY: by the caller's promise.
        unsafe { *self.raw.buffers.add(index) }
    }

    /// Checks that a buffer of values of this many bits can be addressed, and is there if it has any.
    ///
    /// # Safety
    /// As for `buffer`.
    unsafe fn values(&self, index: usize, count: u64, bits: u64) -> Result<*const c_void> {
        let Some(all) = count.checked_mul(bits).filter(|all| *all <= i64::MAX as u64) else {
            return self.damaged(&format!("{count} values of {bits} bits are more than can be addressed"));
        };
        // SAFETY: by the caller's promise.
        let at = unsafe { self.buffer(index) };
        if at.is_null() && all > 0 {
            return self.damaged(&format!("buffer {index} is NULL"));
        }
        Ok(at)
    }

    /// Checks offsets and returns the last one; 0 if there is no row.
    ///
    /// # Safety
    /// As for `buffer`.
    unsafe fn last_offset(&self, wide: bool) -> Result<u64> {
        if self.rows == 0 {
            return Ok(0);
        }
        let bits = if wide { 64 } else { 32 };
        // SAFETY: by the caller's promise; there is an offset more than there are rows.
        let last = unsafe { number(self.values(1, self.rows + 1, bits)?, self.rows as usize, bits) };
        match u64::try_from(last) {
            Ok(last) => Ok(last),
            Err(_) => self.damaged(&format!("its last offset is {last}")),
        }
    }

    /// Checks the buffers.
    ///
    /// # Safety
    /// The array is live and has as many buffers as it says.
    unsafe fn buffers(&self) -> Result<()> {
        // SAFETY: by the caller's promise; each layout has the buffers that are asked for.
        unsafe {
            match self.layout {
                Layout::Fixed(bits) => self.values(1, self.rows, bits).map(drop),
                Layout::Bytes(wide) => {
                    let bytes = self.last_offset(wide)?;
                    match bytes > 0 && self.buffer(2).is_null() {
                        true => self.damaged("buffer 2 is NULL"),
                        false => Ok(()),
                    }
                }
                Layout::View => self.views(),
                Layout::ListView(wide) => {
                    let bits = if wide { 64 } else { 32 };
                    self.values(1, self.rows, bits).and(self.values(2, self.rows, bits)).map(drop)
                }
                Layout::Union(dense) => {
                    self.values(0, self.rows, 8)?;
                    if dense {
                        self.values(1, self.rows, 32).map(drop)
                    } else {
                        Ok(())
                    }
                }
                Layout::Null | Layout::List(_) | Layout::Map | Layout::FixedList(_) | Layout::Struct | Layout::Runs => {
                    Ok(())
                }
            }
        }
    }

    /// # Safety
    /// As for `buffers`, with at least three.
    unsafe fn views(&self) -> Result<()> {
        let count = self.raw.n_buffers as usize - 3;
        // SAFETY: by the caller's promise; the last buffer has a length for each buffer between.
        unsafe {
            self.values(1, self.rows, 128)?;
            if count == 0 {
                return Ok(());
            }
            let lengths = self.values(count + 2, count as u64, 64)?;
            if lengths.align_offset(align_of::<i64>()) != 0 {
                return self.damaged("the lengths of its buffers are not aligned");
            }
            for index in 0..count {
                let length = number(lengths, index, 64);
                if length < 0 || length > 0 && self.buffer(index + 2).is_null() {
                    return self.damaged(&format!("buffer {} is NULL or has a length of {length}", index + 2));
                }
            }
        }
        Ok(())
    }

    /// Checks the null count against the bitmap.
    ///
    /// # Safety
    /// As for `buffers`.
    unsafe fn nulls(&mut self) -> Result<()> {
        let count = self.raw.null_count;
        if !self.layout.has_validity() {
            return Ok(());
        }
        // SAFETY: by the caller's promise.
        let has_bitmap = self.raw.n_buffers > 0 && unsafe { !self.buffer(0).is_null() };
        if count > 0 && !has_bitmap && self.raw.length > 0 {
            return self.damaged(&format!("it has {count} nulls and no bitmap of them"));
        }
        self.raw.null_count = match (count, has_bitmap) {
            (_, false) | (0, true) => 0,
            // It costs little to count, and a wrong number would be believed from here on.
            (_, true) => -1,
        };
        Ok(())
    }

    /// Checks that the children have as many rows as this array needs.
    ///
    /// # Safety
    /// The array is live, its children were checked, and the schema is that of the array.
    unsafe fn children(&self, schema: &ArrowSchema) -> Result<()> {
        // SAFETY: by the caller's promise.
        let child = |index: usize| unsafe { &**self.raw.children.add(index) };
        let needed = match self.layout {
            // SAFETY: by the caller's promise.
            Layout::List(wide) => unsafe { self.last_offset(wide)? },
            // SAFETY: by the caller's promise.
            Layout::Map => unsafe { self.last_offset(false)? },
            Layout::FixedList(size) => match self.rows.checked_mul(size) {
                Some(needed) => needed,
                None => return self.damaged(&format!("{} lists of {size} are too many", self.rows)),
            },
            Layout::Struct | Layout::Union(false) => self.rows,
            Layout::Runs => {
                // SAFETY: a checked schema of runs has two children, each with a format.
                let ends = unsafe { text((**schema.children).format) };
                return self.runs(ends, child(0), child(1));
            }
            _ => return Ok(()),
        };
        for index in 0..self.raw.n_children as usize {
            let length = child(index).length as u64;
            if length < needed {
                return self.damaged(&format!("child {index} has {length} rows instead of {needed}"));
            }
        }
        Ok(())
    }

    /// Checks that there is a value for each run and that the last run does not end before the rows do.
    fn runs(&self, format: Option<&str>, ends: &ArrowArray, values: &ArrowArray) -> Result<()> {
        if ends.length > values.length || ends.null_count != 0 {
            return self.damaged(&format!("{} runs have {} values, or an end is null", ends.length, values.length));
        }
        let bits = match format {
            Some("s") => 16,
            Some("i") => 32,
            _ => 64,
        };
        let last = match ends.length {
            0 => 0,
            // SAFETY: a checked array of integers has a second buffer with as many values as it says.
            length => unsafe { number(*ends.buffers.add(1), (ends.offset + length - 1) as usize, bits) },
        };
        if last < self.rows as i64 {
            return self.damaged(&format!("its runs end at {last}, before row {}", self.rows));
        }
        Ok(())
    }
}

/// Returns an integer of 16, 32 or 64 bits in a buffer.
///
/// # Safety
/// `at` has more than `index` of them.
unsafe fn number(at: *const c_void, index: usize, bits: u64) -> i64 {
    // SAFETY: by the caller's promise; nothing says that they are aligned.
    unsafe {
        match bits {
            16 => i64::from(at.cast::<i16>().add(index).read_unaligned()),
            32 => i64::from(at.cast::<i32>().add(index).read_unaligned()),
            _ => at.cast::<i64>().add(index).read_unaligned(),
        }
    }
}

/// # Safety
/// Both are live, and the schema was checked.
unsafe fn check_array(schema: &ArrowSchema, raw: &mut ArrowArray) -> Result<()> {
    // SAFETY: a checked schema has strings that are UTF-8.
    let (name, format) = unsafe { (text(schema.name).unwrap_or(""), text(schema.format).unwrap_or("")) };
    let Some(layout) = Layout::of(format)? else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("{format:?} is not a format of the Arrow standard; convert it to a type of the standard first"),
        ));
    };
    let (length, offset) = (raw.length, raw.offset);
    let rows = length.checked_add(offset).filter(|rows| length >= 0 && offset >= 0 && *rows <= MAX_ROWS);
    let mut checked = Checked { format, name, layout, raw, rows: rows.unwrap_or(0) as u64 };
    let raw = &checked.raw;
    if raw.release.is_none() {
        return checked.damaged("it was released too early");
    }
    if rows.is_none() {
        return checked.damaged(&format!("it claims {length} rows from {offset} on"));
    }
    let (least, most) = layout.buffers();
    if raw.n_buffers < least || raw.n_buffers > most || raw.n_buffers > 0 && raw.buffers.is_null() {
        let expected = if most > least { format!("at least {least}") } else { least.to_string() };
        return checked.damaged(&format!("it has {} buffers instead of {expected}", raw.n_buffers));
    }
    if raw.n_children != schema.n_children || raw.n_children > 0 && raw.children.is_null() {
        return checked.damaged(&format!("it has {} children instead of {}", raw.n_children, schema.n_children));
    }
    if raw.dictionary.is_null() != schema.dictionary.is_null() {
        return checked.damaged("it has a dictionary and its type none, or the other way round");
    }
    // SAFETY: live structs have that many buffers and children, and a dictionary that is live.
    unsafe {
        for index in 0..schema.n_children as usize {
            match (*checked.raw.children.add(index)).as_mut() {
                Some(child) => check_array(&**schema.children.add(index), child)?,
                None => return checked.damaged("a child is NULL"),
            }
        }
        if let (Some(of), Some(dictionary)) = (schema.dictionary.as_ref(), checked.raw.dictionary.as_mut()) {
            check_array(of, dictionary)?;
        }
        checked.nulls()?;
        checked.buffers()?;
        if layout == Layout::Null {
            checked.raw.n_buffers = 0;
        }
        checked.children(schema)
    }
}
