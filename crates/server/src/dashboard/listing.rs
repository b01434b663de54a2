//! Searches above lists; and lists that the API answers whole: searched here, and shown a page at a time.
//!
//! Must never cut what the API has pages of: what is not shown need not be read.

use askama::Template;
use askama::filters::HtmlSafe;

use super::api::with_query;
use super::desk::Desk;
use super::ui::Pager;

/// As many rows are seen at a glance, without a search.
const FEW: u64 = 8;

/// How a list is shown.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    per_page: u64,
    page: &'static str,
    kept: &'static [&'static str],
}

impl Cut {
    /// So many rows a page.
    pub const fn new(per_page: u64) -> Self {
        Self { per_page, page: "page", kept: &[] }
    }

    /// The parameter with the number of its page, where a page has several lists.
    pub const fn page(self, page: &'static str) -> Self {
        Self { page, ..self }
    }

    /// The parameters of the address that stay there.
    pub const fn keeping(self, kept: &'static [&'static str]) -> Self {
        Self { kept, ..self }
    }
}

/// The rows of one page of a list, with the search above them and the way to the others below.
#[derive(Debug, Clone)]
pub struct Listing<T> {
    /// What is shown.
    pub rows: Vec<T>,
    /// The search, if it has one.
    pub search: Search,
    /// Back and forth.
    pub pager: Pager,
}

/// The field that a list is searched with; nothing where there are few rows.
#[derive(Template, Debug, Clone, Default)]
#[template(
    ext = "html",
    source = r#"{% if shown %}<form class="search" method="get" role="search">{% for (name, value) in kept %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}<div class="field"><label for="q">{{ label }}</label><input id="q" name="q" type="search" value="{{ q }}"></div><button>Search</button></form>{% endif %}"#
)]
pub struct Search {
    /// What is looked for.
    pub q: String,
    label: &'static str,
    shown: bool,
    /// What else is in the address and stays there.
    kept: Vec<(&'static str, String)>,
}
impl HtmlSafe for Search {}

impl Search {
    /// The search of a list of which the API answers the part that `q` is in.
    pub fn new(label: &'static str, q: &str, pager: &Pager) -> Self {
        let shown = !q.is_empty() || pager.total > FEW;
        Self { q: q.to_owned(), label, shown, kept: Vec::new() }
    }
}

impl<T> Listing<T> {
    /// The page of `all` that the address asks for.
    pub fn of(desk: &Desk, cut: Cut, all: Vec<T>) -> Self {
        Self::page(desk, cut, "", all)
    }

    /// The same with a search that is called `label`, for the rows in whose `words` a text is.
    pub fn searched(
        desk: &Desk,
        cut: Cut,
        (label, words): (&'static str, impl Fn(&T) -> String),
        all: Vec<T>,
    ) -> Self {
        let q = desk.query.get("q");
        let wanted = q.to_lowercase();
        let is_found = |row: &T| wanted.is_empty() || words(row).to_lowercase().contains(&wanted);
        let page = Self::page(desk, cut, q, all.into_iter().filter(is_found).collect());
        let kept = cut.kept.iter().map(|name| (*name, desk.query.get(name).to_owned())).collect();
        Self { search: Search { kept, ..Search::new(label, q, &page.pager) }, ..page }
    }

    fn page(desk: &Desk, cut: Cut, q: &str, found: Vec<T>) -> Self {
        let mut parameters: Vec<_> = cut.kept.iter().map(|name| (*name, desk.query.get(name))).collect();
        parameters.push(("q", q));
        let mut base = with_query("", &parameters);
        base.push(if base.is_empty() { '?' } else { '&' });
        base.push_str(cut.page);
        base.push('=');
        let (page, per_page, total) = (desk.page_number_in(cut.page), cut.per_page, found.len() as u64);
        let list = if cut.page == "page" { "list" } else { cut.page };
        let pager = Pager { list, page, per_page, total, base };
        Self { rows: part(found, (page, per_page)), search: Search::default(), pager }
    }

    /// Whether there is nothing at all, rather than nothing that was looked for.
    pub fn is_empty(&self) -> bool {
        self.pager.total == 0 && self.search.q.is_empty()
    }
}

/// The rows of a page, of all of them.
pub(super) fn part<T>(all: Vec<T>, (page, per_page): (u64, u64)) -> Vec<T> {
    let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    all.into_iter().skip(index(page.saturating_mul(per_page))).take(index(per_page)).collect()
}
