//! Refs and tag objects.

use serde_json::Value;

use super::{Answered, Call, Reply, invalid, not_found, shape};
use crate::github::world::Person;

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answered {
    match (call.method, rest) {
        ("GET", ["git", "ref", name @ ..]) => {
            let name = format!("refs/{}", name.join("/"));
            let repository = call.repository();
            let sha = repository.refs.get(&name).ok_or_else(not_found)?;
            Ok(Reply::json(200, shape::reference(call, repository, &name, sha)))
        }
        ("GET", ["git", "matching-refs", prefix @ ..]) => {
            let prefix = format!("refs/{}", prefix.join("/"));
            let repository = call.repository();
            let found = repository.refs.iter().filter(|(name, _)| name.starts_with(&prefix));
            let found: Vec<Value> = found.map(|(name, sha)| shape::reference(call, repository, name, sha)).collect();
            // This list has no pages.
            Ok(Reply::json(200, Value::Array(found)))
        }
        ("POST", ["git", "refs"]) => create(call),
        ("PATCH", ["git", "refs", name @ ..]) => update(call, &format!("refs/{}", name.join("/"))),
        ("DELETE", ["git", "refs", name @ ..]) => {
            let name = format!("refs/{}", name.join("/"));
            if !call.repository().refs.contains_key(&name) {
                return Err(Reply::error(422, "Reference does not exist"));
            }
            call.repository_mut().write_ref(&name, None).map_err(|()| refused())?;
            Ok(Reply::empty(204))
        }
        ("GET", ["git", "tags", sha]) => {
            let repository = call.repository();
            let tag = repository.tags.get(*sha).ok_or_else(not_found)?;
            Ok(Reply::json(200, shape::tag(call, repository, tag)))
        }
        ("POST", ["git", "tags"]) => create_tag(call),
        ("GET", ["git", "commits", sha]) => {
            let repository = call.repository();
            let commit = repository.commits.get(*sha).ok_or_else(not_found)?;
            Ok(Reply::json(200, shape::git_commit(call, repository, commit)))
        }
        _ => Err(call.unanswered()),
    }
}

fn refused() -> Reply {
    Reply::error(422, "Reference update failed")
}

/// Whether an object is there.
fn exists(call: &Call<'_>, sha: &str) -> bool {
    let repository = call.repository();
    repository.commits.contains_key(sha) || repository.tags.contains_key(sha)
}

fn create(call: &mut Call<'_>) -> Answered {
    let name = call.text("ref").unwrap_or_default().to_owned();
    let sha = call.text("sha").unwrap_or_default().to_owned();
    if !name.starts_with("refs/") || name.matches('/').count() < 2 {
        return Err(Reply::error(422, "Reference name must start with 'refs' and contain at least two slashes."));
    }
    if call.repository().refs.contains_key(&name) {
        return Err(Reply::error(422, "Reference already exists"));
    }
    if !exists(call, &sha) {
        return Err(Reply::error(422, "Object does not exist"));
    }
    call.repository_mut().write_ref(&name, Some(&sha)).map_err(|()| refused())?;
    Ok(Reply::json(201, shape::reference(call, call.repository(), &name, &sha)))
}

fn update(call: &mut Call<'_>, name: &str) -> Answered {
    let sha = call.text("sha").unwrap_or_default().to_owned();
    let Some(old) = call.repository().refs.get(name).cloned() else {
        return Err(Reply::error(422, "Reference does not exist"));
    };
    if !exists(call, &sha) {
        return Err(Reply::error(422, "Object does not exist"));
    }
    let repository = call.repository();
    let forward = repository.is_ancestor(repository.peel(&old), repository.peel(&sha));
    if call.body["force"] != true && !forward {
        return Err(Reply::error(422, "Update is not a fast forward"));
    }
    call.repository_mut().write_ref(name, Some(&sha)).map_err(|()| refused())?;
    Ok(Reply::json(200, shape::reference(call, call.repository(), name, &sha)))
}

fn create_tag(call: &mut Call<'_>) -> Answered {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let [name, message, object, kind] = ["tag", "message", "object", "type"].map(|field| text(&call.body[field]));
    if !exists(call, &object) {
        return Err(invalid("Tag", "object", "invalid"));
    }
    let now = call.world.tick();
    let given = call.body["tagger"].clone();
    let or = |field: &str, default: String| given[field].as_str().map_or(default, str::to_owned);
    let who = call.who();
    let tagger = Person {
        name: or("name", who.clone()),
        email: or("email", format!("{who}@example.invalid")),
        date: or("date", now),
    };
    let repository = call.repository_mut();
    let sha =
        repository.write_tag(&name, &message, &object, &kind, tagger).map_err(|()| invalid("Tag", "tag", "invalid"))?;
    let repository = call.repository();
    let tag = repository.tags.get(&sha).ok_or_else(not_found)?;
    Ok(Reply::json(201, shape::tag(call, repository, tag)))
}
