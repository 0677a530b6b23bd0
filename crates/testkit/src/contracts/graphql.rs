//! GraphQL documents and their variables, held against a schema.

use std::fmt;
use std::sync::{Arc, OnceLock};

use apollo_compiler::ast::Type;
use apollo_compiler::executable::Operation;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Node, Schema};
use serde_json::Value;

use super::Violation;

/// The contract of GitHub's GraphQL interface.
#[derive(Clone)]
pub struct GraphqlContract(Arc<Valid<Schema>>);

impl fmt::Debug for GraphqlContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphqlContract").field("types", &self.0.types.len()).finish()
    }
}

/// A document that is valid, one operation of it, and its variables with defaults filled in.
pub(crate) struct Prepared {
    pub(crate) document: Valid<ExecutableDocument>,
    pub(crate) operation: Node<Operation>,
    pub(crate) variables: Valid<JsonMap>,
}

impl GraphqlContract {
    /// The contract in the shared folder; `None` when it is not there. It is parsed once per process.
    ///
    /// # Panics
    /// When it is there and is no schema.
    pub fn load() -> Option<Self> {
        static LOADED: OnceLock<Option<GraphqlContract>> = OnceLock::new();
        LOADED
            .get_or_init(|| {
                let path = "github-graphql/schema.graphql";
                // 1,636 types that their publisher has validated: doing it again would be the slowest part of a test.
                let schema = Schema::parse(super::read(path)?, path).expect("the contract is a schema");
                Some(Self(Arc::new(Valid::assume_valid(schema))))
            })
            .clone()
    }

    /// A schema in the language of schemas.
    ///
    /// # Panics
    /// When it is no valid schema.
    pub(crate) fn parse(text: &str) -> Self {
        Self(Arc::new(Schema::parse_and_validate(text, "schema.graphql").expect("the schema is valid")))
    }

    pub(crate) fn schema(&self) -> &Valid<Schema> {
        &self.0
    }

    /// Holds a document with one operation, and the variables sent with it, against the schema.
    ///
    /// # Errors
    /// Says what the schema does not know, and which variables are missing, unknown or of a wrong type.
    pub fn check(&self, document: &str, variables: &Value) -> Result<(), Violation> {
        self.prepare(document, None, variables).map(drop)
    }

    /// What [`check`](Self::check) does, keeping what was parsed.
    pub(crate) fn prepare(
        &self,
        document: &str,
        operation: Option<&str>,
        variables: &Value,
    ) -> Result<Prepared, Violation> {
        let document = ExecutableDocument::parse_and_validate(&self.0, document, "query.graphql")
            .map_err(|invalid| said(&invalid.errors))?;
        let operation = document
            .operations
            .get(operation)
            .map_err(|error| Violation::new(format!("the document's operation cannot be told: {}", error.message())))?
            .clone();
        let sent = match variables {
            Value::Object(_) => variables.clone(),
            Value::Null => Value::Object(serde_json::Map::new()),
            other => return Err(Violation::new(format!("the variables are {other}, not an object"))),
        };
        let JsonValue::Object(sent) = JsonValue::from(sent) else { unreachable!("an object stays an object") };
        let known = || operation.variables.iter().map(|variable| variable.name.as_str());
        if let Some((name, _)) = sent.iter().find(|(name, _)| !known().any(|known| known == name.as_str())) {
            let known: Vec<&str> = known().collect();
            return Err(Violation::new(format!(
                "the operation has no variable `{}`; it has: {}",
                name.as_str(),
                known.join(", ")
            )));
        }
        let variables = coerce_variable_values(&self.0, &operation, &sent)
            .map_err(|error| Violation::new(format!("the variables do not fit: {}", error.message())))?;
        for variable in &operation.variables {
            if let Some(value) = variables.get(variable.name.as_str()) {
                check_scalars(&format!("the variable `{}`", variable.name), &variable.ty, value)?;
            }
        }
        Ok(Prepared { document, operation, variables })
    }
}

fn said(errors: &DiagnosticList) -> Violation {
    let mut sentences: Vec<String> = errors
        .iter()
        .map(|error| {
            let place = error.line_column_range().map(|range| range.start);
            let place = place.map(|at| format!("line {}, column {}: ", at.line, at.column)).unwrap_or_default();
            format!("{place}{}", error.error)
        })
        .collect();
    let more = sentences.len().saturating_sub(5);
    sentences.truncate(5);
    if more > 0 {
        sentences.push(format!("and {more} more"));
    }
    Violation::new(format!("the document does not fit the schema: {}", sentences.join("; ")))
}

