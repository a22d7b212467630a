//! Extensions: services attached to a view, and the three that every image has.

use crate::axes::member;
use crate::blocks::{read_into, write_from};
use crate::errors::{raise, OrRaise};
use crate::image::ImageView;
use crate::multi::{LodImageView, MultiImageView};
use crate::region::RegionXu64;
use crate::vector::{Count, Ordinal, VectorXu64};
use iolink_sdk::abi::{
    iolink_view, IOLINK_EXTENSION_PARALLEL_ACCESS, IOLINK_EXTENSION_TILING, IOLINK_EXTENSION_VIEW_ORIGIN,
    IOLINK_INVALID_TILE_INDEX,
};
use iolink_sdk::view::services;
use iolink_sdk::{out_of_memory, ParallelAccessCapability, Tiling, View, ViewOrigin};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::sync::Arc;

/// The object that crosses the border, with one reference.
struct Held(*mut iolink_view);

// SAFETY: every view may be counted from any thread, and nothing else is done with it here.
unsafe impl Send for Held {}
// SAFETY: as above.
unsafe impl Sync for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and every view has `release`.
        unsafe {
            if let Some(release) = (*(*self.0).vtable).release {
                release(self.0);
            }
        }
    }
}

/// A service attached to a view. A plugin may attach its own: who knows the id knows the table, and calls its functions
/// with `address()`.
///
/// Ids 0x0 to 0xFFFF are iolink's own; take a number of 64 random bits for yours.
#[pyclass(frozen, subclass, module = "iolink", name = "Extension")]
pub struct Extension {
    extension: Arc<dyn iolink_sdk::Extension>,
    held: Held,
}

impl Extension {
    fn new(extension: Arc<dyn iolink_sdk::Extension>) -> Self {
        let held = Held(View::Extension(extension.clone()).into_raw("org.iolink.python"));
        Extension { extension, held }
    }
}

#[pymethods]
impl Extension {
    /// Which service this is.
    fn id(&self) -> u64 {
        self.extension.id()
    }

    /// Address of the service's own table, for `ctypes` or a C program; good while this object lives.
    fn table(&self) -> usize {
        self.extension.table() as usize
    }

    /// Address of the `iolink_view` that the table's functions take; good while this object lives. Calls through it are not
    /// serialised for views that may not be used from several threads.
    fn address(&self) -> usize {
        self.held.0 as usize
    }

    fn __repr__(&self) -> String {
        format!("Extension({:#x})", self.extension.id())
    }
}

/// How an image is cut into tiles. Everything is canonical: COLUMN first.
///
/// >>> image = ImageViewFactory.allocate((1000, 800), "UINT16")
/// >>> tiles = image.tiling_info()
/// >>> tiles.max_tile_size(), tiles.tile_count()
/// (VectorXu64(500, 800), 2)
/// >>> tiles.tile_region(1)
/// RegionXu64((500, 0), (500, 800))
#[pyclass(frozen, extends = Extension, module = "iolink", name = "TilingInfoExtension")]
pub struct TilingInfoExtension {
    tiling: Arc<dyn Tiling>,
}

#[pymethods]
impl TilingInfoExtension {
    #[classattr]
    const EXTENSION_ID: u64 = IOLINK_EXTENSION_TILING;
    #[classattr]
    const INVALID_TILE_INDEX: u64 = IOLINK_INVALID_TILE_INDEX;

    /// The image that is cut.
    fn image(&self) -> ImageView {
        ImageView::new(self.tiling.image())
    }

    /// Samples of the largest tile along each axis; tiles at the border may be smaller.
    fn max_tile_size(&self) -> VectorXu64 {
        VectorXu64::from_values(self.tiling.max_tile_size().to_vec())
    }

    /// How many tiles there are; they are counted from 0.
    fn tile_count(&self) -> u64 {
        self.tiling.tile_count()
    }

    /// Where a tile lies. Raises IndexError for one that is not there.
    fn tile_region(&self, index: Ordinal) -> PyResult<RegionXu64> {
        self.tiling.tile_region(index.0).or_raise().map(RegionXu64)
    }

