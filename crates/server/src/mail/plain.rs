//! The plain text of a mail, for readers that show no HTML and for the terminal.
//!
//! Links become their addresses. Must never be shown as HTML again: entities are decoded.

/// The text of some HTML.
pub fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    let mut link = None;
    while let Some((before, from_tag)) = rest.split_once('<') {
        text.push_str(&folded(before));
        let Some((tag, after)) = from_tag.split_once('>') else { break };
        let lower = tag.to_ascii_lowercase();
        rest = after;
        if lower.starts_with("style") || lower.starts_with("head") || lower.starts_with("title") {
            let end = format!("</{}", lower.split_whitespace().next().unwrap_or_default());
            let skipped = rest.to_ascii_lowercase().find(&end).map_or("", |at| rest.split_at(at).1);
            rest = skipped;
        } else if let Some(address) = address(tag) {
            link = Some(address);
        } else if lower == "/a" {
            // The words first, as in the mail.
            text.extend(link.take().into_iter().flat_map(|address| [": ", address]));
        } else if ["/p", "br", "/div", "/h1", "/h2", "/tr", "/li"].iter().any(|end| lower.starts_with(end)) {
            text.push('\n');
        }
    }
    if !rest.contains('<') {
        text.push_str(&folded(rest));
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let text = lines.collect::<Vec<_>>().join("\n\n");
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text, |text, (entity, character)| text.replace(entity, character))
}

/// Where a tag leads; the value may stand between either quotes or between none.
fn address(tag: &str) -> Option<&str> {
    let name = tag.to_ascii_lowercase().match_indices("href").map(|(at, _)| at).find(|at| {
        let before = tag[..*at].chars().next_back();
        before.is_some_and(char::is_whitespace) && tag[at + 4..].trim_start().starts_with('=')
    })?;
    let value = tag[name + 4..].trim_start().strip_prefix('=')?.trim_start();
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next(),
        _ => value.split_whitespace().next(),
    }
}

/// White space as HTML reads it.
fn folded(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn links_become_addresses_and_styles_are_gone() {
        let html = "<style>p { color: red }</style><p>Hello &amp; welcome</p>\n<p><a class=\"x\" href=\"https://a.example/?b=1\">Go</a></p>";
        assert_eq!(plain(html), "Hello & welcome\n\nGo: https://a.example/?b=1");
    }

    #[test]
    fn a_link_is_found_however_its_address_is_written() {
        for tag in [
            "a href='https://a.example'",
            "A class=b HREF = \"https://a.example\"",
            "a href=https://a.example id=x",
        ] {
            assert_eq!(plain(&format!("<p><{tag}>Go</a></p>")), "Go: https://a.example", "{tag}");
        }
        assert_eq!(plain("<a data-href='x'>Go</a>"), "Go");
    }

    #[test]
    fn broken_html_is_cut_where_it_breaks() {
        assert_eq!(plain("a<b"), "a");
        assert_eq!(plain("a<style>b"), "a");
    }
}
