//! Objects as REST shows them.

use serde_json::{Value, json};

use super::{Call, beginning};
use crate::github::issues::{Comment, Draft, Issue, Label, MaintainerCanModify, Milestone, Pull, State};
use crate::github::releases::{Asset, Release, Stability, Visibility};
use crate::github::world::{Commit, Person, Repository, Role, Tag, UserKind};

/// Stands for every account that was deleted.
const GHOST: &str = "ghost";

fn api(call: &Call<'_>, repository: &Repository, rest: &str) -> String {
    format!("{}/repos/{}/{rest}", call.base, repository.full_name())
}

fn page(call: &Call<'_>, repository: &Repository, rest: &str) -> String {
    format!("{}/{}/{rest}", call.world.pages, repository.full_name())
}

pub(super) fn user(call: &Call<'_>, login: Option<&str>) -> Value {
    let login = login.unwrap_or(GHOST);
    let known = call.world.users.get(login);
    let id = if login == GHOST { 10_137 } else { known.map_or(1, |user| user.id) };
    let kind = known.map_or(UserKind::User, |user| user.kind);
    let path = login.strip_suffix("[bot]").map_or_else(|| login.to_owned(), |name| format!("apps/{name}"));
    let url = format!("{}/users/{login}", call.base);
    json!({
        "login": login, "id": id, "node_id": format!("U_{id}"), "type": format!("{kind:?}"), "site_admin": false,
        "avatar_url": format!("{}/{login}.png", call.world.pages), "gravatar_id": "",
        "url": url, "html_url": format!("{}/{path}", call.world.pages),
        "followers_url": format!("{url}/followers"), "following_url": format!("{url}/following{{/other_user}}"),
        "gists_url": format!("{url}/gists{{/gist_id}}"), "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{url}/subscriptions"), "organizations_url": format!("{url}/orgs"),
        "repos_url": format!("{url}/repos"), "events_url": format!("{url}/events{{/privacy}}"),
        "received_events_url": format!("{url}/received_events"),
    })
}

/// A repository as other objects hold it.
pub(super) fn repository(call: &Call<'_>, repository: &Repository) -> Value {
    let full_name = repository.full_name();
    json!({
        "id": repository.id, "node_id": format!("R_{}", repository.id), "name": repository.name,
        "full_name": full_name, "owner": user(call, Some(&repository.owner)), "private": false,
        "html_url": format!("{}/{full_name}", call.world.pages), "description": null,
        "fork": repository.parent.is_some(), "url": format!("{}/repos/{full_name}", call.base),
        "default_branch": repository.default_branch, "archived": false, "disabled": false, "visibility": "public",
        "clone_url": format!("{}/{full_name}.git", call.world.pages), "has_issues": true, "has_wiki": false,
        "ssh_url": format!("git@example.invalid:{full_name}.git"), "language": null, "license": null, "topics": [],
        "allow_merge_commit": true, "allow_squash_merge": true, "allow_rebase_merge": true, "size": 1,
        "forks_count": 0, "stargazers_count": 0, "watchers_count": 0, "open_issues_count": 0, "mirror_url": null,
        "created_at": beginning(), "updated_at": beginning(), "pushed_at": beginning(),
    })
}

/// A repository with its parent and with what the asker may do.
pub(super) fn full_repository(call: &Call<'_>, of: &Repository) -> Value {
    let mut value = repository(call, of);
    let role = call.role();
    value["permissions"] = json!({
        "admin": role >= Role::Admin, "maintain": role >= Role::Maintain, "push": role >= Role::Write,
        "triage": role >= Role::Triage, "pull": true,
    });
    if let Some(parent) = of.parent.as_ref().and_then(|name| call.world.find(name)) {
        let parent = repository(call, parent);
        value["source"] = parent.clone();
        value["parent"] = parent;
    }
    value
}

pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Closed => "closed",
    }
}

pub(super) fn label(call: &Call<'_>, repository: &Repository, label: &Label) -> Value {
    json!({
        "id": label.id, "node_id": format!("LA_{}", label.id), "name": label.name, "color": label.color,
        "description": label.description, "default": false,
        "url": api(call, repository, &format!("labels/{}", super::encode(&label.name))),
    })
}

