//! Opens NIfTI-1 and NIfTI-2 volumes of either byte order, plain or gzipped. This file says what is offered and opens a
//! source; `header` reads the header, `volume` is the image view.

mod header;
mod volume;

use iolink_sdk::{Call, Host, ImageCapability, Kind, Offer, Provider, ProviderInfo, Result, Source, View};
use std::{fs::File, sync::Arc};

/// The provider.
pub struct Nifti;

impl Provider for Nifti {
    const INFO: ProviderInfo =
        ProviderInfo::new("org.iolink.example.nifti", "NIfTI-1 and NIfTI-2 volumes").offers(&[Offer::open(
            Kind::Image,
            "NIfTI",
        )
        .extensions("nii,nii.gz")
        .magic("344:6e2b3100,4:6e2b3200")
        .image_capabilities(ImageCapability::READ)]);

    fn open(&self, _host: &Host, source: &Source, _call: &Call<'_>) -> Result<View> {
        let bytes = source.bytes()?;
        let (head, gzipped) = volume::start(&bytes, 1 << 17, 540)?;
        // Deflate makes at most 1032 bytes of one: a header that claims more is refused before anything is allocated.
        let most = bytes.length()?.saturating_mul(if gzipped { 1032 } else { 1 });
        let header = header::read(&head, most)?;
        // The file as memory, where it is plain and still the one that the bytes come from.
        let file = source.path().filter(|_| !gzipped).and_then(|path| File::open(path).ok());
        // SAFETY: the mapping is read-only. Whoever truncates the file makes accesses to the mapping fault: the known
        // price of MEMORY_ACCESS to a file. Reading regions never touches the mapping.
        let map = file.and_then(|file| unsafe { memmap2::Mmap::map(&file) }.ok());
        let map = map.filter(|map| map.len() as u64 == most && map.starts_with(&head)).map(Arc::new);
        let (uri, inflated) = (source.uri().to_owned(), gzipped.then(Default::default));
        Ok(View::image(volume::Volume { uri, header, bytes, map, inflated }))
    }
}

iolink_sdk::export_plugin!(Nifti);
