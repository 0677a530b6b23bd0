//! Commits, comparisons, and the pull requests of a commit.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answered, Call, Reply, not_found, shape};

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answered {
    match (call.method, rest) {
        ("GET", ["commits"]) => list(call),
        ("GET", ["commits", sha, "pulls"]) => {
            let repository = call.repository();
            if !repository.commits.contains_key(*sha) {
                return Err(no_commit(sha));
            }
            let pulls = repository
                .pulls_of(sha)
                .into_iter()
                .filter_map(|issue| issue.pull.as_ref().map(|pull| shape::pull(call, repository, issue, pull)));
            Ok(call.page(pulls.collect::<Vec<_>>()))
        }
        ("GET", ["commits", name @ ..]) if !name.is_empty() => {
            let (repository, name) = (call.repository(), name.join("/"));
            let sha = repository.resolve(&name).ok_or_else(|| no_commit(&name))?;
            let commit = repository.commits.get(sha).ok_or_else(not_found)?;
            if call.accept.contains(".sha") {
                return Ok(Reply::bytes("application/vnd.github.sha; charset=utf-8", sha.as_bytes().to_vec()));
            }
            Ok(Reply::json(200, shape::commit(call, repository, commit)))
        }
        ("GET", ["compare", range @ ..]) => compare(call, &range.join("/")),
        _ => Err(call.unanswered()),
    }
}

fn no_commit(name: &str) -> Reply {
    Reply::error(422, &format!("No commit found for SHA: {name}"))
}

fn list(call: &Call<'_>) -> Answered {
    let repository = call.repository();
    let start = call.query.get("sha").map_or("HEAD", String::as_str);
    let sha = repository.resolve(start).ok_or_else(not_found)?;
    for unknown in ["path", "author", "committer"] {
        if call.query.contains_key(unknown) {
            return Err(Reply::error(501, &format!("the fake GitHub does not list commits by `{unknown}`")));
        }
    }
    let bound = |name: &str| call.query.get(name).and_then(|date| date.parse::<Timestamp>().ok());
    let (since, until) = (bound("since"), bound("until"));
    let commits = repository.log(sha).into_iter().filter(|commit| {
        let date = commit.committer.date.parse::<Timestamp>().ok();
        since.is_none_or(|since| date >= Some(since)) && until.is_none_or(|until| date <= Some(until))
    });
    Ok(call.page(commits.map(|commit| shape::commit(call, repository, commit)).collect::<Vec<_>>()))
}

fn compare(call: &Call<'_>, range: &str) -> Answered {
    let repository = call.repository();
    let (base, head) = range.split_once("...").ok_or_else(not_found)?;
    // `owner:branch` of a fork is a name only where the fork's commits are known here too.
    let find = |name: &str| {
        let fork = name.split_once(':').and_then(|(owner, branch)| {
            let fork = call.world.find(&format!("{owner}/{}", repository.name))?;
            fork.resolve(branch).filter(|sha| repository.commits.contains_key(*sha))
        });
        fork.or_else(|| repository.resolve(name)).ok_or_else(not_found)
    };
    let (base, head) = (find(base)?, find(head)?);
    let found = repository.compare(base, head);
    let shown = |sha: &str| repository.commits.get(sha).map(|commit| shape::commit(call, repository, commit));
    let merge_base = found.merge_base.ok_or_else(|| Reply::error(404, "No common ancestor between the two."))?;
    let status = match (found.ahead.len(), found.behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let all: Vec<Value> = found.ahead.iter().map(|commit| shape::commit(call, repository, commit)).collect();
    let total = all.len();
    // Without pages, 250 commits at most; they say so nowhere but in `total_commits`.
    let paged = call.query.contains_key("page") || call.query.contains_key("per_page");
    let url = format!("{}{}", call.base, call.path);
    let body = |commits: Vec<Value>| {
        json!({
            "url": url, "html_url": url, "permalink_url": url, "diff_url": format!("{url}.diff"),
            "patch_url": format!("{url}.patch"), "status": status, "ahead_by": total, "behind_by": found.behind,
            "total_commits": total, "base_commit": shown(base), "commits": commits, "files": [],
            "merge_base_commit": shape::commit(call, repository, merge_base),
        })
    };
    if paged {
        let (reply, commits) = call.slice(all);
        return Ok(reply(body(commits)));
    }
    Ok(Reply::json(200, body(all.into_iter().take(250).collect())))
}