pub(super) fn labels(call: &Call<'_>, repository: &Repository, issue: &Issue) -> Vec<Value> {
    let known = issue.labels.iter().filter_map(|name| repository.labels.get(name));
    known.map(|one| label(call, repository, one)).collect()
}

pub(super) fn milestone(call: &Call<'_>, repository: &Repository, milestone: &Milestone) -> Value {
    let of = |state| {
        let own = repository.issues.values().filter(|issue| issue.milestone == Some(milestone.number));
        own.filter(|issue| issue.state == state).count()
    };
    json!({
        "id": milestone.id, "node_id": format!("MI_{}", milestone.id), "number": milestone.number,
        "title": milestone.title, "description": milestone.description, "state": state(milestone.state),
        "url": api(call, repository, &format!("milestones/{}", milestone.number)),
        "html_url": page(call, repository, &format!("milestone/{}", milestone.number)),
        "labels_url": api(call, repository, &format!("milestones/{}/labels", milestone.number)),
        "creator": user(call, Some("someone")), "open_issues": of(State::Open), "closed_issues": of(State::Closed),
        "created_at": milestone.created_at, "updated_at": milestone.updated_at, "due_on": milestone.due_on,
        "closed_at": null,
    })
}

/// What issues and pull requests have in common.
fn common(call: &Call<'_>, repository: &Repository, issue: &Issue, kind: &str) -> Value {
    let assignees: Vec<Value> = issue.assignees.iter().map(|login| user(call, Some(login))).collect();
    let of = issue.milestone.and_then(|number| repository.milestones.get(&number));
    let number = issue.number;
    json!({
        "id": issue.id, "node_id": format!("I_{}", issue.id), "number": number, "title": issue.title,
        "body": issue.body, "state": state(issue.state), "locked": false, "user": user(call, issue.author.as_deref()),
        "labels": labels(call, repository, issue), "assignee": assignees.first(), "assignees": assignees,
        "milestone": of.map(|of| milestone(call, repository, of)),
        "created_at": issue.created_at, "updated_at": issue.updated_at, "closed_at": issue.closed_at,
        "url": api(call, repository, &format!("{kind}/{number}")),
        "html_url": page(call, repository, &format!("{}/{number}", if issue.pull.is_some() { "pull" } else { "issues" })),
        "comments_url": api(call, repository, &format!("issues/{number}/comments")),
        "author_association": "NONE", "active_lock_reason": null,
    })
}

pub(super) fn issue(call: &Call<'_>, repository: &Repository, issue: &Issue) -> Value {
    let mut value = common(call, repository, issue, "issues");
    value["comments"] = json!(issue.comments.len());
    value["events_url"] = json!(api(call, repository, &format!("issues/{}/events", issue.number)));
    value["labels_url"] = json!(api(call, repository, &format!("issues/{}/labels{{/name}}", issue.number)));
    value["repository_url"] = json!(format!("{}/repos/{}", call.base, repository.full_name()));
    value["state_reason"] = json!((issue.state == State::Closed).then_some("completed"));
    if let Some(pull) = &issue.pull {
        let html = page(call, repository, &format!("pull/{}", issue.number));
        value["pull_request"] = json!({
            "url": api(call, repository, &format!("pulls/{}", issue.number)), "html_url": html,
            "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"), "merged_at": pull.merged_at,
        });
    }
    value
}

fn end(call: &Call<'_>, full_name: Option<&str>, branch: &str, sha: &str) -> Value {
    let owner = full_name.and_then(|name| name.split_once('/')).map_or("unknown", |(owner, _)| owner);
    // A fork may be known by its name alone.
    let of = full_name.map(|name| match call.world.find(name) {
        Some(of) => repository(call, of),
        None => json!({ "full_name": name, "name": name.rsplit('/').next(), "fork": true, "private": false }),
    });
    json!({ "label": format!("{owner}:{branch}"), "ref": branch, "sha": sha, "user": user(call, Some(owner)), "repo": of })
}

