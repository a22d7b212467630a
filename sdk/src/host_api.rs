//! What a host needs and a provider does not: calls into a provider's table, and answers out of the host's own.

use crate::abi::{
    iolink_adopt_request, iolink_bytes, iolink_call, iolink_convert_request, iolink_create_request, iolink_error,
    iolink_host, iolink_image_properties, iolink_source, iolink_target, iolink_text_sink, iolink_view,
};
use crate::view::{check_status, guard, hand_out, identify, new_error, read_grown, read_table, Maker};
use crate::{
    fail, Adopt, Bytes, Call, Convert, Create, Error, ErrorKind, Host, ImageProperties, ImageView, Kind, Result,
    Source, Target, View,
};
use std::any::Any;
use std::os::raw::c_char;
use std::sync::{Arc, PoisonError};

/// Calls a border function that may fail.
///
/// # Errors
/// What the function wrote into the error struct.
#[inline]
pub fn call(body: impl FnOnce(*mut iolink_error) -> i32) -> Result<()> {
    let mut error = new_error();
    let status = body(error.as_mut_ptr());
    check_status(status, &error)
}

/// Calls a border function that makes a view.
///
/// # Errors
/// What the function wrote into the error struct; `Internal` where it claims success and made nothing.
///
/// # Safety
/// Where `body` answers OK and sets its first argument, that is a live view with one reference for the caller.
#[inline]
pub unsafe fn call_for_view(body: impl FnOnce(*mut *mut iolink_view, *mut iolink_error) -> i32) -> Result<View> {
    // SAFETY: by the caller's promise.
    unsafe { call_provider_for_view("", body) }
}

/// Calls a function of the provider with this id that makes a view. The id stands in the errors of what the view hands out.
///
/// # Errors
/// As [`call_for_view`].
///
/// # Safety
/// As [`call_for_view`].
#[inline]
pub unsafe fn call_provider_for_view(
    provider: &'static str,
    body: impl FnOnce(*mut *mut iolink_view, *mut iolink_error) -> i32,
) -> Result<View> {
    let mut out = std::ptr::null_mut();
    call(|error| body(&mut out, error))?;
    if out.is_null() {
        return Err(Error::new(ErrorKind::Internal, "the provider claims success but made no view"));
    }
    // SAFETY: by the caller's promise.
    unsafe { View::handed_out(out, Maker::of(provider)) }
}

/// Validates what is known of an image.
///
/// # Errors
/// `Internal`, with what is wrong of its properties.
pub fn check_image(image: &dyn ImageView) -> Result<()> {
    let (properties, shape) = (image.properties(), image.shape());
    let checked = properties.check(shape.len()).and_then(|()| properties.check_sizes(&shape, image.data_type()));
    checked.map_err(|wrong| {
        Error::new(ErrorKind::Internal, format!("the image's properties are wrong: {}", wrong.message()))
    })
}

/// Runs `body` with the border's form of a view, which is lent until it returns.
pub fn with_raw_view<R>(view: View, body: impl FnOnce(*mut iolink_view) -> R) -> R {
    struct Lent(*mut iolink_view);
    impl Drop for Lent {
        fn drop(&mut self) {
            // SAFETY: the reference is ours, and every view has `release`.
            unsafe {
                if let Some(release) = (*(*self.0).vtable).release {
                    release(self.0);
                }
            }
        }
    }
    let lent = Lent(view.into_raw(""));
    body(lent.0)
}

/// Has `around` run every wait for another thread that uses a view whose maker does not claim thread safety. A host that is
/// embedded in an interpreter gives up the interpreter's lock there: the other thread may need it to come to an end.
pub fn set_wait_hook(around: fn(&mut dyn FnMut())) {
    *crate::view::WAIT.write().unwrap_or_else(PoisonError::into_inner) = Some(around);
}

/// Runs the body of a function of the host's table: its error goes into the caller's struct, a panic becomes an error.
pub fn catch_into(error: *mut iolink_error, body: impl FnOnce() -> Result<()>) -> i32 {
    guard("", error, body)
}

/// Returns what an error carried (see [`Error::with_payload`]) that crossed the border on this thread and came back as a text
/// alone, by somebody else's library.
pub fn recall(message: &str) -> Option<Arc<dyn Any + Send + Sync>> {
    crate::view::recall(message)
}

/// A source as it came over the border.
///
/// # Errors
/// `InvalidArgument` for NULL, a missing URI, and text that is not UTF-8.
///
/// # Safety
/// `border` is NULL or a live source.
pub unsafe fn source(border: *const iolink_source) -> Result<Source> {
    if border.is_null() {
        return Err(Error::new(ErrorKind::InvalidArgument, "NULL is not a source"));
    }
    // SAFETY: by the caller's promise.
    unsafe { Source::from_border(border) }
}

/// A host as a provider's function got it, with a reference of its own.
///
/// # Safety
/// `raw` is NULL or a live host that stays good while references to it are held.
pub unsafe fn host(raw: *const iolink_host) -> Host {
    // SAFETY: by the caller's promise.
    unsafe { Host::from_raw(raw) }
}

/// What is to be created, as it came over the border; its schema is taken over.
///
/// # Errors
/// `InvalidArgument` for NULL and what cannot be created.
///
/// # Safety
/// `border` is NULL or a live request.
pub unsafe fn create(border: *const iolink_create_request) -> Result<Create> {
    // SAFETY: by the caller's promise.
    unsafe { Create::from_border(border) }
}

