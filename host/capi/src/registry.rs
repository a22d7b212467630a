//! The registry: what a program knows of plugins.

use crate::log::{filter, Listener, Log};
use crate::through::{check, given, path, text};
use iolink_host::Registry;
use iolink_sdk::abi::iolink_error;
use iolink_sdk::{fail, host_api, Result};
use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::path::PathBuf;
use std::sync::Arc;
use tracing::Dispatch;

/// Flag of a registry: without the providers that are linked into the library.
pub const IOLINK_REGISTRY_NO_BUILTIN: u32 = 1;
/// Flag of a registry: without the folders that the environment variable IOLINK_PLUGIN_PATH names.
pub const IOLINK_REGISTRY_NO_ENVIRONMENT: u32 = 2;
/// Flag of a registry: without the folder `iolink/plugins` beside the library.
pub const IOLINK_REGISTRY_NO_INSTALLED: u32 = 4;
/// Flag of a registry: with plugins in which a panic ends the process.
pub const IOLINK_REGISTRY_ALLOW_ABORT: u32 = 8;

/// How a registry is made. Zero is the usual way for every field but `size`.
#[repr(C)]
pub struct iolink_registry_options {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_REGISTRY_*`.
    pub flags: u32,
    /// The program's own plugin folder, an absolute path, or NULL: `iolink/plugins` beside the library.
    pub plugin_directory: *const c_char,
    /// Handed to `log`.
    pub log_context: *mut c_void,
    /// Gets what the registry decides, and what plugins say, as `IOLINK_LOG_*`, a source and a message, both
    /// NUL-terminated and gone when it returns. From any thread; it must not call this registry. NULL: nobody listens.
    pub log:
        Option<unsafe extern "C" fn(context: *mut c_void, level: u32, target: *const c_char, message: *const c_char)>,
    /// The least important level that is logged, 0 for `IOLINK_LOG_INFO`.
    pub log_level: u32,
    /// Zero.
    pub reserved: u32,
}

/// Plugins of one program, and the router over them. Counted by retain and release. Registries share nothing.
pub struct iolink_registry {
    registry: Registry,
    events: Option<Dispatch>,
}

impl iolink_registry {
    fn make(options: Option<&iolink_registry_options>) -> Result<Self> {
        let flags = options.map_or(0, |options| options.flags);
        let mut builder = Registry::builder()
            .builtin(flags & IOLINK_REGISTRY_NO_BUILTIN == 0)
            .plugin_path_env(flags & IOLINK_REGISTRY_NO_ENVIRONMENT == 0)
            .allow_abort(flags & IOLINK_REGISTRY_ALLOW_ABORT != 0);
        let own = options.map(|options| options.plugin_directory).filter(|folder| !folder.is_null());
        let folder = match own {
            // SAFETY: the options' text is the caller's, NUL-terminated and lent for the call.
            Some(folder) => Some(unsafe { path(folder, "plugin_directory")? }),
            None if flags & IOLINK_REGISTRY_NO_INSTALLED == 0 => installed_plugins(),
            None => None,
        };
        if let Some(folder) = folder {
            if !folder.is_absolute() {
                fail!(
                    InvalidArgument,
                    "plugin_directory: {} is a relative path; give an absolute one",
                    folder.display()
                );
            }
            builder = builder.package_dir(folder);
        }
        let listener = options.and_then(|options| options.log.map(|log| (log, options)));
        let events = listener.map(|(log, options): (Log, _)| {
            let least = filter(options.log_level);
            Dispatch::new(Listener { log, context: options.log_context, least, spans: Default::default() })
        });
        if let Some(events) = &events {
            builder = builder.events(events.clone());
        }
        let registry = match &events {
            Some(events) => tracing::dispatcher::with_default(events, || builder.build()),
            None => builder.build(),
        };
        Ok(iolink_registry { registry, events })
    }
}

/// `iolink/plugins` beside this library.
fn installed_plugins() -> Option<PathBuf> {
    #[cfg(unix)]
    {
        let mut found = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
        let here = iolink_registry_create as *const c_void;
        // SAFETY: the address is that of a function of this library; the name is NUL-terminated and lives as long as it.
        let library = unsafe {
            if libc::dladdr(here, found.as_mut_ptr()) == 0 {
                return None;
            }
            path(found.assume_init().dli_fname, "library").ok()?
        };
        let folder = std::fs::canonicalize(library).ok()?.parent()?.join("iolink/plugins");
        folder.is_dir().then_some(folder)
    }
    #[cfg(not(unix))]
    {
        None
    }
}

/// Runs `body` on a registry, its events going to the registry's listener.
///
/// # Safety
/// `registry` is NULL or live.
pub unsafe fn with(
    registry: *const iolink_registry,
    error: *mut iolink_error,
    body: impl FnOnce(&Registry) -> Result<()>,
) -> i32 {
    host_api::catch_into(error, || {
        check(given!(registry))?;
        // SAFETY: by the caller's promise.
        let this = unsafe { &*registry };
        match &this.events {
            Some(events) => tracing::dispatcher::with_default(events, || body(&this.registry)),
            None => body(&this.registry),
        }
    })
}

/// Makes a registry. `options` may be NULL. The caller owns one reference of `*out`. Nothing is looked for before it is
/// needed. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_create(
    options: *const iolink_registry_options,
    out: *mut *mut iolink_registry,
    error: *mut iolink_error,
) -> i32 {
    host_api::catch_into(error, || {
        check(given!(out))?;
        // SAFETY: the options are the caller's and live until this returns.
        let options = unsafe { options.as_ref() };
        if options.is_some_and(|options| (options.size as usize) < size_of::<iolink_registry_options>()) {
            fail!(InvalidArgument, "the options do not say their size");
        }
        let made = Arc::new(iolink_registry::make(options)?);
        // SAFETY: `out` is the caller's.
        unsafe { *out = Arc::into_raw(made) as *mut iolink_registry };
        Ok(())
    })
}

/// Adds a reference. `registry` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_retain(registry: *mut iolink_registry) {
    if !registry.is_null() {
        // SAFETY: a live registry came out of `Arc::into_raw`.
        unsafe { Arc::increment_strong_count(registry) }
    }
}

/// Drops a reference. Plugins stay loaded, and views stay good: they keep what they need. `registry` may be NULL. From
/// any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_release(registry: *mut iolink_registry) {
    if !registry.is_null() {
        host_api::catch_into(std::ptr::null_mut(), || {
            // SAFETY: a live registry came out of `Arc::into_raw`, and the caller gives up one reference.
            drop(unsafe { Arc::from_raw(registry) });
            Ok(())
        });
    }
}

/// Looks for plugins in the folder at an absolute path, without loading any. What is refused there is listed with its
/// reason. Fails with `IOLINK_ERROR_REFUSED` for a folder that others may write to. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_add_directory(
    registry: *mut iolink_registry,
    directory: *const c_char,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry and text are the caller's and live until this returns.
    unsafe { with(registry, error, |registry| registry.add_directory(&path(directory, "directory")?)) }
}

/// Judges and loads the plugin in the file at an absolute path; its code runs in this process from then on. Fails with
/// `IOLINK_ERROR_REFUSED` and the reason. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_load(
    registry: *mut iolink_registry,
    file: *const c_char,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry and text are the caller's and live until this returns.
    unsafe { with(registry, error, |registry| registry.load_plugin(&path(file, "file")?).map(drop)) }
}

/// Puts `count` providers or plugins, by their ids, before others that would cost the same. `ids` may be NULL where
/// `count` is 0. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_set_provider_priority(
    registry: *mut iolink_registry,
    ids: *const *const c_char,
    count: u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, list and texts are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(&[("ids", ids.is_null() && count > 0)])?;
            let mut wanted = Vec::new();
            for index in 0..count as usize {
                wanted.push(text(*ids.add(index), "ids")?.to_owned());
            }
            registry.set_provider_priority(wanted);
            Ok(())
        })
    }
}
