//! How to write a provider, one step after the other. Each step is a program that runs.
//!
//! # 1. What you hand out: a view
//!
//! A view says what it can do and does it. An image gives its capabilities, shape and type, and one way to its samples:
//! their memory, a region at a time, or a tile at a time. Memory is the shortest:
//!
//! ```
//! use iolink_sdk::{ByteOrder, DataType, ImageCapability, ImageView, Memory, Owner, Result, Shape};
//! use std::sync::Arc;
//!
//! /// Samples that somebody decoded.
//! struct Decoded {
//!     shape: Shape,
//!     samples: Arc<Vec<u16>>,
//! }
//!
//! impl ImageView for Decoded {
//!     fn capabilities(&self) -> ImageCapability {
//!         ImageCapability::READ | ImageCapability::MEMORY_ACCESS
//!     }
//!     fn shape(&self) -> Shape {
//!         self.shape
//!     }
//!     fn data_type(&self) -> DataType {
//!         DataType::UINT16
//!     }
//!     fn memory(&self) -> Result<Memory> {
//!         Ok(Memory {
//!             data: self.samples.as_ptr() as *mut u8,
//!             data_type: DataType::UINT16,
//!             shape: self.shape,
//!             strides: self.shape.column_fastest(2),
//!             byte_order: ByteOrder::NATIVE,
//!             writable: false,
//!             owner: Owner::arc(self.samples.clone()), // keeps them in place for whoever borrows
//!         })
//!     }
//! }
//!
//! // Regions are read through the memory: nothing more to write.
//! let image = Decoded { shape: Shape::new(&[3, 2])?, samples: Arc::new(vec![0, 1, 2, 3, 4, 5]) };
//! let region = iolink_sdk::Region::new(&[1, 1], &[2, 1])?;
//! let mut out = [0; 4];
//! let mut block = iolink_sdk::BlockMut::new(&mut out, &region.size, DataType::UINT16)?;
//! image.read_region(&region, &mut block, &iolink_sdk::Call::silent())?;
//! assert_eq!(out, [4u16.to_ne_bytes(), 5u16.to_ne_bytes()].concat()[..]);
//! # Ok::<(), iolink_sdk::Error>(())
//! ```
//!
//! What does not fit into memory, or is compressed in pieces, is a [`TiledImage`](crate::TiledImage): you decode one
//! tile, strip or row, and regions, layouts, byte order, a cache and cancelling come with [`Tiled`](crate::Tiled). Axes,
//! spacing, units and the scale of the values are [`ImageProperties`](crate::ImageProperties), everything else that a file
//! says is a [`MetadataNode`](crate::MetadataNode). Tables, streams and bytes are views too: [`view`](crate::view).
//!
//! # 2. What makes it: a provider
//!
//! A unit struct says who it is and what it offers, as constants, and does it. The macro exports it; what it says goes
//! into the library as a manifest, which is read without loading anything.
//!
//! ```
//! use iolink_sdk::{fail, Call, Host, ImageCapability, Kind, Offer, Provider, ProviderInfo, Result, Source, View};
//!
//! struct Cells;
//!
//! impl Provider for Cells {
//!     const INFO: ProviderInfo = ProviderInfo::new("org.example.cells", "CELLS images").offers(&[
//!         Offer::open(Kind::Image, "CELLS") // what opening gives, and the name of the format
//!             .extensions("cells,cells.gz") // how its files are named
//!             .magic("0:63656c6c") // and how they begin
//!             .image_capabilities(ImageCapability::READ), // what every such image can do
//!     ]);
//!
//!     fn open(&self, _host: &Host, source: &Source, _call: &Call<'_>) -> Result<View> {
//!         let mut head = [0; 8];
//!         source.bytes()?.read_at(0, &mut head)?;
//!         if !head.starts_with(b"cell") {
//!             fail!(Unsupported, "{} does not start with the word cell", source.uri());
//!         }
//!         fail!(Corrupt, "{} ends inside its header", source.uri())
//!     }
//! }
//!
//! iolink_sdk::export_plugin!(Cells);
//!
//! // The library's one symbol leads to all of it.
//! assert_eq!(unsafe { std::ffi::CStr::from_ptr(iolink_plugin_v1.id) }.to_str(), Ok("org.example.cells"));
//! ```
//!
//! # 3. Being asked: detection
//!
//! Magic bytes weigh more than an ending, both more than one. A host asks the best first, and nobody else. Where neither
//! tells your files apart, [`identify`](crate::Provider::identify) looks for itself and says how sure it is. Claim only
//! what is yours: `iolink check` shows you files of others.
//!
//! # 4. Options
//!
//! An offer names the options that it takes. The host rejects every other option, and values of another type.
//!
//! ```
//! use iolink_sdk::{Call, Host, Kind, Offer, OptionInfo, Options, Provider, ProviderInfo, Result, Source, View};
//! # struct Cells;
//! impl Provider for Cells {
//!     const INFO: ProviderInfo = ProviderInfo::new("org.example.cells", "CELLS images").offers(&[
//!         Offer::open(Kind::Image, "CELLS").extensions("cells").options(&[
//!             OptionInfo::integer("page", "0", "which page to open"),
//!             OptionInfo::boolean("flip", "false", "whether rows are stored from bottom to top"),
//!         ]),
//!     ]);
//!
//!     fn open(&self, _host: &Host, source: &Source, _call: &Call<'_>) -> Result<View> {
//!         let page = source.parsed("page")?.unwrap_or(0u32);
//!         let flip = source.boolean("flip")?.unwrap_or(false);
//!         iolink_sdk::fail!(NotFound, "there is no page {page} (flip: {flip})")
//!     }
//! }
//! let source = Source::new("stream:x").with_option("page", "7");
//! let refused = Cells.open(&Host::none(), &source, &Call::silent()).unwrap_err();
//! assert_eq!(refused.message(), "there is no page 7 (flip: false)");
//! ```
//!
//! A format in several files reaches the others by `source.sibling("brain.img", call)`: the source brings the store that holds it,
//! such as the folder of a local file.
//!
//! # 5. Saying no: errors
//!
//! An [`Error`](crate::Error) has a kind and a message for people: what was wrong, what was expected, what to do.
//! `Unsupported` says that the file is not yours, and the next candidate is asked; `Corrupt` that it is yours and damaged.
//! Never hand out zeros for what cannot be decoded. A panic becomes an error of kind `Internal`; it does not end the host.
//!
//! ```
//! fn width(head: &[u8]) -> iolink_sdk::Result<u64> {
//!     match head.first() {
//!         Some(0) => iolink_sdk::fail!(Corrupt, "the width is 0; an image has at least one column"),
//!         Some(width) => Ok(u64::from(*width)),
//!         None => iolink_sdk::fail!(Corrupt, "the file ends before its header"),
//!     }
//! }
//! assert_eq!(width(&[0]).unwrap_err().kind(), iolink_sdk::ErrorKind::Corrupt);
//! ```
//!
//! # 6. Taking long: progress and cancelling
//!
//! Every function that may block gets a [`Call`](crate::Call): who listens, when it must end, how many threads it may use. Report
//! progress by [`Call::step`](crate::Call::step), which fails with `Cancelled` or `Timeout` when the caller wants an end: `?` passes
//! that on. Work on several threads with [`Host::run`](crate::Host::run), which uses the one pool of the process.
//!
//! ```
//! use iolink_sdk::{Call, ErrorKind, Result};
//!
//! fn decode(blocks: u64, call: &Call<'_>) -> Result<u64> {
//!     for done in 0..blocks {
//!         call.step(done, blocks)?;
//!     }
//!     Ok(blocks)
//! }
//! let enough = |done: u64, _total: u64| done < 3;
//! assert_eq!(decode(10, &Call::new(&enough)).unwrap_err().kind(), ErrorKind::Cancelled);
//! assert_eq!(decode(10, &Call::silent()).unwrap(), 10);
//! ```
//!
//! # 7. Remembering: caches, sizes
//!
//! [`Cache`](crate::Cache) keeps decoded bytes up to a limit. [`Limits`](crate::Limits) refuses a size that a file claims
//! before anything is allocated for it.
//!
//! ```
//! use iolink_sdk::{DataType, ErrorKind, Limits, Shape};
//!
//! let claimed = Shape::new(&[1 << 40, 1 << 40])?;
//! let refused = Limits::default().image_bytes(&claimed, DataType::UINT8).unwrap_err();
//! assert_eq!(refused.kind(), ErrorKind::Limit);
//! # Ok::<(), iolink_sdk::Error>(())
//! ```
//!
//! # 8. Holding what is promised
//!
//! `iolink check PLUGIN` runs the conformance suite over the library, with the files in `samples/` beside it. The guide
//! `docs/plugins.md` goes from `iolink new-plugin` to a published wheel.
