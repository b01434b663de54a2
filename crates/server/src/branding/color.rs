//! Colours: the hexadecimal forms of CSS, and which colour can be read on which.
//!
//! Pure. Nothing but a parsed colour ever reaches a stylesheet.

use std::fmt;

/// The least contrast of text (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color {
    red: u8,
    green: u8,
    blue: u8,
    alpha: u8,
}

impl Color {
    /// White.
    pub const WHITE: Self = Self { red: 255, green: 255, blue: 255, alpha: 255 };
    /// Black.
    pub const BLACK: Self = Self { red: 0, green: 0, blue: 0, alpha: 255 };

    /// Without transparency.
    pub const fn opaque(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue, alpha: 255 }
    }

    /// Reads `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let parts: Vec<u8> = match digits.len() {
            // A single digit stands for two of it.
            3 | 4 => digits
                .chars()
                .filter_map(|digit| digit.to_digit(16)?.try_into().ok())
                .map(|one: u8| one * 17)
                .collect(),
            6 | 8 => (0..digits.len())
                .step_by(2)
                .filter_map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
                .collect(),
            _ => return None,
        };
        match parts[..] {
            [red, green, blue] => Some(Self { red, green, blue, alpha: 255 }),
            [red, green, blue, alpha] => Some(Self { red, green, blue, alpha }),
            _ => None,
        }
    }

    /// The relative luminance of WCAG 2.2, without regard to transparency.
    pub fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    /// What is seen of it on an opaque background.
    pub fn over(self, background: Self) -> Self {
        let alpha = u32::from(self.alpha);
        let blend = |over: u8, under: u8| {
            let sum = u32::from(over) * alpha + u32::from(under) * (255 - alpha);
            u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
        };
        Self::opaque(
            blend(self.red, background.red),
            blend(self.green, background.green),
            blend(self.blue, background.blue),
        )
    }

    /// Whether it is nearer to black than to white.
    pub fn is_dark(self) -> bool {
        self.luminance() < 0.18
    }

    /// The contrast of two colours, from 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Black or white, whichever is easier to read on this colour; white as long as it can be read.
    pub fn label(self) -> Self {
        if self.contrast(Self::WHITE) >= READABLE { Self::WHITE } else { Self::BLACK }
    }

    /// The nearest shade of this colour that can be read as text on another.
    pub fn readable_on(self, background: Self) -> Self {
        let towards = if background.is_dark() { Self::WHITE } else { Self::BLACK };
        (0..=20)
            .map(|step| self.mixed(towards, step))
            .find(|shade| shade.contrast(background) >= READABLE)
            .unwrap_or(towards)
    }

    /// A step of twenty from this colour to another.
    fn mixed(self, other: Self, step: u16) -> Self {
        let mix = |from: u8, to: u8| {
            let sum = u16::from(from) * (20 - step) + u16::from(to) * step;
            u8::try_from(sum / 20).unwrap_or(u8::MAX)
        };
        Self::opaque(mix(self.red, other.red), mix(self.green, other.green), mix(self.blue, other.blue))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { red, green, blue, alpha } = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")?;
        if *alpha < 255 { write!(f, "{alpha:02x}") } else { Ok(()) }
    }
}
