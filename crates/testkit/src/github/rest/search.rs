//! Searching issues and pull requests by the qualifiers that release tools use.

use serde_json::Value;

use super::{Answered, Call, shape};
use crate::github::issues::{Draft, Issue, State};
use crate::github::world::{Repository, World};

/// What is found by a query, most recently made first.
pub(in crate::github) fn find<'w>(world: &'w World, query: &str) -> Result<Vec<(&'w Repository, &'w Issue)>, String> {
    let words = split(query);
    let mut found = Vec::new();
    for repository in world.repositories.values() {
        for issue in repository.issues.values() {
            let mut all = true;
            for word in &words {
                all &= holds(repository, issue, word)?;
            }
            if all {
                found.push((repository, issue));
            }
        }
    }
    found.sort_by(|(_, a), (_, b)| (&b.created_at, b.number).cmp(&(&a.created_at, a.number)));
    Ok(found)
}

/// Words; quotes hold some together.
fn split(query: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in query.chars() {
        match letter {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn holds(repository: &Repository, issue: &Issue, word: &str) -> Result<bool, String> {
    if let Some(rest) = word.strip_prefix('-') {
        return holds(repository, issue, rest).map(|held| !held);
    }
    let Some((qualifier, value)) = word.split_once(':') else {
        let text = format!("{} {}", issue.title, issue.body.as_deref().unwrap_or_default()).to_lowercase();
        return Ok(text.contains(&word.to_lowercase()));
    };
    let merged = issue.pull.as_ref().and_then(|pull| pull.merged_at.as_deref());
    let login = |login: Option<&String>| login.is_some_and(|login| login.eq_ignore_ascii_case(value));
    Ok(match (qualifier, value) {
        ("repo", _) => repository.full_name().eq_ignore_ascii_case(value),
        ("org" | "user", _) => repository.owner.eq_ignore_ascii_case(value),
        ("is" | "type", "pr") => issue.pull.is_some(),
        ("is" | "type", "issue") => issue.pull.is_none(),
        ("is" | "state", "open") => issue.state == State::Open,
        ("is" | "state", "closed") => issue.state == State::Closed,
        ("is", "merged") => merged.is_some(),
        ("is", "unmerged") => issue.pull.is_some() && merged.is_none(),
        ("is", "draft") | ("draft", "true") => issue.pull.as_ref().is_some_and(|pull| pull.draft == Draft::Yes),
        ("label", _) => value.split(',').any(|one| issue.labels.iter().any(|label| label.eq_ignore_ascii_case(one))),
        ("milestone", _) => {
            let milestone = issue.milestone.and_then(|number| repository.milestones.get(&number));
            milestone.is_some_and(|milestone| milestone.title.eq_ignore_ascii_case(value))
        }
        ("no", "milestone") => issue.milestone.is_none(),
        ("no", "assignee") => issue.assignees.is_empty(),
        ("no", "label") => issue.labels.is_empty(),
        ("author", _) => login(issue.author.as_ref()),
        ("assignee", _) => issue.assignees.iter().any(|one| one.eq_ignore_ascii_case(value)),
        ("base", _) => issue.pull.as_ref().is_some_and(|pull| pull.base == value),
        ("head", _) => issue.pull.as_ref().is_some_and(|pull| pull.head == value),
        ("in", "title" | "body") | ("sort" | "archived", _) => true,
        ("merged", _) => merged.is_some_and(|date| within(date, value)),
        ("updated", _) => within(&issue.updated_at, value),
        ("created", _) => within(&issue.created_at, value),
        ("closed", _) => issue.closed_at.as_deref().is_some_and(|date| within(date, value)),
        ("sha" | "SHA", _) => repository.pulls_of(value).iter().any(|one| one.number == issue.number),
        _ => return Err(format!("the fake GitHub does not search by `{word}`")),
    })
}

/// Whether a date lies where `>=DATE`, `FROM..TO` or `DATE` says; a shorter date means all that begin with it.
fn within(date: &str, range: &str) -> bool {
    let at_most = |end: &str| date <= end || date.starts_with(end);
    if let Some((from, to)) = range.split_once("..") {
        return (from == "*" || date >= from) && (to == "*" || at_most(to));
    }
    for (sign, holds) in [
        (">=", (|date, at| date >= at) as fn(&str, &str) -> bool),
        ("<=", |date, at| date <= at || date.starts_with(at)),
        (">", |date, at| date > at && !date.starts_with(at)),
        ("<", |date, at| date < at),
    ] {
        if let Some(at) = range.strip_prefix(sign) {
            return holds(date, at);
        }
    }
    date.starts_with(range)
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let query = call.query.get("q").map(String::as_str).unwrap_or_default();
    let found = find(call.world, query).map_err(|said| super::Reply::error(422, &said))?;
    let total = found.len();
    // However many there are, no more than a thousand are ever shown.
    let mut found: Vec<_> = found.into_iter().take(1_000).collect();
    if call.query.get("sort").map(String::as_str) == Some("updated") {
        found.sort_by(|(_, a), (_, b)| b.updated_at.cmp(&a.updated_at));
    }
    if call.query.get("order").map(String::as_str) == Some("asc") {
        found.reverse();
    }
    let scored = |(repository, issue)| {
        let mut item = shape::issue(call, repository, issue);
        item["score"] = Value::from(1.0);
        item
    };
    let items: Vec<Value> = found.into_iter().map(scored).collect();
    let (reply, items) = call.slice(items);
    Ok(reply(serde_json::json!({ "total_count": total, "incomplete_results": false, "items": items })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualifiers() {
        let mut world = World::new();
        let repository = world.repository("o/r");
        let milestone = repository.milestone("v1.0 next").number;
        repository.issue(1).title("A flake").labels(&["kind/flake"]).milestone(milestone);
        repository
            .pull(2)
            .title("Fix it")
            .author("someone-else")
            .labels(&["lgtm"])
            .updated_at("2024-02-01T00:00:00Z")
            .merged("x");
        for (query, expected) in [
            ("repo:o/r", vec![2, 1]),
            ("repo:o/other", vec![]),
            ("is:pr is:merged", vec![2]),
            ("is:open", vec![1]),
            ("-label:lgtm", vec![1]),
            ("milestone:\"v1.0 next\"", vec![1]),
            ("author:someone-else flake", vec![]),
            ("flake in:title", vec![1]),
            ("merged:>=2024-02-01", vec![2]),
            ("merged:2024-01-01..2024-01-31", vec![]),
            ("updated:2024-02-01..2024-02-01", vec![2]),
        ] {
            let found: Vec<u64> = find(&world, query).unwrap().iter().map(|(_, issue)| issue.number).collect();
            assert_eq!(found, expected, "{query}");
        }
        assert_eq!(find(&world, "wat:x").unwrap_err(), "the fake GitHub does not search by `wat:x`");
    }
}
