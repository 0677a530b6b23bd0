//! Issues, their comments, labels and milestones.

use serde_json::{Value, json};

use super::{Answered, Call, Reply, Scoped, invalid, not_found, shape};
use crate::github::issues::{Comment, Issue, State};
use crate::github::world::Role;

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answered {
    match (call.method, rest) {
        ("GET", ["issues"]) => list(call),
        ("POST", ["issues"]) => create(call),
        ("GET", ["issues", "comments", id]) => show_comment(call, Call::number(id)?, 200),
        ("PATCH", ["issues", "comments", id]) => {
            let (id, now) = (Call::number(id)?, call.world.tick());
            let body = call.text("body").unwrap_or_default().to_owned();
            let comment = comments_mut(call).find(|comment| comment.id == id).ok_or_else(not_found)?;
            (comment.body, comment.updated_at) = (body, now);
            show_comment(call, id, 200)
        }
        ("DELETE", ["issues", "comments", id]) => {
            let id = Call::number(id)?;
            find_comment(call, id)?;
            for issue in call.repository_mut().issues.values_mut() {
                issue.comments.retain(|comment| comment.id != id);
            }
            Ok(Reply::empty(204))
        }
        ("GET", ["issues", number]) => show(call, Call::number(number)?, 200),
        ("PATCH", ["issues", number]) => update(call, Call::number(number)?),
        ("GET", ["issues", number, "comments"]) => {
            let (repository, issue) = (call.repository(), find(call, Call::number(number)?)?);
            let comments = issue.comments.iter().map(|comment| shape::comment(call, repository, issue, comment));
            Ok(call.page(comments.collect::<Vec<_>>()))
        }
        ("POST", ["issues", number, "comments"]) => comment(call, Call::number(number)?),
        (_, ["issues", number, "labels", name @ ..]) => labels(call, Call::number(number)?, name),
        ("POST" | "DELETE", ["issues", number, "assignees"]) => assign(call, Call::number(number)?),
        (_, ["labels", ..]) => repository_labels(call, rest),
        (_, ["milestones", ..]) => milestones(call, rest),
        _ => Err(call.unanswered()),
    }
}

fn find<'a>(call: &'a Call<'_>, number: u64) -> Result<&'a Issue, Reply> {
    call.repository().issues.get(&number).ok_or_else(not_found)
}

fn find_mut<'a>(call: &'a mut Call<'_>, number: u64) -> Result<&'a mut Issue, Reply> {
    call.repository_mut().issues.get_mut(&number).ok_or_else(not_found)
}

fn show(call: &Call<'_>, number: u64, status: u16) -> Answered {
    Ok(Reply::json(status, shape::issue(call, call.repository(), find(call, number)?)))
}

fn list(call: &Call<'_>) -> Answered {
    let repository = call.repository();
    let query = |name: &str| call.query.get(name).map(String::as_str);
    let state = query("state").unwrap_or("open");
    let labels: Vec<&str> = query("labels").map(|all| all.split(',').collect()).unwrap_or_default();
    let mut found: Vec<&Issue> = (repository.issues.values())
        .filter(|issue| {
            let milestone = query("milestone").is_none_or(|wanted| match (wanted, issue.milestone) {
                ("*", milestone) => milestone.is_some(),
                ("none", milestone) => milestone.is_none(),
                (number, milestone) => milestone.map(|number| number.to_string()).as_deref() == Some(number),
            });
            let assignee = query("assignee").is_none_or(|wanted| match wanted {
                "*" => !issue.assignees.is_empty(),
                "none" => issue.assignees.is_empty(),
                login => issue.assignees.iter().any(|one| one == login),
            });
            (state == "all" || shape::state(issue.state) == state)
                && labels.iter().all(|label| issue.labels.iter().any(|one| one == label))
                && query("creator").is_none_or(|login| issue.author.as_deref() == Some(login))
                && query("since").is_none_or(|since| issue.updated_at.as_str() >= since)
                && milestone
                && assignee
        })
        .collect();
    match query("sort").unwrap_or("created") {
        "updated" => found.sort_by_key(|issue| (issue.updated_at.clone(), issue.number)),
        "comments" => found.sort_by_key(|issue| (issue.comments.len(), issue.number)),
        _ => found.sort_by_key(|issue| (issue.created_at.clone(), issue.number)),
    }
    if query("direction") != Some("asc") {
        found.reverse();
    }
    Ok(call.page(found.into_iter().map(|issue| shape::issue(call, repository, issue)).collect::<Vec<_>>()))
}

/// Names of labels, given alone or as the field of objects.
fn names(value: &Value) -> Vec<String> {
    let all = value.as_array().or_else(|| value["labels"].as_array()).into_iter().flatten();
    all.filter_map(|one| one.as_str().or_else(|| one["name"].as_str())).map(str::to_owned).collect()
}

