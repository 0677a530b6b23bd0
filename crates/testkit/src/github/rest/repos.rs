//! Repositories, their branches and tags, forks, people and what they may do.

use serde_json::{Value, json};

use super::{Answered, Call, Reply, not_found, shape};
use crate::github::world::Role;

pub(super) fn viewer(call: &Call<'_>) -> Answered {
    match &call.login {
        Some(login) => user(call, login),
        None => Err(Reply::error(401, "Requires authentication")),
    }
}

pub(super) fn user(call: &Call<'_>, login: &str) -> Answered {
    if !call.world.users.contains_key(login) {
        return Err(not_found());
    }
    Ok(Reply::json(200, shape::user(call, Some(login))))
}

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answered {
    match (call.method, rest) {
        ("GET", []) => Ok(Reply::json(200, shape::full_repository(call, call.repository()))),
        ("GET", ["branches"]) => {
            let repository = call.repository();
            let all = repository.refs.iter().filter_map(|(name, sha)| Some((name.strip_prefix("refs/heads/")?, sha)));
            Ok(call.page(all.map(|(name, sha)| branch(call, name, sha, false)).collect::<Vec<_>>()))
        }
        ("GET", ["branches", name @ ..]) => {
            let name = name.join("/");
            let sha = call.repository().refs.get(&format!("refs/heads/{name}"));
            let sha = sha.ok_or_else(|| Reply::error(404, "Branch not found"))?;
            Ok(Reply::json(200, branch(call, &name, sha, true)))
        }
        ("GET", ["tags"]) => {
            let repository = call.repository();
            let all = repository.refs.iter().filter_map(|(name, sha)| Some((name.strip_prefix("refs/tags/")?, sha)));
            let tags = all.rev().map(|(name, sha)| {
                let sha = repository.peel(sha);
                let url = format!("{}/repos/{}/commits/{sha}", call.base, call.key);
                json!({
                    "name": name, "commit": { "sha": sha, "url": url }, "node_id": format!("REF_{name}"),
                    "zipball_url": format!("{}/repos/{}/zipball/refs/tags/{name}", call.base, call.key),
                    "tarball_url": format!("{}/repos/{}/tarball/refs/tags/{name}", call.base, call.key),
                })
            });
            Ok(call.page(tags.collect::<Vec<_>>()))
        }
        ("GET", ["forks"]) => {
            let forks = call.world.repositories.values().filter(|one| one.parent.as_deref() == Some(call.key.as_str()));
            Ok(call.page(forks.map(|fork| shape::repository(call, fork)).collect::<Vec<_>>()))
        }
        ("POST", ["forks"]) => {
            let owner = call.text("organization").map_or_else(|| call.who(), str::to_owned);
            let (parent, name) = (call.key.clone(), format!("{owner}/{}", call.repository().name));
            if call.world.find(&name).is_none() {
                call.world.fork(&parent, &owner);
            }
            call.key = name;
            Ok(Reply::json(202, shape::full_repository(call, call.repository())))
        }
        ("GET", ["collaborators", login]) => match call.repository().roles.get(*login) {
            Some(_) => Ok(Reply::empty(204)),
            None => Err(not_found()),
        },
        ("GET", ["collaborators", login, "permission"]) => {
            call.need(Role::Write)?;
            if !call.world.users.contains_key(*login) {
                return Err(not_found());
            }
            let role = call.repository().roles.get(*login).copied().unwrap_or(Role::Read);
            // The older field knows three words only.
            let (permission, name) = match role {
                Role::Read => ("read", "read"),
                Role::Triage => ("read", "triage"),
                Role::Write => ("write", "write"),
                Role::Maintain => ("write", "maintain"),
                Role::Admin => ("admin", "admin"),
            };
            let body = json!({ "permission": permission, "role_name": name, "user": shape::user(call, Some(login)) });
            Ok(Reply::json(200, body))
        }
        _ => Err(call.unanswered()),
    }
}

fn branch(call: &Call<'_>, name: &str, sha: &str, full: bool) -> Value {
    let repository = call.repository();
    let url = format!("{}/repos/{}/commits/{sha}", call.base, call.key);
    let commit = match repository.commits.get(sha).filter(|_| full) {
        Some(commit) => shape::commit(call, repository, commit),
        None => json!({ "sha": sha, "url": url }),
    };
    let protection = format!("{}/repos/{}/branches/{name}/protection", call.base, call.key);
    let html = format!("{}/{}/tree/{name}", call.world.pages, call.key);
    json!({
        "name": name, "commit": commit, "protected": false, "protection_url": protection,
        "protection": { "enabled": false }, "_links": { "html": html, "self": format!("{}{}", call.base, call.path) },
    })
}
