//! Opens @NAME@ images: the word `@name@` and a line feed, width and height in 32 bits, then samples of 16 bits row by row,
//! all little-endian. Put your own format here: this file is all that you write.

use iolink_sdk::{fail, AxesInterpretation, ByteOrder, Call, DataType, Host, ImageCapability, ImageProperties, Kind};
use iolink_sdk::{Offer, Provider, ProviderInfo, RandomAccess, Result, Shape, Source, Tile, Tiled, TiledImage, View};
use std::sync::Arc;

const MAGIC: &[u8] = b"@name@\n";
const HEADER: usize = MAGIC.len() + 8;

struct Plugin;

impl Provider for Plugin {
    const INFO: ProviderInfo = ProviderInfo::new("org.example.@name@", "@NAME@ images").offers(&[
        Offer::open(Kind::Image, "@NAME@").extensions("@name@").magic("0:@magic@").image_capabilities(ImageCapability::READ),
    ]);

    fn open(&self, _host: &Host, source: &Source, _call: &Call<'_>) -> Result<View> {
        let (bytes, mut head) = (source.bytes()?, [0; HEADER]);
        if bytes.read_at(0, &mut head)? < HEADER || !head.starts_with(MAGIC) {
            fail!(Unsupported, "{} does not start with the word @name@", source.uri());
        }
        let number = |at: usize| (0..4).map(|byte| u64::from(head[at + byte]) << (8 * byte)).sum::<u64>();
        let (width, height) = (number(MAGIC.len()), number(MAGIC.len() + 4));
        if width == 0 || height == 0 || (bytes.length()? - HEADER as u64) / 2 / width < height {
            fail!(Corrupt, "{} ends before its {width} x {height} samples", source.uri());
        }
        Tiled::view(Image { shape: Shape::new(&[width, height])?, bytes, uri: source.uri().to_owned() })
    }
}

struct Image {
    shape: Shape,
    bytes: Arc<dyn RandomAccess>,
    uri: String,
}

impl TiledImage for Image {
    fn shape(&self) -> Shape { self.shape }
    fn data_type(&self) -> DataType { DataType::UINT16 }
    fn tile_shape(&self) -> Shape { Shape::collect([self.shape[0], 64].into_iter()).unwrap_or(self.shape) } // 64 rows
    fn byte_order(&self) -> ByteOrder { ByteOrder::Little }
    fn origin(&self) -> Option<String> { Some(self.uri.clone()) }
    fn properties(&self) -> Arc<ImageProperties> {
        Arc::new(ImageProperties { axes_interpretation: AxesInterpretation::Image, ..Default::default() })
    }
    fn read_tile(&self, tile: &Tile, samples: &mut [u8]) -> Result<()> {
        self.bytes.read_exact_at(HEADER as u64 + 2 * self.shape[0] * tile.region.origin[1], samples)
    }
}

iolink_sdk::export_plugin!(Plugin);

#[cfg(test)]
mod tests;
