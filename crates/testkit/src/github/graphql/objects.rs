//! The objects that a query can reach, and the fields of queries and repositories.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonMap;
use serde_json::{Value, json};

use super::connection::{Bounds, Page};
use super::{Context, error, items};
use crate::contracts::is_object_id;
use crate::github::issues::{Comment, Issue, Label, Milestone, State};
use crate::github::releases::{Asset, Latest, Release, Stability, Visibility};
use crate::github::world::{Commit, Person, Repository, Role, Tag, UserKind};

/// An object, and where the rest of the world is.
pub(super) struct Object<'w> {
    pub(super) cx: &'w Context<'w>,
    pub(super) node: Node<'w>,
}

/// One object of the world.
#[derive(Debug, Clone)]
pub(super) enum Node<'w> {
    Query,
    RateLimit,
    Repository(&'w Repository),
    /// An issue, or a pull request when it is one.
    Issue(&'w Repository, &'w Issue),
    Comment(&'w Repository, &'w Issue, &'w Comment),
    PullCommit(&'w Repository, &'w Issue, &'w Commit),
    Commit(&'w Repository, &'w Commit),
    /// A commit of which only the id is known.
    LoneCommit(&'w Repository, &'w str),
    GitActor(&'w Person, Option<&'w str>),
    Tag(&'w Repository, &'w Tag),
    Tree(&'w Repository, &'w str),
    Blob(&'w Repository, String, Vec<u8>),
    Entry(&'w Repository, &'w str, String),
    Ref(&'w Repository, &'w str, &'w str),
    Release(&'w Repository, &'w Release),
    Asset(&'w Repository, &'w Release, &'w Asset),
    Label(&'w Repository, &'w Label),
    Milestone(&'w Repository, &'w Milestone),
    Actor(&'w str),
    Connection(Page<'w>),
    Edge(&'static str, String, Box<Node<'w>>),
    PageInfo(Bounds),
}

/// What a resolver gives.
pub(super) type Resolved<'a> = Result<ResolvedValue<'a>, FieldError>;

pub(super) fn leaf<'a>(value: Value) -> ResolvedValue<'a> {
    ResolvedValue::leaf(value)
}

pub(super) fn root<'w>(cx: &'w Context<'w>) -> Object<'w> {
    Object { cx, node: Node::Query }
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        match &self.node {
            Node::Query => "Query",
            Node::RateLimit => "RateLimit",
            Node::Repository(_) => "Repository",
            Node::Issue(_, issue) if issue.pull.is_some() => "PullRequest",
            Node::Issue(..) => "Issue",
            Node::Comment(..) => "IssueComment",
            Node::PullCommit(..) => "PullRequestCommit",
            Node::Commit(..) | Node::LoneCommit(..) => "Commit",
            Node::GitActor(..) => "GitActor",
            Node::Tag(..) => "Tag",
            Node::Tree(..) => "Tree",
            Node::Blob(..) => "Blob",
            Node::Entry(..) => "TreeEntry",
            Node::Ref(..) => "Ref",
            Node::Release(..) => "Release",
            Node::Asset(..) => "ReleaseAsset",
            Node::Label(..) => "Label",
            Node::Milestone(..) => "Milestone",
            Node::Actor(login) => match self.cx.kind(login) {
                UserKind::User => "User",
                UserKind::Bot => "Bot",
                UserKind::Organization => "Organization",
            },
            Node::Connection(page) => page.kind(),
            Node::Edge(kind, ..) => edge_of(kind),
            Node::PageInfo(_) => "PageInfo",
        }
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let cx = self.cx;
        let (field, arguments) = (info.field_name(), info.arguments());
        let found = match &self.node {
            Node::Query => query(cx, field, arguments)?,
            Node::RateLimit => rate_limit(cx, field),
            Node::Repository(repository) => self::repository(cx, repository, field, arguments)?,
            Node::Issue(repository, issue) => items::issue(cx, repository, issue, field, arguments)?,
            Node::Comment(repository, issue, comment) => items::comment(cx, repository, issue, comment, field),
            Node::PullCommit(repository, issue, commit) => items::pull_commit(cx, repository, issue, commit, field),
            Node::Commit(repository, commit) => items::commit(cx, repository, commit, field, arguments)?,
            Node::LoneCommit(repository, sha) => items::git_object(cx, repository, sha, "commit", field),
            Node::GitActor(person, login) => items::git_actor(cx, person, *login, field),
            Node::Tag(repository, tag) => items::tag(cx, repository, tag, field),
            Node::Tree(repository, sha) => items::git_object(cx, repository, sha, "tree", field),
            Node::Blob(repository, sha, bytes) => items::blob(cx, repository, sha, bytes, field),
            Node::Entry(repository, sha, path) => items::entry(cx, repository, sha, path, field),
            Node::Ref(repository, name, sha) => items::reference(cx, repository, name, sha, field),
            Node::Release(repository, release) => items::release(cx, repository, release, field, arguments)?,
            Node::Asset(repository, release, asset) => items::asset(cx, repository, release, asset, field),
            Node::Label(repository, label) => items::label(cx, repository, label, field),
            Node::Milestone(repository, milestone) => items::milestone(cx, repository, milestone, field),
            Node::Actor(login) => items::actor(cx, login, field),
            Node::Connection(page) => Some(page.resolve(cx, info)?),
            Node::Edge(_, cursor, node) => match field {
                "cursor" => Some(leaf(json!(cursor))),
                "node" => Some(cx.object((**node).clone())),
                _ => None,
            },
            Node::PageInfo(bounds) => bounds.resolve(field),
        };
        found.ok_or_else(|| FieldError {
            message: format!("it knows nothing of `{field}` of this `{}`", self.type_name()),
        })
    }
}

/// The type of a connection's edges.
fn edge_of(connection: &'static str) -> &'static str {
    match connection {
        "CommitHistoryConnection" => "CommitEdge",
        "IssueCommentConnection" => "IssueCommentEdge",
        "IssueConnection" => "IssueEdge",
        "LabelConnection" => "LabelEdge",
        "MilestoneConnection" => "MilestoneEdge",
        "PullRequestCommitConnection" => "PullRequestCommitEdge",
        "PullRequestConnection" => "PullRequestEdge",
        "RefConnection" => "RefEdge",
        "ReleaseAssetConnection" => "ReleaseAssetEdge",
        "ReleaseConnection" => "ReleaseEdge",
        "SearchResultItemConnection" => "SearchResultItemEdge",
        "UserConnection" => "UserEdge",
        other => unreachable!("`{other}` is no connection of ours"),
    }
}

impl<'w> Context<'w> {
    pub(super) fn object(&'w self, node: Node<'w>) -> ResolvedValue<'w> {
        ResolvedValue::object(Object { cx: self, node })
    }

    pub(super) fn maybe(&'w self, node: Option<Node<'w>>) -> ResolvedValue<'w> {
        ResolvedValue::nullable_object(node.map(|node| Object { cx: self, node }))
    }

    pub(super) fn page(&'w self, kind: &'static str, all: Vec<Node<'w>>, arguments: &JsonMap) -> Resolved<'w> {
        Ok(self.object(Node::Connection(Page::new(kind, all, arguments)?)))
    }

    pub(super) fn kind(&self, login: &str) -> UserKind {
        self.world.users.get(login).map_or(UserKind::User, |user| user.kind)
    }

    pub(super) fn pages(&self) -> &str {
        &self.world.pages
    }
}

/// A text among the arguments.
pub(super) fn text<'a>(arguments: &'a JsonMap, name: &str) -> Option<&'a str> {
    arguments.get(name).and_then(|value| value.as_str())
}

/// The texts of a list among the arguments; `None` when it is not given.
fn texts<'a>(arguments: &'a JsonMap, name: &str) -> Option<Vec<&'a str>> {
    let list = arguments.get(name)?.as_array()?;
    Some(list.iter().filter_map(|value| value.as_str()).collect())
}

/// The field and the direction of an `orderBy`.
pub(super) fn order(arguments: &JsonMap) -> Option<(&str, bool)> {
    let order = arguments.get("orderBy")?.as_object()?;
    Some((order.get("field")?.as_str()?, order.get("direction")?.as_str()? == "DESC"))
}

fn query<'a>(cx: &'a Context<'a>, field: &str, arguments: &JsonMap) -> Result<Option<ResolvedValue<'a>>, FieldError> {
    Ok(Some(match field {
        "rateLimit" => cx.object(Node::RateLimit),
        "viewer" => match cx.viewer {
            Some(login) => cx.object(Node::Actor(login)),
            None => return Err(error("FORBIDDEN", "Nobody has said who asks.")),
        },
        "repository" => {
            let name = |name| text(arguments, name).unwrap_or_default();
            let full = format!("{}/{}", name("owner"), name("name"));
            let follow = arguments.get("followRenames").and_then(|value| value.as_bool()) != Some(false);
            let renamed = cx.world.renamed.get(&full).filter(|_| follow);
            let found = cx.world.find(&full).or_else(|| renamed.and_then(|now| cx.world.find(now)));
            let missing = || error("NOT_FOUND", format!("Could not resolve to a Repository with the name '{full}'."));
            cx.object(Node::Repository(found.ok_or_else(missing)?))
        }
        "search" if text(arguments, "type") == Some("ISSUE") => {
            let words = text(arguments, "query").unwrap_or_default();
            let found = crate::github::rest::search::find(cx.world, words).map_err(|said| error("SEARCH", said))?;
            let nodes = found.into_iter().map(|(repository, issue)| Node::Issue(repository, issue)).collect();
            cx.page("SearchResultItemConnection", nodes, arguments)?
        }
        _ => return Ok(None),
    }))
}

fn rate_limit<'a>(cx: &'a Context<'a>, field: &str) -> Option<ResolvedValue<'a>> {
    let resets = i64::try_from(cx.budget.resets()).ok()?;
    Some(leaf(match field {
        "cost" => json!(cx.cost),
        "limit" => json!(cx.budget.limit),
        "nodeCount" => json!(cx.nodes),
        "remaining" => json!(cx.budget.remaining()),
        "resetAt" => json!(jiff::Timestamp::from_second(resets).ok()?.to_string()),
        "used" => json!(cx.budget.used),
        _ => return None,
    }))
}

fn repository<'a>(
    cx: &'a Context<'a>,
    repository: &'a Repository,
    field: &str,
    arguments: &JsonMap,
) -> Result<Option<ResolvedValue<'a>>, FieldError> {
    let number = arguments.get("number").and_then(|value| value.as_u64());
    let head = format!("refs/heads/{}", repository.default_branch);
    let reference = |name: &str| repository.refs.get_key_value(name).map(|(n, sha)| Node::Ref(repository, n, sha));
    Ok(Some(match field {
        "id" => leaf(json!(format!("R_{}", repository.id))),
        "databaseId" => leaf(json!(repository.id)),
        "name" => leaf(json!(repository.name)),
        "nameWithOwner" => leaf(json!(repository.full_name())),
        "owner" => cx.object(Node::Actor(&repository.owner)),
        "url" => leaf(json!(format!("{}/{}", cx.pages(), repository.full_name()))),
        "isFork" => leaf(json!(repository.parent.is_some())),
        "isPrivate" | "isArchived" => leaf(json!(false)),
        "parent" => {
            let parent = repository.parent.as_ref().and_then(|name| cx.world.find(name));
            cx.maybe(parent.map(Node::Repository))
        }
        "defaultBranchRef" => cx.maybe(reference(&head)),
        "viewerPermission" => {
            let role = cx.viewer.map(|login| repository.roles.get(login).copied().unwrap_or(Role::Read));
            leaf(json!(role.map(|role| format!("{role:?}").to_uppercase())))
        }
        "createdAt" | "updatedAt" => leaf(json!(crate::github::world::date(0))),
        "pullRequest" | "issue" | "issueOrPullRequest" => {
            let found = number.and_then(|number| repository.issues.get(&number));
            let fits = found.filter(|issue| match field {
                "pullRequest" => issue.pull.is_some(),
                "issue" => issue.pull.is_none(),
                _ => true,
            });
            let kind = match field {
                "pullRequest" => "a PullRequest",
                "issue" => "an Issue",
                _ => "an issue or pull request",
            };
            let number = number.unwrap_or_default();
            let missing = || error("NOT_FOUND", format!("Could not resolve to {kind} with the number of {number}."));
            cx.object(Node::Issue(repository, fits.ok_or_else(missing)?))
        }
        "object" => cx.maybe(object(repository, arguments)?),
        "pullRequests" | "issues" => issues(cx, repository, field == "pullRequests", arguments)?,
        "ref" => {
            let name = text(arguments, "qualifiedName").unwrap_or_default();
            let spellings = [name.to_owned(), format!("refs/heads/{name}"), format!("refs/tags/{name}")];
            cx.maybe(spellings.iter().find_map(|name| reference(name)))
        }
        "refs" => refs(cx, repository, arguments)?,
        "release" => {
            let tag = text(arguments, "tagName");
            let found = repository.releases.values().find(|one| Some(one.tag.as_str()) == tag && published(one));
            cx.maybe(found.map(|release| Node::Release(repository, release)))
        }
        "latestRelease" => cx.maybe(latest(repository).map(|release| Node::Release(repository, release))),
        "releases" => {
            let mut all: Vec<&Release> = repository.releases.values().filter(|one| published(one)).collect();
            let (by, down) = order(arguments).unwrap_or(("CREATED_AT", true));
            all.sort_by(|a, b| if by == "NAME" { a.name.cmp(&b.name) } else { a.created_at.cmp(&b.created_at) });
            if down {
                all.reverse();
            }
            let nodes = all.into_iter().map(|release| Node::Release(repository, release)).collect();
            cx.page("ReleaseConnection", nodes, arguments)?
        }
        "label" => {
            let label = text(arguments, "name").and_then(|name| repository.labels.get(name));
            cx.maybe(label.map(|label| Node::Label(repository, label)))
        }
        "labels" => {
            let nodes = repository.labels.values().map(|label| Node::Label(repository, label)).collect();
            cx.page("LabelConnection", nodes, arguments)?
        }
        "milestone" => {
            let milestone = number.and_then(|number| repository.milestones.get(&number));
            cx.maybe(milestone.map(|milestone| Node::Milestone(repository, milestone)))
        }
        "milestones" => {
            let states = texts(arguments, "states");
            let wanted = |one: &&Milestone| states.as_ref().is_none_or(|all| all.contains(&items::state(one.state)));
            let nodes = repository.milestones.values().filter(wanted);
            let nodes = nodes.map(|milestone| Node::Milestone(repository, milestone)).collect();
            cx.page("MilestoneConnection", nodes, arguments)?
        }
        _ => return Ok(None),
    }))
}