fn logins(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Changes what a body names; what it does not name stays.
pub(super) fn apply(issue: &mut Issue, change: &Value, now: &str) {
    if let Some(title) = change["title"].as_str() {
        title.clone_into(&mut issue.title);
    }
    if let Some(body) = change.get("body") {
        issue.body = body.as_str().map(str::to_owned);
    }
    match change["state"].as_str() {
        Some("closed") if issue.state == State::Open => {
            (issue.state, issue.closed_at) = (State::Closed, Some(now.to_owned()));
        }
        Some("open") if issue.pull.as_ref().is_none_or(|pull| pull.merged_at.is_none()) => {
            (issue.state, issue.closed_at) = (State::Open, None);
        }
        _ => {}
    }
    if change["labels"].is_array() {
        issue.labels = names(&change["labels"]);
    }
    if change["assignees"].is_array() {
        issue.assignees = logins(&change["assignees"]);
    }
    if let Some(milestone) = change.get("milestone") {
        issue.milestone = milestone.as_u64();
    }
    now.clone_into(&mut issue.updated_at);
}

/// Who may not triage may name labels, milestones and assignees, and nothing comes of it; but not an unknown milestone.
fn checked(call: &Call<'_>) -> Result<Value, Reply> {
    let mut change = call.body.clone();
    if call.scoped != Scoped::Free
        && call.role() < Role::Triage
        && let Value::Object(fields) = &mut change
    {
        fields.retain(|name, _| !["labels", "milestone", "assignees"].contains(&name.as_str()));
    }
    match change["milestone"].as_u64() {
        Some(number) if !call.repository().milestones.contains_key(&number) => {
            Err(invalid("Issue", "milestone", "invalid"))
        }
        _ => Ok(change),
    }
}

fn create(call: &mut Call<'_>) -> Answered {
    let change = checked(call)?;
    let (who, now) = (call.who(), call.world.tick());
    let repository = call.repository_mut();
    let number = repository.issues.keys().max().map_or(1, |last| last + 1);
    let mut issue = Issue::new(number, repository.next_id(), &now);
    issue.author = Some(who);
    apply(&mut issue, &change, &now);
    repository.issues.insert(number, issue);
    call.world.settle();
    show(call, number, 201)
}

fn update(call: &mut Call<'_>, number: u64) -> Answered {
    let author = find(call, number)?.author.as_deref() == Some(call.who().as_str());
    if call.scoped != Scoped::Free && !author && call.role() < Role::Triage {
        return Err(Reply::error(403, "Resource not accessible by personal access token"));
    }
    let (change, now) = (checked(call)?, call.world.tick());
    apply(find_mut(call, number)?, &change, &now);
    call.world.settle();
    show(call, number, 200)
}

fn comment(call: &mut Call<'_>, number: u64) -> Answered {
    find(call, number)?;
    let (who, now) = (call.who(), call.world.tick());
    let body = call.text("body").unwrap_or_default().to_owned();
    let id = call.repository_mut().next_id();
    let comment = Comment { id, author: Some(who), body, created_at: now.clone(), updated_at: now.clone() };
    let issue = find_mut(call, number)?;
    issue.comments.push(comment);
    issue.updated_at = now;
    show_comment(call, id, 201)
}

fn comments_mut<'a>(call: &'a mut Call<'_>) -> impl Iterator<Item = &'a mut Comment> {
    call.repository_mut().issues.values_mut().flat_map(|issue| issue.comments.iter_mut())
}

fn find_comment<'a>(call: &'a Call<'_>, id: u64) -> Result<(&'a Issue, &'a Comment), Reply> {
    let all = call.repository().issues.values();
    let mut found = all.flat_map(|issue| issue.comments.iter().map(move |comment| (issue, comment)));
    found.find(|(_, comment)| comment.id == id).ok_or_else(not_found)
}

fn show_comment(call: &Call<'_>, id: u64, status: u16) -> Answered {
    let (issue, comment) = find_comment(call, id)?;
    Ok(Reply::json(status, shape::comment(call, call.repository(), issue, comment)))
}

fn labels(call: &mut Call<'_>, number: u64, name: &[&str]) -> Answered {
    let issue = find(call, number)?;
    let mut labels = issue.labels.clone();
    match (call.method, name) {
        ("GET", []) => {
            let repository = call.repository();
            return Ok(call.page(shape::labels(call, repository, issue)));
        }
        ("POST", []) => labels.extend(names(&call.body)),
        ("PUT", []) => labels = names(&call.body),
        ("DELETE", []) => labels.clear(),
        ("DELETE", name) => {
            let name = name.join("/");
            let before = labels.len();
            labels.retain(|label| *label != name);
            if labels.len() == before {
                return Err(Reply::error(404, "Label does not exist"));
            }
        }
        _ => return Err(call.unanswered()),
    }
    let mut seen = std::collections::HashSet::new();
    labels.retain(|label| seen.insert(label.clone()));
    let now = call.world.tick();
    let issue = find_mut(call, number)?;
    (issue.labels, issue.updated_at) = (labels, now);
    call.world.settle();
    if call.method == "DELETE" && name.is_empty() {
        return Ok(Reply::empty(204));
    }
    let repository = call.repository();
    Ok(Reply::json(200, Value::Array(shape::labels(call, repository, find(call, number)?))))
}

