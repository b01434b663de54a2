//! A statement that is put together while the program runs, for searches whose shape the client chooses.
//!
//! Made of texts that stand in the program and of values that are bound as parameters: there is no way to put
//! a text of a client into the SQL. Its texts go into the trace one by one. Such statements are prepared anew
//! each time, so that the variety of what clients ask fills no memory.

use super::error::DbError;
use super::value::Value;

/// Pieces of SQL and the values between them.
#[derive(Debug, Clone, Default)]
pub struct Statement(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Text(&'static str),
    Value(Value),
}

impl Statement {
    /// Begins with this text.
    pub fn new(text: &'static str) -> Self {
        Self(vec![Part::Text(text)])
    }

    /// Goes on with this text, which brings the spaces it needs.
    pub fn text(mut self, text: &'static str) -> Self {
        self.0.push(Part::Text(text));
        self
    }

    /// Goes on with a parameter.
    pub fn value(mut self, value: impl Into<Value>) -> Self {
        self.0.push(Part::Value(value.into()));
        self
    }

    /// Goes on with all of another statement, or part of one.
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The SQL with `$1`, `$2`, … and their values.
    pub(super) fn render(&self) -> Result<(String, Vec<Value>), DbError> {
        let (mut sql, mut values) = (String::new(), Vec::new());
        for part in &self.0 {
            match part {
                Part::Text(text) if text.contains('$') => {
                    return Err(DbError::inconsistent("a piece of a statement numbers its own parameters"));
                }
                Part::Text(text) => sql.push_str(text),
                Part::Value(value) => {
                    values.push(value.clone());
                    sql.push('$');
                    sql.push_str(&values.len().to_string());
                }
            }
        }
        Ok((sql, values))
    }

    /// Its texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(*text),
            Part::Value(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_in_the_order_in_which_they_stand() {
        let inner = Statement::new("b = ").value("'; DROP TABLE t; --").text(" OR b = ").value(2);
        let statement =
            Statement::new("SELECT a FROM t WHERE a = ").value(1).text(" AND (").with(inner).text(")");
        let (sql, values) = statement.render().unwrap();
        assert_eq!(sql, "SELECT a FROM t WHERE a = $1 AND (b = $2 OR b = $3)");
        assert!(values == [Value::Int(1), Value::from("'; DROP TABLE t; --"), Value::Int(2)]);
        assert_eq!(statement.texts().collect::<String>(), "SELECT a FROM t WHERE a =  AND (b =  OR b = )");
    }

    #[test]
    fn a_text_that_numbers_its_own_parameters_is_refused() {
        assert!(matches!(Statement::new("a = $1").render(), Err(DbError::Inconsistent { .. })));
    }
}
