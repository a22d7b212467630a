//! A frame for people: as text, and as a table of a notebook.

use super::select::as_it_is;
use super::view::DataFrameView;
use crate::errors::OrRaise;
use crate::signals::detached;
use iolink_plugin_dataframe::Cell;
use pyo3::prelude::*;

/// Rows and columns shown at most; of more, the first and the last half.
const MAX_ROWS: u64 = 20;
const MAX_COLUMNS: usize = 20;
const MAX_LETTERS: usize = 40;

struct Shown {
    header: Vec<String>,
    types: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Row number of each shown row; `None` for those left out.
    numbers: Vec<Option<u64>>,
    size: (u64, u64),
}

fn word(cell: &Cell<'_>) -> String {
    let text = match cell {
        Cell::Missing => "null".to_owned(),
        Cell::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Cell::Int(value) => value.to_string(),
        Cell::Float(value) => format!("{value:?}"),
        Cell::Text(text) => text.replace('\n', "\\n"),
        Cell::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Cell::Date(days) => date(*days),
        Cell::Time(nanos) => time(*nanos),
        Cell::Stamp(count, unit, zone) => stamp(*count, unit, zone.as_deref()),
        Cell::Span(count, unit) => format!("{count} {unit}"),
        Cell::Decimal(text) => text.clone(),
        Cell::List(cells) => format!("[{}]", cells.iter().map(word).collect::<Vec<_>>().join(", ")),
        Cell::Tuple(cells) => format!("({})", cells.iter().map(word).collect::<Vec<_>>().join(", ")),
        Cell::Struct(fields) => {
            let fields: Vec<String> = fields.iter().map(|(name, cell)| format!("{name}: {}", word(cell))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Cell::Other(words) => format!("<{words}>"),
    };
    if text.chars().count() > MAX_LETTERS {
        return text.chars().take(MAX_LETTERS - 1).chain(['\u{2026}']).collect();
    }
    text
}

/// Year, month and day of a day since 1970-01-01, by the proleptic Gregorian calendar.
fn date(days: i64) -> String {
    let shifted = days.saturating_add(719_468);
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let left = day - (365 * year + year / 4 - year / 100);
    let month = (5 * left + 2) / 153;
    let (in_month, month) = (left - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{in_month:02}")
}

fn time(nanos: i64) -> String {
    let seconds = nanos.div_euclid(1_000_000_000);
    let part = nanos.rem_euclid(1_000_000_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if part == 0 {
        return clock;
    }
    let digits = format!("{part:09}");
    format!("{clock}.{}", digits.trim_end_matches('0'))
}

fn stamp(count: i64, unit: &str, zone: Option<&str>) -> String {
    let steps = match unit {
        "s" => 1,
        "ms" => 1_000,
        "us" => 1_000_000,
        _ => 1_000_000_000i64,
    };
    let (seconds, part) = (count.div_euclid(steps), count.rem_euclid(steps) * (1_000_000_000 / steps));
    let clock = time(seconds.rem_euclid(86_400) * 1_000_000_000 + part);
    let zone = if zone.is_some() { "Z" } else { "" };
    format!("{} {clock}{zone}", date(seconds.div_euclid(86_400)))
}

fn shown(frame: &DataFrameView, py: Python<'_>) -> PyResult<Shown> {
    let frame = &DataFrameView::new(detached(py, || as_it_is(&frame.view))?);
    let (known, size) = (frame.columns_known(py)?, frame.sizes(py)?);
    let table = &known.table;
    let columns: Vec<Option<usize>> = if table.len() > MAX_COLUMNS {
        let half = MAX_COLUMNS / 2;
        (0..half).map(Some).chain([None]).chain((table.len() - half..table.len()).map(Some)).collect()
    } else {
        (0..table.len()).map(Some).collect()
    };
    let runs = if size.1 > MAX_ROWS {
        vec![(0, MAX_ROWS / 2), (size.1 - MAX_ROWS / 2, MAX_ROWS / 2)]
    } else {
        vec![(0, size.1)]
    };
    let mut made = Shown { header: Vec::new(), types: Vec::new(), rows: Vec::new(), numbers: Vec::new(), size };
    for (index, (first, count)) in runs.iter().enumerate() {
        if index > 0 {
            made.numbers.push(None);
            made.rows.push(vec!["...".to_owned(); columns.len()]);
        }
        made.numbers.extend((*first..first + count).map(Some));
        made.rows.extend((0..*count).map(|_| Vec::with_capacity(columns.len())));
    }
    for column in columns {
        let Some(column) = column else {
            made.header.push("...".to_owned());
            made.types.push(String::new());
            made.rows
                .iter_mut()
                .zip(&made.numbers)
                .filter(|(_, at)| at.is_some())
                .for_each(|(r, _)| r.push("...".into()));
            continue;
        };
        let info = table.column(column).or_raise()?;
        let unit = if info.unit().is_empty() { String::new() } else { format!(" [{}]", info.unit()) };
        made.header.push(format!("{}{unit}", info.name));
        made.types.push(info.arrow_type);
        let mut place = made.rows.iter_mut().zip(&made.numbers).filter(|(_, at)| at.is_some()).map(|(row, _)| row);
        for (first, count) in &runs {
            let values = frame.values(py, column as u64, *first, Some(*count))?;
            for (row, place) in (0..*count as usize).zip(&mut place) {
                place.push(values.cell(row).map_or(String::new(), |cell| word(&cell)));
            }
        }
    }
    Ok(made)
}

fn size_line(size: (u64, u64)) -> String {
    format!("[{} rows x {} columns]", size.1, size.0)
}

/// The frame as text.
pub fn text(frame: &DataFrameView, py: Python<'_>) -> PyResult<String> {
    let shown = shown(frame, py)?;
    let numbers: Vec<String> =
        shown.numbers.iter().map(|number| number.map_or("...".to_owned(), |number| number.to_string())).collect();
    let width = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let first = width(&mut numbers.iter());
    let widths: Vec<usize> = (0..shown.header.len())
        .map(|column| {
            let cells = shown.rows.iter().map(|row| &row[column]);
            width(&mut cells.chain([&shown.header[column], &shown.types[column]]))
        })
        .collect();
    let line = |number: &str, cells: &[String]| {
        let mut line = format!("{number:<first$}");
        for (cell, width) in cells.iter().zip(&widths) {
            line.push_str(&format!("  {cell:>width$}"));
        }
        line.trim_end().to_owned()
    };
    let mut lines = vec![line("", &shown.header), line("", &shown.types)];
    lines.extend(numbers.iter().zip(&shown.rows).map(|(number, row)| line(number, row)));
    lines.push(size_line(shown.size));
    lines.retain(|line| !line.is_empty());
    Ok(lines.join("\n"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The frame as HTML.
pub fn html(frame: &DataFrameView, py: Python<'_>) -> PyResult<String> {
    let shown = shown(frame, py)?;
    let cells = |tag: &str, cells: &[String]| {
        cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect::<String>()
    };
    let mut page = format!(
        "<table><thead><tr><th></th>{}</tr><tr><th></th>{}</tr></thead><tbody>",
        cells("th", &shown.header),
        cells("td", &shown.types)
    );
    for (number, row) in shown.numbers.iter().zip(&shown.rows) {
        let number = number.map_or("...".to_owned(), |number| number.to_string());
        page.push_str(&format!("<tr><th>{number}</th>{}</tr>", cells("td", row)));
    }
    page.push_str(&format!("</tbody></table><p>{}</p>", size_line(shown.size)));
    Ok(page)
}
