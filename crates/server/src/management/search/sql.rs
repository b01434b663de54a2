//! The pieces of SQL that conditions are made of, the same for both databases.

/// Holds for everything.
pub(super) const TRUE: &str = "TRUE";
/// Holds for nothing.
pub(super) const FALSE: &str = "FALSE";
/// Opens a part.
pub(super) const OPEN: &str = "(";
/// Closes it.
pub(super) const CLOSE: &str = ")";
/// Between parts that all have to hold.
pub(super) const AND: &str = " AND ";
/// Between parts one of which has to hold.
pub(super) const OR: &str = " OR ";
/// The opposite of a part.
pub(super) const NOT: &str = "NOT ";
/// What is not known does not hold. Only below a `NOT`, as no index is used through it.
pub(super) const KNOWN: &str = "COALESCE(";
/// Ends it.
pub(super) const OR_ELSE_FALSE: &str = ", FALSE)";
/// After a column.
pub(super) const EQUALS: &str = " = ";
/// After a column.
pub(super) const AT_LEAST: &str = " >= ";
/// After a column.
pub(super) const ABOVE: &str = " > ";
/// After a column.
pub(super) const AT_MOST: &str = " <= ";
/// After a column.
pub(super) const BELOW: &str = " < ";
/// After a column.
pub(super) const IS_THERE: &str = " IS NOT NULL";
/// Before rows of another table.
pub(super) const ANY_ROW: &str = "EXISTS (";
/// Before a column and a pattern.
pub(super) const LIKE: &str = "search_like(";
/// Before a document and a path.
pub(super) const JSON_EXISTS: &str = "search_json_exists(";
/// Before a document, a path, whether case does not count, a text, and the text as a number.
pub(super) const JSON_EQUALS: &str = "search_json_equals(";
/// Before a document, a path, whether case does not count, and a pattern.
pub(super) const JSON_LIKE: &str = "search_json_like(";
/// Before a document, a path, whether case does not count, both ends with whether they are included, and whether
/// they are numbers.
pub(super) const JSON_BETWEEN: &str = "search_json_between(";
/// Between arguments.
pub(super) const COMMA: &str = ", ";
