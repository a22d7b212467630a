//! The suite can fail: a provider of images in memory and one of files, each with one planted fault at a time, and the
//! promise by whose name each fault is caught. Without a fault both hold every promise.

mod created;
mod faulty;
mod stores;
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
    (tables::Fault::IgnoresBatchRows, "a batch has at most the rows that are asked for"),
    (tables::Fault::LosesTheEndsOfBatches, "a batch has at most the rows that are asked for"),
];

const STORES: &[(stores::Fault, &str)] = &[
    (stores::Fault::ClaimsMoreThanItHas, "has what its offer promises"),
    (stores::Fault::ReadsPartsFromTheStart, "a value whole and in part"),
    (stores::Fault::FailsTheBatchForOneItem, "a missing key is the fault of its item alone"),
    (stores::Fault::FillsSmallBuffers, "a buffer that is too small takes nothing"),
    (stores::Fault::HidesTheSizeOfWhatDoesNotFit, "a buffer that is too small takes nothing, and learns the size"),
    (stores::Fault::CompletesTwice, "completes each item of a batch once"),
    (stores::Fault::CompletesBeforeTheResult, "completes each item of a batch once, with its result"),
    (stores::Fault::CompletesNothing, "completes each item of a batch once"),
    (stores::Fault::NeverStops, "stops a batch when it is asked to"),
    (stores::Fault::TakesAnyKey, "READ: rejects what is not a key"),
    (stores::Fault::TakesAnyKey, "WRITE: rejects what is not a key"),
    (stores::Fault::ThreadsShareARange, "READ: many threads read the same"),
    (stores::Fault::ListsInReverse, "LIST: in byte order"),
    (stores::Fault::IgnoresAfter, "LIST: in byte order, behind a key"),
    (stores::Fault::ListsDeeperKeys, "deeper keys stand together as one prefix"),
    (stores::Fault::ListsToTheEnd, "a reader that has enough ends it"),
    (stores::Fault::ChangesLentBytes, "a value is replaced, and what was lent stays"),
    (stores::Fault::KeepsTheVersion, "the version changes with the value"),
    (stores::Fault::IgnoresIfAbsent, "IF_ABSENT keeps what is there"),
    (stores::Fault::IgnoresIfVersion, "writes over the version that is named only"),
    (stores::Fault::RemovesTwice, "removes values, each once"),
    (stores::Fault::UpdatesACopy, "UPDATE changes a value in place"),
    (stores::Fault::MakesWhatUpdateMisses, "UPDATE changes a value in place"),
    (stores::Fault::CommitsWithoutClose, "a stream that is dropped without close leaves what was there"),
    (stores::Fault::CommitsEveryClose, "CREATE and REPLACE commit when they are closed"),
    (stores::Fault::CreatesOverAValue, "CREATE and REPLACE commit when they are closed"),
];

const CREATED: &[(created::Fault, &str)] = &[
    (created::Fault::ClaimsMoreThanItHas, "has what its offer promises"),
    (created::Fault::LosesTheLastRow, "COMMIT keeps what was written"),
    (created::Fault::WritesBeside, "COMMIT keeps what was written, in whichever order, and nothing beside it"),
    (created::Fault::StartsWithRubbish, "samples that were not written are zero"),
    (created::Fault::CreatesOverAFile, "is exclusive unless it may overwrite"),
    (created::Fault::NeverOverwrites, "is exclusive unless it may overwrite"),
    (created::Fault::WritesOutside, "rejects regions and blocks that do not fit"),
    (created::Fault::IsSeenTooEarly, "is not seen as complete before COMMIT"),
    (created::Fault::KeepsWhatWasAborted, "ABORT removes what was written"),
    (created::Fault::CommitsOnRelease, "the last release without finish removes what was written"),
    (created::Fault::FinishesTwice, "after finish, writing and finishing again are Closed"),
    (created::Fault::WritesAfterFinish, "after finish, writing and finishing again are Closed"),
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

/// One test: stores ask one place for their fault.
#[test]
fn every_fault_of_the_provider_of_stores_is_caught_by_name() {
    let run = |fault| {
        stores::plant(fault);
        let registry = registry();
        let findings = Suite::new(&registry).run("org.faulty.store");
        findings.unwrap()
    };
    let findings = run(stores::Fault::None);
    let missed: Vec<String> =
        findings.iter().filter(|it| it.outcome != Outcome::Held).map(ToString::to_string).collect();
    assert!(missed.is_empty() && findings.len() >= 20, "{} promises\n{}", findings.len(), missed.join("\n"));
    for (fault, promise) in STORES {
        assert_caught(run(*fault), fault, promise);
    }
}

fn run_created(fault: created::Fault) -> Vec<Finding> {
    created::plant(fault);
    let registry = registry();
    let content = b"created\x02\x03\x01\x02\x03\x04\x05\x06";
    let findings = Suite::new(&registry).sample(sample("sample.created", content)).run("org.faulty.created");
    created::plant(created::Fault::None);
    findings.unwrap()
}

#[test]
fn every_fault_of_the_provider_that_creates_files_is_caught_by_name() {
    let findings = run_created(created::Fault::None);
    let missed: Vec<String> =
        findings.iter().filter(|it| it.outcome != Outcome::Held).map(ToString::to_string).collect();
    assert!(missed.is_empty() && findings.len() >= 15, "{} promises\n{}", findings.len(), missed.join("\n"));
    for (fault, promise) in CREATED {
        assert_caught(run_created(*fault), fault, promise);
    }
}
