//! Tiles, parallel access, origin and other people's extensions: what every image has, and what is not believed.

mod puppet;

use iolink_sdk::abi::*;
use iolink_sdk::view::services::{
    of_image, parallel_access, parallel_access_view, tiling, tiling_from, tiling_view, view_origin, view_origin_view,
};
use iolink_sdk::view::with_table;
use iolink_sdk::{
    Block, BlockMut, ByteOrder, Call, DataType, ErrorKind, Extension, ImageCapability, ImageView, Memory, Owner,
    ParallelAccessCapability, Region, Result, Shape, Tiling, UniformTiling, View, ViewOrigin,
};
use puppet::{base, image, puppet, Puppet};
use std::cell::Cell;
use std::mem::size_of;
use std::os::raw::c_void;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

const SAFE: ParallelAccessCapability = ParallelAccessCapability::THREAD_SAFE;

/// An image in memory.
struct Plain {
    shape: Shape,
    bytes: Arc<Mutex<Vec<u8>>>,
    origin: Option<String>,
    capabilities: ImageCapability,
}

impl Plain {
    fn new(shape: &[u64]) -> Self {
        let shape = Shape::new(shape).unwrap();
        let bytes = (0..shape.element_count().unwrap() as usize).map(|index| index as u8).collect();
        Plain {
            shape,
            bytes: Arc::new(Mutex::new(bytes)),
            origin: None,
            capabilities: ImageCapability::READ | ImageCapability::WRITE | ImageCapability::MEMORY_ACCESS,
        }
    }

    fn image(self) -> Arc<dyn ImageView> {
        Arc::new(self)
    }
}

impl ImageView for Plain {
    fn capabilities(&self) -> ImageCapability {
        self.capabilities
    }
    fn shape(&self) -> Shape {
        self.shape
    }
    fn data_type(&self) -> DataType {
        DataType::UINT8
    }
    fn memory(&self) -> Result<Memory> {
        Ok(Memory {
            data: self.bytes.lock().unwrap().as_mut_ptr(),
            data_type: DataType::UINT8,
            shape: self.shape,
            strides: self.shape.column_fastest(1),
            byte_order: ByteOrder::NATIVE,
            writable: true,
            owner: Owner::arc(self.bytes.clone()),
        })
    }
    fn origin(&self) -> Option<String> {
        self.origin.clone()
    }
}

fn read_tile(tiling: &dyn Tiling, index: u64) -> Result<Vec<u8>> {
    let size = tiling.tile_region(index)?.size;
    let mut bytes = vec![0xA5; size.element_count().unwrap() as usize];
    tiling.read_tile(index, &mut BlockMut::new(&mut bytes, &size, DataType::UINT8)?, &Call::silent())?;
    Ok(bytes)
}

#[test]
fn uniform_tiles_cover_an_image_once() {
    for (shape, tile) in
        [(&[7, 5, 3][..], &[3, 2, 2][..]), (&[8, 8], &[4, 8]), (&[1], &[9]), (&[5, 4], &[99, 1]), (&[], &[])]
    {
        let image = Plain::new(shape).image();
        let tiles = UniformTiling::new(image.clone(), tile).unwrap();
        let mut seen = vec![0; image.shape().element_count().unwrap() as usize];
        for index in 0..tiles.tile_count() {
            let region = tiles.tile_region(index).unwrap();
            region.check_inside(&image.shape()).unwrap();
            for value in read_tile(&tiles, index).unwrap() {
                seen[usize::from(value)] += 1;
            }
        }
        assert!(seen.iter().all(|times| *times == 1), "{shape:?} by {tile:?}: {seen:?}");
        let places = tiles.grid_size().element_count().unwrap();
        assert_eq!(places, tiles.tile_count());
        let mut grid = vec![0; places as usize];
        tiles.grid(0, &mut grid).unwrap();
        assert_eq!(grid, (0..places).collect::<Vec<u64>>());
        assert_eq!(tiles.tile_region(places).unwrap_err().kind(), ErrorKind::OutOfRange);
        assert_eq!(tiles.grid(1, &mut grid).unwrap_err().kind(), ErrorKind::OutOfRange);
    }
    assert_eq!(UniformTiling::new(Plain::new(&[0, 3]).image(), &[2, 2]).unwrap().tile_count(), 0);
}

