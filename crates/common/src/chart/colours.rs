//! Colours that people with any kind of colour vision tell apart: M. Okabe and K. Ito, Color Universal Design (2008).

use plotters::style::RGBColor;

/// Orange.
pub const ORANGE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);
/// Sky blue.
pub const SKY_BLUE: RGBColor = RGBColor(0x56, 0xB4, 0xE9);
/// Bluish green.
pub const GREEN: RGBColor = RGBColor(0x00, 0x9E, 0x73);
/// Yellow.
pub const YELLOW: RGBColor = RGBColor(0xF0, 0xE4, 0x42);
/// Blue.
pub const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
/// Vermillion.
pub const VERMILLION: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
/// Reddish purple.
pub const PURPLE: RGBColor = RGBColor(0xCC, 0x79, 0xA7);

/// What the seven are taken in, so that neighbours differ most.
const ROUND: [RGBColor; 7] = [SKY_BLUE, ORANGE, BLUE, YELLOW, GREEN, PURPLE, VERMILLION];

/// Text.
pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Text of less weight, and axes.
pub const GREY: RGBColor = RGBColor(0x66, 0x66, 0x66);
/// Lines of the grid.
pub(super) const PALE: RGBColor = RGBColor(0xDD, 0xDD, 0xDD);

/// The colour of the value with this number: behind seven the same ones come lighter, then darker.
pub fn numbered(number: usize) -> RGBColor {
    let colour = ROUND.get(number % ROUND.len()).copied().unwrap_or(GREY);
    match number / ROUND.len() % 3 {
        0 => colour,
        1 => mixed(colour, 0xFF),
        _ => mixed(colour, 0x00),
    }
}

/// Half of a colour, half of a grey.
fn mixed(RGBColor(red, green, blue): RGBColor, grey: u8) -> RGBColor {
    RGBColor(red.midpoint(grey), green.midpoint(grey), blue.midpoint(grey))
}
