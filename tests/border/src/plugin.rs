//! Building plugins for the tests, and calling one without a host in between.

use iolink_sdk::abi::{iolink_plugin, iolink_provider};
use iolink_sdk::{fail, host_api, Call, Convert, Create, Error, ErrorKind, Result, Source, Target, View};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr::null;

/// Builds a package of the workspace as a shared object of the release profile.
///
/// # Errors
/// What cargo says.
pub fn build(package: &str, library: &str) -> Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--release", "--package", package]).current_dir(crate::root());
    run(&mut cargo)?;
    Ok(crate::root().join("target/release").join(format!("lib{library}.so")))
}

/// Runs a command, whose output is the error if it fails.
///
/// # Errors
/// Where the command cannot be started or ends with another number than 0.
pub fn run(command: &mut Command) -> Result<String> {
    let out = command.output().map_err(|reason| Error::io(&format!("starting {command:?}"), &reason))?;
    if !out.status.success() {
        fail!(
            Internal,
            "{command:?} failed:\n{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// The C compiler with the standard and the warnings of all tests, every warning an error.
fn cc() -> Command {
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-missing-field-initializers", "-O1"]);
    cc
}

/// Compiles one C file into a plugin.
///
/// # Errors
/// What the compiler says.
pub fn compile_c(source: &Path, include: &Path, defines: &[&str], out: &Path) -> Result<()> {
    let mut cc = cc();
    cc.args(defines.iter().map(|define| format!("-D{define}"))).args(["-fPIC", "-shared", "-fvisibility=hidden"]);
    run(cc.arg("-I").arg(include).arg(source).arg("-o").arg(out)).map(drop)
}

/// The C files of a folder, in order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = std::fs::read_dir(folder).map_err(|reason| Error::io(&folder.display().to_string(), &reason))?;
    let mut files: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "c"));
    files.sort();
    Ok(files)
}

/// Compiles the C files of a folder into a plugin, with the header of the SDK.
///
/// # Errors
/// What the compiler says.
pub fn compile_folder(folder: &Path, out: &Path) -> Result<()> {
    let mut cc = cc();
    cc.args(["-D_GNU_SOURCE", "-fPIC", "-shared", "-fvisibility=hidden", "-I"]).arg(crate::root().join("sdk/include"));
    run(cc.args(sources(folder)?).arg("-o").arg(out).arg("-lpthread")).map(drop)
}

/// Compiles the C files of a folder into a program that finds its own errors of memory, with the header of the SDK.
///
/// # Errors
/// What the compiler says.
pub fn compile_program(folder: &Path, out: &Path) -> Result<()> {
    let mut cc = cc();
    cc.args(["-D_GNU_SOURCE", "-fsanitize=address,undefined", "-I"]).arg(crate::root().join("sdk/include"));
    run(cc.args(sources(folder)?).arg("-o").arg(out).arg("-ldl")).map(drop)
}

/// The first provider of a loaded plugin.
pub struct Plugin {
    provider: &'static iolink_provider,
}

impl Plugin {
    /// Loads a plugin for ever.
    ///
    /// # Errors
    /// Where the library cannot be loaded or lacks the symbol.
    pub fn load(path: &Path) -> Result<Plugin> {
        let refused = |reason: libloading::Error| Error::new(ErrorKind::Refused, format!("{reason:?}"));
        // SAFETY: the library is one of our tests'; it is never unloaded, so that what it gives out stays good, and its
        // symbol is the descriptor with a provider in it.
        unsafe {
            let library = libloading::Library::new(path).map_err(refused)?;
            let plugin = *library.get::<*const iolink_plugin>(b"iolink_plugin_v1").map_err(refused)?;
            std::mem::forget(library);
            Ok(Plugin { provider: &**(*plugin).providers })
        }
    }

    /// OPEN, with a format asked for or "".
    ///
    /// # Errors
    /// What the provider says.
    pub fn open(&self, uri: &str, format: &str) -> Result<View> {
        self.open_source(&Source::new(uri).with_format(format))
    }

    /// OPEN of a source.
    ///
    /// # Errors
    /// What the provider says.
    pub fn open_source(&self, source: &Source) -> Result<View> {
        let Some(open) = self.provider.open else { fail!(NotImplemented, "no open") };
        source.with_border(|source| {
            // SAFETY: provider and source live until the function returns, and NULL is a host.
            unsafe { host_api::call_for_view(|out, error| open(self.provider, null(), source, null(), out, error)) }
        })
    }

    /// CREATE.
    ///
    /// # Errors
    /// What the provider says.
    pub fn create(&self, request: Create) -> Result<View> {
        let Some(create) = self.provider.create else { fail!(NotImplemented, "no create") };
        request.with_border(|request| {
            // SAFETY: provider and request live until the function returns, and NULL is a host.
            unsafe { host_api::call_for_view(|out, error| create(self.provider, null(), request, null(), out, error)) }
        })
    }

    /// CONVERT to the same kind.
    ///
    /// # Errors
    /// What the provider says.
    pub fn convert(&self, view: View) -> Result<View> {
        let Some(convert) = self.provider.convert else { fail!(NotImplemented, "no convert") };
        Convert::new(view.kind(), 0).with_border(|request| {
            host_api::with_raw_view(view, |raw| {
                // SAFETY: provider, view and request live until the function returns, and NULL is a host.
                unsafe {
                    host_api::call_for_view(|out, error| {
                        convert(self.provider, null(), raw, request, null(), out, error)
                    })
                }
            })
        })
    }

    /// SAVE.
    ///
    /// # Errors
    /// What the provider says.
    pub fn save(&self, view: View, target: &Target, call: &Call<'_>) -> Result<()> {
        let Some(save) = self.provider.save else { fail!(NotImplemented, "no save") };
        target.with_border(|target| {
            host_api::with_raw_view(view, |raw| {
                host_api::with_raw_call(call, |call| {
                    // SAFETY: provider, view, target and call live until the function returns, and NULL is a host.
                    host_api::call(|error| unsafe { save(self.provider, null(), raw, target, call, error) })
                })
            })
        })
    }
}
