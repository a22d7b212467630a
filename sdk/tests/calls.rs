//! The context of a call across the ABI: progress from many threads, deadlines, cancellation, and errors of later versions.

mod puppet;

use iolink_sdk::abi::*;
use iolink_sdk::{
    Block, BlockMut, Call, DataType, ErrorKind, Finish, ImageCapability, ImageView, Region, Result, Shape, View,
};
use puppet::*;
use std::mem::size_of;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// An image of four bytes that is read by ten threads, each of which reports progress.
struct TenThreads;

const STEPS: u64 = 200;

impl ImageView for TenThreads {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ
    }

    fn shape(&self) -> Shape {
        Shape::filled(1, 4)
    }

    fn data_type(&self) -> DataType {
        DataType::UINT8
    }

    fn read_region(&self, _region: &Region, _target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..10).map(|_| scope.spawn(|| (0..STEPS).try_for_each(|step| call.step(step, STEPS)))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().unwrap())
        })
    }
}

/// Reads all four bytes of a view through its table, with this call.
fn read(raw: *mut iolink_view, call: *const iolink_call, error: *mut iolink_error) -> i32 {
    let mut bytes = [0u8; 4];
    let (mut extent, mut strides) = ([0; IOLINK_MAX_DIMS], [0; IOLINK_MAX_DIMS]);
    (extent[0], strides[0]) = (4, 1);
    let region = iolink_region {
        size: size_of::<iolink_region>() as u32,
        dimension_count: 1,
        origin: [0; IOLINK_MAX_DIMS],
        extent,
    };
    let block = iolink_block {
        size: size_of::<iolink_block>() as u32,
        dimension_count: 1,
        data_type: DataType::UINT8.id(),
        data: bytes.as_mut_ptr() as *mut std::os::raw::c_void,
        byte_strides: strides,
        device_type: IOLINK_DEVICE_NOT_GIVEN,
        device_id: 0,
    };
    // SAFETY: the view is a live image, and everything lives until the function returns.
    unsafe {
        let table = &*((*raw).vtable as *const iolink_image_vtable);
        table.read_region.unwrap()(raw, &region, &block, call, error)
    }
}

#[test]
fn progress_is_reported_from_ten_threads() {
    static REPORTS: AtomicU64 = AtomicU64::new(0);
    static LIMIT: AtomicU64 = AtomicU64::new(u64::MAX);
    unsafe extern "C" fn progress(_: *mut std::os::raw::c_void, done: u64, total: u64) -> i32 {
        assert!(done < total && total == STEPS);
        i32::from(REPORTS.fetch_add(1, Ordering::SeqCst) >= LIMIT.load(Ordering::SeqCst))
    }
    let raw = View::image(TenThreads).into_raw("test");
    let call = iolink_call { progress: Some(progress), ..call() };
    assert_eq!(read(raw, &call, null_mut()), IOLINK_OK);
    assert_eq!(REPORTS.load(Ordering::SeqCst), 10 * STEPS);
    // All threads stop soon after the listener asks for it.
    LIMIT.store(REPORTS.load(Ordering::SeqCst) + 5, Ordering::SeqCst);
    let mut failed = error();
    assert_eq!(read(raw, &call, &mut failed), IOLINK_ERROR_CANCELLED);
    assert!(REPORTS.load(Ordering::SeqCst) <= LIMIT.load(Ordering::SeqCst) + 10);
    // SAFETY: the view is live and its one reference is ours.
    drop(unsafe { View::from_raw(raw) });
}

/// Reads a puppet's four bytes as a caller in Rust does.
fn read_as_caller(image: &dyn ImageView, call: &Call<'_>) -> Result<()> {
    let all = Region::full(&Shape::filled(1, 4));
    let mut bytes = [0; 4];
    image.read_region(&all, &mut BlockMut::new(&mut bytes, &all.size, DataType::UINT8)?, call)
}