    /// Which tile is where: an array of tile indices with one axis for each axis of the image, in canonical order, so that
    /// `grid[0, 1]` of a plane is the tile one row of tiles below the first. INVALID_TILE_INDEX marks places where the image
    /// has no tile.
    ///
    /// >>> image = ImageViewFactory.allocate((1000, 800), "UINT16")
    /// >>> image.tiling_info().tiling_grid()
    /// array([[0],
    ///        [1]], dtype=uint64)
    fn tiling_grid<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let size = self.tiling.grid_size();
        let count = size.element_count().and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
        let mut places = Vec::new();
        places.try_reserve_exact(count).map_err(|_| raise(out_of_memory(count.saturating_mul(size_of::<u64>()))))?;
        places.resize(count, 0);
        py.detach(|| self.tiling.grid(0, &mut places)).or_raise()?;
        let flat = PyArray1::from_vec(py, places);
        let shape: Vec<usize> = size.iter().map(|size| *size as usize).collect();
        Ok(flat.reshape_with_order(shape, numpy::npyffi::NPY_ORDER::NPY_FORTRANORDER)?.into_any())
    }

    /// The samples of a tile into `dst`, or into a new array; the rules are those of `ImageView.read_region`.
    ///
    /// Raises IndexError for a tile that is not there.
    #[pyo3(signature = (index, dst = None, *, progress = None))]
    fn read_tile<'py>(
        &self,
        py: Python<'py>,
        index: Ordinal,
        dst: Option<&Bound<'py, PyAny>>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (image, region) = (self.tiling.image(), self.tiling.tile_region(index.0).or_raise()?);
        let dst = match dst {
            Some(dst) => dst.clone(),
            None => crate::interop::empty(py, &*image, &region.size)?,
        };
        read_into(&dst, (&*image, &region.size), progress, |block, call| self.tiling.read_tile(index.0, block, call))?;
        Ok(dst)
    }

    /// The samples of `src` into a tile; the rules are those of `ImageView.write_region`.
    #[pyo3(signature = (index, src, *, progress = None))]
    fn write_tile(&self, index: Ordinal, src: &Bound<'_, PyAny>, progress: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let (image, region) = (self.tiling.image(), self.tiling.tile_region(index.0).or_raise()?);
        write_from(src, (&*image, &region.size), progress, |block, call| self.tiling.write_tile(index.0, block, call))
    }

    fn __repr__(&self) -> String {
        format!(
            "TilingInfoExtension({} tiles of at most {}, grid {})",
            self.tiling.tile_count(),
            self.tiling.max_tile_size(),
            self.tiling.grid_size()
        )
    }
}

/// What several threads gain from a view. Every view may be used from several threads: the host serialises those whose maker
/// does not allow it.
///
/// Reading and writing the same samples at once is never ordered.
///
/// >>> image = ImageViewFactory.allocate((6, 4), "UINT8")
/// >>> image.extension(ParallelAccessExtension.EXTENSION_ID)
/// ParallelAccessExtension(THREAD_SAFE | BY_TILE | BY_REGION)
#[pyclass(frozen, extends = Extension, module = "iolink", name = "ParallelAccessExtension")]
pub struct ParallelAccessExtension {
    capabilities: ParallelAccessCapability,
}

#[pymethods]
impl ParallelAccessExtension {
    #[classattr]
    const EXTENSION_ID: u64 = IOLINK_EXTENSION_PARALLEL_ACCESS;

    /// As a `ParallelAccessCapability` set: THREAD_SAFE, and whether it pays to read BY_TILE or BY_REGION in parallel.
    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        member(py, "ParallelAccessCapability", self.capabilities.value())
    }

    /// Has the view all of these capabilities?
    fn support(&self, flags: Count) -> bool {
        self.capabilities.value() & flags.0 == flags.0
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.__repr__()
    }

    fn __repr__(&self) -> String {
        format!("ParallelAccessExtension({:?})", self.capabilities)
    }
}

/// Where a view came from. A view that was not opened has none.
#[pyclass(frozen, extends = Extension, module = "iolink", name = "ViewOriginExtension")]
pub struct ViewOriginExtension {
    origin: ViewOrigin,
}

#[pymethods]
impl ViewOriginExtension {
    #[classattr]
    const EXTENSION_ID: u64 = IOLINK_EXTENSION_VIEW_ORIGIN;

    /// URI that the view was opened by.
    fn uri(&self) -> Option<String> {
        self.origin.uri.clone()
    }

    /// Name of the format found there, where the provider says.
    fn format(&self) -> Option<String> {
        self.origin.format.clone()
    }

    fn __repr__(&self) -> String {
        let text = |text: &Option<String>| text.as_deref().unwrap_or("unknown").to_owned();
        format!("ViewOriginExtension({}, format {})", text(&self.origin.uri), text(&self.origin.format))
    }
}

