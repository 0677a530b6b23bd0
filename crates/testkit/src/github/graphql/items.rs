//! The fields of pull requests, issues, commits, refs, releases and what hangs on them.

use apollo_compiler::resolvers::{FieldError, ResolvedValue};
use apollo_compiler::response::JsonMap;
use serde_json::{Value, json};

use super::Context;
use super::objects::{Node, latest, leaf, state_of, text};
use crate::github::issues::{Comment, Draft, Issue, Label, MaintainerCanModify, Milestone, Pull, State};
use crate::github::releases::{Asset, Release, Stability, Visibility};
use crate::github::walk::Entry;
use crate::github::world::{Commit, Person, Repository, Tag, UserKind};

type Found<'a> = Option<ResolvedValue<'a>>;

/// Whether something is open.
pub(super) fn state(state: State) -> &'static str {
    state_of(state)
}

/// Whether an issue is open, or a pull request merged.
pub(super) fn issue_state(issue: &Issue) -> &'static str {
    match &issue.pull {
        Some(pull) if pull.merged_at.is_some() => "MERGED",
        _ => state(issue.state),
    }
}

fn address(cx: &Context<'_>, repository: &Repository, rest: &str) -> Value {
    json!(format!("{}/{}/{rest}", cx.pages(), repository.full_name()))
}

fn author<'a>(cx: &'a Context<'a>, login: Option<&'a String>) -> ResolvedValue<'a> {
    cx.maybe(login.map(|login| Node::Actor(login)))
}

/// A commit of which perhaps only the id is known.
fn commit_or_id<'a>(repository: &'a Repository, sha: &'a str) -> Node<'a> {
    match repository.commits.get(sha) {
        Some(commit) => Node::Commit(repository, commit),
        None => Node::LoneCommit(repository, sha),
    }
}

pub(super) fn by_id<'a>(repository: &'a Repository, sha: &str) -> Option<Node<'a>> {
    let tag = repository.tags.get(sha).map(|tag| Node::Tag(repository, tag));
    tag.or_else(|| repository.commits.get(sha).map(|commit| Node::Commit(repository, commit)))
}

/// A file or a folder of a commit.
pub(super) fn at_path<'a>(repository: &'a Repository, revision: &str, path: &str) -> Option<Node<'a>> {
    let sha = repository.resolve(revision)?;
    if let Some((id, bytes)) = repository.file(sha, path) {
        return Some(Node::Blob(repository, id, bytes));
    }
    repository.folder(sha, path)?;
    Some(Node::Tree(repository, &repository.commits.get(sha)?.tree))
}

pub(super) fn issue<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    issue: &'a Issue,
    field: &str,
    arguments: &JsonMap,
) -> Result<Found<'a>, FieldError> {
    let kind = if issue.pull.is_some() { "pull" } else { "issues" };
    Ok(Some(match field {
        "id" => leaf(json!(format!("{}_{}", if issue.pull.is_some() { "PR" } else { "I" }, issue.id))),
        "databaseId" => leaf(json!(issue.id)),
        "fullDatabaseId" => leaf(json!(issue.id.to_string())),
        "number" => leaf(json!(issue.number)),
        "url" => leaf(address(cx, repository, &format!("{kind}/{}", issue.number))),
        "title" => leaf(json!(issue.title)),
        "body" => leaf(json!(issue.body.as_deref().unwrap_or_default())),
        "state" => leaf(json!(issue_state(issue))),
        "stateReason" => leaf(json!((issue.state == State::Closed).then_some("COMPLETED"))),
        "closed" => leaf(json!(issue.state == State::Closed)),
        "locked" => leaf(json!(false)),
        "author" => author(cx, issue.author.as_ref()),
        "authorAssociation" => leaf(json!("NONE")),
        "milestone" => {
            let milestone = issue.milestone.and_then(|number| repository.milestones.get(&number));
            cx.maybe(milestone.map(|milestone| Node::Milestone(repository, milestone)))
        }
        "labels" => {
            let nodes = issue.labels.iter().filter_map(|name| repository.labels.get(name));
            cx.page("LabelConnection", nodes.map(|label| Node::Label(repository, label)).collect(), arguments)?
        }
        "assignees" => {
            let nodes = issue.assignees.iter().map(|login| Node::Actor(login)).collect();
            cx.page("UserConnection", nodes, arguments)?
        }
        "comments" => {
            let nodes = issue.comments.iter().map(|comment| Node::Comment(repository, issue, comment)).collect();
            cx.page("IssueCommentConnection", nodes, arguments)?
        }
        "createdAt" | "publishedAt" => leaf(json!(issue.created_at)),
        "updatedAt" => leaf(json!(issue.updated_at)),
        "closedAt" => leaf(json!(issue.closed_at)),
        "repository" => cx.object(Node::Repository(repository)),
        _ => return issue.pull.as_ref().map_or(Ok(None), |of| pull(cx, repository, issue, of, field, arguments)),
    }))
}

