//! May a file be run? Judged before it is opened by the system's loader, because constructors run there.
//!
//! * The file, and the folder it lies in, belong to root, to the current user, or to the owner of a root that the
//!   application itself named (its plugin folder, Python's folders): whoever owns those runs code in this process anyway.
//! * Nobody else may write to either. A folder that all may write to is refused even with the sticky bit (`/tmp`). Writing
//!   by the group is accepted where the group is the user's own: its number is the user's, and it is the user's primary
//!   group. Systems with umask 002 make files so.
//! * Folders further up may be written by others only with the sticky bit: without it a whole folder could be exchanged.
//!
//! In the system's folders only root is trusted: what an ordinary user could put there is refused.
//!
//! Symbolic links are resolved before; what is judged is what would run.

use crate::builder::RegistryBuilder;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// Who is trusted, for one application.
pub(crate) struct Trust {
    /// Folders that the application named, and their owners.
    roots: Vec<(PathBuf, u32)>,
    /// The current user, unless root alone is trusted.
    user: bool,
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    const STICKY: u32 = 0o1000;

    /// The current user.
    fn user() -> u32 {
        // SAFETY: it has no arguments and cannot fail.
        unsafe { libc::geteuid() }
    }

    fn own_group(group: u32) -> bool {
        // SAFETY: it has no arguments and cannot fail.
        group == user() && group == unsafe { libc::getegid() }
    }

    impl Trust {
        /// Those that `settings` name.
        pub(crate) fn new(settings: &RegistryBuilder) -> Self {
            let named = settings.package_dir.iter().chain(&settings.python_sites);
            let root = |folder: &PathBuf| {
                let folder = folder.canonicalize().ok()?;
                let owner = folder.metadata().ok()?.uid();
                Some((folder, owner))
            };
            Trust { roots: named.filter_map(root).collect(), user: true }
        }

        /// Nobody but root.
        pub(crate) fn of_root() -> Self {
            Trust { roots: Vec::new(), user: false }
        }

        /// May files in this folder be run?
        pub(crate) fn check_folder(&self, folder: &Path) -> Result<(), String> {
            let shown = folder.display();
            let known =
                folder.metadata().map_err(|error| format!("the folder {shown} cannot be looked at: {error}"))?;
            self.check("folder", folder, &known)?;
            for above in folder.ancestors().skip(1) {
                let known =
                    above.metadata().map_err(|error| format!("{} cannot be looked at: {error}", above.display()))?;
                let mode = known.permissions().mode();
                if mode & 0o002 != 0 && mode & STICKY == 0 {
                    return Err(format!(
                        "the folder {} above it can be written by everybody (mode {:04o}), who could exchange what lies \
                         in it; run chmod o-w {0}, or move the plugin",
                        above.display(),
                        mode & 0o7777
                    ));
                }
            }
            Ok(())
        }

        /// May this file be run?
        pub(crate) fn check_file(&self, path: &Path, known: &Metadata) -> Result<(), String> {
            self.check("file", path, known)
        }

        fn check(&self, what: &str, path: &Path, known: &Metadata) -> Result<(), String> {
            let (mode, owner, shown) = (known.permissions().mode() & 0o7777, known.uid(), path.display());
            let way_out = match what {
                "folder" => "or move the plugin to a folder of your own",
                _ => "if you know where it comes from",
            };
            if mode & 0o002 != 0 || (mode & 0o020 != 0 && !own_group(known.gid())) {
                let who = if mode & 0o002 != 0 { "everybody" } else { "its group" };
                return Err(format!(
                    "the {what} {shown} can be written by {who} (mode {mode:04o}), who could run code in this process; run \
                     chmod go-w {shown}, {way_out}"
                ));
            }
            let named = |(root, of): &(PathBuf, u32)| *of == owner && path.starts_with(root);
            if owner != 0 && !self.user {
                return Err(format!(
                    "the {what} {shown} belongs to user {owner}; in a folder of the system only root's plugins are loaded: run \
                     chown root {shown}, or put the plugin into a folder named in IOLINK_PLUGIN_PATH"
                ));
            }
            if owner != 0 && owner != user() && !self.roots.iter().any(named) {
                return Err(format!(
                    "the {what} {shown} belongs to user {owner}, neither to root nor to user {}; run chown {} {shown}, \
                     {way_out}",
                    user(),
                    user()
                ));
            }
            Ok(())
        }
    }
}

/// Elsewhere permissions are not read: the folders that the application and the user name are trusted.
#[cfg(not(unix))]
impl Trust {
    pub(crate) fn new(_settings: &RegistryBuilder) -> Self {
        Trust { roots: Vec::new(), user: true }
    }

    pub(crate) fn of_root() -> Self {
        Trust { roots: Vec::new(), user: false }
    }

    pub(crate) fn check_folder(&self, _folder: &Path) -> Result<(), String> {
        debug_assert!(self.roots.is_empty() || self.user);
        Ok(())
    }

    pub(crate) fn check_file(&self, _path: &Path, _known: &Metadata) -> Result<(), String> {
        Ok(())
    }
}

/// Does the program run with more rights than its user (set-user-id)? Then the environment is not asked.
pub(crate) fn elevated() -> bool {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: it only reads what the kernel told the process at its start.
        unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
    }
    #[cfg(all(unix, not(target_os = "linux")))]
    {
        // SAFETY: none of these has arguments or can fail.
        unsafe { libc::geteuid() != libc::getuid() || libc::getegid() != libc::getgid() }
    }
    #[cfg(not(unix))]
    {
        false
    }
}
