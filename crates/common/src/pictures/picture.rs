//! From bytes that anybody may have sent to a picture of our own making, in bounded memory.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom, Write};

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, GenericImageView, ImageDecoder, ImageError, ImageFormat, Limits, Pixel, PixelWithColorType,
};

use super::turned::Turned;
use super::webp::encode_webp;

/// Longest side of a picture, in pixels.
pub(super) const LONGEST_SIDE: u32 = 8_000;
/// What one picture may take of the memory while it is worked on, by estimate, in bytes. That is 13 megapixels of a
/// usual JPEG, 12 of a PNG with alpha, and 5 of what the decoders need most for (WebP with alpha, 16 bits a channel).
const MOST_MEMORY: u64 = 60 * MIB;
const MIB: u64 = 1024 * 1024;
/// Largest encoded picture, in bytes.
const MOST_ENCODED: usize = 16 << 20;
/// What is kept of the compressed parts beside the pixels (profiles, texts), in bytes.
const MOST_METADATA: u64 = 4 * MIB;

/// The sizes that a picture is served in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// As it was uploaded, as far as pixels go.
    Original,
    /// At most 1,200 pixels on its longest side.
    Large,
    /// At most 480.
    Medium,
    /// At most 160.
    Small,
}

impl Size {
    /// All of them, the largest first.
    pub const ALL: [Self; 4] = [Self::Original, Self::Large, Self::Medium, Self::Small];

    /// As it stands in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Large => "large",
            Self::Medium => "medium",
            Self::Small => "small",
        }
    }

    /// The longest side, in pixels.
    pub fn longest(self) -> u32 {
        match self {
            Self::Original => LONGEST_SIDE,
            Self::Large => 1_200,
            Self::Medium => 480,
            Self::Small => 160,
        }
    }
}

impl std::str::FromStr for Size {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|size| size.name() == text).ok_or(())
    }
}

/// Why bytes make no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// They are none, or a broken one.
    NoPicture,
    /// It is one, and larger than we can take.
    TooLarge,
}

impl From<ImageError> for Flaw {
    fn from(error: ImageError) -> Self {
        tracing::debug!(%error, "a picture was refused");
        if matches!(error, ImageError::Limits(_)) { Self::TooLarge } else { Self::NoPicture }
    }
}

/// A picture of our own making.
#[derive(Debug)]
pub struct Picture {
    /// Whether it is PNG; JPEG otherwise.
    pub is_png: bool,
    /// Of the original, in pixels.
    pub width: u32,
    /// Of the original, in pixels.
    pub height: u32,
    /// In the order of [`Size::ALL`].
    pub files: [Vec<u8>; 4],
    /// The smaller ones once more, as WebP, when that was asked for.
    pub webp: Option<[Vec<u8>; 3]>,
}

/// What is made of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formats {
    /// JPEG, or PNG where something shows through.
    Plain,
    /// The smaller ones as WebP, too.
    AndWebp,
}

/// A picture whose head was read.
pub(super) struct Opened {
    decoder: Box<dyn ImageDecoder + Send>,
    orientation: Orientation,
    memory: u64,
}

/// Looks at the head of a file: what it is, and what decoding it would take.
pub(super) fn open(mut file: File, length: u64) -> Result<Opened, Flaw> {
    let mut head = [0; 16];
    let read = file.read(&mut head).map_err(|_| Flaw::NoPicture)?;
    let format = image::guess_format(&head[..read]).map_err(|_| Flaw::NoPicture)?;
    let limits = |most| {
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height) = (Some(LONGEST_SIDE), Some(LONGEST_SIDE));
        limits.max_alloc = Some(most);
        limits
    };
    if format == ImageFormat::Jpeg && !has_end(&mut file)? {
        return Err(Flaw::NoPicture); // its decoder would fill what is missing with grey
    }
    let baseline = format != ImageFormat::Jpeg || !is_progressive(&mut file)?;
    file.seek(SeekFrom::Start(0)).map_err(|_| Flaw::NoPicture)?;
    let reader = BufReader::with_capacity(64 * 1024, file);
    let mut decoder: Box<dyn ImageDecoder + Send> = match format {
        ImageFormat::Png => Box::new(PngDecoder::with_limits(reader, limits(MOST_METADATA))?),
        ImageFormat::Jpeg => Box::new(JpegDecoder::new(reader)?),
        ImageFormat::WebP => Box::new(WebPDecoder::new(reader)?),
        ImageFormat::Gif => Box::new(GifDecoder::new(reader)?),
        _ => return Err(Flaw::NoPicture),
    };
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Flaw::NoPicture);
    }
    if width.max(height) > LONGEST_SIDE {
        return Err(Flaw::TooLarge);
    }
    let memory = memory_of(format, decoder.as_ref(), length, baseline);
    if memory > MOST_MEMORY {
        return Err(Flaw::TooLarge);
    }
    // For the frame of a GIF that does not fill its screen: a larger one than the screen is nothing to show.
    decoder.set_limits(limits(decoder.total_bytes() + MIB))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok(Opened { decoder, orientation, memory })
}

