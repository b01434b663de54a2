//! Which language a page speaks: what the request wishes, out of what the tenant offers.
//!
//! Pure. Must never fail: there is always a language.

use super::Catalogue;

/// Wishes that are read at most; nobody speaks more languages.
const MANY: usize = 20;
/// Writing systems that run from right to left.
const RIGHT_TO_LEFT: &[&str] = &["ar", "fa", "he", "ur"];

/// A language that a tenant offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Its tag, as the tenant named it.
    pub tag: String,
    /// The catalogue that its texts come from, where the tenant gave none of its own.
    pub catalogue: Catalogue,
}

/// What a request says about languages.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes<'a> {
    /// The parameter of OpenID Connect: tags, the best first.
    pub ui_locales: Option<&'a str>,
    /// The header of HTTP.
    pub accept_language: Option<&'a str>,
}

impl Language {
    /// The languages of a tenant that its pages can speak, in its order: those with a catalogue, and those that
    /// the tenant gave texts for. Never empty.
    pub fn offered<'a>(
        enabled: impl Iterator<Item = &'a str>,
        has_texts: impl Fn(&str) -> bool,
    ) -> Vec<Self> {
        let mut offered: Vec<Self> = enabled
            .filter_map(|tag| {
                let base = base(tag);
                let catalogue = Catalogue::ALL.into_iter().find(|one| one.tag().eq_ignore_ascii_case(base));
                let catalogue = catalogue.or_else(|| has_texts(tag).then_some(Catalogue::English))?;
                Some(Self { tag: tag.to_owned(), catalogue })
            })
            .collect();
        if offered.is_empty() {
            offered.push(Self::default());
        }
        offered
    }

    /// The best of the offered languages; the first where none is wished for.
    pub fn choose(offered: &[Self], wishes: Wishes<'_>) -> Self {
        let named = wishes.ui_locales.unwrap_or_default().split_ascii_whitespace().take(MANY);
        let accepted = accepted(wishes.accept_language.unwrap_or_default());
        named
            .chain(accepted.iter().map(|(tag, _)| *tag))
            .find_map(|wish| Self::matching(offered, wish))
            .or(offered.first())
            .cloned()
            .unwrap_or_default()
    }

    /// Exactly the wished one, else the language without its region, else that language of any region.
    fn matching<'a>(offered: &'a [Self], wish: &str) -> Option<&'a Self> {
        let find = |same: &dyn Fn(&str) -> bool| offered.iter().find(|language| same(&language.tag));
        find(&|tag| tag.eq_ignore_ascii_case(wish))
            .or_else(|| find(&|tag| tag.eq_ignore_ascii_case(base(wish))))
            .or_else(|| find(&|tag| base(tag).eq_ignore_ascii_case(base(wish))))
    }

    /// The direction of its writing, as HTML names it.
    pub fn direction(&self) -> &'static str {
        if RIGHT_TO_LEFT.contains(&base(&self.tag)) { "rtl" } else { "ltr" }
    }
}

impl Default for Language {
    fn default() -> Self {
        Self { tag: Catalogue::English.tag().to_owned(), catalogue: Catalogue::English }
    }
}

fn base(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// The tags of an `Accept-Language` (RFC 9110, 12.5.4), the best first, without those that are refused.
fn accepted(header: &str) -> Vec<(&str, u16)> {
    let mut tags: Vec<(&str, u16)> = header
        .split(',')
        .take(MANY)
        .filter_map(|part| {
            let (tag, quality) = part.split_once(';').unwrap_or((part, "q=1"));
            let quality: f32 = quality.trim().strip_prefix("q=")?.trim().parse().ok()?;
            let thousandths = (1..=1000).contains(&thousandths(quality)).then_some(thousandths(quality))?;
            Some((tag.trim(), thousandths))
        })
        .collect();
    // Stable: of equal wishes the one that was named first.
    tags.sort_by_key(|(_, quality)| std::cmp::Reverse(*quality));
    tags
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from float saturates")]
fn thousandths(quality: f32) -> u16 {
    (quality * 1000.0).round() as u16
}