fn pull<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    issue: &'a Issue,
    pull: &'a Pull,
    field: &str,
    arguments: &JsonMap,
) -> Result<Found<'a>, FieldError> {
    let head = pull.head_repository.as_ref();
    Ok(Some(match field {
        "isDraft" => leaf(json!(pull.draft == Draft::Yes)),
        "merged" => leaf(json!(pull.merged_at.is_some())),
        "mergedAt" => leaf(json!(pull.merged_at)),
        "mergedBy" => author(cx, pull.merged_by.as_ref()),
        // Before the merge there is none, whatever the test merge of REST says.
        "mergeCommit" => {
            let sha = pull.merge_commit.as_ref().filter(|_| pull.merged_at.is_some());
            cx.maybe(sha.map(|sha| commit_or_id(repository, sha)))
        }
        "baseRefName" => leaf(json!(pull.base)),
        "baseRefOid" => leaf(json!(pull.base_sha)),
        "baseRepository" => cx.object(Node::Repository(repository)),
        "headRefName" => leaf(json!(pull.head)),
        "headRefOid" => leaf(json!(pull.head_sha)),
        "headRepository" => cx.maybe(head.and_then(|name| cx.world.find(name)).map(Node::Repository)),
        "headRepositoryOwner" => {
            let owner = head.and_then(|name| name.split_once('/')).map(|(owner, _)| Node::Actor(owner));
            cx.maybe(owner)
        }
        "isCrossRepository" => leaf(json!(head.is_none_or(|name| *name != repository.full_name()))),
        "maintainerCanModify" => leaf(json!(pull.maintainer_can_modify == MaintainerCanModify::Yes)),
        "commits" => {
            let nodes = pull.commits.iter().filter_map(|sha| repository.commits.get(sha));
            let nodes = nodes.map(|commit| Node::PullCommit(repository, issue, commit)).collect();
            cx.page("PullRequestCommitConnection", nodes, arguments)?
        }
        _ => return Ok(None),
    }))
}

pub(super) fn comment<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    issue: &'a Issue,
    comment: &'a Comment,
    field: &str,
) -> Found<'a> {
    Some(match field {
        "id" => leaf(json!(format!("IC_{}", comment.id))),
        "databaseId" => leaf(json!(comment.id)),
        "fullDatabaseId" => leaf(json!(comment.id.to_string())),
        "body" => leaf(json!(comment.body)),
        "author" => author(cx, comment.author.as_ref()),
        "createdAt" => leaf(json!(comment.created_at)),
        "updatedAt" => leaf(json!(comment.updated_at)),
        "url" => leaf(address(cx, repository, &format!("issues/{}#issuecomment-{}", issue.number, comment.id))),
        _ => return None,
    })
}

pub(super) fn pull_commit<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    issue: &'a Issue,
    commit: &'a Commit,
    field: &str,
) -> Found<'a> {
    Some(match field {
        "id" => leaf(json!(format!("PURC_{}_{}", issue.id, commit.sha))),
        "commit" => cx.object(Node::Commit(repository, commit)),
        "url" => leaf(address(cx, repository, &format!("pull/{}/commits/{}", issue.number, commit.sha))),
        _ => return None,
    })
}

/// What every git object has; of some there is no more.
pub(super) fn git_object<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    sha: &str,
    kind: &str,
    field: &str,
) -> Found<'a> {
    Some(match field {
        "id" => leaf(json!(format!("{}_{}_{sha}", kind[..1].to_uppercase(), repository.id))),
        "oid" => leaf(json!(sha)),
        "abbreviatedOid" => leaf(json!(&sha[..7])),
        "commitUrl" => leaf(address(cx, repository, &format!("commit/{sha}"))),
        "url" if kind == "commit" => leaf(address(cx, repository, &format!("commit/{sha}"))),
        "repository" => cx.object(Node::Repository(repository)),
        _ => return None,
    })
}

