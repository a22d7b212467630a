//! The suite can fail: a provider of images in memory and one of files, each with one planted fault at a time, and the
//! promise by whose name each fault is caught. Without a fault both hold every promise.

mod faulty;
mod tables;

use faulty::Fault;
use iolink_conformance::{Finding, Outcome, Suite};
use iolink_host::Registry;
use std::path::PathBuf;

/// Fault, and words of the promise that must be broken by it.
const MEMORY: &[(Fault, &str)] = &[
    (Fault::ClaimsWhatItHasNot, "has what its offer promises"),
    (Fault::SwapsTheShape, "says its shape, type and axes"),
    (Fault::StartsWithRubbish, "starts at zero"),
    (Fault::ReadsOneColumnBeside, "a region is that part of the whole"),
    (Fault::IgnoresStrides, "fills blocks of any layout, and nothing beside them"),
    (Fault::WritesAtTheOrigin, "changes the region that is named, and nothing beside it"),
    (Fault::LendsAnotherByteOrder, "the memory is what regions read, in the byte order it names"),
    (Fault::ReadsOutside, "refuses regions that are not there"),
    (Fault::NamesTheWrongKind, "refuses regions that are not there"),
    (Fault::ReshapesWhileLent, "not while memory is lent"),
    (Fault::KeepsTheOwner, "lent memory outlives the view"),
    (Fault::SharesAScratchBuffer, "many threads read the same"),
    (Fault::ForgetsProperties, "keeps properties and metadata that are put over it"),
    (Fault::WrapsHugeSizes, "refuses sizes that cannot be"),
    (Fault::NeverStops, "stops when it is asked to"),
    (Fault::Panics, "a region is that part of the whole"),
    (Fault::CutsTilesThatOverlap, "cover the image once, and read what regions do"),
    (Fault::LosesMetadata, "the samples, the axes and the metadata stay"),
    (Fault::KeepsTheSource, "a copy lets go of its source"),
];

const FILES: &[(Fault, &str)] = &[
    (Fault::ClaimsEveryFile, "does not claim the files of others"),
    (Fault::OpensEveryFile, "refuses the files of others"),
    (Fault::ReadsCutFiles, "a file that is cut off is an error"),
    (Fault::GivesAnotherKind, "gives the kind of view"),
    (Fault::NeedsThePath, "gives the same from a path and from bytes alone"),
    (Fault::KeepsTheBytes, "lets go of the source with its last view"),
    (Fault::PanicsOnDamage, "damaged bytes never make it panic"),
    (Fault::ReadsOneColumnBeside, "a region is that part of the whole"),
];

const TABLES: &[(tables::Fault, &str)] = &[
    (tables::Fault::DescribesFewerColumns, "its schema is that of its data"),
    (tables::Fault::IgnoresTheOrderOfColumns, "some columns are those of the whole"),
    (tables::Fault::ShiftsRows, "some rows are those of the whole"),
    (tables::Fault::ThreadsShareARange, "READ: many threads read the same"),
    (tables::Fault::GivesColumnsThatAreNotThere, "refuses columns and rows that are not there"),
    (tables::Fault::ReadsCutFiles, "a file that is cut off is an error"),
    (tables::Fault::SavesOneRowLess, "what is saved opens again equal"),
    (tables::Fault::DoesNotCutALongerFile, "what is saved opens again equal"),
    (tables::Fault::WritesBeside, "leaves the file and nothing beside it"),
    (tables::Fault::HidesFailedReads, "a view that cannot be read to its end is an error, and the old file stays"),
    (tables::Fault::TakesAnyFormat, "a format that it does not write is refused"),
    (tables::Fault::HidesFailedWrites, "a place that cannot be written is an error"),
    (tables::Fault::ThreadsShareAFile, "many threads save at once"),
];

fn registry() -> Registry {
    Registry::builder().plugin_path_env(false).system_dirs(Vec::new()).build()
}

fn sample(name: &str, content: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("iolink-faults-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    let part = folder.join(format!("{:?}", std::thread::current().id()));
    std::fs::write(&part, content).unwrap();
    std::fs::rename(part, &file).unwrap();
    file
}

fn run(provider: &str, fault: Fault) -> Vec<Finding> {
    faulty::plant(fault);
    let registry = registry();
    let findings = Suite::new(&registry).sample(sample("sample.faulty", &faulty::file())).run(provider).unwrap();
    faulty::plant(Fault::None);
    findings
}

fn run_tables(fault: tables::Fault) -> Vec<Finding> {
    tables::plant(fault);
    let registry = registry();
    let findings = Suite::new(&registry).sample(sample("sample.ftable", &tables::file(40))).run("org.faulty.table");
    tables::plant(tables::Fault::None);
    findings.unwrap()
}

fn assert_caught(findings: Vec<Finding>, fault: &dyn std::fmt::Debug, promise: &str) {
    let broken: Vec<Finding> = findings.into_iter().filter(|it| it.broken().is_some()).collect();
    let names: Vec<&str> = broken.iter().map(|finding| finding.promise.as_str()).collect();
    assert!(names.iter().any(|name| name.contains(promise)), "{fault:?} broke only {names:?}");
}

#[test]
fn without_a_fault_every_promise_is_held() {
    for (provider, least) in [("org.faulty.memory", 20), ("org.faulty.file", 12)] {
        let findings = run(provider, Fault::None);
        let missed: Vec<String> =
            findings.iter().filter(|it| it.outcome != Outcome::Held).map(ToString::to_string).collect();
        assert!(missed.is_empty(), "\n{}", missed.join("\n"));
        assert!(findings.len() >= least, "only {} promises of {provider} were tested", findings.len());
    }
}

#[test]
fn every_fault_of_the_memory_provider_is_caught_by_name() {
    for (fault, promise) in MEMORY {
        assert_caught(run("org.faulty.memory", *fault), fault, promise);
    }
}

#[test]
fn every_fault_of_the_file_provider_is_caught_by_name() {
    for (fault, promise) in FILES {
        assert_caught(run("org.faulty.file", *fault), fault, promise);
    }
}

/// One test: what saves asks one place for its fault, from whichever thread.
#[test]
fn every_fault_of_the_provider_of_tables_is_caught_by_name() {
    let findings = run_tables(tables::Fault::None);
    let missed: Vec<String> =
        findings.iter().filter(|it| it.outcome != Outcome::Held).map(ToString::to_string).collect();
    assert!(missed.is_empty() && findings.len() >= 20, "{} promises\n{}", findings.len(), missed.join("\n"));
    for (fault, promise) in TABLES {
        assert_caught(run_tables(*fault), fault, promise);
    }
}