fn object<'a>(repository: &'a Repository, arguments: &JsonMap) -> Result<Option<Node<'a>>, FieldError> {
    if let Some(oid) = text(arguments, "oid") {
        if !is_object_id(oid) {
            return Err(error("INVALID", format!("`{oid}` is no full object id.")));
        }
        return Ok(items::by_id(repository, oid));
    }
    let Some(expression) = text(arguments, "expression") else {
        return Err(error("MISSING", "Either `oid` or `expression` is needed."));
    };
    Ok(match expression.split_once(':') {
        Some((revision, path)) => items::at_path(repository, revision, path),
        None => match repository.refs.get(expression) {
            // A full name of a tag means its object, not the commit.
            Some(sha) => items::by_id(repository, sha),
            None => repository.resolve(expression).and_then(|sha| items::by_id(repository, sha)),
        },
    })
}

fn issues<'a>(cx: &'a Context<'a>, repository: &'a Repository, pulls: bool, arguments: &JsonMap) -> Resolved<'a> {
    let (states, labels) = (texts(arguments, "states"), texts(arguments, "labels"));
    let (base, head) = (text(arguments, "baseRefName"), text(arguments, "headRefName"));
    if arguments.get("filterBy").is_some_and(|filter| !filter.is_null()) {
        return Err(FieldError { message: "it knows nothing of `filterBy`".to_owned() });
    }
    let wanted = |issue: &&Issue| {
        let branch = |wanted: Option<&str>, of: fn(&crate::github::Pull) -> &str| {
            wanted.is_none_or(|wanted| issue.pull.as_ref().is_some_and(|pull| of(pull) == wanted))
        };
        issue.pull.is_some() == pulls
            && states.as_ref().is_none_or(|states| states.contains(&items::issue_state(issue)))
            && labels.as_ref().is_none_or(|any| any.iter().any(|label| issue.labels.iter().any(|one| one == label)))
            && branch(base, |pull| &pull.base)
            && branch(head, |pull| &pull.head)
    };
    let mut all: Vec<&Issue> = repository.issues.values().filter(wanted).collect();
    if let Some((by, down)) = order(arguments) {
        match by {
            "UPDATED_AT" => all.sort_by(|a, b| (&a.updated_at, a.number).cmp(&(&b.updated_at, b.number))),
            "CREATED_AT" => all.sort_by(|a, b| (&a.created_at, a.number).cmp(&(&b.created_at, b.number))),
            _ => all.sort_by_key(|issue| (issue.comments.len(), issue.number)),
        }
        if down {
            all.reverse();
        }
    }
    let kind = if pulls { "PullRequestConnection" } else { "IssueConnection" };
    cx.page(kind, all.into_iter().map(|issue| Node::Issue(repository, issue)).collect(), arguments)
}