#[test]
fn a_callee_that_ignores_cancellation_ends_as_it_says() {
    unsafe extern "C" fn stubborn(
        _: *const iolink_view,
        _: *const iolink_region,
        _: *const iolink_block,
        call: *const iolink_call,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the call is the caller's.
        let call = unsafe { &*call };
        let progress = call.progress.unwrap();
        // SAFETY: the context belongs to the function.
        let answers: i32 = (0..10).map(|step| unsafe { progress(call.context, step, 10) }).sum();
        assert_eq!(answers, 10, "the listener asked to stop each time");
        IOLINK_OK
    }
    let mut made = puppet(iolink_image_vtable { read_region: Some(stubborn), ..image() });
    let image = made.give().unwrap().into_image().unwrap();
    let asked = AtomicU64::new(0);
    let stop = |_, _| {
        asked.fetch_add(1, Ordering::SeqCst);
        false
    };
    read_as_caller(&*image, &Call::new(&stop)).unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 10);
}

#[test]
fn deadline_and_thread_limit_reach_the_callee() {
    static SEEN: AtomicBool = AtomicBool::new(false);
    unsafe extern "C" fn reads(
        _: *const iolink_view,
        _: *const iolink_region,
        _: *const iolink_block,
        call: *const iolink_call,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the call is the caller's.
        let call = unsafe { &*call };
        assert!(call.size as usize == size_of::<iolink_call>() && call.flags == 0 && call.reserved == 0);
        assert!(call.progress.is_none() && call.deadline_ns > 0 && call.max_threads == 3);
        SEEN.store(true, Ordering::SeqCst);
        IOLINK_ERROR_TIMEOUT
    }
    let mut made = puppet(iolink_image_vtable { read_region: Some(reads), ..image() });
    let image = made.give().unwrap().into_image().unwrap();
    let call = Call::silent().with_deadline(Instant::now() + Duration::from_secs(60)).with_max_threads(3);
    assert_eq!(read_as_caller(&*image, &call).unwrap_err().kind(), ErrorKind::Timeout);
    assert!(SEEN.load(Ordering::SeqCst));
}

#[test]
fn a_deadline_that_has_passed_ends_a_call_before_it_begins() {
    let raw = View::image(TenThreads).into_raw("test");
    let late = iolink_call { deadline_ns: 1, ..call() };
    let mut failed = error();
    assert_eq!(read(raw, &late, &mut failed), IOLINK_ERROR_TIMEOUT);
    assert!(message(&failed).contains("deadline"), "{}", message(&failed));
    let later = iolink_call { deadline_ns: u64::MAX, ..call() };
    assert_eq!(read(raw, &later, null_mut()), IOLINK_OK);
    // SAFETY: the view is live and its one reference is ours.
    drop(unsafe { View::from_raw(raw) });
}

#[test]
fn an_error_kind_of_a_later_version_reads_as_io() {
    macro_rules! fails_with {
        ($status:expr) => {{
            unsafe extern "C" fn fails(
                _: *const iolink_view,
                _: *const iolink_region,
                _: *const iolink_block,
                _: *const iolink_call,
                _: *mut iolink_error,
            ) -> i32 {
                $status
            }
            let mut made = puppet(iolink_image_vtable { read_region: Some(fails), ..image() });
            let image = made.give().unwrap().into_image().unwrap();
            read_as_caller(&*image, &Call::silent()).unwrap_err()
        }};
    }
    for (error, number) in [(fails_with!(20), "20"), (fails_with!(-1), "-1"), (fails_with!(i32::MAX), "2147483647")] {
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.message().contains(number), "{error}");
    }
    assert_eq!(fails_with!(IOLINK_ERROR_UNAVAILABLE).kind(), ErrorKind::Unavailable);
    assert_eq!(fails_with!(IOLINK_ERROR_CHANGED).kind(), ErrorKind::Changed);
}

