//! What lies beside a source: a service of its bytes, by which a format in several files finds the others.
//!
//! `brain.hdr` names `brain.img`. Whoever opened the one, from a folder or from somewhere that has no paths, knows how to
//! reach the other; the plugin asks [`Source::neighbour`](crate::Source::neighbour).

use super::{guard, read_grown, with_text_sink, Exported, Extension, ForeignView, RandomAccess, View};
use crate::abi::*;
use crate::provider::text;
use crate::{fail, Error, ErrorKind, Result};
use std::ffi::CString;
use std::os::raw::{c_char, c_void};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The bytes beside others, by their names.
pub trait Neighbours: Send + Sync {
    /// The bytes of a neighbour.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that [`check_name`] refuses, `NotFound`, `Io`.
    fn open(&self, name: &str) -> Result<Arc<dyn RandomAccess>>;

    /// Every neighbour, the source itself among them, in order.
    ///
    /// # Errors
    /// `Io`.
    fn names(&self) -> Result<Vec<String>>;
}

/// Refuses what is no name of a neighbour. Names come out of files that anybody may have written: one that is absolute or
/// climbs out of its folder would read whatever the process may.
///
/// # Errors
/// `InvalidArgument`.
///
/// ```
/// use iolink_sdk::view::check_name;
///
/// assert!(check_name("slices/001.raw").is_ok());
/// for name in ["", "/etc/passwd", "../secret", "a/../../secret", "nul\0"] {
///     assert!(check_name(name).is_err());
/// }
/// ```
pub fn check_name(name: &str) -> Result<()> {
    let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if name.is_empty() || name.contains('\0') || !Path::new(name).components().all(plain) {
        fail!(
            InvalidArgument,
            "{name:?} is not the name of a neighbour: it must lead to a file in the same folder or below it"
        );
    }
    Ok(())
}

type OpenFile = Box<dyn Fn(&Path, &str) -> Result<Arc<dyn RandomAccess>> + Send + Sync>;

/// The files of a folder as neighbours.
pub struct Folder {
    path: PathBuf,
    open: OpenFile,
}

impl Folder {
    /// The folder in which a file lies, whose files `open` opens by the folder and the name. The name was checked; that no
    /// link leads it out of the folder is for `open` to see to, by `files::open_beneath`.
    pub fn of(
        file: &Path,
        open: impl Fn(&Path, &str) -> Result<Arc<dyn RandomAccess>> + Send + Sync + 'static,
    ) -> Self {
        let path = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Folder { path: path.to_owned(), open: Box::new(open) }
    }
}

impl Neighbours for Folder {
    fn open(&self, name: &str) -> Result<Arc<dyn RandomAccess>> {
        check_name(name)?;
        (self.open)(&self.path, name)
    }

    fn names(&self) -> Result<Vec<String>> {
        let failed = |error: std::io::Error| Error::io(&format!("listing {}", self.path.display()), &error);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path).map_err(failed)? {
            // A name that is no Unicode cannot be asked for.
            if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

impl View {
    /// The service, to be handed out by the [`extension`](RandomAccess::extension) of the bytes.
    pub fn neighbours(neighbours: impl Neighbours + 'static) -> View {
        let table = iolink_neighbours {
            size: std::mem::size_of::<iolink_neighbours>() as u32,
            reserved: 0,
            open: Some(open),
            names: Some(names),
        };
        View::extension(Service { table, neighbours: Box::new(neighbours) })
    }
}

impl dyn RandomAccess {
    /// What lies beside these bytes, where anybody knows.
    pub fn neighbours(&self) -> Option<Box<dyn Neighbours>> {
        let service = self.extension(IOLINK_EXTENSION_NEIGHBOURS)?.into_extension().ok()?;
        let at = service.table() as *const iolink_neighbours;
        // SAFETY: who answers to the id hands out this table, which starts with its size and lives as long as the service.
        let table = unsafe { read_grown(at) }.ok()?;
        // SAFETY: the object is new, with one reference for us.
        let view = unsafe { ForeignView::new(View::Extension(service).into_raw("")) };
        Some(Box::new(Found { view, table }))
    }
}

/// The service on the maker's side.
#[repr(C)]
struct Service {
    table: iolink_neighbours,
    neighbours: Box<dyn Neighbours>,
}

impl Extension for Service {
    fn id(&self) -> u64 {
        IOLINK_EXTENSION_NEIGHBOURS
    }

    fn table(&self) -> *const c_void {
        self as *const Service as *const c_void
    }
}

type Here = Exported<dyn Extension>;

/// # Safety
/// `view` is an extension whose table is that of a [`Service`].
unsafe fn service<'a>(view: *const iolink_view) -> (&'static str, &'a Service) {
    // SAFETY: by the caller's promise; the service starts with its table.
    unsafe {
        let this = Here::of(view);
        (this.provider, &*(this.value.table() as *const Service))
    }
}

unsafe extern "C" fn open(
    view: *const iolink_view,
    name: *const c_char,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only a service's table holds this function.
    let (provider, this) = unsafe { service(view) };
    // SAFETY: name and `out` are the caller's.
    guard(provider, error, || unsafe {
        let name = text(name)?.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "the name is NULL"))?;
        *out = View::RandomAccess(this.neighbours.open(&name)?).into_raw(provider);
        Ok(())
    })
}

unsafe extern "C" fn names(view: *const iolink_view, sink: *const iolink_text_sink, error: *mut iolink_error) -> i32 {
    // SAFETY: only a service's table holds this function.
    let (provider, this) = unsafe { service(view) };
    guard(provider, error, || {
        // SAFETY: the sink is the caller's.
        let sink = unsafe { read_grown(sink) }?;
        for name in this.neighbours.names()? {
            if let Some(put) = sink.put {
                // SAFETY: the text outlives the call.
                unsafe { put(sink.context, name.as_ptr() as *const c_char, name.len()) }
            }
        }
        Ok(())
    })
}

/// The service on the asker's side.
struct Found {
    view: ForeignView,
    table: iolink_neighbours,
}

fn absent() -> Error {
    Error::capability("the source", "neighbours", "its provider does not offer them")
}

impl Neighbours for Found {
    fn open(&self, name: &str) -> Result<Arc<dyn RandomAccess>> {
        check_name(name)?;
        let open = self.table.open.ok_or_else(absent)?;
        let text = CString::new(name).map_err(|_| absent())?;
        let mut out = std::ptr::null_mut();
        // SAFETY: view, name and `out` live until this returns.
        self.view.call(|raw, error| unsafe { open(raw, text.as_ptr(), &mut out, error) })?;
        // SAFETY: on success the callee gave us one reference.
        unsafe { View::from_raw(out) }?.into_random_access()
    }

    fn names(&self) -> Result<Vec<String>> {
        let list = self.table.names.ok_or_else(absent)?;
        let mut found: Vec<String> = Vec::new();
        let mut take = |name: &[u8]| found.push(String::from_utf8_lossy(name).into_owned());
        // SAFETY: the view lives, and so does the sink until this returns.
        with_text_sink(&mut take, |sink| self.view.call(|raw, error| unsafe { list(raw, sink, error) }))?;
        Ok(found)
    }
}
