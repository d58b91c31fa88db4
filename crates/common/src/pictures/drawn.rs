//! Pictures that are drawn when they are asked for, and stored nowhere: those of demo data. What one shows follows from the
//! name of its file alone, so that its bytes never change.

use image::{Rgb, RgbImage};

use super::picture::{Flaw, Size, encode};
use super::webp::encode_webp;

/// What the names of their files begin with; those of uploads are hexadecimal.
const PREFIX: &str = "drawn-";

/// The file of a drawing. Those of one group have one shape, in colours of their own.
pub fn drawn_file(group: i64, one: i64) -> String {
    format!("{PREFIX}{group}-{one}")
}

/// A drawing: a shape with a band across it, on a ground that darkens downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawing {
    shape: u16,
    /// Degrees on the wheel of colours.
    hue: u16,
    /// Where the band is, in 24ths of the side above or below the middle.
    band: i16,
}

impl Drawing {
    /// The drawing that a file's name stands for; `None` for a file that is stored.
    pub fn of(file: &str) -> Option<Self> {
        let (group, one) = file.strip_prefix(PREFIX)?.split_once('-')?;
        let (group, one): (u64, u64) = (group.parse().ok()?, one.parse().ok()?);
        let small = |number: u64| u16::try_from(number).unwrap_or_default();
        let band = i16::try_from(one % 7).unwrap_or_default() - 3;
        Some(Self { shape: small(group % SHAPES), hue: small(one.wrapping_mul(47) % 360), band })
    }

    /// Its JPEG in one size, when the original is so many pixels wide and high. Takes some milliseconds: not for an async
    /// worker.
    pub fn jpeg(self, size: Size, (width, height): (u32, u32)) -> Result<Vec<u8>, Flaw> {
        encode(&self.image(size, width, height), false, 82)
    }

    /// Its WebP.
    pub fn webp(self, size: Size, (width, height): (u32, u32)) -> Result<Vec<u8>, Flaw> {
        encode_webp(&self.image(size, width, height))
    }

    fn image(self, size: Size, width: u32, height: u32) -> RgbImage {
        let longest = width.max(height).max(1);
        let wanted = size.longest().min(longest);
        let side = |side: u32| (u64::from(side) * u64::from(wanted)).div_ceil(u64::from(longest));
        let side = |of: u32| u32::try_from(side(of)).unwrap_or(wanted).clamp(1, wanted);
        let (width, height) = (side(width), side(height));
        let half = |side: u32| f32::from(u16::try_from(side).unwrap_or(u16::MAX)) / 2.0;
        let unit = half(width.min(height));
        let from_middle = |at: u32, of: u32| (half(2 * at) + 0.5 - half(of)) / unit;
        RgbImage::from_fn(width, height, |x, y| self.pixel(from_middle(x, width), from_middle(y, height), unit))
    }

    /// The colour at a point, whose coordinates go from -1 to 1 on the shorter side; `scale` is how many pixels are one unit.
    fn pixel(self, x: f32, y: f32, scale: f32) -> Rgb<u8> {
        let ground = colour(self.hue, 0.25, 0.90 - 0.08 * y);
        let inside = cover(distance(self.shape, x, y), scale);
        let on_band = cover((y - f32::from(self.band) / 12.0).abs() - 0.08, scale);
        let body = mix(colour(self.hue, 0.55, 0.48), colour(self.hue + 150, 0.60, 0.62), on_band);
        let mixed = mix(ground, body, inside);
        // A float beyond the range of u8 becomes its nearest end.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and 0 to 255")]
        Rgb(mixed.map(|channel| (channel * 255.0).round() as u8))
    }
}

const SHAPES: u64 = 6;

/// How far a point is from the edge of a shape; negative inside of it.
fn distance(shape: u16, x: f32, y: f32) -> f32 {
    let from_middle = x.hypot(y);
    match shape {
        0 => from_middle - 0.62,
        1 => x.abs().max(y.abs()) - 0.55,
        2 => (x.abs() + y.abs()) * 0.7 - 0.52,
        3 => (from_middle - 0.48).abs() - 0.16,
        4 => (x.abs() * 0.866 - y * 0.5).max(y) - 0.38,
        _ => ((x.abs() - 0.30).max(0.0)).hypot(y) - 0.36,
    }
}

/// How much of a pixel lies inside of an edge that is so far away.
fn cover(distance: f32, scale: f32) -> f32 {
    (0.5 - distance * scale).clamp(0.0, 1.0)
}

fn mix(from: [f32; 3], to: [f32; 3], share: f32) -> [f32; 3] {
    [0, 1, 2].map(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

/// A colour by hue in degrees, saturation and lightness (CSS Color 4, section 7.1).
fn colour(hue: u16, saturation: f32, lightness: f32) -> [f32; 3] {
    let reach = saturation * lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|turn| {
        let at = (turn + f32::from(hue) / 30.0) % 12.0;
        lightness - reach * (at - 3.0).min(9.0 - at).clamp(-1.0, 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_as_large_as_it_is_asked_for() {
        let drawing = Drawing::of(&drawn_file(3, 7)).unwrap();
        assert_eq!(drawing, Drawing::of("drawn-3-7").unwrap());
        for other in ["0a1b", "drawn-", "drawn-1", "drawn-x-1", "drawn-1--1"] {
            assert_eq!(Drawing::of(other), None, "{other}");
        }
        for (size, sides) in [(Size::Original, (1_200, 800)), (Size::Medium, (480, 320)), (Size::Small, (160, 107))] {
            for bytes in [drawing.jpeg(size, (1_200, 800)).unwrap(), drawing.webp(size, (1_200, 800)).unwrap()] {
                let image = image::load_from_memory(&bytes).unwrap();
                assert_eq!((image.width(), image.height()), sides);
            }
        }
    }
}