#[test]
fn tiles_of_size_zero_another_dimension_or_too_many_are_refused() {
    let refused = |shape: &[u64], tile: &[u64]| {
        let image = Plain { bytes: Arc::default(), shape: Shape::new(shape).unwrap(), ..Plain::new(&[1]) };
        UniformTiling::new(image.image(), tile).err().unwrap().kind()
    };
    assert_eq!(refused(&[4, 4], &[0, 1]), ErrorKind::InvalidArgument);
    assert_eq!(refused(&[4, 4], &[2]), ErrorKind::InvalidArgument);
    assert_eq!(refused(&[1 << 20, 1 << 20], &[1, 1]), ErrorKind::Limit);
    assert_eq!(refused(&[u64::MAX, u64::MAX], &[1, 1]), ErrorKind::Limit);
}

#[test]
fn every_image_has_tiles_of_at_most_a_mebibyte() {
    for shape in [&[4000, 3000][..], &[512, 512, 512], &[1 << 40, 3], &[5], &[1 << 31, 1 << 31]] {
        let image = Plain { bytes: Arc::default(), shape: Shape::new(shape).unwrap(), ..Plain::new(&[1]) }.image();
        let tiles = tiling(&image).unwrap();
        let bytes = tiles.max_tile_size().element_count().unwrap();
        assert!(bytes <= 1 << 20 || tiles.tile_count() > 1 << 30, "{shape:?}: {bytes}");
        assert!(tiles.tile_count() < IOLINK_INVALID_TILE_INDEX);
    }
}

#[test]
fn every_image_tells_what_threads_gain_and_where_it_came_from() {
    let all = SAFE | ParallelAccessCapability::BY_TILE | ParallelAccessCapability::BY_REGION;
    assert_eq!(parallel_access(&Plain::new(&[4]).image()), all);
    let lazy = Plain { capabilities: ImageCapability::READ, ..Plain::new(&[4]) }.image();
    assert_eq!(parallel_access(&lazy), SAFE);
    assert_eq!(view_origin(&lazy), None);
    let opened = Plain { origin: Some("file:/a.raw".into()), ..Plain::new(&[4]) }.image();
    assert_eq!(view_origin(&opened).unwrap().uri.as_deref(), Some("file:/a.raw"));
    assert!(of_image(&opened, 0x7777_7777).is_none());
}

#[test]
fn an_extension_of_another_id_is_not_taken_for_one_of_ours() {
    let origin = view_origin_view(ViewOrigin { uri: None, format: Some("RAW".into()) });
    assert_eq!(tiling_from(&origin).err().unwrap().kind(), ErrorKind::Type);
    assert_eq!(tiling_from(&View::Image(Plain::new(&[1]).image())).err().unwrap().kind(), ErrorKind::Type);
    let access = parallel_access_view(SAFE);
    assert_eq!(iolink_sdk::view::services::view_origin_from(&access).err().unwrap().kind(), ErrorKind::Type);
}

/// Tiles with a hole, which know better how to read.
struct Holes(Arc<dyn ImageView>);

impl Tiling for Holes {
    fn image(&self) -> Arc<dyn ImageView> {
        self.0.clone()
    }
    fn max_tile_size(&self) -> Shape {
        Shape::filled(1, 4)
    }
    fn tile_count(&self) -> u64 {
        2
    }
    fn tile_region(&self, index: u64) -> Result<Region> {
        Region::new(&[index * 8], &[4])
    }
    fn grid_size(&self) -> Shape {
        Shape::filled(1, 3)
    }
    fn grid(&self, first: u64, out: &mut [u64]) -> Result<()> {
        let all = [0, IOLINK_INVALID_TILE_INDEX, 1];
        out.copy_from_slice(&all[first as usize..][..out.len()]);
        Ok(())
    }
    fn read_tile(&self, index: u64, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        self.image().read_region(&self.tile_region(index)?, target, call)?;
        // SAFETY: the block has four bytes.
        unsafe { target.data().write(200) };
        Ok(())
    }
}

