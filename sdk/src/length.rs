//! Units of length, as people and formats write them.

/// Picometres of one unit. Whole numbers, so that the ratio of two of them is as exact as a double can be.
const PICOMETRES: [(&str, f64); 16] = [
    ("km", 1e15),
    ("m", 1e12),
    ("dm", 1e11),
    ("cm", 1e10),
    ("mm", 1e9),
    ("µm", 1e6), // micro sign
    ("μm", 1e6), // Greek letter mu
    ("um", 1e6),
    ("micron", 1e6),
    ("nm", 1e3),
    ("Å", 1e2),        // letter
    ("\u{212b}", 1e2), // angstrom sign
    ("pm", 1.0),
    ("in", 2.54e10),
    ("ft", 3.048e11),
    ("mil", 2.54e7),
];

/// How many `to` one `from` is: 1 where both are written alike, known or not; `None` where one of two different units is no
/// length that is known here, "" included.
pub fn length_unit_ratio(from: &str, to: &str) -> Option<f64> {
    if from == to {
        return Some(1.0);
    }
    let known = |unit: &str| PICOMETRES.iter().find(|(name, _)| *name == unit).map(|(_, length)| *length);
    Some(known(from)? / known(to)?)
}

#[cfg(test)]
mod tests {
    use super::length_unit_ratio;

    #[test]
    fn lengths_convert_exactly_and_nothing_else_does() {
        assert_eq!(length_unit_ratio("mm", "µm"), Some(1000.0));
        assert_eq!(length_unit_ratio("mm", "cm"), Some(0.1));
        assert_eq!(length_unit_ratio("in", "mm"), Some(25.4));
        assert_eq!(length_unit_ratio("nm", "Å"), Some(10.0));
        assert_eq!(length_unit_ratio("um", "\u{3bc}m"), Some(1.0));
        assert_eq!(length_unit_ratio("furlong", "furlong"), Some(1.0));
        assert_eq!(length_unit_ratio("", ""), Some(1.0));
        for (from, to) in [("mm", ""), ("", "mm"), ("furlong", "mm"), ("mm", "s"), ("mm", "MM")] {
            assert_eq!(length_unit_ratio(from, to), None, "{from:?} as {to:?}");
        }
    }
}