#[test]
fn a_block_of_an_unknown_device_is_rejected() {
    let raw = View::image(TenThreads).into_raw("test");
    let mut bytes = [0u8; 4];
    let (mut extent, mut byte_strides) = ([0; IOLINK_MAX_DIMS], [0; IOLINK_MAX_DIMS]);
    (extent[0], byte_strides[0]) = (4, 1);
    let region = iolink_region {
        size: size_of::<iolink_region>() as u32,
        dimension_count: 1,
        origin: [0; IOLINK_MAX_DIMS],
        extent,
    };
    for (device_type, wanted) in [
        (0, IOLINK_OK),
        (IOLINK_DEVICE_CPU, IOLINK_OK),
        (2, IOLINK_ERROR_NOT_IMPLEMENTED),
        (-7, IOLINK_ERROR_NOT_IMPLEMENTED),
    ] {
        let block = iolink_block {
            size: size_of::<iolink_block>() as u32,
            dimension_count: 1,
            data_type: DataType::UINT8.id(),
            data: bytes.as_mut_ptr() as *mut std::os::raw::c_void,
            byte_strides,
            device_type,
            device_id: 0,
        };
        // SAFETY: the view is a live image, and everything lives until the function returns.
        let status = unsafe {
            let table = &*((*raw).vtable as *const iolink_image_vtable);
            table.read_region.unwrap()(raw, &region, &block, null(), null_mut())
        };
        assert_eq!(status, wanted, "device {device_type}");
    }
    // SAFETY: the view is live and its one reference is ours.
    drop(unsafe { View::from_raw(raw) });
}

/// An image whose writing ends once.
#[derive(Default)]
struct Created(AtomicBool);

impl ImageView for Created {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ | ImageCapability::WRITE
    }

    fn shape(&self) -> Shape {
        Shape::filled(1, 4)
    }

    fn data_type(&self) -> DataType {
        DataType::UINT8
    }

    fn read_region(&self, _region: &Region, _target: &mut BlockMut<'_>, _call: &Call<'_>) -> Result<()> {
        Ok(())
    }

    fn write_region(&self, _region: &Region, _source: &Block<'_>, _call: &Call<'_>) -> Result<()> {
        match self.0.load(Ordering::SeqCst) {
            true => iolink_sdk::fail!(Closed, "the image is finished"),
            false => Ok(()),
        }
    }

    fn finish(&self, _action: Finish, _call: &Call<'_>) -> Result<()> {
        match self.0.swap(true, Ordering::SeqCst) {
            true => iolink_sdk::fail!(Closed, "the image is finished"),
            false => Ok(()),
        }
    }
}

#[test]
fn a_created_image_is_finished_once() {
    let table_of = |raw: *mut iolink_view| {
        // SAFETY: the view is a live image.
        unsafe { &*((*raw).vtable as *const iolink_image_vtable) }
    };
    let raw = View::image(Created::default()).into_raw("test");
    let finish = |action| {
        // SAFETY: the view is live.
        unsafe { table_of(raw).finish.unwrap()(raw, action, null(), null_mut()) }
    };
    assert_eq!(finish(0), IOLINK_ERROR_INVALID_ARGUMENT);
    assert_eq!(finish(3), IOLINK_ERROR_INVALID_ARGUMENT);
    assert_eq!(finish(IOLINK_FINISH_COMMIT), IOLINK_OK);
    assert_eq!(finish(IOLINK_FINISH_COMMIT), IOLINK_ERROR_CLOSED);
    assert_eq!(finish(IOLINK_FINISH_ABORT), IOLINK_ERROR_CLOSED);
    // SAFETY: the view is live and its one reference is ours.
    let image = unsafe { View::from_raw(raw) }.unwrap().into_image().unwrap();
    let all = Region::full(&image.shape());
    let samples = Block::new(&[1; 4], &all.size, DataType::UINT8).unwrap();
    assert_eq!(image.write_region(&all, &samples, &Call::silent()).unwrap_err().kind(), ErrorKind::Closed);
    // An image that was not created at a target has nothing to finish.
    let raw = View::image(TenThreads).into_raw("test");
    // SAFETY: the view is live.
    let status = unsafe { table_of(raw).finish.unwrap()(raw, IOLINK_FINISH_COMMIT, null(), null_mut()) };
    assert_eq!(status, IOLINK_ERROR_NOT_IMPLEMENTED);
    // SAFETY: the view is live and its one reference is ours.
    drop(unsafe { View::from_raw(raw) });
}

