//! YAML as a tree that knows its lines. Aliases, anchors and tags are refused, nesting and size are bounded, so that what is read is
//! never larger than what was written.

use serde_json::{Map, Number, Value as Json};
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, options};

use crate::MAX_YAML;

const MAX_DEPTH: usize = 32;

/// A value and where it begins.
#[derive(Clone, PartialEq)]
pub(crate) struct Node {
    /// Line, from 1.
    pub(crate) line: usize,
    pub(crate) value: Value,
}

#[derive(Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// A plain number, as it is written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Pair>),
}

/// A key with its value.
#[derive(Clone, PartialEq)]
pub(crate) struct Pair {
    /// Line of the key.
    pub(crate) line: usize,
    pub(crate) key: String,
    pub(crate) node: Node,
}

/// Why the text is not a tree, and where. The words are fixed: they repeat nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeError {
    pub(crate) line: usize,
    pub(crate) what: &'static str,
}

/// Reads all documents; empty ones are left out.
pub(crate) fn parse(text: &str) -> Result<Vec<Node>, NodeError> {
    if text.len() > MAX_YAML {
        return Err(NodeError { line: 1, what: "the text is larger than what is read" });
    }
    let options: Options = options! { emit_comments: false };
    let mut parser = Reader { events: Parser::new_from_str_with_options(text, options), line: 1 };
    let mut documents = Vec::new();
    while let Some(event) = parser.next()? {
        match event {
            Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
            Event::StreamEnd => break,
            event => {
                let node = parser.node(event, 0)?;
                if node.value != Value::Null {
                    documents.push(node);
                }
            }
        }
    }
    Ok(documents)
}

struct Reader<'a> {
    events: Parser<'a, serde_saphyr::granit_parser::StrInput<'a>>,
    line: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<Event<'a>>, NodeError> {
        match self.events.next() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(Some(event))
            }
            Some(Err(error)) => Err(NodeError { line: error.marker().line(), what: "this is not YAML" }),
        }
    }

    fn some(&mut self) -> Result<Event<'a>, NodeError> {
        self.next()?.ok_or(NodeError { line: self.line, what: "this is not YAML" })
    }

    fn node(&mut self, event: Event<'a>, depth: usize) -> Result<Node, NodeError> {
        let line = self.line;
        let fail = |what| Err(NodeError { line, what });
        if depth > MAX_DEPTH {
            return fail("the nesting is too deep");
        }
        let (anchor, tagged) = match &event {
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(_, anchor, tag) | Event::MappingStart(_, anchor, tag) => (*anchor, tag.is_some()),
            Event::Alias(_) => return fail("aliases are not read; write the value itself"),
            _ => return fail("this is not YAML"),
        };
        if anchor != 0 {
            return fail("anchors are not read; write the value where it is used");
        }
        if tagged {
            return fail("tags are not read; use quotes for text");
        }
        let value = match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) => plain(&text),
            Event::Scalar(text, ..) => Value::Text(text.into_owned()),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match self.some()? {
                        Event::SequenceEnd => break Value::List(items),
                        event => items.push(self.node(event, depth + 1)?),
                    }
                }
            }
            _ => {
                let mut pairs: Vec<Pair> = Vec::new();
                let mut seen = std::collections::HashSet::new();
                loop {
                    let event = self.some()?;
                    if matches!(event, Event::MappingEnd) {
                        break Value::Map(pairs);
                    }
                    let Node { line, value } = self.node(event, depth + 1)?;
                    let key = match value {
                        Value::Text(key) | Value::Number(key) => key,
                        Value::Bool(key) => key.to_string(),
                        _ => return Err(NodeError { line, what: "a key must be a word" }),
                    };
                    if !seen.insert(key.clone()) {
                        return Err(NodeError { line, what: "this key is there twice" });
                    }
                    let event = self.some()?;
                    pairs.push(Pair { line, key, node: self.node(event, depth + 1)? });
                }
            }
        };
        Ok(Node { line, value })
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

/// Whether text has the form of a JSON number, perhaps with a `+` or leading zeros.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).map_or((digits, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|e| all_digits(e.strip_prefix(['-', '+']).unwrap_or(e)));
    all_digits(whole) && (fraction.is_empty() || all_digits(fraction)) && exponent_fits
}

impl Node {
    /// Text; a plain number or truth value counts as what is written, as it does in other readers.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn map(&self) -> Option<&[Pair]> {
        match &self.value {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    pub(crate) fn bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn number<T: std::str::FromStr>(&self) -> Option<T> {
        match &self.value {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The same as JSON; numbers that JSON cannot hold become text.
    pub(crate) fn json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Text(text) => Json::String(text.clone()),
            Value::Number(text) => {
                let whole = text.parse::<i64>().ok().map(Number::from);
                let number = whole.or_else(|| text.parse().ok().and_then(Number::from_f64));
                number.map_or_else(|| Json::String(text.clone()), Json::Number)
            }
            Value::List(items) => Json::Array(items.iter().map(Node::json).collect()),
            Value::Map(pairs) => {
                Json::Object(pairs.iter().map(|pair| (pair.key.clone(), pair.node.json())).collect::<Map<_, _>>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees() {
        let text = "a: 1\nb: [x, \"1\", 2.50, -3, 1e3, null, true, 0x1, 1_000, 12e]\nc:\n  d: |\n    e\n    f\n---\n---\nx: yes\n";
        let nodes = parse(text).ok().unwrap();
        assert_eq!(nodes.len(), 2);
        let expected = r#"{"a":1,"b":["x","1",2.5,-3,1000.0,null,true,"0x1","1_000","12e"],"c":{"d":"e\nf\n"}}"#;
        assert_eq!(nodes[0].json().to_string(), expected);
        assert_eq!(nodes[1].json().to_string(), r#"{"x":"yes"}"#);
        let lines: Vec<usize> = nodes[0].map().unwrap().iter().map(|pair| pair.line).collect();
        assert_eq!(lines, [1, 2, 3]);
        assert_eq!(nodes[1].map().unwrap()[0].line, 9);
    }

    #[test]
    fn hostile_trees_are_refused() {
        let deep = "[".repeat(100_000);
        let deep_block: String = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        let large = "x".repeat(MAX_YAML + 1);
        #[rustfmt::skip]
        let cases = [
            ("anchor", "a: &x 1\nb: *x\n", 1),
            ("alias bomb", "a: &a [x,x]\nb: &b [*a,*a]\n", 1),
            ("tag", "a: !!binary x\n", 1),
            ("twice", "a: 1\nb: 2\na: 3\n", 3),
            ("key of a list", "[a]: b\n", 1),
            ("not YAML", "a: b\n  c: d\n", 2),
            ("unclosed", "a: 1\nb: \"x\n", 2),
            ("tab", "a:\n\tb: 1\n", 2),
            ("deep flow", &deep, 1),
            ("deep block", &deep_block, 33),
            ("large", &large, 1),
        ];
        for (name, text, line) in cases {
            let found = parse(text).err().unwrap_or_else(|| panic!("{name}"));
            assert!(found.line == line || (name == "unclosed"), "{name}: {found:?}");
        }
    }
}
