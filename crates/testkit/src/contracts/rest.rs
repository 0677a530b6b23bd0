//! GitHub's REST operations.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::Value;

use super::Violation;
use super::schemas::{Reading, Schemas, check, check_types};

/// Path parameters whose value may hold slashes: names of refs and of files.
const SPANNING: &[&str] = &["ref", "path", "branch", "tag", "basehead"];

/// The operation that a request was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The name in the contract, such as `pulls/get`.
    pub id: String,
    /// The values of the parameters in the path, decoded.
    pub path: BTreeMap<String, String>,
    /// The values of the parameters in the query, decoded.
    pub query: BTreeMap<String, String>,
}

/// The contract of GitHub's REST interface.
#[derive(Debug, Clone)]
pub struct RestContract(Arc<Loaded>);

#[derive(Debug)]
struct Loaded {
    operations: BTreeMap<String, Described>,
    schemas: Schemas,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

#[derive(Debug)]
struct Described {
    method: String,
    template: Vec<String>,
    value: Value,
}

impl RestContract {
    /// The contract in the shared folder; `None` when it is not there. It is read once per process.
    ///
    /// # Panics
    /// When it is there and cannot be read.
    pub fn load() -> Option<Self> {
        static LOADED: OnceLock<Option<RestContract>> = OnceLock::new();
        LOADED
            .get_or_init(|| {
                let operations = super::read("github-rest/operations.json")?;
                let schemas = super::read("github-rest/schemas.json")?;
                let json = |text: &str| serde_json::from_str::<Value>(text).expect("a contract is JSON");
                Some(Self::new(json(&operations), json(&schemas)))
            })
            .clone()
    }

    fn new(operations: Value, schemas: Value) -> Self {
        let Value::Object(operations) = operations else { panic!("the operations of a contract are an object") };
        let operations = operations
            .into_iter()
            .map(|(id, value)| {
                let text = |name: &str| value[name].as_str().unwrap_or_else(|| panic!("`{id}` has a {name}"));
                let template = segments(text("path")).map(str::to_owned).collect();
                let described = Described { method: text("method").to_owned(), template, value: value.clone() };
                (id, described)
            })
            .collect();
        Self(Arc::new(Loaded { operations, schemas: Schemas::new(vec![schemas]), validators: Mutex::default() }))
    }

    /// The names of all operations.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.0.operations.keys().map(String::as_str)
    }

    /// Finds the operation that a request is, and holds its path, its query and its JSON body against the contract.
    ///
    /// # Errors
    /// Says what the contract does not know or allow.
    pub fn check_request(
        &self,
        method: &str,
        path_and_query: &str,
        body: Option<&Value>,
    ) -> Result<Operation, Violation> {
        let request = format!("`{method} {path_and_query}`");
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let parts: Vec<&str> = segments(path).collect();
        let (id, described, values) = self.find(method, &parts).ok_or_else(|| {
            let others: Vec<&str> = (self.0.operations.values())
                .filter(|other| bind(&other.template, &parts).is_some())
                .map(|other| other.method.as_str())
                .collect();
            let known = if others.is_empty() { "no operation has this path".to_owned() } else { others.join(", ") };
            Violation::new(format!("{request} is no operation of the contract ({known})"))
        })?;
        let mut operation = Operation { id: id.clone(), path: BTreeMap::new(), query: BTreeMap::new() };
        for (name, raw) in values {
            let value = decode(&raw).map_err(|sentence| Violation::new(format!("{request}: {sentence}")))?;
            self.check_parameter(&operation, described, "path", &name, &value)?;
            operation.path.insert(name, value);
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = |raw: &str| {
                decode(&raw.replace('+', " ")).map_err(|sentence| Violation::new(format!("{request}: {sentence}")))
            };
            let (name, value) = (decoded(name)?, decoded(value)?);
            self.check_parameter(&operation, described, "query", &name, &value)?;
            if operation.query.insert(name.clone(), value).is_some() {
                return Err(Violation::new(format!("{request} gives the query parameter `{name}` twice")));
            }
        }
        for (name, required) in described.parameters("query") {
            if required["required"] == true && !operation.query.contains_key(name) {
                return Err(Violation::new(format!("{request} lacks the query parameter `{name}` of `{id}`")));
            }
        }
        self.check_body(&operation, described, &request, body)?;
        Ok(operation)
    }

    /// Judges a reply of a fake by the types in it. `Value::Null` stands for an empty body.
    ///
    /// # Errors
    /// Says which value has the wrong type, or that the operation never answers with this status.
    ///
    /// # Panics
    /// When the operation is of another contract.
    pub fn check_reply(&self, operation: &Operation, status: u16, body: &Value) -> Result<(), Violation> {
        let id = &operation.id;
        let described = self.0.operations.get(id).expect("the operation was found in this contract");
        let what = format!("the reply {status} of `{id}`");
        let responses = &described.value["responses"];
        let Some(response) = responses.get(status.to_string()) else {
            // Errors and redirections are not all written down; their bodies have one shape.
            let basic = serde_json::json!({ "$ref": "github-rest/schemas.json#/$defs/basic-error" });
            return match status {
                300..=399 => Ok(()),
                400..=599 => check_types(&self.validator("basic error", &basic, Reading::Types), &what, body),
                _ => Err(Violation::new(format!("{what} is not in the contract"))),
            };
        };
        match response["content"].get("application/json") {
            Some(schema) => {
                check_types(&self.validator(&format!("{id} {status}"), schema, Reading::Types), &what, body)
            }
            None if response["content"].as_object().is_some_and(|other| !other.is_empty()) || body.is_null() => Ok(()),
            None if status >= 400 => Ok(()),
            None => Err(Violation::new(format!("{what} has no body in the contract"))),
        }
    }

