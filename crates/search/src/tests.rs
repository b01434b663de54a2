//! The language by examples, and that printing and reading are each other's opposites.

use proptest::prelude::*;

use super::*;

fn tree(text: &str) -> Node {
    parse(text, Beside::Or).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn told(text: &str) -> String {
    parse(text, Beside::Or).expect_err(text).to_string()
}

/// Each of these reads as the other is written.
fn means(text: &str, canonical: &str) {
    assert_eq!(tree(text).to_string(), tree(canonical).to_string(), "{text}");
}

fn only(text: &str) -> Clause {
    let Node::Clause(clause) = tree(text) else { panic!("{text} is more than a clause") };
    clause
}

fn bound(value: &str, inclusive: bool, at: usize) -> Bound {
    Bound { value: value.to_owned(), inclusive, at }
}

#[test]
fn a_clause_has_a_field_a_test_and_places() {
    let clause = only("  app_metadata.plan:gold");
    let field = Field { path: vec!["app_metadata".to_owned(), "plan".to_owned()], at: 3 };
    assert_eq!(
        clause,
        Clause { field: Some(field), test: Test::Word(vec![Piece::Text("gold".to_owned())]), at: 21 }
    );
    assert_eq!(only("name: \"a \\\"b\\\" \\\\\"").test, Test::Phrase("a \"b\" \\".to_owned()));
    assert_eq!(only("x").field, None);
    assert_eq!(only("größe:ü").at, 7, "places count characters");
}

#[test]
fn values_may_hold_colons_slashes_and_signs() {
    for (text, value) in [
        ("user_id:auth0|12-3", "auth0|12-3"),
        ("audience:https://a.example/b+c", "https://a.example/b+c"),
        ("date:2027-01-01T10:00:00Z", "2027-01-01T10:00:00Z"),
        ("a:b\\ c\\*\\?", "b c*?"),
        ("a:\\AND", "AND"),
        ("a:AND", "AND"),
        ("a:-1", "-1"),
        ("a:x&&y", "x&&y"),
    ] {
        assert_eq!(only(text).test, Test::Word(vec![Piece::Text(value.to_owned())]), "{text}");
    }
}

#[test]
fn names_are_taken_apart_at_dots_that_are_not_escaped() {
    let path = |text| only(text).field.unwrap().path;
    assert_eq!(path("a.b.c:x"), ["a", "b", "c"]);
    assert_eq!(path("a\\.b.c:x"), ["a.b", "c"]);
    assert_eq!(path("a.my\\ key\\::x"), ["a", "my key:"]);
}

#[test]
fn stars_and_question_marks_are_wildcards_outside_of_phrases() {
    let text = |text: &str| Piece::Text(text.to_owned());
    assert_eq!(only("a:j*n?").test, Test::Word(vec![text("j"), Piece::Any, text("n"), Piece::One]));
    assert_eq!(only("a:**x").test, Test::Word(vec![Piece::Any, text("x")]));
    assert_eq!(only("a:\"j*\"").test, Test::Phrase("j*".to_owned()));
    assert_eq!(only("a:*").test, Test::Exists);
    assert_eq!(tree("*"), Node::All);
    assert_eq!(tree("*:*"), Node::All);
}

#[test]
fn ranges_include_and_exclude_their_ends() {
    let test = |low, high| Test::Range { low, high };
    assert_eq!(only("a:[1 TO 2]").test, test(Some(bound("1", true, 4)), Some(bound("2", true, 9))));
    assert_eq!(only("a:{1 TO 2]").test, test(Some(bound("1", false, 4)), Some(bound("2", true, 9))));
    assert_eq!(only("a:[* TO 2}").test, test(None, Some(bound("2", false, 9))));
    assert_eq!(only("a:[ \"1 x\" TO * ]").test, test(Some(bound("1 x", true, 5)), None));
    assert_eq!(only("a:[* TO *]").test, Test::Exists);
    assert_eq!(only("a:>1").test, test(Some(bound("1", false, 4)), None));
    assert_eq!(only("a:>=1").test, test(Some(bound("1", true, 5)), None));
    assert_eq!(only("a:<1").test, test(None, Some(bound("1", false, 4))));
    assert_eq!(only("a:<=\"1\"").test, test(None, Some(bound("1", true, 5))));
    assert_eq!(
        only("a:[2027-01-01T10:00:00Z TO *]").test,
        test(Some(bound("2027-01-01T10:00:00Z", true, 4)), None)
    );
}

#[test]
fn operators_bind_as_in_arithmetic() {
    means("a AND b OR c", "(a AND b) OR c");
    means("a || b && c", "a OR (b AND c)");
    means("NOT a AND b", "(NOT a) AND b");
    means("!a OR -b", "(NOT a) OR (NOT b)");
    means("NOT (a OR b)", "NOT (a OR b)");
    means("a AND (b OR c) AND d", "a AND (b OR c) AND d");
    assert_eq!(tree("- - a").to_string(), "NOT NOT \\a");
}

#[test]
fn side_by_side_means_or_and_signs_require_or_forbid() {
    means("a b", "a OR b");
    means("a -b", "a AND NOT b");
    means("a NOT b", "a AND NOT b");
    means("a b !c", "(a OR b) AND NOT c");
    means("+a b", "a");
    means("+a +b c -d", "a AND b AND NOT d");
    means("-a -b", "NOT a AND NOT b");
    means("a OR NOT b", "a OR (NOT b)");
    means("a OR b -c", "(a OR b) AND NOT c");
}

#[test]
fn side_by_side_means_and_where_the_caller_says_so() {
    let and = |text| parse(text, Beside::And).unwrap().to_string();
    assert_eq!(and("a b"), tree("a AND b").to_string());
    assert_eq!(and("a b OR c -d"), tree("(a AND b) OR (c AND NOT d)").to_string());
    assert_eq!(and("(a b) || c"), tree("(a AND b) OR c").to_string());
}

#[test]
fn a_group_shares_its_field() {
    means("a:(b OR \"c d\")", "a:b OR a:\"c d\"");
    means("a:(b AND NOT (c d*))", "a:b AND NOT (a:c OR a:d*)");
    means("a:(>=1 AND <5)", "a:>=1 AND a:<5");
    means("a:(*)", "_exists_:a");
}

#[test]
fn existence_can_be_asked_for() {
    means("_exists_:a.b", "a.b:*");
    means("_missing_:a", "NOT _exists_:a");
    means("_exists_:\"a.b\"", "a.b:[* TO *]");
    means("-_exists_:a", "NOT a:*");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let clause = "a field, a word, a phrase in quotation marks or (";
    for (text, expected) in [
        ("", format!("at character 1: expected {clause}, found the end of the query")),
        ("   ", format!("at character 4: expected {clause}, found the end of the query")),
        ("a AND", format!("at character 6: expected {clause}, found the end of the query")),
        ("OR a", format!("at character 1: expected {clause}, found O")),
        ("a AND OR b", format!("at character 7: expected {clause}, found O")),
        ("a AND )", format!("at character 7: expected {clause}, found )")),
        ("()", format!("at character 2: expected {clause}, found )")),
        (":x", format!("at character 1: expected {clause}, found :")),
        ("a)", "at character 2: expected a space, an operator or the end, found )".to_owned()),
        ("(a", "at character 1: the parenthesis is not closed".to_owned()),
        ("x (a OR (b)", "at character 3: the parenthesis is not closed".to_owned()),
        ("a:", "at character 3: expected a value, found the end of the query".to_owned()),
        ("a:)", "at character 3: expected a value, found )".to_owned()),
        ("a:]", "at character 3: expected a value, found ]".to_owned()),
        ("a:\"b", "at character 3: the quotation mark is not closed".to_owned()),
        (
            "a:\"b\\",
            "at character 6: expected a character after the backslash, found the end of the query".to_owned(),
        ),
        (
            "a:b\\",
            "at character 5: expected a character after the backslash, found the end of the query".to_owned(),
        ),
        ("a:b\"c\"", "at character 4: expected a space, an operator or the end, found \"".to_owned()),
        ("a:\"b\"c", "at character 6: expected a space, an operator or the end, found c".to_owned()),
        ("a:x[1]", "at character 4: expected a space, an operator or the end, found [".to_owned()),
        ("a:[1 2]", "at character 6: expected TO between the two ends of the range, found 2".to_owned()),
        ("a:[1 to 2]", "at character 6: expected TO between the two ends of the range, found t".to_owned()),
        (
            "a:[1 TO 2",
            "at character 10: expected ] or } at the end of the range, found the end of the query".to_owned(),
        ),
        ("a:[1 TO 2)", "at character 10: expected ] or } at the end of the range, found )".to_owned()),
        ("a:[ TO 2]", "at character 8: expected TO between the two ends of the range, found 2".to_owned()),
        ("a:[1 TO ]", "at character 9: expected a value or *, found ]".to_owned()),
        ("a:[1* TO 2]", "at character 4: expected a value or *, found *".to_owned()),
        ("a:>", "at character 4: expected a value or *, found the end of the query".to_owned()),
        ("_exists_:", "at character 10: expected the name of a field, found the end of the query".to_owned()),
        ("_exists_:a*", "at character 10: expected the name of a field, found a".to_owned()),
        ("a..b:x", "at character 1: expected the name of a field, found a".to_owned()),
        ("a*:x", "at character 1: expected the name of a field, found a".to_owned()),
        (
            "a:(b c:d)",
            "at character 6: the group belongs to a field already, so no other field may be named in it"
                .to_owned(),
        ),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn what_lucene_has_beyond_is_refused_by_name() {
    for (text, at, what) in [
        ("a:b~", 4, Unsupported::Fuzzy),
        ("a:b~0.8 c", 4, Unsupported::Fuzzy),
        ("\"a b\"~3", 6, Unsupported::Fuzzy),
        ("a:b^2", 4, Unsupported::Boost),
        ("\"a\"^2", 4, Unsupported::Boost),
        ("a:/x/", 3, Unsupported::Regex),
        ("/x/", 1, Unsupported::Regex),
    ] {
        assert_eq!(parse(text, Beside::Or), Err(SyntaxError::Unsupported { at, what }), "{text}");
        assert!(told(text).contains("not supported; put the value into quotation marks"));
    }
}

#[test]
fn limits_hold() {
    assert_eq!(parse(&"a".repeat(LENGTH + 1), Beside::Or), Err(SyntaxError::TooLong));
    assert!(parse(&"ü".repeat(LENGTH), Beside::Or).is_ok());
    let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    assert!(parse(&nested(DEPTH), Beside::Or).is_ok());
    assert_eq!(parse(&nested(DEPTH + 1), Beside::Or), Err(SyntaxError::TooDeep { at: DEPTH + 1 }));
    for sign in ["-", "!", "+", "NOT ", "a:("] {
        assert!(
            matches!(
                parse(&sign.repeat(1000), Beside::Or),
                Err(SyntaxError::TooDeep { .. } | SyntaxError::FieldInGroup { .. })
            ),
            "{sign}"
        );
    }
    let many = |count: usize| vec!["a:b"; count].join(" ");
    assert!(parse(&many(CLAUSES), Beside::Or).is_ok());
    assert_eq!(parse(&many(CLAUSES + 1), Beside::Or), Err(SyntaxError::TooMany { at: 4 * CLAUSES + 3 }));
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9_]{1,6}", "AND|OR|NOT|TO|_exists_", "[ -~]{1,8}", "\\PC{1,6}"]
}

fn fields() -> impl Strategy<Value = Field> {
    proptest::collection::vec(texts(), 1..4).prop_map(|path| Field { path, at: 0 })
}

fn words() -> impl Strategy<Value = Test> {
    let piece = prop_oneof![2 => texts().prop_map(Piece::Text), 1 => Just(Piece::Any), 1 => Just(Piece::One)];
    proptest::collection::vec(piece, 1..5).prop_map(|mut pieces| {
        pieces.dedup_by(|next, one| match (next, one) {
            (Piece::Text(next), Piece::Text(one)) => {
                one.push_str(next);
                true
            }
            (next, one) => *next == Piece::Any && *one == Piece::Any,
        });
        if pieces == [Piece::Any] { Test::Exists } else { Test::Word(pieces) }
    })
}

fn clauses() -> impl Strategy<Value = Node> {
    let bounds = || {
        proptest::option::of((".{0,6}", any::<bool>()).prop_map(|(value, inclusive)| Bound {
            value,
            inclusive,
            at: 0,
        }))
    };
    let tests = prop_oneof![
        words(),
        ".{0,8}".prop_map(Test::Phrase),
        (bounds(), bounds()).prop_map(|(low, high)| {
            if low.is_none() && high.is_none() { Test::Exists } else { Test::Range { low, high } }
        }),
    ];
    (proptest::option::of(fields()), tests).prop_map(|(field, test)| match (field, test) {
        (None, Test::Exists) => Node::All,
        (field, test) => Node::Clause(Clause { field, test, at: 0 }),
    })
}

fn trees() -> impl Strategy<Value = Node> {
    clauses().prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..5).prop_map(Node::And),
            proptest::collection::vec(inner.clone(), 2..5).prop_map(Node::Or),
            inner.prop_map(|node| Node::Not(Box::new(node))),
        ]
    })
}

