//! Is the text a well-formed table? polars accepts short rows, blank lines and quotes that never end, and names no
//! line; so this looks first. One pass without allocation, by [`simd`] where the processor allows it.

#[cfg(target_arch = "x86_64")]
mod simd;
#[cfg(test)]
mod tests;

use std::fmt;

/// How fields are told apart.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Between two fields.
    pub separator: u8,
    /// Around a field; doubled inside one.
    pub quote: Option<u8>,
}

/// What is wrong, with the line on which it starts, counted from 1.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Fault {
    /// A record has another number of fields than the first one.
    Ragged { line: u64, found: usize, expected: usize },
    /// A quoted field never ends.
    Unclosed { line: u64 },
    /// A quote inside an unquoted field, or text behind the closing one.
    StrayQuote { line: u64 },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Ragged { line, found: 0, expected } => {
                write!(f, "line {line}: the line is empty, where the first one has {expected} fields")
            }
            Fault::Ragged { line, found, expected } => {
                let s = if *found == 1 { "" } else { "s" };
                write!(f, "line {line}: {found} field{s}, where the first line has {expected}")
            }
            Fault::Unclosed { line } => write!(f, "line {line}: a quoted field begins here and never ends"),
            Fault::StrayQuote { line } => write!(
                f,
                "line {line}: a quote in the middle of a field; the whole field must be quoted and inner quotes \
                 doubled, or say with the option quote that there is no quoting"
            ),
        }
    }
}

/// A record that was passed.
pub struct Passed {
    /// Line on which it starts.
    pub line: u64,
    /// How many fields it has; an empty line has one.
    pub fields: usize,
    /// Is it an empty line?
    pub blank: bool,
}

/// Goes through the records one by one, exactly.
pub struct Walker<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    at: usize,
    line: u64,
}

impl<'a> Walker<'a> {
    /// Starts at the first record.
    pub fn new(bytes: &'a [u8], dialect: Dialect) -> Self {
        Walker { bytes, dialect, at: 0, line: 1 }
    }

    /// Where the next record starts.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Passes a record and hands out its fields as they are written, quotes and all; `None` at the end.
    pub fn record(&mut self, mut field: impl FnMut(usize, &'a [u8])) -> Result<Option<Passed>, Fault> {
        if self.at >= self.bytes.len() {
            return Ok(None);
        }
        let (start, line) = (self.at, self.line);
        let mut fields = 0;
        loop {
            let written = self.field()?;
            field(fields, written);
            fields += 1;
            match self.bytes.get(self.at) {
                Some(byte) if *byte == self.dialect.separator => self.at += 1,
                _ => break,
            }
        }
        let blank = matches!(&self.bytes[start..self.at], b"" | b"\r");
        if self.at < self.bytes.len() {
            self.at += 1;
            self.line += 1;
        }
        Ok(Some(Passed { line, fields, blank }))
    }

    /// Passes a field; stops at its separator, at the end of the line or of the text.
    fn field(&mut self) -> Result<&'a [u8], Fault> {
        let (bytes, start) = (self.bytes, self.at);
        match self.dialect.quote {
            Some(quote) if bytes.get(start) == Some(&quote) => self.quoted(quote)?,
            quote => loop {
                match bytes.get(self.at) {
                    None | Some(b'\n') => break,
                    Some(byte) if *byte == self.dialect.separator => break,
                    Some(byte) if Some(*byte) == quote => return Err(Fault::StrayQuote { line: self.line }),
                    Some(_) => self.at += 1,
                }
            },
        }
        Ok(&bytes[start..self.at])
    }

    fn quoted(&mut self, quote: u8) -> Result<(), Fault> {
        let opened = self.line;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                None => return Err(Fault::Unclosed { line: opened }),
                Some(byte) if *byte == quote => {
                    self.at += 1;
                    if self.bytes.get(self.at) != Some(&quote) {
                        break;
                    }
                }
                Some(byte) => self.line += u64::from(*byte == b'\n'),
            }
            self.at += 1;
        }
        match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
            (None | Some(b'\n'), _) => {}
            (Some(b'\r'), None | Some(b'\n')) => self.at += 1,
            (Some(byte), _) if *byte == self.dialect.separator => {}
            _ => return Err(Fault::StrayQuote { line: self.line }),
        }
        Ok(())
    }
}

/// The value of a field that is written like this, without quotes and line end.
pub fn value(written: &[u8], quote: Option<u8>) -> Vec<u8> {
    let written = written.strip_suffix(b"\r").unwrap_or(written);
    match (quote, written) {
        (Some(quote), [first, inner @ .., last]) if *first == quote && *last == quote => {
            let mut out = Vec::with_capacity(inner.len());
            let mut rest = inner.iter();
            while let Some(byte) = rest.next() {
                out.push(*byte);
                if *byte == quote {
                    rest.next();
                }
            }
            out
        }
        _ => written.to_vec(),
    }
}

/// How many records there are, each with `width` fields.
pub fn check(bytes: &[u8], dialect: Dialect, width: usize) -> Result<u64, Fault> {
    #[cfg(target_arch = "x86_64")]
    if let Some(records) = simd::well_formed(bytes, dialect, width) {
        return Ok(records);
    }
    check_exactly(bytes, dialect, width)
}

fn check_exactly(bytes: &[u8], dialect: Dialect, width: usize) -> Result<u64, Fault> {
    let (mut walker, mut records) = (Walker::new(bytes, dialect), 0);
    while let Some(passed) = walker.record(|_, _| ())? {
        if passed.fields != width {
            let found = if passed.blank { 0 } else { passed.fields };
            return Err(Fault::Ragged { line: passed.line, found, expected: width });
        }
        records += 1;
    }
    Ok(records)
}

/// The text without the empty lines at its end.
pub fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    match bytes[end..].iter().position(|byte| *byte == b'\n') {
        Some(newline) => &bytes[..end + newline + 1],
        None => bytes,
    }
}

/// Bytes of the first `records` records, or a little more; all of a shorter text.
pub fn head(bytes: &[u8], dialect: Dialect, records: usize) -> usize {
    let (mut inside, mut left) = (false, records);
    for (at, byte) in bytes.iter().enumerate() {
        if Some(*byte) == dialect.quote {
            inside = !inside;
        } else if *byte == b'\n' && !inside {
            if left == 0 {
                return at + 1;
            }
            left -= 1;
        }
    }
    bytes.len()
}

/// Line of the first field of a column, the first record apart where it is the header, for which `wanted` says so.
pub fn find(
    bytes: &[u8],
    dialect: Dialect,
    header: bool,
    column: usize,
    mut wanted: impl FnMut(&[u8]) -> bool,
) -> Option<u64> {
    let mut walker = Walker::new(bytes, dialect);
    let mut first = header;
    loop {
        let mut found = false;
        let passed = walker.record(|index, written| found |= index == column && !first && wanted(written)).ok()??;
        if found {
            return Some(passed.line);
        }
        first = false;
    }
}
