//! Pictures as WebP, which takes a third less than JPEG.

use image::{GenericImageView, Pixel, PixelWithColorType, Rgba};

use super::picture::Flaw;

/// From 1 to 100.
const QUALITY: f32 = 80.0;

/// Encodes a picture as WebP, with losses. The encoder's own limit is 16,383 pixels on a side.
pub(super) fn encode_webp<I, P>(image: &I) -> Result<Vec<u8>, Flaw>
where
    I: GenericImageView<Pixel = P>,
    P: Pixel<Subpixel = u8> + PixelWithColorType,
{
    let (width, height) = image.dimensions();
    let opaque = P::CHANNEL_COUNT % 2 == 1;
    let mut pixels = Vec::with_capacity(width as usize * height as usize * if opaque { 3 } else { 4 });
    for (_, _, pixel) in image.pixels() {
        let Rgba(channels) = pixel.to_rgba();
        pixels.extend_from_slice(if opaque { &channels[..3] } else { &channels });
    }
    let encoder = if opaque {
        webp::Encoder::from_rgb(&pixels, width, height)
    } else {
        webp::Encoder::from_rgba(&pixels, width, height)
    };
    let encoded = encoder.encode_simple(false, QUALITY).map_err(|error| {
        tracing::debug!(?error, "a picture could not be made WebP");
        Flaw::TooLarge
    })?;
    Ok(encoded.to_vec())
}
