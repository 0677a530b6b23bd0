//! GraphQL: a document is held against GitHub's schema, priced, and then executed field by field.

mod connection;
mod cost;
mod items;
mod objects;

use std::sync::OnceLock;

use apollo_compiler::resolvers::{Execution, FieldError};
use apollo_compiler::response::GraphQLError;
use serde_json::{Value, json};

use super::limits::{Budget, Resource, Token};
use super::state::{Received, Reply, State};
use super::world::World;
use crate::contracts::{GraphqlContract, Prepared, Violation};

pub(super) use cost::Asked;
pub(super) use objects::latest;

/// The part of GitHub's schema that is answered, and the whole of it where it is present.
#[derive(Debug)]
pub(super) struct Schemas {
    answered: GraphqlContract,
    whole: Option<GraphqlContract>,
}

/// A query that can be answered.
pub(super) struct Query {
    prepared: Prepared,
    schema: GraphqlContract,
    pub(super) asked: Asked,
}

/// What the resolvers look at.
pub(super) struct Context<'w> {
    world: &'w World,
    viewer: Option<&'w str>,
    budget: Budget,
    cost: u64,
    nodes: u64,
}

impl Schemas {
    pub(super) fn load() -> Self {
        static ANSWERED: OnceLock<GraphqlContract> = OnceLock::new();
        let answered = ANSWERED.get_or_init(|| GraphqlContract::parse(include_str!("../answers.graphql"))).clone();
        Self { answered, whole: GraphqlContract::load() }
    }
}

/// Reads a request, and holds it against the schemas.
pub(super) fn read(schemas: &Schemas, request: &Received) -> Result<Query, Violation> {
    let wrong = |sentence: String| Err(Violation::new(format!("`{} /graphql`: {sentence}", request.method)));
    if request.method != "POST" || request.target.contains('?') {
        return wrong("GraphQL is asked by POST, without a query in the address".to_owned());
    }
    let body: Value = match serde_json::from_slice(&request.body) {
        Ok(Value::Object(body)) => Value::Object(body),
        Ok(other) => return wrong(format!("the body is {other}, not an object")),
        Err(error) => return wrong(format!("the body is no JSON: {error}")),
    };
    let fields = body.as_object().map(serde_json::Map::keys);
    if let Some(unknown) =
        fields.into_iter().flatten().find(|name| !["query", "variables", "operationName"].contains(&name.as_str()))
    {
        return wrong(format!("the body has the unknown field `{unknown}`"));
    }
    let Some(document) = body["query"].as_str() else {
        return wrong("the body has no text `query`".to_owned());
    };
    let operation = body["operationName"].as_str();
    if let Some(whole) = &schemas.whole {
        whole.prepare(document, operation, &body["variables"])?;
    }
    let prepared = schemas.answered.prepare(document, operation, &body["variables"]).map_err(|violation| {
        if schemas.whole.is_some() {
            Violation::new(format!("the fake GitHub does not answer all of this: {violation}"))
        } else {
            violation
        }
    })?;
    let asked = cost::asked(&prepared);
    Ok(Query { prepared, schema: schemas.answered.clone(), asked })
}

/// Executes a query. Also tells its cost in points.
pub(super) fn answer(state: &mut State, query: Query, token: Option<&Token>) -> (Reply, u64) {
    let price = match cost::price(&query.prepared) {
        Ok(price) => price,
        Err(errors) => return (Reply::json(200, json!({ "errors": errors })), 0),
    };
    super::git::refresh(&mut state.world);
    let budget = state.budgets.get(Resource::Graphql);
    if budget.remaining() < price.points {
        let message = "API rate limit exceeded for user ID 1.";
        return (Reply::json(200, json!({ "errors": [{ "type": "RATE_LIMITED", "message": message }] })), 0);
    }
    budget.used += price.points;
    let context = Context {
        world: &state.world,
        viewer: token.map(|token| token.login.as_str()),
        budget: *budget,
        cost: price.points,
        nodes: price.nodes,
    };
    let Prepared { document, operation, variables } = &query.prepared;
    let executed = Execution::new(query.schema.schema(), document)
        .operation(operation)
        .coerced_variable_values(variables)
        .execute_sync(&objects::root(&context));
    let response = executed.unwrap_or_else(|error| panic!("a prepared query is executed: {}", error.message()));
    let mut broken = Vec::new();
    let errors: Vec<Value> = response.errors.iter().map(|error| written(error, &mut broken)).collect();
    let data = serde_json::to_value(&response.data).expect("a response is JSON");
    let mut body = json!({ "data": data });
    if !errors.is_empty() {
        body["errors"] = Value::Array(errors);
    }
    for sentence in broken {
        state.violate(sentence);
    }
    (Reply::json(200, body), price.points)
}

