//! Every kernel that splits pixels, also those that this CPU's best one stands before.

use super::super::planar::Kernel;
use super::super::{blend, shuffle, stream};
use super::{rounds, Random};

fn kernels() -> Vec<(usize, usize, Kernel)> {
    let mut found: Vec<(usize, usize, Kernel)> = Vec::new();
    if std::is_x86_feature_detected!("ssse3") {
        found.extend([(3, 1, shuffle::split::<3, 1> as Kernel), (3, 2, shuffle::split::<3, 2>)]);
        found.extend([(4, 1, shuffle::split::<4, 1> as Kernel), (4, 2, shuffle::split::<4, 2>)]);
    }
    if std::is_x86_feature_detected!("avx2") {
        found.extend([(3, 1, blend::split::<1> as Kernel), (3, 2, blend::split::<2>)]);
    }
    found
}

#[test]
fn every_split_agrees_with_the_naive_twin() {
    let mut r = Random(31);
    for (channels, element, kernel) in kernels() {
        for _ in 0..rounds(400) {
            let n = r.pick(&[0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 100, 127, 128, 257, 1000]);
            let (shift, pad) = (r.below(70), r.pick(&[0, 1, 2, 16, 32]));
            let step = (n * element + 31) / 32 * 32 + pad;
            let mut pixels = vec![0; n * channels * element + r.below(5)];
            r.fill(&mut pixels);
            let mut planes = vec![0u8; shift + channels * step + 64];
            r.fill(&mut planes);
            let mut want = planes.clone();
            for (k, component) in pixels.chunks_exact(element).take(n * channels).enumerate() {
                let at = shift + k % channels * step + k / channels * element;
                want[at..at + element].copy_from_slice(component);
            }
            // SAFETY: `n` pixels here, and planes of at least as many there; the CPU has the instructions.
            unsafe { kernel(n, pixels.as_ptr(), planes.as_mut_ptr().add(shift), step as isize, r.below(2) == 0) };
            stream::fence();
            assert!(
                planes == want,
                "{n} pixels of {channels} components of {element} bytes, shift {shift}, step {step}"
            );
        }
    }
}
