//! Views written into files: who writes, and that a file is there whole or as it was before.

use iolink_host::{source, Registry};
use iolink_sdk::{
    fail, Call, ErrorKind, Host, Kind, Offer, OptionInfo, Options, Provider, ProviderInfo, RandomAccess, Result,
    StreamCapability, Target, View,
};
use std::path::Path;

struct Bytes(StreamCapability);

impl RandomAccess for Bytes {
    fn capabilities(&self) -> StreamCapability {
        self.0
    }
    fn length(&self) -> Result<u64> {
        Ok(3)
    }
    fn read_at(&self, _: u64, buffer: &mut [u8]) -> Result<usize> {
        buffer[..3].copy_from_slice(b"new");
        Ok(3)
    }
}

fn readable() -> View {
    View::random_access(Bytes(StreamCapability::READ))
}

const NEEDS: u64 = StreamCapability::READ.value();

const FAIL: &[OptionInfo] = &[OptionInfo::string("fail", "", "how to fail half-way")];

/// Writes the bytes behind the format's name, and fails half-way when told to.
struct Writer;

impl Provider for Writer {
    const INFO: ProviderInfo = ProviderInfo::new("org.test.writer", "Writes").offers(&[
        Offer::save(Kind::RandomAccess, "PLAIN", NEEDS).extensions("plain").options(FAIL),
        Offer::save(Kind::RandomAccess, "PACKED", NEEDS)
            .extensions("gz,plain.gz")
            .media_types("x/packed")
            .options(FAIL),
    ]);

    fn save(&self, _: &Host, view: View, target: &Target, call: &Call<'_>) -> Result<()> {
        let (path, format) = (target.path().unwrap(), target.format().unwrap());
        let mut bytes = [0; 3];
        view.into_random_access()?.read_exact_at(0, &mut bytes)?;
        std::fs::write(path, [format.as_bytes(), b" ", &bytes].concat()).unwrap();
        call.step(1, 2)?;
        match target.option("fail") {
            Some("panic") => panic!("half-way"),
            Some(_) => fail!(Corrupt, "half-way"),
            None => Ok(()),
        }
    }
}

iolink_sdk::builtin!(Writer);

fn save(path: &Path, options: &[(&str, &str)], format: Option<&str>) -> Result<String> {
    save_with(path, options, format, &Call::silent())
}

fn save_with(path: &Path, options: &[(&str, &str)], format: Option<&str>, call: &Call<'_>) -> Result<String> {
    let target = source::from_path(path)?;
    let target = options.iter().fold(target, |target, (key, value)| target.with_option(*key, *value));
    let target = format.into_iter().fold(target, |target, format| target.with_format(format));
    Registry::builder().plugin_path_env(false).build().save_with(readable(), target, None, call)
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_ending_or_the_format_asked_for_chooses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.plain");
    for (name, format, written) in [
        ("a.plain", None, "PLAIN new"),
        ("a.PLAIN.gz", None, "PACKED new"),
        ("a.plain", Some("packed"), "PACKED new"),
        ("a.plain", Some(".gz"), "PACKED new"),
        ("a", Some("x/packed"), "PACKED new"),
    ] {
        let path = path.with_file_name(name);
        assert_eq!(save(&path, &[], format).unwrap(), "org.test.writer");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written, "{name} {format:?}");
    }
}

#[test]
fn what_fails_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.plain"), folder.path().join("new.plain"));
    std::fs::write(&old, "old").unwrap();
    for (how, kind) in [("error", ErrorKind::Corrupt), ("panic", ErrorKind::Internal)] {
        for path in [&old, &new] {
            let failed = save(path, &[("fail", how)], None).unwrap_err();
            assert_eq!((failed.kind(), failed.provider()), (kind, "org.test.writer"), "{failed}");
        }
    }
    let stopped = save_with(&new, &[], None, &Call::new(&|_, _| false)).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);
    assert_eq!(names(folder.path()), ["old.plain"]);
    assert_eq!(std::fs::read_to_string(&old).unwrap(), "old");
}

#[cfg(unix)]
#[test]
fn a_replaced_file_keeps_its_permissions_and_a_link_stays_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file.plain"), folder.path().join("link.plain"));
    std::fs::write(&file, "old").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    save(&link, &[], None).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "PLAIN new");
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn refusals_say_what_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let failed = save(&folder.path().join("a.xyz"), &[], None).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Unsupported);
    assert!(failed.message().contains("PLAIN (.plain) by org.test.writer"), "{failed}");
    assert!(save(&folder.path().join("a.plain"), &[], Some("xyz")).unwrap_err().message().contains("as \"xyz\""));
    assert_eq!(save(folder.path(), &[], Some("PLAIN")).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let nowhere = folder.path().join("none").join("a.plain");
    assert_eq!(save(&nowhere, &[], None).unwrap_err().kind(), ErrorKind::NotFound);
    let registry = Registry::builder().plugin_path_env(false).build();
    let remote = registry.save(readable(), Target::new("s3://bucket/a.plain"), None).unwrap_err();
    assert_eq!(remote.kind(), ErrorKind::InvalidArgument);
    let blind = View::random_access(Bytes(StreamCapability::WRITE));
    let target = source::from_path(&folder.path().join("a.plain")).unwrap();
    let failed = registry.save(blind, target, None).unwrap_err();
    assert!(failed.kind() == ErrorKind::NotImplemented && failed.message().contains("READ"), "{failed}");
    assert!(names(folder.path()).is_empty());
}