/// Stands between the type of an error and its message.
const BETWEEN: char = '\u{1f}';

/// An error as GitHub gives them: with a type.
fn error(kind: &str, message: impl std::fmt::Display) -> FieldError {
    FieldError { message: format!("{kind}{BETWEEN}{message}") }
}

fn written(error: &GraphQLError, broken: &mut Vec<String>) -> Value {
    let mut value = serde_json::to_value(error).expect("an error is JSON");
    let message = error.message.strip_prefix("resolver error: ").unwrap_or(&error.message);
    let Some((kind, message)) = message.split_once(BETWEEN) else {
        // No resolver of ours said so: a field without one, or a value of a wrong type. That is a hole in the fake.
        broken.push(format!("the fake GitHub cannot answer `{}`: {message}", value["path"]));
        return value;
    };
    value["type"] = Value::from(kind);
    value["message"] = Value::from(message);
    value
}

#[cfg(test)]
mod tests {
    use apollo_compiler::schema::ExtendedType;

    use super::*;

    /// The part that is answered is a part of the whole: the same types of the same fields and arguments.
    #[test]
    fn the_part_is_a_part() {
        let Schemas { answered, whole: Some(whole) } = Schemas::load() else {
            println!("skipped: no contracts beside the workspace");
            return;
        };
        let (mut fields, whole) = (0, whole.schema());
        for (name, part) in answered.schema().types.iter().filter(|(_, part)| !part.is_built_in()) {
            let of = whole.types.get(name).unwrap_or_else(|| panic!("`{name}` is a type of the whole"));
            let (part, of) = match (part, of) {
                (ExtendedType::Object(part), ExtendedType::Object(of)) => (&part.fields, &of.fields),
                (ExtendedType::Interface(part), ExtendedType::Interface(of)) => (&part.fields, &of.fields),
                (ExtendedType::Enum(part), ExtendedType::Enum(of)) => {
                    assert!(part.values.keys().eq(of.values.keys()), "{name}");
                    continue;
                }
                (ExtendedType::Union(part), ExtendedType::Union(of)) => {
                    assert!(part.members.iter().all(|member| of.members.contains(member)), "{name}");
                    continue;
                }
                (ExtendedType::InputObject(part), ExtendedType::InputObject(of)) => {
                    let types = |input: &apollo_compiler::schema::InputObjectType| {
                        let fields = input.fields.iter().map(|(name, field)| format!("{name}: {}", field.ty));
                        fields.collect::<std::collections::BTreeSet<_>>()
                    };
                    assert_eq!(types(part), types(of), "{name}");
                    continue;
                }
                (ExtendedType::Scalar(_), ExtendedType::Scalar(_)) => continue,
                _ => panic!("`{name}` is of another kind"),
            };
            for (field, part) in part {
                let of = of.get(field).unwrap_or_else(|| panic!("`{name}` has a field `{field}`"));
                assert_eq!(part.ty, of.ty, "{name}.{field}");
                let arguments = |of: &apollo_compiler::ast::FieldDefinition| {
                    let all = of
                        .arguments
                        .iter()
                        .map(|one| (one.name.to_string(), one.ty.to_string(), one.default_value.is_some()));
                    all.collect::<std::collections::BTreeSet<_>>()
                };
                assert_eq!(arguments(part), arguments(of), "{name}.{field}");
                fields += 1;
            }
        }
        assert!(fields > 250, "{fields} fields");
    }
}