/// A pull request as lists show it.
pub(super) fn pull(call: &Call<'_>, repository: &Repository, issue: &Issue, pull: &Pull) -> Value {
    let mut value = common(call, repository, issue, "pulls");
    let (html, number) = (page(call, repository, &format!("pull/{}", issue.number)), issue.number);
    let more = json!({
        "node_id": format!("PR_{}", issue.id), "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"),
        "issue_url": api(call, repository, &format!("issues/{number}")),
        "commits_url": api(call, repository, &format!("pulls/{number}/commits")),
        "review_comments_url": api(call, repository, &format!("pulls/{number}/comments")),
        "review_comment_url": api(call, repository, "pulls/comments{/number}"),
        "statuses_url": api(call, repository, &format!("statuses/{}", pull.head_sha)),
        "head": end(call, pull.head_repository.as_deref(), &pull.head, &pull.head_sha),
        "base": end(call, Some(&repository.full_name()), &pull.base, &pull.base_sha),
        "draft": pull.draft == Draft::Yes, "merged_at": pull.merged_at, "merge_commit_sha": pull.merge_commit,
        "requested_reviewers": [], "requested_teams": [], "auto_merge": null,
    });
    merge(&mut value, more);
    let link = |field: &str| json!({ "href": value[field] });
    value["_links"] = json!({
        "self": link("url"), "html": link("html_url"), "issue": link("issue_url"), "comments": link("comments_url"),
        "review_comments": link("review_comments_url"), "review_comment": link("review_comment_url"),
        "commits": link("commits_url"), "statuses": link("statuses_url"),
    });
    value
}

/// A pull request alone.
pub(super) fn full_pull(call: &Call<'_>, repository: &Repository, issue: &Issue, of: &Pull) -> Value {
    let mut value = pull(call, repository, issue, of);
    let more = json!({
        "merged": of.merged_at.is_some(), "mergeable": of.merged_at.is_none().then_some(true), "rebaseable": null,
        "mergeable_state": if of.merged_at.is_some() { "unknown" } else { "clean" },
        "merged_by": of.merged_by.as_ref().map(|login| user(call, Some(login))),
        "comments": issue.comments.len(), "review_comments": 0,
        "maintainer_can_modify": of.maintainer_can_modify == MaintainerCanModify::Yes,
        "commits": of.commits.len().max(1), "additions": 1, "deletions": 0, "changed_files": 1,
    });
    merge(&mut value, more);
    value
}

fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(value), Value::Object(more)) = (value, more) {
        value.extend(more);
    }
}

pub(super) fn comment(call: &Call<'_>, repository: &Repository, issue: &Issue, comment: &Comment) -> Value {
    json!({
        "id": comment.id, "node_id": format!("IC_{}", comment.id), "body": comment.body,
        "user": user(call, comment.author.as_deref()), "author_association": "NONE",
        "created_at": comment.created_at, "updated_at": comment.updated_at,
        "url": api(call, repository, &format!("issues/comments/{}", comment.id)),
        "html_url": page(call, repository, &format!("issues/{}#issuecomment-{}", issue.number, comment.id)),
        "issue_url": api(call, repository, &format!("issues/{}", issue.number)),
    })
}

fn person(person: &Person) -> Value {
    json!({ "name": person.name, "email": person.email, "date": person.date })
}

