//! A picture as it is to be looked at: cameras store it as the sensor saw it and note how they were held.

use image::GenericImageView;
use image::metadata::Orientation;

/// A view of a picture that is turned or mirrored; costs no memory.
pub(super) struct Turned<'a, I> {
    image: &'a I,
    by: Orientation,
}

impl<'a, I: GenericImageView> Turned<'a, I> {
    pub(super) fn new(image: &'a I, by: Orientation) -> Self {
        Self { image, by }
    }
}

impl<I: GenericImageView> GenericImageView for Turned<'_, I> {
    type Pixel = I::Pixel;

    fn dimensions(&self) -> (u32, u32) {
        let (width, height) = self.image.dimensions();
        match self.by {
            Orientation::NoTransforms
            | Orientation::Rotate180
            | Orientation::FlipHorizontal
            | Orientation::FlipVertical => (width, height),
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => (height, width),
        }
    }

    fn get_pixel(&self, x: u32, y: u32) -> I::Pixel {
        let (width, height) = self.image.dimensions();
        let (x, y) = match self.by {
            Orientation::NoTransforms => (x, y),
            Orientation::Rotate90 => (y, height - 1 - x),
            Orientation::Rotate180 => (width - 1 - x, height - 1 - y),
            Orientation::Rotate270 => (width - 1 - y, x),
            Orientation::FlipHorizontal => (width - 1 - x, y),
            Orientation::FlipVertical => (x, height - 1 - y),
            Orientation::Rotate90FlipH => (y, x),
            Orientation::Rotate270FlipH => (width - 1 - y, height - 1 - x),
        };
        self.image.get_pixel(x, y)
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GenericImageView as _, Rgb, RgbImage};

    use super::{Orientation, Turned};

    #[test]
    fn the_view_shows_what_turning_the_pixels_makes() {
        let image = RgbImage::from_fn(5, 3, |x, y| Rgb([u8::try_from(x).unwrap(), u8::try_from(y).unwrap(), 7]));
        for exif in 1..=8 {
            let by = Orientation::from_exif(exif).unwrap();
            let mut turned = DynamicImage::from(image.clone());
            turned.apply_orientation(by);
            let (view, turned) = (Turned::new(&image, by), turned.to_rgb8());
            assert_eq!(view.dimensions(), turned.dimensions(), "{by:?}");
            assert!(turned.enumerate_pixels().all(|(x, y, pixel)| view.get_pixel(x, y) == *pixel), "{by:?}");
        }
    }
}