/// Whether a JPEG has its end behind its picture, and not only behind the one of a thumbnail. What is built otherwise than
/// usual is left to the decoder.
fn has_end(file: &mut File) -> Result<bool, Flaw> {
    let unreadable = |_| Flaw::NoPicture;
    file.seek(SeekFrom::Start(2)).map_err(unreadable)?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    loop {
        let mut segment = [0; 4];
        if reader.read_exact(&mut segment).is_err() {
            return Ok(false);
        }
        match segment {
            [0xff, 0xda, ..] => break,
            [0xff, 0xc0..=0xcf | 0xdb..=0xfe, high, low] => {
                let length = i64::from(u16::from_be_bytes([high, low]));
                reader.seek_relative(length - 2).map_err(unreadable)?;
            }
            _ => return Ok(true),
        }
    }
    let mut before = 0;
    for byte in reader.bytes() {
        let byte = byte.map_err(unreadable)?;
        if (before, byte) == (0xff, 0xd9) {
            return Ok(true);
        }
        before = byte;
    }
    Ok(false)
}

/// Whether a JPEG may be progressive: the decoder then holds all coefficients of the picture. Within its compressed
/// data a marker cannot stand by chance.
fn is_progressive(file: &mut File) -> Result<bool, Flaw> {
    file.seek(SeekFrom::Start(0)).map_err(|_| Flaw::NoPicture)?;
    let mut before = 0;
    for byte in BufReader::with_capacity(64 * 1024, file).bytes() {
        let byte = byte.map_err(|_| Flaw::NoPicture)?;
        if (before, byte) == (0xff, 0xc2) {
            return Ok(true);
        }
        before = byte;
    }
    Ok(false)
}

/// What decoding and encoding takes at its peak, in bytes, by what the decoders are known to allocate.
fn memory_of(format: ImageFormat, decoder: &dyn ImageDecoder, length: u64, baseline: bool) -> u64 {
    let (width, height) = decoder.dimensions();
    let area = u64::from(width) * u64::from(height);
    let color = decoder.color_type();
    let decoded = decoder.total_bytes();
    let eight_bits = area * u64::from(color.channel_count());
    let pixels = if decoded > eight_bits { decoded + eight_bits } else { decoded };
    let beside = match (format, baseline) {
        (ImageFormat::Jpeg, true) => length,
        // Two bytes for each coefficient of up to four channels, one of which is not there in colour without CMYK.
        (ImageFormat::Jpeg, false) => length + area * if color == ColorType::L8 { 2 } else { 6 },
        // The planes of a lossy picture and the alpha beside it, or the words of a lossless one.
        (ImageFormat::WebP, _) => area * if color.has_alpha() { 7 } else { 4 },
        (ImageFormat::Gif, _) => area * 5,
        _ => 0,
    };
    let encoded = (length * 2 + MIB).min(MOST_ENCODED as u64) + 6 * MIB;
    pixels + beside.max(encoded)
}

impl Opened {
    /// What it takes of the memory, by estimate, in bytes.
    pub(super) fn memory(&self) -> u64 {
        self.memory
    }

    /// Decodes it and makes the sizes. Takes its time: not for an async worker.
    pub(super) fn develop(self, formats: Formats) -> Result<Picture, Flaw> {
        let by = self.orientation;
        match eight_bits(DynamicImage::from_decoder(self.decoder)?) {
            DynamicImage::ImageLuma8(image) => sizes(&Turned::new(&image, by), formats),
            DynamicImage::ImageLumaA8(image) => sizes(&Turned::new(&image, by), formats),
            DynamicImage::ImageRgb8(image) => sizes(&Turned::new(&image, by), formats),
            image => sizes(&Turned::new(&image.into_rgba8(), by), formats),
        }
    }
}