/// Nobody signs in this world.
fn verification() -> Value {
    json!({ "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null })
}

/// A commit as the commits of a repository show it.
pub(super) fn commit(call: &Call<'_>, repository: &Repository, commit: &Commit) -> Value {
    let sha = &commit.sha;
    let parents: Vec<Value> = (commit.parents.iter())
        .map(|sha| {
            let (url, html) = (format!("commits/{sha}"), format!("commit/{sha}"));
            json!({ "sha": sha, "url": api(call, repository, &url), "html_url": page(call, repository, &html) })
        })
        .collect();
    json!({
        "sha": sha, "node_id": format!("C_{}_{sha}", repository.id), "url": api(call, repository, &format!("commits/{sha}")),
        "html_url": page(call, repository, &format!("commit/{sha}")),
        "comments_url": api(call, repository, &format!("commits/{sha}/comments")),
        "commit": {
            "author": person(&commit.author), "committer": person(&commit.committer), "message": commit.message,
            "tree": { "sha": commit.tree, "url": api(call, repository, &format!("git/trees/{}", commit.tree)) },
            "url": api(call, repository, &format!("git/commits/{sha}")), "comment_count": 0,
            "verification": verification(),
        },
        "author": commit.author_login.as_ref().map(|login| user(call, Some(login))),
        "committer": commit.committer_login.as_ref().map(|login| user(call, Some(login))),
        "parents": parents,
    })
}

/// A commit as the git database shows it.
pub(super) fn git_commit(call: &Call<'_>, repository: &Repository, of: &Commit) -> Value {
    let mut value = commit(call, repository, of);
    let git = value["commit"].take();
    for name in ["author", "committer", "message", "tree", "url", "verification"] {
        value[name] = git[name].clone();
    }
    if let Value::Object(value) = &mut value {
        value.remove("commit");
        value.remove("comments_url");
    }
    value
}

pub(super) fn reference(call: &Call<'_>, repository: &Repository, name: &str, sha: &str) -> Value {
    let (kind, short) = (repository.kind(sha), name.strip_prefix("refs/").unwrap_or(name));
    json!({
        "ref": name, "node_id": format!("REF_{}_{name}", repository.id),
        "url": api(call, repository, &format!("git/refs/{short}")),
        "object": { "type": kind, "sha": sha, "url": api(call, repository, &format!("git/{kind}s/{sha}")) },
    })
}

pub(super) fn tag(call: &Call<'_>, repository: &Repository, tag: &Tag) -> Value {
    let object = api(call, repository, &format!("git/{}s/{}", tag.kind, tag.object));
    json!({
        "sha": tag.sha, "node_id": format!("TA_{}", tag.sha), "tag": tag.name, "message": tag.message,
        "url": api(call, repository, &format!("git/tags/{}", tag.sha)), "tagger": person(&tag.tagger),
        "object": { "type": tag.kind, "sha": tag.object, "url": object }, "verification": verification(),
    })
}

pub(super) fn release(call: &Call<'_>, repository: &Repository, release: &Release) -> Value {
    let (id, draft) = (release.id, release.visibility == Visibility::Draft);
    // A draft has no tag to be found by.
    let html = if draft { format!("releases/tag/untagged-{id}") } else { format!("releases/tag/{}", release.tag) };
    let assets: Vec<Value> = release.assets.iter().map(|one| asset(call, repository, release, one)).collect();
    let upload = format!("{}/uploads/repos/{}/releases/{id}/assets{{?name,label}}", call.base, repository.full_name());
    json!({
        "id": id, "node_id": format!("RE_{id}"), "tag_name": release.tag, "target_commitish": release.target,
        "name": release.name, "body": release.body, "draft": draft, "immutable": false,
        "prerelease": release.stability == Stability::Prerelease, "author": user(call, release.author.as_deref()),
        "created_at": release.created_at, "published_at": release.published_at, "assets": assets,
        "url": api(call, repository, &format!("releases/{id}")), "html_url": page(call, repository, &html),
        "assets_url": api(call, repository, &format!("releases/{id}/assets")), "upload_url": upload,
        "tarball_url": api(call, repository, &format!("tarball/{}", release.tag)),
        "zipball_url": api(call, repository, &format!("zipball/{}", release.tag)),
    })
}

pub(super) fn asset(call: &Call<'_>, repository: &Repository, release: &Release, asset: &Asset) -> Value {
    let full_name = repository.full_name();
    json!({
        "id": asset.id, "node_id": format!("RA_{}", asset.id), "name": asset.name, "label": asset.label,
        "state": "uploaded", "content_type": asset.content_type, "size": asset.bytes.len(), "digest": asset.digest,
        "download_count": 0, "created_at": asset.created_at, "updated_at": asset.created_at,
        "uploader": asset.uploader.as_ref().map(|login| user(call, Some(login))),
        "url": api(call, repository, &format!("releases/assets/{}", asset.id)),
        "browser_download_url": format!("{}/{full_name}/releases/download/{}/{}", call.files, release.tag, asset.name),
    })
}
