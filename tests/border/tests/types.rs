//! The types of the border's fields, by abi_stable: what was frozen is a prefix of what is there today.

#[cfg(all(feature = "abi-check", target_arch = "x86_64"))]
#[test]
fn frozen_types_are_a_prefix_of_todays() {
    use std::collections::HashMap;

    fn structs(text: &str) -> HashMap<String, Vec<String>> {
        let (mut all, mut name) = (HashMap::<String, Vec<String>>::new(), String::new());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            match line.strip_prefix("  ") {
                Some(field) => all.entry(name.clone()).or_default().push(field.to_owned()),
                None => name = line.to_owned(),
            }
        }
        all
    }

    let frozen = std::fs::read_to_string(iolink_border_tests::frozen("types.txt")).unwrap();
    let (frozen, today) = (structs(&frozen), structs(&iolink_border_tests::types::write()));
    assert_eq!(frozen.len(), 46);
    for (name, fields) in frozen {
        let now = today.get(&name).unwrap_or_else(|| panic!("{name} is gone"));
        assert!(now.starts_with(&fields), "{name} was\n{fields:#?}\nand is\n{now:#?}");
    }
}

/// Without the feature this file runs itself with it: abi_stable must not be built together with the plugins, whose
/// dependency it would become.
#[cfg(not(feature = "abi-check"))]
#[test]
fn with_abi_check_the_types_are_compared() {
    use std::process::Command;

    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["test", "--quiet", "--release", "--package", "iolink-border-tests", "--features", "abi-check"]);
    let said =
        iolink_border_tests::plugin::run(cargo.args(["--test", "types"]).current_dir(iolink_border_tests::root()));
    let said = said.unwrap();
    if cfg!(target_arch = "x86_64") {
        assert!(said.contains("1 passed"), "{said}");
    }
}
