//! What a query costs by GitHub's rule, and whether it asks for too much.
//!
//! Points: the requests that would fill each connection, when every `first` and `last` is used up, divided by a hundred.
//! Nodes: the product over nested connections. Fields and aliases that are no connections are free.

use apollo_compiler::ast;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use serde_json::{Value, json};

use crate::contracts::Prepared;

/// The most nodes that one query may ask for.
const MOST_NODES: u64 = 500_000;
/// The most that one page may have.
const LARGEST_PAGE: u64 = 100;

/// What a query asks for, for faults that look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::github) struct Asked {
    /// Numbers of pull requests and issues.
    pub(in crate::github) numbers: Vec<u64>,
    /// How many pull requests, issues and objects are asked for by name.
    pub(in crate::github) objects: usize,
}

/// What a query costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Price {
    pub(super) points: u64,
    pub(super) nodes: u64,
}

pub(super) fn asked(prepared: &Prepared) -> Asked {
    let mut asked = Asked::default();
    each_field(prepared, &prepared.operation.selection_set, &mut |field| {
        if matches!(field.name.as_str(), "pullRequest" | "issue" | "issueOrPullRequest" | "object") {
            asked.objects += 1;
            asked.numbers.extend(argument(prepared, field, "number"));
        }
    });
    asked
}

fn each_field(prepared: &Prepared, set: &SelectionSet, look: &mut impl FnMut(&Field)) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                look(field);
                each_field(prepared, &field.selection_set, look);
            }
            Selection::InlineFragment(inline) => each_field(prepared, &inline.selection_set, look),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = prepared.document.fragments.get(&spread.fragment_name) {
                    each_field(prepared, &fragment.selection_set, look);
                }
            }
        }
    }
}

/// A whole number that a field was given, in the document or by a variable.
fn argument(prepared: &Prepared, field: &Field, name: &str) -> Option<u64> {
    match &**field.specified_argument_by_name(name)? {
        ast::Value::Int(number) => number.as_str().parse().ok(),
        ast::Value::Variable(variable) => prepared.variables.get(variable.as_str())?.as_u64(),
        _ => None,
    }
}

#[derive(Debug, Default)]
struct Sum {
    requests: u64,
    nodes: u64,
    errors: Vec<Value>,
}

pub(super) fn price(prepared: &Prepared) -> Result<Price, Vec<Value>> {
    let mut sum = Sum::default();
    add(prepared, &prepared.operation.selection_set, 1, &mut sum);
    if sum.errors.is_empty() && sum.nodes > MOST_NODES {
        let message = format!(
            "This query requests up to {} possible nodes which exceeds the maximum limit of {MOST_NODES}.",
            sum.nodes
        );
        sum.errors.push(json!({ "type": "MAX_NODE_LIMIT_EXCEEDED", "message": message }));
    }
    if !sum.errors.is_empty() {
        return Err(sum.errors);
    }
    // To the nearest hundred, and never nothing.
    Ok(Price { points: ((sum.requests + 50) / 100).max(1), nodes: sum.nodes })
}

fn add(prepared: &Prepared, set: &SelectionSet, times: u64, sum: &mut Sum) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                let mut inside = times;
                if field.ty().inner_named_type().as_str().ends_with("Connection") {
                    sum.requests = sum.requests.saturating_add(times);
                    inside = times.saturating_mul(page(prepared, field, sum));
                    sum.nodes = sum.nodes.saturating_add(inside);
                }
                add(prepared, &field.selection_set, inside, sum);
            }
            Selection::InlineFragment(inline) => add(prepared, &inline.selection_set, times, sum),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = prepared.document.fragments.get(&spread.fragment_name) {
                    add(prepared, &fragment.selection_set, times, sum);
                }
            }
        }
    }
}

/// How many a connection may give; a mistake is noted.
fn page(prepared: &Prepared, field: &Field, sum: &mut Sum) -> u64 {
    let name = &field.name;
    for bound in ["first", "last"] {
        if let Some(wanted) = argument(prepared, field, bound) {
            if wanted > LARGEST_PAGE || wanted == 0 {
                let message = format!(
                    "Requesting {wanted} records on the `{name}` connection exceeds the `{bound}` limit of {LARGEST_PAGE} records."
                );
                sum.errors.push(json!({ "type": "EXCESSIVE_PAGINATION", "message": message }));
            }
            return wanted;
        }
    }
    // Only the count is free of bounds.
    let fields = |selection: &Selection| selection.as_field().map(|field| field.name.as_str() == "totalCount");
    if field.selection_set.selections.iter().all(|selection| fields(selection) == Some(true)) {
        return 0;
    }
    let message = format!("You must provide a `first` or `last` value to properly paginate the `{name}` connection.");
    sum.errors.push(json!({ "type": "MISSING_PAGINATION_BOUNDARIES", "message": message }));
    0
}