/// Forgets where everything stood.
fn placeless(node: Node) -> Node {
    let bound = |bound: Option<Bound>| bound.map(|bound| Bound { at: 0, ..bound });
    let all = |nodes: Vec<Node>| nodes.into_iter().map(placeless).collect();
    match node {
        Node::All => Node::All,
        Node::And(nodes) => Node::And(all(nodes)),
        Node::Or(nodes) => Node::Or(all(nodes)),
        Node::Not(node) => Node::Not(Box::new(placeless(*node))),
        Node::Clause(Clause { field, test, .. }) => Node::Clause(Clause {
            field: field.map(|field| Field { at: 0, ..field }),
            test: match test {
                Test::Range { low, high } => Test::Range { low: bound(low), high: bound(high) },
                same @ (Test::Exists | Test::Word(_) | Test::Phrase(_)) => same,
            },
            at: 0,
        }),
    }
}

proptest! {
    #[test]
    fn a_tree_that_is_printed_reads_back_as_itself(tree in trees(), and in any::<bool>()) {
        let text = tree.to_string();
        let read = parse(&text, if and { Beside::And } else { Beside::Or });
        prop_assert_eq!(read.map(placeless), Ok(tree), "{}", text);
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,60}") {
        let _ = parse(&text, Beside::Or);
    }

    #[test]
    fn no_arrangement_of_the_language_is_too_strange(
        tokens in proptest::collection::vec(
            prop_oneof![
                Just("a"), Just(":"), Just("("), Just(")"), Just("["), Just("]"), Just("{"), Just("}"), Just(" TO "),
                Just(" AND "), Just(" OR "), Just(" NOT "), Just("&&"), Just("||"), Just("!"), Just("+"), Just("-"),
                Just("\""), Just("\\"), Just("*"), Just("?"), Just("."), Just(" "), Just(">="), Just("<"), Just("~"),
                Just("_exists_"), Just("ü"),
            ],
            0..40,
        ),
    ) {
        let text = tokens.concat();
        match parse(&text, Beside::Or) {
            // Whatever can be read can be printed, and means the same.
            Ok(tree) => prop_assert_eq!(parse(&tree.to_string(), Beside::Or).map(placeless), Ok(placeless(tree))),
            Err(error) => prop_assert!(error.at().is_some_and(|at| (1..=text.chars().count() + 1).contains(&at))),
        }
    }
}
