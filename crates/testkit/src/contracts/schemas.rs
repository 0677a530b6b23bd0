//! JSON Schemas of several files, and what is left of them when only types are judged.

use std::fmt;

use jsonschema::{PatternOptions, Registry, ValidationError, Validator};
use serde_json::{Map, Value};

use super::Violation;

/// The base of every `$id`, which the files give relative to their folder.
const BASE: &str = "https://contracts.invalid/";

/// A file of schemas in two readings.
pub(super) struct Schemas {
    exact: Registry<'static>,
    types: Registry<'static>,
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schemas").finish_non_exhaustive()
    }
}

/// Which reading of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reading {
    /// Every keyword: for requests.
    Exact,
    /// Types only: for replies.
    Types,
}

impl Schemas {
    /// Takes files that hold `$defs` below their own `$id`.
    pub(super) fn new(files: Vec<Value>) -> Self {
        let registry = |files: Vec<Value>| {
            let resources = files.into_iter().map(|file| {
                let id = file["$id"].as_str().expect("a file of schemas has an `$id`").to_owned();
                (id, file)
            });
            Registry::new()
                .extend(resources)
                .and_then(|builder| builder.prepare())
                .expect("the schemas of a contract resolve each other")
        };
        let files: Vec<Value> = files.into_iter().map(absolute).collect();
        let types = files.iter().map(types_of).collect();
        Self { exact: registry(files), types: registry(types) }
    }

    /// A validator for a schema that may refer into the files.
    pub(super) fn validator(&self, schema: &Value, reading: Reading) -> Validator {
        let schema = absolute(schema.clone());
        let (registry, schema) = match reading {
            Reading::Exact => (&self.exact, schema),
            Reading::Types => (&self.types, types_of(&schema)),
        };
        jsonschema::options()
            .with_registry(registry)
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(reading == Reading::Exact)
            .should_ignore_unknown_formats(true)
            .offline()
            .build(&schema)
            .unwrap_or_else(|error| panic!("a schema of the contract cannot be used: {error}"))
    }
}

/// Where real replies hold null and the description has forgotten it: forks that were deleted, labels and issues
/// without a text.
const NULL_AFTER_ALL: &[&str] = &["/head/repo", "/description", "/body"];

/// Everything wrong with a request, as one sentence.
pub(super) fn check(validator: &Validator, what: &str, value: &Value) -> Result<(), Violation> {
    told(what, validator.iter_errors(value))
}

/// Everything wrong with a reply, as one sentence.
pub(super) fn check_types(validator: &Validator, what: &str, value: &Value) -> Result<(), Violation> {
    let forgotten = |error: &ValidationError<'_>| {
        let path = error.instance_path().to_string();
        error.instance().is_null() && NULL_AFTER_ALL.iter().any(|end| path.ends_with(end))
    };
    told(what, validator.iter_errors(value).filter(|error| !forgotten(error)))
}

fn told<'e>(what: &str, errors: impl Iterator<Item = ValidationError<'e>>) -> Result<(), Violation> {
    let mut errors: Vec<String> = errors.map(|error| sentence(&error)).collect();
    if errors.is_empty() {
        return Ok(());
    }
    errors.sort();
    errors.dedup();
    Err(Violation::new(format!("{what}: {}", errors.join("; "))))
}

fn sentence(error: &ValidationError<'_>) -> String {
    let path = error.instance_path().to_string();
    let place = if path.is_empty() { String::new() } else { format!("at `{path}`, ") };
    let mut said = error.to_string();
    // A body of a pull request would hide what is wrong with it.
    if let Some((end, _)) = said.char_indices().nth(300) {
        said.truncate(end);
        said.push('…');
    }
    format!("{place}{said}")
}