fn assign(call: &mut Call<'_>, number: u64) -> Answered {
    let (wanted, now, adding) = (logins(&call.body["assignees"]), call.world.tick(), call.method == "POST");
    let issue = find_mut(call, number)?;
    issue.assignees.retain(|login| !wanted.contains(login));
    if adding {
        issue.assignees.extend(wanted);
    }
    issue.updated_at = now;
    call.world.settle();
    show(call, number, if adding { 201 } else { 200 })
}

fn repository_labels(call: &mut Call<'_>, rest: &[&str]) -> Answered {
    let name = rest[1..].join("/");
    match (call.method, name.as_str()) {
        ("GET", "") => {
            let repository = call.repository();
            let labels = repository.labels.values().map(|label| shape::label(call, repository, label));
            return Ok(call.page(labels.collect::<Vec<_>>()));
        }
        ("POST", "") => {
            let name = call.text("name").unwrap_or_default().to_owned();
            if call.repository().labels.contains_key(&name) {
                return Err(invalid("Label", "name", "already_exists"));
            }
            call.repository_mut().label(&name);
            return change_label(call, &name, 201);
        }
        _ => {}
    }
    if !call.repository().labels.contains_key(&name) {
        return Err(not_found());
    }
    match call.method {
        "GET" | "PATCH" => change_label(call, &name, 200),
        "DELETE" => {
            let repository = call.repository_mut();
            repository.labels.remove(&name);
            repository.issues.values_mut().for_each(|issue| issue.labels.retain(|label| *label != name));
            Ok(Reply::empty(204))
        }
        _ => Err(call.unanswered()),
    }
}

fn change_label(call: &mut Call<'_>, name: &str, status: u16) -> Answered {
    let change = call.body.clone();
    if change.get("new_name").is_some() {
        return Err(Reply::error(501, "the fake GitHub does not rename labels"));
    }
    let label = call.repository_mut().label(name);
    if let Some(color) = change["color"].as_str() {
        color.clone_into(&mut label.color);
    }
    if let Some(description) = change["description"].as_str() {
        label.description = Some(description.to_owned());
    }
    let repository = call.repository();
    Ok(Reply::json(status, shape::label(call, repository, repository.labels.get(name).ok_or_else(not_found)?)))
}

fn milestones(call: &mut Call<'_>, rest: &[&str]) -> Answered {
    let number = match (call.method, rest) {
        ("GET", ["milestones"]) => {
            let repository = call.repository();
            let state = call.query.get("state").map_or("open", String::as_str);
            let wanted =
                repository.milestones.values().filter(|one| state == "all" || shape::state(one.state) == state);
            return Ok(call.page(wanted.map(|one| shape::milestone(call, repository, one)).collect::<Vec<_>>()));
        }
        ("POST", ["milestones"]) => {
            let title = call.text("title").unwrap_or_default().to_owned();
            if call.repository().milestones.values().any(|one| one.title == title) {
                return Err(invalid("Milestone", "title", "already_exists"));
            }
            call.repository_mut().milestone(&title).number
        }
        ("GET" | "PATCH" | "DELETE", ["milestones", number]) => Call::number(number)?,
        _ => return Err(call.unanswered()),
    };
    if call.method == "DELETE" {
        let repository = call.repository_mut();
        repository.milestones.remove(&number).ok_or_else(not_found)?;
        for issue in repository.issues.values_mut().filter(|issue| issue.milestone == Some(number)) {
            issue.milestone = None;
        }
        return Ok(Reply::empty(204));
    }
    if call.method != "GET" {
        let (change, now) = (call.body.clone(), call.world.tick());
        let milestone = call.repository_mut().milestones.get_mut(&number).ok_or_else(not_found)?;
        if let Some(title) = change["title"].as_str() {
            title.clone_into(&mut milestone.title);
        }
        for (field, value) in [("description", &mut milestone.description), ("due_on", &mut milestone.due_on)] {
            if let Some(text) = change[field].as_str() {
                *value = Some(text.to_owned());
            }
        }
        match change["state"].as_str() {
            Some("closed") => milestone.state = State::Closed,
            Some(_) => milestone.state = State::Open,
            None => {}
        }
        milestone.updated_at = now;
    }
    let repository = call.repository();
    let milestone = repository.milestones.get(&number).ok_or_else(not_found)?;
    let status = if call.method == "POST" { 201 } else { 200 };
    Ok(Reply::json(status, json!(shape::milestone(call, repository, milestone))))
}