/// What is to be adopted, as it came over the border; what it names is taken over, also on failure.
///
/// # Errors
/// `InvalidArgument` for NULL and what cannot be adopted.
///
/// # Safety
/// `border` is NULL or a live request, true in what it says of memory.
pub unsafe fn adopt(border: *const iolink_adopt_request) -> Result<Adopt> {
    // SAFETY: by the caller's promise.
    unsafe { Adopt::from_border(border) }
}

/// The table of a view, as far as its maker filled it; what its maker does not know is absent.
///
/// # Errors
/// `InvalidArgument` for NULL and what is no live view, `Type` for a view of another kind.
///
/// # Safety
/// `view` is NULL, or readable; where its magic says that it lives, it does. `T` is the table of `kind`, or the head
/// alone where `kind` is `None`.
pub unsafe fn table<T>(view: *const iolink_view, kind: Option<Kind>) -> Result<T> {
    if view.is_null() {
        fail!(InvalidArgument, "NULL is not a view");
    }
    // SAFETY: by the caller's promise.
    unsafe {
        let (found, _) = identify(view)?;
        match kind {
            Some(kind) if found != Some(kind) => {
                let found = found.map_or("another version", Kind::word);
                fail!(Type, "the view is of kind {found}, not {}", kind.word())
            }
            _ => Ok(read_table((*view).vtable)),
        }
    }
}

/// Fills the other side's struct with properties.
///
/// # Errors
/// `InvalidArgument` for NULL, and where a text does not fit.
///
/// # Safety
/// `out` is NULL, or points to a struct of the size it says.
pub unsafe fn properties(properties: &ImageProperties, out: *mut iolink_image_properties) -> Result<()> {
    // SAFETY: by the caller's promise.
    unsafe { hand_out(out, || properties.to_border()) }
}

/// A conversion's request as it came over the ABI.
///
/// # Errors
/// `InvalidArgument` for NULL, and for a kind that this version does not know.
///
/// # Safety
/// `border` is NULL or a live request.
pub unsafe fn convert(border: *const iolink_convert_request) -> Result<Convert> {
    // SAFETY: by the caller's promise.
    unsafe { Convert::from_border(border) }
}

/// A target as it came over the ABI.
///
/// # Errors
/// `InvalidArgument` for NULL, a missing URI, and strings that are not UTF-8.
///
/// # Safety
/// `border` is NULL or a live target.
pub unsafe fn target(border: *const iolink_target) -> Result<Target> {
    // SAFETY: by the caller's promise.
    unsafe { Target::from_border(border) }
}

/// Runs `body` with a call that came over the ABI.
///
/// # Errors
/// `NotImplemented` for a required flag that is unknown, `Timeout` after the deadline; what `body` fails with.
///
/// # Safety
/// `border` is NULL or a call that lives until this returns.
pub unsafe fn with_call<R>(border: *const iolink_call, body: impl FnOnce(&Call<'_>) -> Result<R>) -> Result<R> {
    // SAFETY: by the caller's promise.
    unsafe { Call::from_border(border, body) }
}

/// Runs `body` with the ABI's form of a call.
pub fn with_raw_call<R>(call: &Call<'_>, body: impl FnOnce(*const iolink_call) -> R) -> R {
    call.with_border(body)
}

/// Validates a part that a view of the kind `whole` handed out: a frame of a set is an image, a pyramid or a set, a level of
/// a pyramid an image. A part that is wrong is given up, and its place is NULL.
///
/// # Errors
/// `Internal`, with what is wrong of the part.
///
/// # Safety
/// `out` holds a live view with one reference of the caller's.
pub unsafe fn check_part(whole: Kind, out: *mut *mut iolink_view) -> Result<()> {
    // SAFETY: by the caller's promise.
    let judged = unsafe { View::from_borrowed(*out) }.and_then(|part| match part {
        View::Image(image) => check_image(&*image),
        View::MultiImage(_) | View::LodImage(_) if whole == Kind::MultiImage => Ok(()),
        other => fail!(Internal, "a view of kind {} is not a part of a {}", other.kind().word(), whole.word()),
    });
    if judged.is_err() {
        // SAFETY: as above; the reference goes with the view that takes it over.
        drop(unsafe { View::from_raw(std::mem::replace(&mut *out, std::ptr::null_mut())) });
    }
    judged
}

/// Fills the other side's struct with bytes that are lent until it releases them.
///
/// # Errors
/// `InvalidArgument` for NULL; what `make` fails with.
///
/// # Safety
/// `out` is NULL, or points to a struct of the size it says.
pub unsafe fn fill(out: *mut iolink_bytes, make: impl FnOnce() -> Result<Bytes>) -> Result<()> {
    // SAFETY: by the caller's promise.
    unsafe { hand_out(out, || Ok(make()?.into_border())) }
}

/// Puts a text into a sink of the other side's.
///
/// # Errors
/// `InvalidArgument` for NULL and for a sink without a function.
///
/// # Safety
/// `sink` is NULL or a live sink.
pub unsafe fn write_text(sink: *const iolink_text_sink, text: &str) -> Result<()> {
    // SAFETY: by the caller's promise; the text outlives the call.
    unsafe {
        let sink = read_grown(sink)?;
        match sink.write {
            Some(write) => write(sink.context, text.as_ptr() as *const c_char, text.len()),
            None => fail!(InvalidArgument, "the text sink has no function"),
        }
    }
    Ok(())
}