#[test]
fn a_call_that_is_too_small_or_has_unknown_flags_is_an_error_and_a_grown_one_is_read() {
    static REPORTS: AtomicU64 = AtomicU64::new(0);
    unsafe extern "C" fn progress(_: *mut std::os::raw::c_void, _: u64, _: u64) -> i32 {
        REPORTS.fetch_add(1, Ordering::SeqCst);
        0
    }
    let raw = View::image(TenThreads).into_raw("test");
    let whole = size_of::<iolink_call>() as u32;
    for size in [0, 4, whole - 1] {
        let small = iolink_call { size, progress: Some(progress), ..call() };
        assert_eq!(read(raw, &small, null_mut()), IOLINK_ERROR_INVALID_ARGUMENT, "{size}");
    }
    for (bit, expected) in (0..32).map(|bit| (bit, if bit < 16 { IOLINK_ERROR_NOT_IMPLEMENTED } else { IOLINK_OK })) {
        let flagged = iolink_call { flags: 1 << bit, ..call() };
        assert_eq!(read(raw, &flagged, null_mut()), expected, "bit {bit}");
    }
    assert_eq!(REPORTS.load(Ordering::SeqCst), 0);
    #[repr(C)]
    struct Grown {
        call: iolink_call,
        more: [u64; 4],
    }
    let grown = iolink_call { size: size_of::<Grown>() as u32, progress: Some(progress), ..call() };
    let grown = Grown { call: grown, more: [u64::MAX; 4] };
    assert_eq!(read(raw, &grown.call, null_mut()), IOLINK_OK);
    assert_eq!((REPORTS.load(Ordering::SeqCst), grown.more[0]), (10 * STEPS, u64::MAX));
    // SAFETY: the view is live and its one reference is ours.
    drop(unsafe { View::from_raw(raw) });
}

/// Bytes that must not be asked for nothing with an address.
struct Empty;

impl iolink_sdk::RandomAccess for Empty {
    fn capabilities(&self) -> iolink_sdk::StreamCapability {
        iolink_sdk::StreamCapability::READ | iolink_sdk::StreamCapability::WRITE
    }
    fn length(&self) -> Result<u64> {
        Ok(0)
    }
    fn read_at(&self, _: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(buffer.len().min(1))
    }
    fn write_at(&self, _: u64, buffer: &[u8]) -> Result<()> {
        assert!(buffer.is_empty());
        Ok(())
    }
}

#[test]
fn nothing_is_read_and_written_without_an_address() {
    let raw = View::random_access(Empty).into_raw("test");
    let mut done = 7;
    // SAFETY: the view is live random access; a buffer of no bytes needs no address.
    unsafe {
        let table = &*((*raw).vtable as *const iolink_random_access_vtable);
        let read_at = table.read_at.unwrap();
        assert_eq!(read_at(raw, u64::MAX, null_mut(), 0, &mut done, null(), null_mut()), IOLINK_OK);
        assert_eq!(done, 0);
        assert_eq!(read_at(raw, 0, null_mut(), 1, &mut done, null(), null_mut()), IOLINK_ERROR_INVALID_ARGUMENT);
        let write_at = table.write_at.unwrap();
        assert_eq!(write_at(raw, u64::MAX, null(), 0, null(), null_mut()), IOLINK_OK);
    }
    // SAFETY: the view is live and its one reference is ours.
    drop(unsafe { View::from_raw(raw) });
}