fn refs<'a>(cx: &'a Context<'a>, repository: &'a Repository, arguments: &JsonMap) -> Resolved<'a> {
    let prefix = text(arguments, "refPrefix").unwrap_or_default();
    let part = text(arguments, "query").unwrap_or_default();
    let mut all: Vec<(&String, &String)> = (repository.refs.iter())
        .filter(|(name, _)| name.strip_prefix(prefix).is_some_and(|rest| rest.contains(part)))
        .collect();
    let date = |sha: &str| repository.commits.get(repository.peel(sha)).map(|commit| commit.committer.date.as_str());
    let (by, down) = order(arguments).unwrap_or(("ALPHABETICAL", text(arguments, "direction") == Some("DESC")));
    if by == "TAG_COMMIT_DATE" {
        all.sort_by_key(|(name, sha)| (date(sha), *name));
    }
    if down {
        all.reverse();
    }
    cx.page("RefConnection", all.into_iter().map(|(name, sha)| Node::Ref(repository, name, sha)).collect(), arguments)
}

fn published(release: &Release) -> bool {
    release.visibility == Visibility::Published
}

/// The release that `latest` means: the one that was said to be it, else the newest that is for everybody.
pub(in crate::github) fn latest(repository: &Repository) -> Option<&Release> {
    let candidates = || repository.releases.values().filter(|one| published(one) && one.stability == Stability::Stable);
    let said = candidates().find(|release| release.latest == Latest::Yes);
    said.or_else(|| candidates().filter(|one| one.latest != Latest::No).max_by_key(|one| (&one.created_at, one.id)))
}

/// Whether something is open, in GraphQL's words.
pub(super) fn state_of(state: State) -> &'static str {
    match state {
        State::Open => "OPEN",
        State::Closed => "CLOSED",
    }
}
