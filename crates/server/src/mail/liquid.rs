//! Liquid, with limits: a template of a tenant can cost neither much time nor much memory.
//!
//! Unknown variables are empty. Ranges, `capture`, `replace`, `concat`, includes and counters are left out: each
//! of them could make much out of little.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::sync::LazyLock;
use std::time::Duration;

use liquid_core::model::{KString, KStringCow, KStringRef, ScalarCow, Value, ValueCow};
use liquid_core::parser::{self, BlockReflection, FilterArguments, TagReflection};
use liquid_core::runtime::{PartialStore, Registers, RuntimeBuilder};
use liquid_core::{
    Error, Filter, FilterReflection, Language, ParseBlock, ParseFilter, ParseTag, Renderable, Result,
    Runtime, TagBlock, TagTokenIter, Template, ValueView,
};
use liquid_lib::stdlib;
use serde_json::Map;

/// The longest template, in bytes.
pub const LONGEST_TEMPLATE: usize = 100_000;
/// The longest mail, in bytes.
const LONGEST_OUTPUT: usize = 500_000;
/// Pieces that are written, and steps that are taken, at most.
const STEPS: u32 = 50_000;
/// The longest value that a filter takes or makes, in bytes.
const LONGEST_VALUE: usize = 8_192;
/// The longest list that a filter takes or makes.
const LONGEST_LIST: i64 = 500;
/// How long a mail may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A template that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

static LANGUAGE: LazyLock<Language> = LazyLock::new(language);

/// Whether this is a template.
pub fn check(template: &str) -> std::result::Result<(), TemplateError> {
    parse(template).map(drop)
}

/// Fills in a template.
pub async fn render(
    template: String,
    variables: Map<String, serde_json::Value>,
) -> std::result::Result<String, TemplateError> {
    let task = tokio::task::spawn_blocking(move || fill(&template, &variables));
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(TemplateError("the template cannot be filled in".to_owned())),
        Err(_) => Err(TemplateError("the template takes too long".to_owned())),
    }
}

fn parse(template: &str) -> std::result::Result<Template, TemplateError> {
    if template.len() > LONGEST_TEMPLATE {
        return Err(TemplateError(format!("a template has {LONGEST_TEMPLATE} bytes at most")));
    }
    if has_range(template) {
        return Err(TemplateError("a template has no ranges such as (1..5)".to_owned()));
    }
    parser::parse(template, &LANGUAGE).map(Template::new).map_err(|error| TemplateError(error.to_string()))
}

fn fill(
    template: &str,
    variables: &Map<String, serde_json::Value>,
) -> std::result::Result<String, TemplateError> {
    let failed = |error: Error| TemplateError(error.to_string());
    let template = parse(template)?;
    let variables = liquid_core::to_object(variables).map_err(failed)?;
    let inner = RuntimeBuilder::new().set_globals(&variables).build();
    let runtime = Lenient(&inner);
    let mut output = Output { text: Vec::new(), steps: Cell::new(0) };
    template.render_to(&mut output, &runtime).map_err(failed)?;
    String::from_utf8(output.text).map_err(|_| TemplateError("the template makes no text".to_owned()))
}

/// Whether a tag or an output holds a range.
fn has_range(template: &str) -> bool {
    let opened = template.split("{%").skip(1).chain(template.split("{{").skip(1));
    opened.into_iter().any(|tag| {
        let mut quote = None;
        let mut before = ' ';
        for character in tag.chars() {
            match quote {
                Some(open) if open == character => quote = None,
                None if matches!(character, '"' | '\'') => quote = Some(character),
                None if before == '.' && character == '.' => return true,
                None if matches!((before, character), ('%' | '}', '}')) => return false,
                Some(_) | None => {}
            }
            before = if quote.is_some() { ' ' } else { character };
        }
        false
    })
}

/// Where the mail is written: it ends at a length and at a number of pieces.
struct Output {
    text: Vec<u8>,
    steps: Cell<u32>,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS || self.text.len() + bytes.len() > LONGEST_OUTPUT {
            return Err(io::Error::other("the template makes too much"));
        }
        self.text.extend_from_slice(bytes);
        Ok(())
    }

    fn write_fmt(&mut self, pieces: fmt::Arguments<'_>) -> io::Result<()> {
        // Counts even what is empty, and copies no more than a value.
        self.write_all(pieces.to_string().as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Finds nothing where others would fail.
struct Lenient<'a>(&'a dyn Runtime);

impl Runtime for Lenient<'_> {
    fn partials(&self) -> &dyn PartialStore {
        self.0.partials()
    }

    fn name(&self) -> Option<KStringRef<'_>> {
        self.0.name()
    }

    fn roots(&self) -> BTreeSet<KStringCow<'_>> {
        self.0.roots()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        self.0.try_get(path)
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>> {
        step(self)?;
        Ok(self.0.try_get(path).unwrap_or(ValueCow::Owned(Value::Nil)))
    }

    fn set_global(&self, name: KString, value: Value) -> Option<Value> {
        self.0.set_global(name, value)
    }

    fn set_index(&self, name: KString, value: Value) -> Option<Value> {
        self.0.set_index(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.0.get_index(name)
    }

    fn registers(&self) -> &Registers {
        self.0.registers()
    }
}

