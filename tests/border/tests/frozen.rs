//! What was frozen stays: today's layout has it as a prefix.

use iolink_border_tests::frozen;
use iolink_border_tests::layout::{broken_promises, read, today, Frozen};

fn table() -> Vec<Frozen> {
    read(&std::fs::read_to_string(frozen("layout.txt")).unwrap()).unwrap()
}

#[cfg(target_pointer_width = "64")]
#[test]
fn the_frozen_layout_is_a_prefix_of_todays() {
    let (frozen, today) = (table(), today());
    assert_eq!(frozen.len(), 49);
    let broken = broken_promises(&frozen, &today);
    assert!(broken.is_empty(), "the border of version 1 is broken:\n{}", broken.join("\n"));
}

/// What `broken_promises` says after `change` was made to one struct of the frozen table.
fn after(name: &str, change: impl FnOnce(&mut Frozen)) -> Vec<String> {
    let frozen = table();
    let mut today = frozen.clone();
    change(today.iter_mut().find(|known| known.name == name).unwrap());
    broken_promises(&frozen, &today)
}

fn append(known: &mut Frozen) {
    known.fields.push(("later".into(), known.size, 8));
    known.size += 8;
}

#[test]
fn a_field_at_the_end_is_allowed() {
    assert!(after("iolink_image_vtable", append).is_empty());
    assert!(after("iolink_provider", append).is_empty());
}

#[test]
fn every_other_change_is_told() {
    let swap = |known: &mut Frozen| known.fields.swap(3, 4);
    let rename = |known: &mut Frozen| known.fields[2].0 = "other".into();
    let drop_last = |known: &mut Frozen| drop(known.fields.pop());
    let widen = |known: &mut Frozen| known.fields[1].2 = 8;
    let insert = |known: &mut Frozen| known.fields.insert(1, ("new".into(), 4, 4));
    let into_padding = |known: &mut Frozen| known.fields.push(("sneaked".into(), known.size - 4, 4));
    let realign = |known: &mut Frozen| known.alignment = 16;
    assert_eq!(after("iolink_image_vtable", swap).len(), 2);
    for told in [
        after("iolink_memory", rename),
        after("iolink_provider", drop_last),
        after("iolink_plugin", widen),
        after("iolink_source", insert),
        after("iolink_call", into_padding),
        after("iolink_error", realign),
        after("iolink_view_base", append),
        after("iolink_option", append),
        after("iolink_byte_range", append),
    ] {
        assert!(!told.is_empty());
    }
    let gone = broken_promises(&table(), &table()[1..]);
    assert_eq!(gone, ["iolink_error is gone"]);
}

#[test]
fn a_line_that_is_none_of_a_table_is_told_by_its_number() {
    assert_eq!(read("a 8 8\n  b 0 x\n").unwrap_err(), "line 2 is no line of a layout table:   b 0 x");
    assert!(read("  b 0 8\n").is_err());
}