pub(super) fn commit<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    commit: &'a Commit,
    field: &str,
    arguments: &JsonMap,
) -> Result<Found<'a>, FieldError> {
    let (headline, rest) = commit.message.split_once('\n').unwrap_or((&commit.message, ""));
    Ok(Some(match field {
        "message" => leaf(json!(commit.message)),
        "messageHeadline" => leaf(json!(headline)),
        "messageBody" => leaf(json!(rest.trim_start_matches('\n'))),
        "committedDate" => leaf(json!(commit.committer.date)),
        "authoredDate" => leaf(json!(commit.author.date)),
        "author" => cx.object(Node::GitActor(&commit.author, commit.author_login.as_deref())),
        "committer" => cx.object(Node::GitActor(&commit.committer, commit.committer_login.as_deref())),
        "parents" => {
            let nodes = commit.parents.iter().map(|sha| commit_or_id(repository, sha)).collect();
            cx.page("CommitConnection", nodes, arguments)?
        }
        "tree" => cx.object(Node::Tree(repository, &commit.tree)),
        "file" => {
            let path = text(arguments, "path").unwrap_or_default();
            let there = repository.file(&commit.sha, path).is_some();
            cx.maybe(there.then(|| Node::Entry(repository, &commit.sha, path.to_owned())))
        }
        "history" => {
            for unknown in ["author", "path"] {
                if arguments.get(unknown).is_some_and(|value| !value.is_null()) {
                    return Err(FieldError { message: format!("it knows nothing of `{unknown}` of a history") });
                }
            }
            let (since, until) = (text(arguments, "since"), text(arguments, "until"));
            let nodes = repository.log(&commit.sha).into_iter().filter(|one| {
                let date = one.committer.date.as_str();
                since.is_none_or(|since| date >= since) && until.is_none_or(|until| date <= until)
            });
            let nodes = nodes.map(|commit| Node::Commit(repository, commit)).collect();
            cx.page("CommitHistoryConnection", nodes, arguments)?
        }
        "associatedPullRequests" => {
            let nodes = repository.pulls_of(&commit.sha).into_iter();
            cx.page("PullRequestConnection", nodes.map(|one| Node::Issue(repository, one)).collect(), arguments)?
        }
        _ => return Ok(git_object(cx, repository, &commit.sha, "commit", field)),
    }))
}

pub(super) fn git_actor<'a>(cx: &'a Context<'a>, person: &'a Person, login: Option<&'a str>, field: &str) -> Found<'a> {
    Some(match field {
        "name" => leaf(json!(person.name)),
        "email" => leaf(json!(person.email)),
        "date" => leaf(json!(person.date)),
        // Only people are users here, as at GitHub.
        "user" => cx.maybe(login.filter(|login| cx.kind(login) == UserKind::User).map(Node::Actor)),
        _ => return None,
    })
}

pub(super) fn tag<'a>(cx: &'a Context<'a>, repository: &'a Repository, tag: &'a Tag, field: &str) -> Found<'a> {
    Some(match field {
        "name" => leaf(json!(tag.name)),
        "message" => leaf(json!(tag.message)),
        "tagger" => cx.object(Node::GitActor(&tag.tagger, None)),
        "target" => cx.object(by_id(repository, &tag.object).unwrap_or(Node::LoneCommit(repository, &tag.object))),
        _ => return git_object(cx, repository, &tag.sha, "tag", field),
    })
}

pub(super) fn blob<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    sha: &'a str,
    bytes: &'a [u8],
    field: &str,
) -> Found<'a> {
    let text = std::str::from_utf8(bytes).ok();
    Some(match field {
        "text" => leaf(json!(text)),
        "byteSize" => leaf(json!(bytes.len())),
        "isBinary" => leaf(json!(text.is_none())),
        "isTruncated" => leaf(json!(false)),
        _ => return git_object(cx, repository, sha, "blob", field),
    })
}

pub(super) fn entry<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    sha: &'a str,
    path: &'a str,
    field: &str,
) -> Found<'a> {
    let kind = repository.folder(sha, path).filter(|_| repository.file(sha, path).is_none()).map(|_| Entry::Folder);
    Some(match field {
        "name" => leaf(json!(path.rsplit('/').next())),
        "path" => leaf(json!(path)),
        "type" => leaf(json!(if kind.is_some() { "tree" } else { "blob" })),
        "object" => cx.maybe(at_path(repository, sha, path)),
        _ => return None,
    })
}

pub(super) fn reference<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    name: &'a str,
    sha: &'a str,
    field: &str,
) -> Found<'a> {
    let prefix = ["refs/heads/", "refs/tags/", "refs/pull/"].into_iter().find(|prefix| name.starts_with(prefix));
    let prefix = prefix.unwrap_or("refs/");
    Some(match field {
        "id" => leaf(json!(format!("REF_{}_{name}", repository.id))),
        "name" => leaf(json!(name.strip_prefix(prefix))),
        "prefix" => leaf(json!(prefix)),
        "target" => cx.maybe(Some(by_id(repository, sha).unwrap_or(Node::LoneCommit(repository, sha)))),
        "repository" => cx.object(Node::Repository(repository)),
        _ => return None,
    })
}

