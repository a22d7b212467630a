//! The depth of a JSON text, counted over its bytes: whatever reads or drops its values goes down by recursion.

use crate::depth::DEEPEST;

/// Do objects and lists lie deeper in each other than `DEEPEST`, below `outer` of them?
pub fn too_deep(text: &[u8], outer: usize) -> bool {
    let (mut depth, mut quoted, mut at) = (0usize, false, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            // Whatever stands behind it is not the end of a string; outside of strings the text is no JSON.
            b'\\' => at += 1,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                if depth > DEEPEST + outer {
                    return true;
                }
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    false
}

/// The error's words.
pub fn words() -> String {
    format!("objects and lists lie more than {DEEPEST} levels deep in each other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_counted_outside_of_strings() {
        let nested = |count: usize| [vec![b'['; count], vec![b']'; count]].concat();
        assert!(!too_deep(&nested(DEEPEST), 0) && too_deep(&nested(DEEPEST + 1), 0));
        assert!(!too_deep(&nested(DEEPEST + 1), 1));
        assert!(!too_deep(&nested(1).repeat(1000), 0));
        for inside in ["", "\\\"", "\\\\", "a"] {
            let text = format!("\"{inside}{}\"", "[".repeat(1000));
            assert!(!too_deep(text.as_bytes(), 0), "{text}");
            let text = format!("\"{inside}\"{}", "[".repeat(1000));
            assert!(too_deep(text.as_bytes(), 0), "{text}");
        }
    }
}
