//! What is installed, and why the router does what it does.

use crate::registry::{iolink_registry, with};
use crate::through::{optional_text, text};
use iolink_host::{source, PluginState};
use iolink_sdk::abi::{iolink_convert_request, iolink_error, iolink_text_sink, iolink_view};
use iolink_sdk::{fail, host_api, View};
use std::ffi::{c_char, c_void, CString};
use std::mem::size_of;
use std::path::Path;

/// State of a plugin: known by its manifest; nothing of it has run.
pub const IOLINK_PLUGIN_AVAILABLE: u32 = 1;
/// State of a plugin: linked in or loaded, and in use.
pub const IOLINK_PLUGIN_LOADED: u32 = 2;
/// State of a plugin: not used; `reason` says why.
pub const IOLINK_PLUGIN_REFUSED: u32 = 3;

/// A plugin, or a place where one was expected. Every text is NUL-terminated, never NULL, and gone when `write`
/// returns.
#[repr(C)]
pub struct iolink_plugin_info {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_PLUGIN_*`.
    pub state: u32,
    /// Id; where it could not be read, the name of the file.
    pub id: *const c_char,
    /// Version; "" where it could not be read.
    pub version: *const c_char,
    /// The file as the system spells it; "" for what is linked in.
    pub path: *const c_char,
    /// Refused: what was wrong, what was expected, what to do, in one line; else "".
    pub reason: *const c_char,
    /// What the plugin brings, one offer a line.
    pub offers: *const c_char,
}

/// Takes plugins from `iolink_registry_list`.
#[repr(C)]
pub struct iolink_plugin_sink {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Passed to `write`.
    pub context: *mut c_void,
    /// Receives one plugin.
    pub write: Option<unsafe extern "C" fn(context: *mut c_void, plugin: *const iolink_plugin_info)>,
}

fn c_text(words: &str) -> CString {
    CString::new(words.replace('\0', " ")).unwrap_or_default()
}

fn c_path(path: Option<&Path>) -> CString {
    path.map_or_else(CString::default, |path| CString::new(path.as_os_str().as_encoded_bytes()).unwrap_or_default())
}

/// Writes every plugin that is known, and every place that was refused, into `sink`. `check` other than 0 loads all
/// that can be loaded, so that what fails only then has its reason too. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_list(
    registry: *mut iolink_registry,
    check: u32,
    sink: *const iolink_plugin_sink,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry and sink are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            let Some(sink) = sink.as_ref().filter(|sink| sink.size as usize >= size_of::<iolink_plugin_sink>()) else {
                fail!(InvalidArgument, "sink is NULL, or does not say its size")
            };
            let Some(write) = sink.write else { fail!(InvalidArgument, "the sink has no function") };
            for info in registry.plugins(check != 0) {
                let offers: Vec<String> =
                    info.providers.iter().flat_map(|provider| &provider.offers).map(ToString::to_string).collect();
                let texts = (c_text(&info.id), c_text(&info.version), c_path(info.path.as_deref()));
                let (reason, offers) = (c_text(info.reason.as_deref().unwrap_or_default()), c_text(&offers.join("\n")));
                let told = iolink_plugin_info {
                    size: size_of::<iolink_plugin_info>() as u32,
                    state: match info.state {
                        PluginState::Available => IOLINK_PLUGIN_AVAILABLE,
                        PluginState::Loaded => IOLINK_PLUGIN_LOADED,
                        PluginState::Refused => IOLINK_PLUGIN_REFUSED,
                    },
                    id: texts.0.as_ptr(),
                    version: texts.1.as_ptr(),
                    path: texts.2.as_ptr(),
                    reason: reason.as_ptr(),
                    offers: offers.as_ptr(),
                };
                write(sink.context, &told);
            }
            Ok(())
        })
    }
}

/// Writes into `sink`, for people, who would open a path or URI, and why. Nothing is loaded. `provider` may be NULL, or
/// an id. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_explain_open(
    registry: *mut iolink_registry,
    location: *const c_char,
    provider: *const c_char,
    sink: *const iolink_text_sink,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, texts and sink are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            let source = source::from_text(text(location, "location")?)?;
            let words = registry.explain_open(&source, optional_text(provider, "provider")?).to_string();
            host_api::write_text(sink, &words)
        })
    }
}

/// Writes into `sink`, for people, how a view would become what `request` asks for, and what that costs. Nothing is
/// read. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_explain_view(
    registry: *mut iolink_registry,
    view: *mut iolink_view,
    request: *const iolink_convert_request,
    sink: *const iolink_text_sink,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, view, request and sink are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            let (view, wanted) = (View::from_borrowed(view)?, host_api::convert(request)?);
            host_api::write_text(sink, &registry.explain_view(&view, &wanted).to_string())
        })
    }
}