#[test]
fn a_tiling_with_holes_goes_through_its_table() {
    let image = Plain::new(&[12]).image();
    let tiles = tiling_from(&tiling_view(Arc::new(Holes(image.clone())))).unwrap();
    assert!(Arc::ptr_eq(&tiles.image(), &image));
    assert_eq!((tiles.tile_count(), &*tiles.max_tile_size(), &*tiles.grid_size()), (2, &[4][..], &[3][..]));
    let mut grid = [0; 3];
    tiles.grid(0, &mut grid).unwrap();
    assert_eq!(grid, [0, IOLINK_INVALID_TILE_INDEX, 1]);
    tiles.grid(2, &mut grid[..1]).unwrap();
    assert_eq!(grid[0], 1);
    assert_eq!(read_tile(&*tiles, 1).unwrap(), [200, 9, 10, 11]);
    let four = Shape::filled(1, 4);
    tiles.write_tile(0, &Block::new(&[7; 4], &four, DataType::UINT8).unwrap(), &Call::silent()).unwrap();
    assert_eq!(read_tile(&*tiles, 0).unwrap(), [200, 7, 7, 7]);
    for index in [2, IOLINK_INVALID_TILE_INDEX, u64::MAX] {
        assert_eq!(tiles.tile_region(index).unwrap_err().kind(), ErrorKind::OutOfRange);
        let mut bytes = [0; 4];
        let mut block = BlockMut::new(&mut bytes, &four, DataType::UINT8).unwrap();
        let refused = tiles.read_tile(index, &mut block, &Call::silent()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::OutOfRange);
    }
    let mut bytes = [0; 3];
    let mut block = BlockMut::new(&mut bytes, &Shape::filled(1, 3), DataType::UINT8).unwrap();
    assert_eq!(tiles.read_tile(0, &mut block, &Call::silent()).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

/// What a made-up tiling says of itself.
#[derive(Clone, Copy)]
struct Claims {
    dimensions: u32,
    count: u64,
    tile: u64,
    grid: u64,
    place: u64,
    region: (u64, u64),
}

thread_local! {
    static CLAIMS: Cell<Claims> = const { Cell::new(HONEST) };
}

const HONEST: Claims = Claims { dimensions: 1, count: 3, tile: 4, grid: 3, place: 2, region: (0, 4) };

unsafe extern "C" fn describe(_: *const iolink_view, out: *mut iolink_tiling_description, _: *mut iolink_error) -> i32 {
    let claims = CLAIMS.with(Cell::get);
    // SAFETY: the caller brings the struct.
    let out = unsafe { &mut *out };
    (out.dimension_count, out.tile_count) = (claims.dimensions, claims.count);
    (out.max_tile_size, out.grid_size) = ([claims.tile; 8], [claims.grid; 8]);
    IOLINK_OK
}

unsafe extern "C" fn region(_: *const iolink_view, _: u64, out: *mut iolink_region, _: *mut iolink_error) -> i32 {
    let claims = CLAIMS.with(Cell::get);
    // SAFETY: the caller brings the struct.
    let out = unsafe { &mut *out };
    out.dimension_count = 1;
    (out.origin[0], out.extent[0]) = claims.region;
    IOLINK_OK
}

unsafe extern "C" fn grid(
    _: *const iolink_view,
    _: u64,
    count: u64,
    out: *mut u64,
    _: *const iolink_call,
    _: *mut iolink_error,
) -> i32 {
    let place = CLAIMS.with(Cell::get).place;
    // SAFETY: the caller brings room for `count` numbers.
    (0..count).for_each(|index| unsafe { out.add(index as usize).write(place) });
    IOLINK_OK
}

unsafe extern "C" fn image_of(_: *const iolink_view, out: *mut *mut iolink_view, _: *mut iolink_error) -> i32 {
    // SAFETY: `out` is the caller's.
    unsafe { *out = View::Image(Plain::new(&[12]).image()).into_raw("") };
    IOLINK_OK
}

fn table() -> iolink_tiling {
    iolink_tiling {
        size: size_of::<iolink_tiling>() as u32,
        reserved: 0,
        describe: Some(describe),
        tile_region: Some(region),
        grid: Some(grid),
        image: Some(image_of),
        read_tile: None,
        write_tile: None,
    }
}

/// An extension whose table is made by hand.
struct Handmade(iolink_tiling);

impl Extension for Handmade {
    fn id(&self) -> u64 {
        IOLINK_EXTENSION_TILING
    }
    fn table(&self) -> *const c_void {
        &self.0 as *const iolink_tiling as *const c_void
    }
}

#[test]
fn a_tiling_that_contradicts_itself_or_its_image_is_refused() {
    let taken = |claims: Claims, table: iolink_tiling| {
        CLAIMS.with(|cell| cell.set(claims));
        tiling_from(&View::extension(Handmade(table)))
    };
    let refused = |claims, table| taken(claims, table).err().unwrap().kind();
    let honest = taken(HONEST, table()).unwrap();
    assert_eq!(read_tile(&*honest, 0).unwrap(), [0, 1, 2, 3], "without read_tile the image is read");
    for claims in [
        Claims { dimensions: 2, ..HONEST },
        Claims { dimensions: 9, ..HONEST },
        Claims { tile: 0, ..HONEST },
        Claims { count: IOLINK_INVALID_TILE_INDEX, ..HONEST },
        Claims { grid: u64::MAX, ..HONEST },
    ] {
        assert_eq!(refused(claims, table()), ErrorKind::Internal);
    }
    assert_eq!(refused(Claims { grid: 2, ..HONEST }, iolink_tiling { grid: None, ..table() }), ErrorKind::Internal);
    for without in [
        iolink_tiling { describe: None, ..table() },
        iolink_tiling { tile_region: None, ..table() },
        iolink_tiling { image: None, ..table() },
    ] {
        assert_eq!(refused(HONEST, without), ErrorKind::Internal);
    }
    assert_eq!(refused(HONEST, iolink_tiling { size: 3, ..table() }), ErrorKind::InvalidArgument);
    for region in [(9, 4), (0, 5), (0, 0), (u64::MAX, 1)] {
        let lying = taken(Claims { region, ..HONEST }, table()).unwrap();
        assert_eq!(lying.tile_region(0).unwrap_err().kind(), ErrorKind::Internal, "{region:?}");
        assert_eq!(read_tile(&*lying, 0).unwrap_err().kind(), ErrorKind::Internal);
    }
    let lying = taken(Claims { place: 3, ..HONEST }, table()).unwrap();
    assert_eq!(lying.grid(0, &mut [0; 3]).unwrap_err().kind(), ErrorKind::Internal);
}

/// A service of a plugin's own: its table has a function that takes the extension's view.
#[repr(C)]
struct Doubler {
    size: u32,
    double: Option<unsafe extern "C" fn(extension: *const iolink_view, number: u64) -> u64>,
}

/// The extension as a plugin in C would make it: not thread safe.
#[repr(C)]
struct Made {
    puppet: Puppet<iolink_extension_vtable>,
    image: *const Puppet<iolink_image_vtable>,
}

unsafe extern "C" fn doubler_id(_: *const iolink_view) -> u64 {
    0xD0B1E_u64
}

unsafe extern "C" fn doubler_table(_: *const iolink_view) -> *const c_void {
    static TABLE: Doubler = Doubler { size: size_of::<Doubler>() as u32, double: Some(double) };
    &TABLE as *const Doubler as *const c_void
}

/// Enters the image: how many calls run at once, in the image and its extension together.
fn enter(image: &Puppet<iolink_image_vtable>) {
    image.most.fetch_max(image.running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    std::thread::yield_now();
    image.running.fetch_sub(1, Ordering::SeqCst);
}

unsafe extern "C" fn double(extension: *const iolink_view, number: u64) -> u64 {
    // SAFETY: the extension's own view is handed back.
    let this = unsafe { &*(extension as *const Made) };
    // SAFETY: the image outlives the test.
    enter(unsafe { &*this.image });
    number * 2
}

unsafe extern "C" fn image_read(
    view: *const iolink_view,
    _: *const iolink_region,
    _: *const iolink_block,
    _: *const iolink_call,
    _: *mut iolink_error,
) -> i32 {
    // SAFETY: this table is only given to such puppets.
    enter(unsafe { &*(view as *const Puppet<iolink_image_vtable>) });
    IOLINK_OK
}

/// Drops a reference; the last one frees the extension.
unsafe extern "C" fn release_made(view: *mut iolink_view) {
    // SAFETY: only such extensions hold this function, and the caller gives up a reference it owns.
    unsafe {
        if (*(view as *mut Made)).puppet.references.fetch_sub(1, Ordering::SeqCst) == 1 {
            drop(Box::from_raw(view as *mut Made));
        }
    }
}

unsafe extern "C" fn image_extension(
    view: *const iolink_view,
    id: u64,
    _: *const iolink_call,
    out: *mut *mut iolink_view,
    _: *mut iolink_error,
) -> i32 {
    if id != 0xD0B1E {
        return IOLINK_ERROR_NOT_FOUND;
    }
    let table = iolink_extension_vtable {
        base: iolink_view_base {
            flags: 0,
            release: Some(release_made),
            ..base::<iolink_extension_vtable>(IOLINK_KIND_EXTENSION)
        },
        id: Some(doubler_id),
        table: Some(doubler_table),
    };
    let mut made = Box::new(Made { puppet: *puppet(table), image: view as *const Puppet<iolink_image_vtable> });
    made.puppet.view.vtable = std::ptr::addr_of!(made.puppet.table) as *const iolink_view_base;
    // SAFETY: `out` is the caller's.
    unsafe { *out = Box::into_raw(made) as *mut iolink_view };
    IOLINK_OK
}

#[test]
fn an_extension_of_a_plugins_own_is_called_by_its_table_and_serialised_with_its_view() {
    let table = iolink_image_vtable {
        base: iolink_view_base {
            flags: 0,
            extension: Some(image_extension),
            ..base::<iolink_image_vtable>(IOLINK_KIND_IMAGE)
        },
        read_region: Some(image_read),
        ..image()
    };
    let mut made = puppet(table);
    let image = made.give().unwrap().into_image().unwrap();
    assert_eq!(parallel_access(&image), SAFE, "calls are serialised: threads gain nothing");
    let extension = image.extension(0xD0B1E).unwrap();
    assert!(image.extension(0xD0B1F).is_none());
    // Over another border and back the object is the same one, so that its table takes it.
    let raw = extension.clone().into_raw("");
    // SAFETY: `raw` is the live view that was just handed out.
    let again = unsafe { View::from_raw(raw) }.unwrap();
    let call = |extension: &Arc<dyn Extension>, number: u64| {
        // SAFETY: who knows the id knows the table.
        unsafe { with_table(extension, |table: *const Doubler, raw| (*table).double.map(|double| double(raw, number))) }
    };
    assert_eq!(call(&again.into_extension().unwrap(), 21), Some(42));
    let extension = extension.into_extension().unwrap();
    std::thread::scope(|threads| {
        for number in 0..2 {
            let (extension, image, call) = (&extension, &image, &call);
            threads.spawn(move || (0..200).for_each(|_| assert_eq!(call(extension, number), Some(2 * number))));
            threads.spawn(move || {
                for _ in 0..200 {
                    let mut bytes = [0; 4];
                    let all = Region::full(&image.shape());
                    let mut block = BlockMut::new(&mut bytes, &all.size, DataType::UINT8).unwrap();
                    image.read_region(&all, &mut block, &Call::silent()).unwrap();
                }
            });
        }
    });
    assert_eq!(made.most.load(Ordering::SeqCst), 1, "the view and its extension were called at once");
}
