//! May a file be run? Judged before it is opened by the system's loader, because constructors run there.
//!
//! * The file, the folder it lies in and every folder above belong to root, to the current user, or to the owner of a root
//!   that the application itself named (its plugin folder, Python's folders), who runs code in this process anyway. The
//!   owner of a folder can exchange all that lies in it, however deep.
//! * Others may write to none of them. A folder of plugins that all may write to is refused even with the sticky bit
//!   (`/tmp`); above it the sticky bit is enough, since it keeps others from exchanging what they do not own. Writing
//!   by the group is accepted if the group is the user's own: its number is the user's, and it is the user's primary
//!   group. Systems with umask 002 make files so.
//!
//! In the system's folders only root is trusted: what an ordinary user could put there is refused.
//!
//! Symbolic links are resolved before; what is judged is what would run. With the folders judged up to the root, only
//! those who are trusted can exchange a file between this judgement and `dlopen`.

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
            for (above, at) in folder.ancestors().enumerate() {
                let place = if above == 0 { Place::Folder } else { Place::Above };
                let known =
                    at.metadata().map_err(|error| format!("{} cannot be looked at: {error}", place.words(at)))?;
                self.check(place, at, &known)?;
            }
            Ok(())
        }

        /// May this file be run?
        pub(crate) fn check_file(&self, path: &Path, known: &Metadata) -> Result<(), String> {
            self.check(Place::File, path, known)
        }

        fn check(&self, place: Place, path: &Path, known: &Metadata) -> Result<(), String> {
            let (mode, owner, shown) = (known.permissions().mode() & 0o7777, known.uid(), path.display());
            let (what, way_out) = (place.words(path), place.way_out());
            if let Some(who) = writers(place, mode, known.gid()) {
                let harm = place.harm();
                return Err(format!(
                    "{what} can be written by {who} (mode {mode:04o}), who could {harm}; run chmod go-w {shown}, {way_out}"
                ));
            }
            if owner == 0 || (self.user && (owner == user() || self.is_named(owner, path))) {
                return Ok(());
            }
            if !self.user {
                return Err(format!(
                    "{what} belongs to user {owner}; in a folder of the system only root's plugins are loaded: run \
                     chown root {shown}, or put the plugin into a folder named in IOLINK_PLUGIN_PATH"
                ));
            }
            Err(format!(
                "{what} belongs to user {owner}, neither to root nor to user {0}; run chown {0} {shown}, {way_out}",
                user()
            ))
        }

        /// Does a named root that lies in `path`, or in which `path` lies, belong to this owner?
        fn is_named(&self, owner: u32, path: &Path) -> bool {
            self.roots.iter().any(|(root, of)| *of == owner && (path.starts_with(root) || root.starts_with(path)))
        }
    }

    /// Which others may change a file, or exchange what lies in a folder.
    fn writers(place: Place, mode: u32, group: u32) -> Option<&'static str> {
        let sticky = place == Place::Above && mode & STICKY != 0;
        match mode {
            _ if sticky => None,
            mode if mode & 0o002 != 0 => Some("everybody"),
            mode if mode & 0o020 != 0 && !own_group(group) => Some("its group"),
            _ => None,
        }
    }

    /// What is judged.
    #[derive(Clone, Copy, PartialEq)]
    enum Place {
        File,
        Folder,
        Above,
    }

    impl Place {
        fn words(self, path: &Path) -> String {
            let shown = path.display();
            match self {
                Place::File => format!("the file {shown}"),
                Place::Folder => format!("the folder {shown}"),
                Place::Above => format!("the folder {shown} above it"),
            }
        }

        fn harm(self) -> &'static str {
            match self {
                Place::Above => "exchange what lies in it",
                _ => "run code in this process",
            }
        }

        fn way_out(self) -> &'static str {
            match self {
                Place::File => "if you know where it comes from",
                Place::Folder => "or move the plugin to a folder of your own",
                Place::Above => "or move the plugin",
            }
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
