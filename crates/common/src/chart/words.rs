//! Text of charts: how wide it is, and how it is cut to fit.

/// The width of a text in pixels, a little too wide rather than too narrow.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(share).sum::<f64>() * size
}

/// The width of a character in sizes of the font.
fn share(c: char) -> f64 {
    match c {
        'i' | 'l' | 'j' | '.' | ',' | ':' | ';' | '!' | '\'' | '|' => 0.34,
        ' '..='~' if !c.is_ascii_uppercase() && !matches!(c, 'm' | 'w' | '@' | '%') => 0.62,
        '\0'..='\u{10ff}' => 0.78,
        _ => 1.05, // East Asian scripts and pictures
    }
}

/// A text that fits into so many pixels, cut where it does not. Characters that no XML document may hold are left out.
pub(super) fn fitted(text: &str, size: f64, most: f64) -> String {
    let clean = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let whole: String = text.chars().filter(clean).collect();
    if width(&whole, size) <= most {
        return whole;
    }
    let mut left = most - size;
    let fits = |c: &char| {
        left -= share(*c) * size;
        left >= 0.0
    };
    let cut: String = whole.chars().take_while(fits).collect();
    format!("{}…", cut.trim_end())
}
