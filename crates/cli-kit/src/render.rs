//! Results: one value, two forms.

use std::fmt::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Exit, Failure, OrExit, Paint, Table, human::steers};

/// A result: text for people, one JSON document for programs.
///
/// The JSON form is the value's `Serialize` form with a `schema` field in front; a value that is not an object is put into
/// the field `value`. It is public API: snapshot it.
pub trait Render: Serialize {
    /// Name and version of the JSON form, e.g. `krel/version-list/v1`.
    const SCHEMA: &'static str;

    /// Writes the form for people.
    ///
    /// # Errors
    /// Only what `write!` returns.
    fn human(&self, page: &mut Page) -> fmt::Result;
}

/// What [`Render::human`] writes on, with `write!` and [`Page::table`].
#[derive(Debug)]
pub struct Page {
    text: String,
    paint: Paint,
    width: Option<u16>,
}

impl Page {
    /// An empty page; `width` is the terminal's, nothing without a terminal.
    #[must_use]
    pub fn new(paint: Paint, width: Option<u16>) -> Self {
        Self { text: String::new(), paint, width }
    }

    /// Colours, or none.
    #[must_use]
    pub fn paint(&self) -> Paint {
        self.paint
    }

    /// Columns of the terminal, if there is one.
    #[must_use]
    pub fn width(&self) -> Option<u16> {
        self.width
    }

    /// Writes a table.
    ///
    /// # Errors
    /// Only what `write!` returns.
    pub fn table(&mut self, table: &Table) -> fmt::Result {
        let text = table.render(self.width);
        self.write_str(&text)
    }

    /// The text so far.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Write for Page {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        Ok(())
    }
}

/// The JSON document of a result, with its last line break.
pub(crate) fn document<R: Render>(result: &R) -> Result<String, Failure> {
    let mut document = Map::new();
    document.insert("schema".to_owned(), Value::from(R::SCHEMA));
    match serde_json::to_value(result).or_exit(Exit::Unexpected)? {
        Value::Object(fields) => {
            for (name, value) in fields {
                // The schema stays in front, and stays the one of the type.
                if name != "schema" {
                    document.insert(name, value);
                }
            }
        }
        value => {
            document.insert("value".to_owned(), value);
        }
    }
    pretty(&Value::Object(document))
}

pub(crate) fn pretty(value: &Value) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").or_exit(Exit::Unexpected)
}

/// A document as a terminal may see it: the same values, with what steers it written as JSON's escapes. Outside of texts there is none
/// of that but line breaks.
pub(crate) fn escaped(document: &str) -> String {
    let mut escaped = String::with_capacity(document.len());
    for c in document.chars() {
        if c != '\n' && steers(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Versions {
        versions: Vec<&'static str>,
        schema: u8,
    }
    impl Render for Versions {
        const SCHEMA: &'static str = "krel/versions/v1";
        fn human(&self, page: &mut Page) -> fmt::Result {
            self.versions.iter().try_for_each(|version| writeln!(page, "{version}"))
        }
    }

    #[derive(Serialize)]
    struct Number(u64);
    impl Render for Number {
        const SCHEMA: &'static str = "krel/number/v1";
        fn human(&self, page: &mut Page) -> fmt::Result {
            writeln!(page, "{}", self.0)
        }
    }

    #[test]
    fn the_schema_comes_first() {
        insta::assert_snapshot!(document(&Versions { versions: vec!["v1.2.0"], schema: 7 }).unwrap(), @r#"
        {
          "schema": "krel/versions/v1",
          "versions": [
            "v1.2.0"
          ]
        }
        "#);
        insta::assert_snapshot!(document(&Number(3)).unwrap(), @r#"
        {
          "schema": "krel/number/v1",
          "value": 3
        }
        "#);
    }
}