    fn find(&self, method: &str, parts: &[&str]) -> Option<(&String, &Described, Values)> {
        (self.0.operations.iter())
            .filter(|(_, described)| described.method == method)
            .filter_map(|(id, described)| bind(&described.template, parts).map(|values| (id, described, values)))
            // `releases/tags/{tag}` before `releases/{release_id}/…`: what is literal says more.
            .max_by_key(|(_, described, _)| described.template.iter().filter(|part| !part.starts_with('{')).count())
    }

    fn check_parameter(
        &self,
        operation: &Operation,
        described: &Described,
        place: &str,
        name: &str,
        value: &str,
    ) -> Result<(), Violation> {
        let id = &operation.id;
        let Some((_, parameter)) = described.parameters(place).find(|(known, _)| *known == name) else {
            let known: Vec<&str> = described.parameters(place).map(|(name, _)| name).collect();
            return Err(Violation::new(format!(
                "`{id}` has no {place} parameter `{name}`; it has: {}",
                known.join(", ")
            )));
        };
        let what = format!("the {place} parameter `{name}` of `{id}`");
        // The folder at the top has no name.
        if value.is_empty() && name != "path" {
            return Err(Violation::new(format!("{what} is empty")));
        }
        let validator = self.validator(&format!("{id} {place} {name}"), &parameter["schema"], Reading::Exact);
        // What is text in an address may mean a number, a switch or a word.
        let number = value.parse::<i64>().ok().map(Value::from);
        let switch = value.parse::<bool>().ok().map(Value::from);
        let readings = [number, switch, Some(Value::from(value))];
        let mut found = Ok(());
        for reading in readings.into_iter().flatten() {
            found = check(&validator, &what, &reading);
            if found.is_ok() {
                break;
            }
        }
        found
    }

    fn check_body(
        &self,
        operation: &Operation,
        described: &Described,
        request: &str,
        body: Option<&Value>,
    ) -> Result<(), Violation> {
        let id = &operation.id;
        let Some(wanted) = described.value.get("request") else {
            return match body {
                Some(_) => Err(Violation::new(format!("{request} has a body, and `{id}` takes none"))),
                None => Ok(()),
            };
        };
        match (body, wanted["content"].get("application/json")) {
            (Some(body), Some(schema)) => {
                let validator = self.validator(&format!("{id} request"), schema, Reading::Exact);
                check(&validator, &format!("the body of {request} (`{id}`)"), body)
            }
            (Some(_), None) => Err(Violation::new(format!("{request} has a JSON body, and `{id}` takes a file"))),
            (None, Some(_)) if wanted["required"] == true => {
                Err(Violation::new(format!("{request} has no body, and `{id}` needs one")))
            }
            (None, _) => Ok(()),
        }
    }

    /// Compiled once: schemas of pull requests are large.
    fn validator(&self, key: &str, schema: &Value, reading: Reading) -> Arc<Validator> {
        let mut validators = self.0.validators.lock().expect("no thread panics while it holds this lock");
        let made =
            validators.entry(key.to_owned()).or_insert_with(|| Arc::new(self.0.schemas.validator(schema, reading)));
        Arc::clone(made)
    }
}

impl Described {
    fn parameters<'a>(&'a self, place: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let all = self.value["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(move |one| one["in"] == place).filter_map(|one| Some((one["name"].as_str()?, one)))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_start_matches('/').split('/')
}

/// Values by the name of a path parameter, in the order of the path, not decoded.
type Values = Vec<(String, String)>;

/// The values of a template's parameters; `None` when the path is another.
fn bind(template: &[String], parts: &[&str]) -> Option<Values> {
    let Some((first, rest)) = template.split_first() else {
        return parts.is_empty().then(Vec::new);
    };
    let Some(name) = first.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
        let (part, parts) = parts.split_first()?;
        return if part == first { bind(rest, parts) } else { None };
    };
    let longest = if SPANNING.contains(&name) { parts.len() } else { parts.len().min(1) };
    (1..=longest).find_map(|taken| {
        let (value, parts) = parts.split_at(taken);
        let mut values = bind(rest, parts)?;
        values.insert(0, (name.to_owned(), value.join("/")));
        Some(values)
    })
}

/// Takes away percent signs; strict, as a service is that answers 400.
fn decode(raw: &str) -> Result<String, String> {
    let wrong = || format!("`{raw}` is not percent-encoded text");
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else { return Err(wrong()) };
                bytes.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte"));
            }
            b' ' | b'!'..=b'~' => bytes.push(byte),
            _ => return Err(wrong()),
        }
    }
    String::from_utf8(bytes).map_err(|_not_utf8| wrong())
}