/// GitHub's own scalars, which a validator takes whatever they hold.
fn check_scalars(what: &str, ty: &Type, value: &JsonValue) -> Result<(), Violation> {
    if let Some(items) = value.as_array() {
        return items.iter().try_for_each(|item| check_scalars(what, ty.item_type(), item));
    }
    if value.is_null() {
        return Ok(());
    }
    let text = value.as_str();
    let fits = match ty.inner_named_type().as_str() {
        "GitObjectID" => text.is_some_and(is_object_id),
        "DateTime" | "PreciseDateTime" | "GitTimestamp" | "Date" => text.is_some_and(|text| {
            text.len() >= 10
                && text.bytes().take(10).enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                })
        }),
        "URI" | "HTML" | "GitSSHRemote" | "X509Certificate" | "GitRefname" | "Base64String" => text.is_some(),
        _ => true,
    };
    if fits { Ok(()) } else { Err(Violation::new(format!("{what} is {value}, which is no {ty}"))) }
}

/// Whether this is a full name of a git object.
pub(crate) fn is_object_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = r#"
        scalar GitObjectID
        enum State { OPEN MERGED }
        input By { state: State!, text: String }
        type Query { node(id: Int!): Node, object(oid: GitObjectID!): Node, list(by: By, ids: [Int!]): Node }
        type Node { id: Int!, next(first: Int): Node }
    "#;

    #[test]
    fn documents_and_variables() {
        let contract = GraphqlContract::parse(SCHEMA);
        let one = "query Q($id: Int!) { node(id: $id) { id } }";
        let object = "query Q($oid: GitObjectID!) { object(oid: $oid) { id } }";
        let list = "query Q($by: By, $ids: [Int!]) { list(by: $by, ids: $ids) { id } }";
        let name = "bc80b36ff59cc5bfb82e7a4d1c3a1e1e9c3f0d11";
        for (case, document, variables, expected) in [
            ("right", one, json!({ "id": 1 }), ""),
            ("a default", "query Q($id: Int! = 1) { node(id: $id) { id } }", json!({}), ""),
            ("no variables", "{ node(id: 1) { id } }", Value::Null, ""),
            ("missing", one, json!({}), "missing value for non-null variable 'id'"),
            ("unknown variable", one, json!({ "id": 1, "x": 2 }), "no variable `x`; it has: id"),
            ("wrong type", one, json!({ "id": "1" }), "the variables do not fit"),
            ("null", one, json!({ "id": null }), "null value for variable id"),
            ("no object", one, json!([1]), "not an object"),
            ("an object id", object, json!({ "oid": name }), ""),
            ("a short object id", object, json!({ "oid": "bc80b36" }), "which is no GitObjectID!"),
            ("an input object", list, json!({ "by": { "state": "OPEN" }, "ids": [1, 2] }), ""),
            ("an unknown input field", list, json!({ "by": { "state": "OPEN", "y": 1 } }), "has key y"),
            ("a missing input field", list, json!({ "by": {} }), "Missing value"),
            ("an unknown word", list, json!({ "by": { "state": "open" } }), "the variables do not fit"),
            (
                "an unknown field",
                "{ node(id: 1) { id titel } }",
                Value::Null,
                "line 1, column 20: type `Node` does not have a field `titel`",
            ),
            ("an unknown argument", "{ node(id: 1, x: 2) { id } }", Value::Null, "the argument `x` is not supported"),
            ("a missing argument", "{ node { id } }", Value::Null, "the required argument"),
            ("an unused variable", "query Q($x: Int) { node(id: 1) { id } }", Value::Null, "unused variable"),
            (
                "no selection",
                "{ node(id: 1) }",
                Value::Null,
                "interface, union and object types must have a subselection",
            ),
            ("no document", "{", Value::Null, "line 1"),
            (
                "two operations",
                "query A { node(id: 1) { id } } query B { node(id: 1) { id } }",
                Value::Null,
                "cannot be told",
            ),
        ] {
            match contract.check(document, &variables) {
                Ok(()) => assert_eq!("", expected, "{case}"),
                Err(violation) => {
                    let said = violation.to_string();
                    assert!(!expected.is_empty() && said.contains(expected), "{case}: {said}");
                }
            }
        }
    }
}
