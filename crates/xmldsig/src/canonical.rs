//! Canonical form without comments: exclusive (Exclusive XML Canonicalization 1.0, sections 2 and 3), and inclusive
//! (Canonical XML 1.0, section 2).
//!
//! Pure text in, text out; it cannot fail, so no error can be taken for an empty result. Must never render what is not
//! in the tree.

use roxmltree::Node;

use crate::write::{escape_attribute, escape_text};

/// A prefix and what it stands for.
type Binding<'a> = (&'a str, &'a str);

/// The canonical octets of an element; `without` is left out with everything in it. The prefixes of `inclusive` are
/// treated as inclusive canonical form does (`InclusiveNamespaces`); the default namespace is `#default`.
pub fn exclusive(element: Node<'_, '_>, without: Option<Node<'_, '_>>, inclusive: &[&str]) -> String {
    Form::new(element, without, Inclusive::Listed(inclusive)).written(element)
}

/// The octets of an element in inclusive canonical form: every namespace that holds around it is declared. Attributes in
/// the namespace of `xml:` that stand on elements around it are not taken over, as they should be: nobody who signs has
/// them, and a signature over them does not verify.
pub fn inclusive(element: Node<'_, '_>) -> String {
    Form::new(element, None, Inclusive::Every).written(element)
}

/// The prefixes that are declared whether or not they are visibly used.
enum Inclusive<'a> {
    Listed(&'a [&'a str]),
    Every,
}

impl Inclusive<'_> {
    fn has(&self, prefix: &str) -> bool {
        match self {
            Self::Listed(prefixes) => prefixes.contains(&if prefix.is_empty() { "#default" } else { prefix }),
            Self::Every => true,
        }
    }
}

struct Form<'a, 'text> {
    out: String,
    without: Option<Node<'a, 'text>>,
    inclusive: Inclusive<'a>,
}

impl<'a, 'text> Form<'a, 'text> {
    fn new(element: Node<'_, '_>, without: Option<Node<'a, 'text>>, inclusive: Inclusive<'a>) -> Self {
        Self { out: String::with_capacity(element.range().len()), without, inclusive }
    }

    fn written(mut self, element: Node<'_, '_>) -> String {
        self.element(element, &mut Vec::new());
        self.out
    }
}

impl<'d, 'text> Form<'_, '_>
where
    'text: 'd,
{
    fn element(&mut self, node: Node<'d, 'text>, rendered: &mut Vec<Binding<'d>>) {
        let source = node.document().input_text();
        let name = qualified_name(&source[node.range()]);
        let mut attributes: Vec<_> = node
            .attributes()
            .map(|own| {
                (own.namespace().unwrap_or_default(), own.name(), &source[own.range_qname()], own.value())
            })
            .collect();
        attributes.sort_unstable();
        let before = rendered.len();
        let declared = self.declarations(node, (name, &attributes), rendered);
        self.out.push('<');
        self.out.push_str(name);
        for (prefix, uri) in declared {
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(prefix);
            self.out.push_str("=\"");
            escape_attribute(&mut self.out, uri);
            self.out.push('"');
        }
        for (_, _, name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape_attribute(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push('>');
        for child in node.children() {
            if child.is_element() {
                if self.without.is_none_or(|left_out| left_out.id() != child.id()) {
                    self.element(child, rendered);
                }
            } else if child.is_text() {
                escape_text(&mut self.out, child.text().unwrap_or_default());
            }
        }
        rendered.truncate(before);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// What has to be declared here: what is visibly used, or inclusive, and does not stand above with the same value.
    fn declarations(
        &self,
        node: Node<'d, 'text>,
        (name, attributes): (&'d str, &[(&str, &str, &'d str, &str)]),
        rendered: &mut Vec<Binding<'d>>,
    ) -> Vec<Binding<'d>> {
        let used = attributes.iter().map(|(_, _, name, _)| prefix(name)).filter(|prefix| !prefix.is_empty());
        let mut wanted: Vec<Binding<'d>> =
            used.chain([prefix(name)]).map(|prefix| (prefix, bound(node, prefix))).collect();
        for own in node.namespaces() {
            let prefix = own.name().unwrap_or_default();
            if self.inclusive.has(prefix) {
                wanted.push((prefix, own.uri()));
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        wanted.retain(|(prefix, uri)| {
            let above = rendered.iter().rev().find(|(other, _)| other == prefix).map(|(_, uri)| *uri);
            *prefix != "xml" && above.unwrap_or_default() != *uri
        });
        rendered.extend_from_slice(&wanted);
        wanted
    }
}

fn bound<'d>(node: Node<'d, '_>, prefix: &str) -> &'d str {
    let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
    node.lookup_namespace_uri(prefix).unwrap_or_default()
}

fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

/// The name of an element as it stands in its start tag.
fn qualified_name(element: &str) -> &str {
    let name = element.strip_prefix('<').unwrap_or(element);
    let end = name.find(|one: char| one.is_ascii_whitespace() || matches!(one, '/' | '>'));
    &name[..end.unwrap_or(name.len())]
}