/// The schema with absolute names for itself and for others.
fn absolute(schema: Value) -> Value {
    match schema {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| match &value {
                Value::String(text) if is_name(&name, text) => (name, Value::String(format!("{BASE}{text}"))),
                _ => (name, absolute(value)),
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(absolute).collect(),
        other => other,
    }
}

fn is_name(keyword: &str, text: &str) -> bool {
    matches!(keyword, "$id" | "$ref") && !text.starts_with('#') && !text.contains("://")
}

/// Keywords that hold a schema, a list of schemas, or schemas by name, and say something of types.
const ONE: &[&str] = &["items", "additionalProperties", "contains"];
const LIST: &[&str] = &["anyOf", "allOf", "prefixItems"];
const NAMED: &[&str] = &["properties", "patternProperties", "$defs"];
const KEPT: &[&str] = &["type", "$ref", "$id", "$schema"];

/// What a schema says of types, and nothing else: neither what is required, nor enumerations, bounds or formats.
fn types_of(schema: &Value) -> Value {
    let Value::Object(fields) = schema else { return Value::Bool(true) };
    let mut kept = Map::new();
    let list = |value: &Value| value.as_array().map(|all| all.iter().map(types_of).collect::<Vec<_>>());
    for (keyword, value) in fields {
        let keyword = keyword.as_str();
        let value = match (keyword, value) {
            _ if KEPT.contains(&keyword) => Some(value.clone()),
            _ if ONE.contains(&keyword) && value.is_object() => Some(types_of(value)),
            _ if LIST.contains(&keyword) => list(value).map(Value::Array),
            (_, Value::Object(named)) if NAMED.contains(&keyword) => {
                Some(named.iter().map(|(name, schema)| (name.clone(), types_of(schema))).collect())
            }
            _ => None,
        };
        if let Some(value) = value {
            kept.insert(keyword.to_owned(), value);
        }
    }
    // Without the fields that tell them apart, several of `oneOf` may hold: one is enough. It may stand beside `anyOf`.
    if let Some(one_of) = fields.get("oneOf").and_then(list) {
        let all_of = kept.entry("allOf").or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(all_of) = all_of {
            all_of.push(serde_json::json!({ "anyOf": one_of }));
        }
    }
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schemas() -> Schemas {
        Schemas::new(vec![json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "a/schemas.json",
            "$defs": {
                "label": {
                    "type": "object",
                    "required": ["name", "required"],
                    "additionalProperties": false,
                    "properties": { "name": { "type": "string", "enum": ["x"] }, "required": { "type": "boolean" } },
                },
                "labels": { "type": "array", "items": { "$ref": "#/$defs/label" } },
            },
        })])
    }

    #[test]
    fn a_reading_of_types_forgives_all_else() {
        let schemas = schemas();
        let reference = json!({ "$ref": "a/schemas.json#/$defs/labels" });
        let one_of = json!({ "oneOf": [{ "type": "string", "minLength": 9 }, { "type": ["string", "null"] }] });
        for (name, schema, value, exact, types) in [
            ("right", &reference, json!([{ "name": "x", "required": true }]), true, true),
            ("a field is missing", &reference, json!([{ "name": "x" }]), false, true),
            ("a value is not listed", &reference, json!([{ "name": "y", "required": true }]), false, true),
            ("a field is unknown", &reference, json!([{ "name": "x", "required": true, "z": 1 }]), false, true),
            ("a type is wrong", &reference, json!([{ "name": 1, "required": true }]), false, false),
            ("a property named as a keyword", &reference, json!([{ "name": "x", "required": 1 }]), false, false),
            ("both of one", &one_of, json!("long enough"), false, true),
            ("none of one", &one_of, json!(1), false, false),
        ] {
            for (reading, expected) in [(Reading::Exact, exact), (Reading::Types, types)] {
                let found = check(&schemas.validator(schema, reading), "value", &value);
                assert_eq!(found.is_ok(), expected, "{name}, {reading:?}: {found:?}");
            }
        }
    }

    #[test]
    fn sentences_name_the_place() {
        let validator = schemas().validator(&json!({ "$ref": "a/schemas.json#/$defs/labels" }), Reading::Types);
        let said = check(&validator, "the reply", &json!([{ "name": 1 }])).unwrap_err().to_string();
        assert_eq!(said, "the reply: at `/0/name`, 1 is not of type \"string\"");
        let long = check(&validator, "the reply", &json!("x".repeat(5_000))).unwrap_err().to_string();
        assert!(long.len() < 400, "{long}");
    }
}