#[derive(Default)]
struct Steps(u32);

fn step(runtime: &dyn Runtime) -> Result<()> {
    let mut steps = runtime.registers().get_mut::<Steps>();
    steps.0 += 1;
    if steps.0 > STEPS { Err(Error::with_msg("The template takes too many steps")) } else { Ok(()) }
}

fn bounded(value: &dyn ValueView) -> Result<()> {
    if value.as_array().is_some_and(|list| list.size() > LONGEST_LIST) {
        return Err(Error::with_msg("A list is too long"));
    }
    if value.to_kstr().len() > LONGEST_VALUE {
        return Err(Error::with_msg("A value is too long"));
    }
    Ok(())
}

/// A block, a tag or a filter that is counted.
#[derive(Debug, Clone)]
struct Counted<T>(T);

impl<T: ParseBlock + Clone + 'static> ParseBlock for Counted<T> {
    fn parse(
        &self,
        arguments: TagTokenIter<'_>,
        block: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        Ok(Box::new(Counted(self.0.parse(arguments, block, options)?)))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self.0.reflection()
    }
}

impl<T: ParseTag + Clone + 'static> ParseTag for Counted<T> {
    fn parse(&self, arguments: TagTokenIter<'_>, options: &Language) -> Result<Box<dyn Renderable>> {
        Ok(Box::new(Counted(self.0.parse(arguments, options)?)))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self.0.reflection()
    }
}

impl Renderable for Counted<Box<dyn Renderable>> {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        step(runtime)?;
        self.0.render_to(writer, runtime)
    }
}

impl<T: ParseFilter + Clone + 'static> ParseFilter for Counted<T> {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        Ok(Box::new(Counted(self.0.parse(arguments)?)))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self.0.reflection()
    }
}

impl fmt::Display for Counted<Box<dyn Filter>> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Filter for Counted<Box<dyn Filter>> {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        step(runtime)?;
        bounded(input)?;
        let made = self.0.evaluate(input, runtime)?;
        bounded(&made)?;
        Ok(made)
    }
}

fn language() -> Language {
    let mut language = Language::empty();
    block(&mut language, stdlib::IfBlock);
    block(&mut language, stdlib::UnlessBlock);
    block(&mut language, stdlib::CaseBlock);
    block(&mut language, stdlib::ForBlock);
    block(&mut language, stdlib::CommentBlock);
    block(&mut language, stdlib::RawBlock);
    tag(&mut language, stdlib::AssignTag);
    tag(&mut language, stdlib::BreakTag);
    tag(&mut language, stdlib::ContinueTag);
    let all = &mut language;
    texts(all);
    numbers(all);
    filter(all, stdlib::Size);
    filter(all, stdlib::Default);
    filter(all, stdlib::Date);
    filter(all, stdlib::First);
    filter(all, stdlib::Last);
    filter(all, stdlib::Join);
    filter(all, stdlib::Sort);
    filter(all, stdlib::Uniq);
    filter(all, stdlib::Reverse);
    filter(all, stdlib::Map);
    filter(all, stdlib::Where);
    filter(all, stdlib::Compact);
    language
}

fn texts(all: &mut Language) {
    filter(all, stdlib::Escape);
    filter(all, stdlib::EscapeOnce);
    filter(all, stdlib::StripHtml);
    filter(all, stdlib::NewlineToBr);
    filter(all, stdlib::UrlEncode);
    filter(all, stdlib::UrlDecode);
    filter(all, stdlib::Capitalize);
    filter(all, stdlib::Downcase);
    filter(all, stdlib::Upcase);
    filter(all, stdlib::Append);
    filter(all, stdlib::Prepend);
    filter(all, stdlib::Remove);
    filter(all, stdlib::RemoveFirst);
    filter(all, stdlib::ReplaceFirst);
    filter(all, stdlib::Slice);
    filter(all, stdlib::Split);
    filter(all, stdlib::Strip);
    filter(all, stdlib::Lstrip);
    filter(all, stdlib::Rstrip);
    filter(all, stdlib::StripNewlines);
    filter(all, stdlib::Truncate);
    filter(all, stdlib::TruncateWords);
}

fn numbers(all: &mut Language) {
    filter(all, stdlib::Abs);
    filter(all, stdlib::AtLeast);
    filter(all, stdlib::AtMost);
    filter(all, stdlib::Plus);
    filter(all, stdlib::Minus);
    filter(all, stdlib::Times);
    filter(all, stdlib::DividedBy);
    filter(all, stdlib::Modulo);
    filter(all, stdlib::Round);
    filter(all, stdlib::Ceil);
    filter(all, stdlib::Floor);
}

fn block(language: &mut Language, one: impl ParseBlock + Clone + 'static) {
    let name = one.reflection().start_tag().to_owned();
    language.blocks.register(name, Counted(one).into());
}

fn tag(language: &mut Language, one: impl ParseTag + Clone + 'static) {
    let name = one.reflection().tag().to_owned();
    language.tags.register(name, Counted(one).into());
}

fn filter(language: &mut Language, one: impl ParseFilter + Clone + 'static) {
    let name = one.reflection().name().to_owned();
    language.filters.register(name, Box::new(Counted(one)));
}

#[cfg(test)]
mod tests;
