//! Pull requests.

use serde_json::json;

use super::{Answered, Call, Reply, Scoped, invalid, not_found, shape};
use crate::github::issues::{Draft, Issue, MaintainerCanModify, Pull, State};
use crate::github::world::Role;

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answered {
    match (call.method, rest) {
        ("GET", ["pulls"]) => list(call),
        ("POST", ["pulls"]) => create(call),
        ("GET", ["pulls", number]) => show(call, Call::number(number)?, 200),
        ("PATCH", ["pulls", number]) => update(call, Call::number(number)?),
        ("GET", ["pulls", number, "merge"]) => {
            let (_, pull) = find(call, Call::number(number)?)?;
            if pull.merged_at.is_some() { Ok(Reply::empty(204)) } else { Err(not_found()) }
        }
        ("GET", ["pulls", number, "commits"]) => {
            let (repository, (_, pull)) = (call.repository(), find(call, Call::number(number)?)?);
            let commits = pull.commits.iter().filter_map(|sha| repository.commits.get(sha));
            Ok(call.page(commits.map(|commit| shape::commit(call, repository, commit)).collect::<Vec<_>>()))
        }
        _ => Err(call.unanswered()),
    }
}

fn find<'a>(call: &'a Call<'_>, number: u64) -> Result<(&'a Issue, &'a Pull), Reply> {
    let issue = call.repository().issues.get(&number).ok_or_else(not_found)?;
    Ok((issue, issue.pull.as_ref().ok_or_else(not_found)?))
}

fn show(call: &Call<'_>, number: u64, status: u16) -> Answered {
    let (issue, pull) = find(call, number)?;
    Ok(Reply::json(status, shape::full_pull(call, call.repository(), issue, pull)))
}

fn list(call: &Call<'_>) -> Answered {
    let repository = call.repository();
    let query = |name: &str| call.query.get(name).map(String::as_str);
    let state = query("state").unwrap_or("open");
    let mut found: Vec<(&Issue, &Pull)> = (repository.issues.values())
        .filter_map(|issue| Some((issue, issue.pull.as_ref()?)))
        .filter(|(issue, pull)| {
            let owner = pull.head_repository.as_deref().and_then(|name| name.split_once('/')).map(|(owner, _)| owner);
            let label = format!("{}:{}", owner.unwrap_or("unknown"), pull.head);
            (state == "all" || shape::state(issue.state) == state)
                && query("base").is_none_or(|base| pull.base == base)
                // A head without an owner is no filter at all, as at GitHub.
                && query("head").filter(|head| head.contains(':')).is_none_or(|head| label == head)
        })
        .collect();
    match query("sort").unwrap_or("created") {
        "updated" => found.sort_by_key(|(issue, _)| (issue.updated_at.clone(), issue.number)),
        "created" => found.sort_by_key(|(issue, _)| (issue.created_at.clone(), issue.number)),
        _ => found.sort_by_key(|(issue, _)| (issue.comments.len(), issue.number)),
    }
    // The newest come first, unless another order was asked for: then the smallest.
    if query("direction").unwrap_or(if query("sort").is_none() { "desc" } else { "asc" }) == "desc" {
        found.reverse();
    }
    Ok(call.page(found.into_iter().map(|(issue, pull)| shape::pull(call, repository, issue, pull)).collect::<Vec<_>>()))
}

/// Where a pull request comes from: `branch`, or `owner:branch` of a fork.
fn head(call: &Call<'_>) -> Result<(String, String, String), Reply> {
    let head = call.text("head").unwrap_or_default();
    let repository = call.repository();
    let (of, branch) = match head.split_once(':') {
        None => (repository, head),
        Some((owner, branch)) => {
            let named = call.text("head_repo").map(|name| format!("{owner}/{name}"));
            let family = |full: &str| full == call.key || repository.parent.as_deref() == Some(full);
            let of = call.world.repositories.values().find(|one| {
                let related = family(&one.full_name()) || one.parent.as_deref().is_some_and(family);
                one.owner.eq_ignore_ascii_case(owner)
                    && related
                    && named.as_ref().is_none_or(|name| *name == one.full_name())
            });
            (of.ok_or_else(|| invalid("PullRequest", "head", "invalid"))?, branch)
        }
    };
    let sha = of.refs.get(&format!("refs/heads/{branch}")).ok_or_else(|| invalid("PullRequest", "head", "invalid"))?;
    Ok((of.full_name(), branch.to_owned(), sha.clone()))
}

fn create(call: &mut Call<'_>) -> Answered {
    let (head_repository, branch, head_sha) = head(call)?;
    let base = call.text("base").unwrap_or_default().to_owned();
    let repository = call.repository();
    let missing = || invalid("PullRequest", "base", "invalid");
    let base_sha = repository.refs.get(&format!("refs/heads/{base}")).ok_or_else(missing)?.clone();
    let same = repository.issues.values().find(|issue| {
        let pull = issue.pull.as_ref();
        issue.state == State::Open
            && pull.is_some_and(|pull| {
                pull.base == base && pull.head == branch && pull.head_repository.as_ref() == Some(&head_repository)
            })
    });
    let custom = |message: String| {
        let errors = json!([{ "resource": "PullRequest", "code": "custom", "message": message }]);
        let page = "https://docs.github.com/rest/pulls/pulls#create-a-pull-request";
        Reply::json(
            422,
            json!({ "message": "Validation Failed", "errors": errors, "documentation_url": page, "status": "422" }),
        )
    };
    if same.is_some() {
        let owner = head_repository.split('/').next().unwrap_or_default();
        return Err(custom(format!("A pull request already exists for {owner}:{branch}.")));
    }
    if head_sha == base_sha {
        return Err(custom(format!("No commits between {base} and {branch}")));
    }
    let title = call.text("title").ok_or_else(|| invalid("PullRequest", "title", "missing_field"))?.to_owned();
    let (body, who, now) = (call.text("body").map(str::to_owned), call.who(), call.world.tick());
    let (draft, may) = (call.body["draft"] == true, call.body["maintainer_can_modify"] == true);
    let repository = call.repository_mut();
    let number = repository.issues.keys().max().map_or(1, |last| last + 1);
    let mut issue = Issue::new(number, repository.next_id(), &now);
    (issue.title, issue.body, issue.author) = (title, body, Some(who));
    let mut pull = Pull::new(&base, Some(head_repository), &branch, &head_sha);
    pull.base_sha = base_sha;
    pull.draft = if draft { Draft::Yes } else { Draft::No };
    pull.maintainer_can_modify = if may { MaintainerCanModify::Yes } else { MaintainerCanModify::No };
    pull.commits.push(head_sha);
    issue.pull = Some(pull);
    repository.issues.insert(number, issue);
    show(call, number, 201)
}

fn update(call: &mut Call<'_>, number: u64) -> Answered {
    let (issue, _) = find(call, number)?;
    let author = issue.author.as_deref() == Some(call.who().as_str());
    if call.scoped != Scoped::Free && !author && call.role() < Role::Triage {
        return Err(Reply::error(403, "Resource not accessible by personal access token"));
    }
    let base = call.text("base").map(str::to_owned);
    if let Some(base) = &base
        && !call.repository().refs.contains_key(&format!("refs/heads/{base}"))
    {
        return Err(invalid("PullRequest", "base", "invalid"));
    }
    let (now, change) = (call.world.tick(), call.body.clone());
    let issue = call.repository_mut().issues.get_mut(&number).ok_or_else(not_found)?;
    super::issues::apply(issue, &change, &now);
    if let (Some(base), Some(pull)) = (base, &mut issue.pull) {
        pull.base = base;
    }
    show(call, number, 200)
}
