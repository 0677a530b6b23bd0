//! Pages of a connection.

use apollo_compiler::resolvers::{FieldError, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::objects::{Node, Object, leaf};
use super::{Context, error};

/// One page, and where it lies in the whole.
#[derive(Debug, Clone)]
pub(super) struct Page<'w> {
    kind: &'static str,
    nodes: Vec<Node<'w>>,
    start: usize,
    total: usize,
}

fn cursor(index: usize) -> String {
    STANDARD.encode(format!("cursor:v2:{index}"))
}

fn index_of(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    text.strip_prefix("cursor:v2:")?.parse().ok()
}

impl<'w> Page<'w> {
    /// The page that the arguments ask for. `kind` is the name of the connection's type.
    pub(super) fn new(kind: &'static str, all: Vec<Node<'w>>, arguments: &JsonMap) -> Result<Self, FieldError> {
        let number = |name: &str| {
            let value = arguments.get(name).and_then(|value| value.as_i64());
            value.map(|value| usize::try_from(value).unwrap_or_default())
        };
        let place = |name: &str| match arguments.get(name).and_then(|value| value.as_str()) {
            None => Ok(None),
            Some(cursor) => index_of(cursor).map(Some).ok_or_else(|| {
                error("INVALID_CURSOR_ARGUMENTS", format!("`{cursor}` does not appear to be a valid cursor."))
            }),
        };
        let total = all.len();
        let mut start = place("after")?.map_or(0, |index| index + 1).min(total);
        let mut end = place("before")?.unwrap_or(total).clamp(start, total);
        if let Some(first) = number("first") {
            end = end.min(start + first);
        }
        if let Some(last) = number("last") {
            start = start.max(end.saturating_sub(last));
        }
        let nodes = all.into_iter().take(end).skip(start).collect();
        Ok(Self { kind, nodes, start, total })
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn resolve<'a>(
        &'a self,
        cx: &'a Context<'a>,
        info: &ResolveInfo<'_>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let object = move |node: Node<'a>| ResolvedValue::object(Object { cx, node });
        Ok(match info.field_name() {
            "totalCount" | "issueCount" => leaf(json!(self.total)),
            "nodes" => ResolvedValue::list(self.nodes.iter().map(move |node| object(node.clone()))),
            "edges" => {
                ResolvedValue::list(self.nodes.iter().enumerate().map(move |(at, node)| {
                    object(Node::Edge(self.kind, cursor(self.start + at), Box::new(node.clone())))
                }))
            }
            "pageInfo" => object(Node::PageInfo(Bounds {
                start: (!self.nodes.is_empty()).then_some(self.start),
                end: self.start + self.nodes.len(),
                total: self.total,
            })),
            other => return Err(FieldError { message: format!("no resolver for `{other}` of `{}`", self.kind) }),
        })
    }
}

/// Where a page begins and ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    start: Option<usize>,
    end: usize,
    total: usize,
}

impl Bounds {
    pub(super) fn resolve<'a>(self, field: &str) -> Option<ResolvedValue<'a>> {
        Some(leaf(match field {
            "hasNextPage" => json!(self.end < self.total),
            "hasPreviousPage" => json!(self.start.is_some_and(|start| start > 0)),
            "startCursor" => json!(self.start.map(cursor)),
            "endCursor" => json!(self.start.map(|_| cursor(self.end - 1))),
            _ => return None,
        }))
    }
}