/// The extension in the class that its id has.
fn in_class<'py>(py: Python<'py>, found: Option<View>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(view) = found else { return Ok(None) };
    let extension = view.clone().into_extension().or_raise()?;
    let id = extension.id();
    let base = PyClassInitializer::from(Extension::new(extension));
    Ok(Some(match id {
        IOLINK_EXTENSION_TILING => {
            let tiling = services::tiling_from(&view).or_raise()?;
            Bound::new(py, base.add_subclass(TilingInfoExtension { tiling }))?.into_any()
        }
        IOLINK_EXTENSION_PARALLEL_ACCESS => {
            let capabilities = services::parallel_access_from(&view).or_raise()?;
            Bound::new(py, base.add_subclass(ParallelAccessExtension { capabilities }))?.into_any()
        }
        IOLINK_EXTENSION_VIEW_ORIGIN => {
            let origin = services::view_origin_from(&view).or_raise()?;
            Bound::new(py, base.add_subclass(ViewOriginExtension { origin }))?.into_any()
        }
        _ => Bound::new(py, base)?.into_any(),
    }))
}

#[pymethods]
impl ImageView {
    /// A service by its id, or None. Every image has the first two of iolink's own, TilingInfoExtension and
    /// ParallelAccessExtension; one that was opened has ViewOriginExtension too; a plugin may attach others.
    ///
    /// >>> ImageViewFactory.allocate((6, 4), "UINT8").extension(0x1234567890) is None
    /// True
    fn extension<'py>(&self, py: Python<'py>, id: Count) -> PyResult<Option<Bound<'py, PyAny>>> {
        let own = services::of_image(&self.open()?, id.0);
        if own.is_some() || id.0 != IOLINK_EXTENSION_VIEW_ORIGIN {
            return in_class(py, own);
        }
        // Of an image that a provider written in Python made, this object knows.
        let origin = self.uri()?.map(|uri| ViewOrigin { uri: Some(uri), format: None });
        in_class(py, origin.map(services::view_origin_view))
    }

    /// How the image is cut into tiles: as its maker says, else uniformly into tiles of at most one MiB.
    fn tiling_info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let tiling = services::tiling(&self.open()?).or_raise()?;
        match in_class(py, Some(services::tiling_view(tiling)))? {
            Some(extension) => Ok(extension),
            None => Ok(py.None().into_bound(py)),
        }
    }
}

#[pymethods]
impl MultiImageView {
    /// A service by its id, or None.
    fn extension<'py>(&self, py: Python<'py>, id: Count) -> PyResult<Option<Bound<'py, PyAny>>> {
        in_class(py, self.view().extension(id.0))
    }
}

#[pymethods]
impl LodImageView {
    /// A service by its id, or None.
    fn extension<'py>(&self, py: Python<'py>, id: Count) -> PyResult<Option<Bound<'py, PyAny>>> {
        in_class(py, self.view().extension(id.0))
    }
}

macro_rules! provider {
    ($($is:ident, $to:ident, $class:ident;)*) => {
        /// Tells what an extension is, and casts it.
        ///
        /// >>> image = ImageViewFactory.allocate((6, 4), "UINT8")
        /// >>> extension = image.extension(TilingInfoExtension.EXTENSION_ID)
        /// >>> ExtensionProvider.to_tiling_info(extension).tile_count()
        /// 1
        #[pyclass(frozen, module = "iolink", name = "ExtensionProvider")]
        pub struct ExtensionProvider;

        #[pymethods]
        impl ExtensionProvider {
            $(
                #[staticmethod]
                fn $is(extension: &Bound<'_, PyAny>) -> bool {
                    extension.cast::<$class>().is_ok()
                }

                /// The extension, in this class. Raises TypeError for another.
                #[staticmethod]
                fn $to<'py>(extension: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                    match extension.cast::<$class>() {
                        Ok(_) => Ok(extension.clone()),
                        Err(_) => Err(PyTypeError::new_err(format!(
                            concat!("extension: {} is no ", stringify!($class)),
                            extension.repr()?
                        ))),
                    }
                }
            )*
        }
    };
}

provider! {
    is_tiling_info, to_tiling_info, TilingInfoExtension;
    is_parallel_access, to_parallel_access, ParallelAccessExtension;
    is_view_origin, to_view_origin, ViewOriginExtension;
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("INVALID_TILE_INDEX", IOLINK_INVALID_TILE_INDEX)?;
    module.add_class::<Extension>()?;
    module.add_class::<TilingInfoExtension>()?;
    module.add_class::<ParallelAccessExtension>()?;
    module.add_class::<ViewOriginExtension>()?;
    module.add_class::<ExtensionProvider>()
}