pub(super) fn release<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    release: &'a Release,
    field: &str,
    arguments: &JsonMap,
) -> Result<Found<'a>, FieldError> {
    Ok(Some(match field {
        "id" => leaf(json!(format!("RE_{}", release.id))),
        "databaseId" => leaf(json!(release.id)),
        "tagName" => leaf(json!(release.tag)),
        "name" => leaf(json!(release.name)),
        "description" => leaf(json!(release.body)),
        "isDraft" => leaf(json!(release.visibility == Visibility::Draft)),
        "isPrerelease" => leaf(json!(release.stability == Stability::Prerelease)),
        "isLatest" => leaf(json!(latest(repository).is_some_and(|latest| latest.id == release.id))),
        "publishedAt" => leaf(json!(release.published_at)),
        "createdAt" | "updatedAt" => leaf(json!(release.created_at)),
        "url" => leaf(address(cx, repository, &format!("releases/tag/{}", release.tag))),
        "author" => author(cx, release.author.as_ref()),
        "tagCommit" => {
            let sha = repository.refs.get(&format!("refs/tags/{}", release.tag));
            cx.maybe(sha.map(|sha| commit_or_id(repository, repository.peel(sha))))
        }
        "releaseAssets" => {
            let name = text(arguments, "name");
            let nodes = release.assets.iter().filter(|asset| name.is_none_or(|name| asset.name == name));
            let nodes = nodes.map(|asset| Node::Asset(repository, release, asset)).collect();
            cx.page("ReleaseAssetConnection", nodes, arguments)?
        }
        "repository" => cx.object(Node::Repository(repository)),
        _ => return Ok(None),
    }))
}

pub(super) fn asset<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    release: &'a Release,
    asset: &'a Asset,
    field: &str,
) -> Found<'a> {
    Some(match field {
        "id" => leaf(json!(format!("RA_{}", asset.id))),
        "name" => leaf(json!(asset.name)),
        "size" => leaf(json!(asset.bytes.len())),
        "contentType" => leaf(json!(asset.content_type)),
        "downloadUrl" | "url" => {
            leaf(address(cx, repository, &format!("releases/download/{}/{}", release.tag, asset.name)))
        }
        "createdAt" | "updatedAt" => leaf(json!(asset.created_at)),
        "downloadCount" => leaf(json!(0)),
        "uploadedBy" => author(cx, asset.uploader.as_ref()),
        _ => return None,
    })
}

pub(super) fn label<'a>(cx: &'a Context<'a>, repository: &'a Repository, label: &'a Label, field: &str) -> Found<'a> {
    Some(match field {
        "id" => leaf(json!(format!("LA_{}", label.id))),
        "name" => leaf(json!(label.name)),
        "color" => leaf(json!(label.color)),
        "description" => leaf(json!(label.description)),
        "url" => leaf(address(cx, repository, &format!("labels/{}", label.name))),
        "isDefault" => leaf(json!(false)),
        _ => return None,
    })
}

pub(super) fn milestone<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    milestone: &'a Milestone,
    field: &str,
) -> Found<'a> {
    Some(leaf(match field {
        "id" => json!(format!("MI_{}", milestone.id)),
        "number" => json!(milestone.number),
        "title" => json!(milestone.title),
        "state" => json!(state(milestone.state)),
        "description" => json!(milestone.description),
        "dueOn" => json!(milestone.due_on),
        "url" => address(cx, repository, &format!("milestone/{}", milestone.number)),
        "closed" => json!(milestone.state == State::Closed),
        "createdAt" => json!(milestone.created_at),
        "updatedAt" => json!(milestone.updated_at),
        _ => return None,
    }))
}

pub(super) fn actor<'a>(cx: &'a Context<'a>, login: &'a str, field: &str) -> Found<'a> {
    let bot = login.strip_suffix("[bot]");
    let id = cx.world.users.get(login).map_or(0, |user| user.id);
    let path = bot.map_or_else(|| format!("/{login}"), |name| format!("/apps/{name}"));
    Some(leaf(match field {
        "id" => json!(format!("U_{id}")),
        "databaseId" => json!(id),
        "login" => json!(bot.unwrap_or(login)),
        "name" => json!(login),
        "email" => json!(""),
        "url" => json!(format!("{}{path}", cx.pages())),
        "avatarUrl" => json!(format!("{}/{login}.png", cx.pages())),
        "resourcePath" => json!(path),
        _ => return None,
    }))
}