/// The same in eight bits a channel.
fn eight_bits(image: DynamicImage) -> DynamicImage {
    match image {
        DynamicImage::ImageLuma16(_) => image.into_luma8().into(),
        DynamicImage::ImageLumaA16(_) => image.into_luma_alpha8().into(),
        DynamicImage::ImageRgb16(_) | DynamicImage::ImageRgb32F(_) => image.into_rgb8().into(),
        other => other,
    }
}

fn sizes<I, P>(image: &I, formats: Formats) -> Result<Picture, Flaw>
where
    I: GenericImageView<Pixel = P>,
    P: Pixel<Subpixel = u8> + PixelWithColorType + 'static,
{
    let alpha = matches!(P::CHANNEL_COUNT, 2 | 4);
    let is_png = alpha && image.pixels().any(|(_, _, pixel)| pixel.channels().last() != Some(&u8::MAX));
    let large = shrunk(image, Size::Large);
    let medium = large.as_ref().map_or_else(|| shrunk(image, Size::Medium), |large| shrunk(large, Size::Medium));
    let small = match (&medium, &large) {
        (Some(above), _) | (None, Some(above)) => shrunk(above, Size::Small),
        (None, None) => shrunk(image, Size::Small),
    };
    // A picture that is as small already is not enlarged.
    let encoded = |smaller: &Option<_>| match smaller {
        Some(smaller) => encode(smaller, is_png, 82),
        None => encode(image, is_png, 82),
    };
    let webp = |smaller: &Option<_>| smaller.as_ref().map_or_else(|| encode_webp(image), encode_webp);
    let (width, height) = image.dimensions();
    let files = [encode(image, is_png, 90)?, encoded(&large)?, encoded(&medium)?, encoded(&small)?];
    let webp = match formats {
        Formats::Plain => None,
        Formats::AndWebp => Some([webp(&large)?, webp(&medium)?, webp(&small)?]),
    };
    Ok(Picture { is_png, width, height, files, webp })
}

type Pixels<P> = image::ImageBuffer<P, Vec<u8>>;

/// The picture with its longest side at most that of `size`; `None` when it is so already.
fn shrunk<I, P>(image: &I, size: Size) -> Option<Pixels<P>>
where
    I: GenericImageView<Pixel = P>,
    P: Pixel<Subpixel = u8> + 'static,
{
    let (width, height) = image.dimensions();
    let (longest, wanted) = (width.max(height), size.longest());
    let side = |side: u32| (u64::from(side) * u64::from(wanted)).div_ceil(u64::from(longest));
    let side = |of: u32| u32::try_from(side(of)).unwrap_or(wanted).clamp(1, wanted);
    (longest > wanted).then(|| image::imageops::thumbnail(image, side(width), side(height)))
}

/// Encodes a picture, as PNG or as JPEG of a quality from 1 to 100.
pub fn encode<I, P>(image: &I, is_png: bool, quality: u8) -> Result<Vec<u8>, Flaw>
where
    I: GenericImageView<Pixel = P>,
    P: Pixel<Subpixel = u8> + PixelWithColorType,
{
    let mut out = Bounded(Vec::new());
    if is_png {
        write_png(image, &mut out).map_err(|_| Flaw::TooLarge)?;
    } else {
        JpegEncoder::new_with_quality(&mut out, quality).encode_image(image).map_err(|_| Flaw::TooLarge)?;
    }
    Ok(out.0)
}

/// Row by row: the encoder that takes the whole picture would hold it twice.
fn write_png<I, P>(image: &I, out: &mut Bounded) -> Result<(), png::EncodingError>
where
    I: GenericImageView<Pixel = P>,
    P: Pixel<Subpixel = u8>,
{
    let (width, height) = image.dimensions();
    let mut encoder = png::Encoder::new(out, width, height);
    encoder.set_color(if P::CHANNEL_COUNT == 2 { png::ColorType::GrayscaleAlpha } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    let mut header = encoder.write_header()?;
    let mut rows = header.stream_writer()?;
    let mut row = Vec::with_capacity(width as usize * usize::from(P::CHANNEL_COUNT));
    for y in 0..height {
        row.clear();
        (0..width).for_each(|x| row.extend_from_slice(image.get_pixel(x, y).channels()));
        rows.write_all(&row)?;
    }
    rows.finish()
}

/// A file in the memory that does not grow beyond [`MOST_ENCODED`].
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_ENCODED {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
