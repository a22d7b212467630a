//! Units: the closed list that iolink knows, its spellings in formats, and what converts into what.

/// The units, each with its size and the spellings that formats and people use for it. Sizes of lengths are in picometres and
/// of times in microseconds, so that the ratio of two of them is as exact as a double can be.
const UNITS: [(&str, Quantity, f64, &[&str]); 11] = [
    ("m", Quantity::Length, 1e12, &["meter", "meters", "metre", "metres"]),
    ("cm", Quantity::Length, 1e10, &["centimeter", "centimeters", "centimetre", "centimetres"]),
    ("mm", Quantity::Length, 1e9, &["millimeter", "millimeters", "millimetre", "millimetres"]),
    (
        "µm", // micro sign
        Quantity::Length,
        1e6,
        &["μm", "um", "micron", "microns", "micrometer", "micrometers", "micrometre", "micrometres", "\\u00B5m"], // Greek mu
    ),
    ("nm", Quantity::Length, 1e3, &["nanometer", "nanometers", "nanometre", "nanometres"]),
    ("Å", Quantity::Length, 1e2, &["\u{212b}", "A\u{30a}", "angstrom", "angstroms", "ångström"]), // angstrom sign
    ("s", Quantity::Time, 1e6, &["sec", "secs", "second", "seconds"]),
    ("ms", Quantity::Time, 1e3, &["msec", "msecs", "millisecond", "milliseconds"]),
    ("µs", Quantity::Time, 1.0, &["μs", "us", "usec", "usecs", "microsecond", "microseconds", "\\u00B5s"]),
    ("min", Quantity::Time, 6e7, &["mins", "minute", "minutes"]),
    ("h", Quantity::Time, 3.6e9, &["hr", "hrs", "hour", "hours"]),
];

#[derive(Clone, Copy, PartialEq)]
enum Quantity {
    Length,
    Time,
}

/// Returns the unit as iolink writes it: m, cm, mm, µm, nm, Å, s, ms, µs, min, h. Any other string stays as it is. Spellings of
/// more than three letters are found in either case.
pub fn normal_unit(unit: &str) -> &str {
    if unit.is_empty() {
        return unit;
    }
    let spells = |spelling: &&str| *spelling == unit || (spelling.len() > 3 && spelling.eq_ignore_ascii_case(unit));
    match UNITS.iter().find(|(name, _, _, spellings)| *name != unit && spellings.iter().any(spells)) {
        Some((name, ..)) => name,
        None => unit,
    }
}

/// How many `to` one `from` is: 1 if both are written alike, known or not; `None` if one of two different units is not known
/// here, "" included, or one is a length and the other a time.
pub fn unit_ratio(from: &str, to: &str) -> Option<f64> {
    let (from, to) = (normal_unit(from), normal_unit(to));
    if from == to {
        return Some(1.0);
    }
    let known = |unit: &str| UNITS.iter().find(|(name, ..)| *name == unit);
    let ((_, kind, size, _), (_, other, per, _)) = (known(from)?, known(to)?);
    (kind == other).then_some(size / per)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_times_convert_exactly_and_nothing_else_does() {
        assert_eq!(unit_ratio("mm", "µm"), Some(1000.0));
        assert_eq!(unit_ratio("mm", "cm"), Some(0.1));
        assert_eq!(unit_ratio("nm", "Å"), Some(10.0));
        assert_eq!(unit_ratio("um", "\u{3bc}m"), Some(1.0));
        assert_eq!(unit_ratio("min", "ms"), Some(60_000.0));
        assert_eq!(unit_ratio("furlong", "furlong"), Some(1.0));
        assert_eq!(unit_ratio("", ""), Some(1.0));
        for (from, to) in
            [("mm", ""), ("", "mm"), ("furlong", "mm"), ("mm", "s"), ("mm", "MM"), ("in", "mm"), ("km", "m")]
        {
            assert_eq!(unit_ratio(from, to), None, "{from:?} as {to:?}");
        }
    }

    #[test]
    fn each_spelling_becomes_the_units_own() {
        for (unit, spellings) in [
            ("µm", &["um", "\u{3bc}m", "micron", "Microns", "micrometer", "MICROMETRE", "µm"][..]),
            ("Å", &["\u{212b}", "A\u{30a}", "Angstrom"]),
            ("mm", &["millimeter", "Millimetres", "mm"]),
            ("s", &["sec", "seconds", "Second"]),
            ("µs", &["us", "\u{3bc}s"]),
            ("h", &["hr", "hours"]),
        ] {
            spellings.iter().for_each(|one| assert_eq!(normal_unit(one), unit, "{one}"));
        }
        for other in ["", "MM", "M", "S", "pixel", "in", "HU", "A", "UM"] {
            assert_eq!(normal_unit(other), other);
        }
    }
}
