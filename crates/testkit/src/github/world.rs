//! What the fake GitHub knows: plain data that a test fills, reads and changes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::issues::{Issue, Label, Milestone, Pull};
use super::releases::Release;

/// Seconds since 1970 of the beginning of every world: 2024-01-01T00:00:00Z.
const EPOCH: i64 = 1_704_067_200;

/// Repositories and users.
#[derive(Debug, Clone)]
pub struct World {
    /// By full name, `owner/name`.
    pub repositories: BTreeMap<String, Repository>,
    /// By the login that REST shows.
    pub users: BTreeMap<String, User>,
    /// Former full names and what they are called now.
    pub renamed: BTreeMap<String, String>,
    /// The address of the pages: `https://github.com`.
    pub pages: String,
    next_id: u64,
    seconds: i64,
}

/// A person, a robot or an organisation.
#[derive(Debug, Clone)]
pub struct User {
    /// The login that REST shows: that of a robot ends with `[bot]`.
    pub login: String,
    /// Its number.
    pub id: u64,
    /// What it is.
    pub kind: UserKind,
}

/// What a user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserKind {
    /// A person.
    User,
    /// An application: GraphQL shows its login without `[bot]`.
    Bot,
    /// An organisation.
    Organization,
}

/// What somebody may do in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look.
    Read,
    /// Label issues.
    Triage,
    /// Push.
    Write,
    /// Change settings.
    Maintain,
    /// Everything.
    Admin,
}

/// One repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Its owner.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: u64,
    /// The branch that is shown first.
    pub default_branch: String,
    /// The full name of the repository that this is a fork of.
    pub parent: Option<String>,
    /// Issues and pull requests, which share their numbers.
    pub issues: BTreeMap<u64, Issue>,
    /// Labels by name.
    pub labels: BTreeMap<String, Label>,
    /// Milestones by number.
    pub milestones: BTreeMap<u64, Milestone>,
    /// Object ids by the full name of the ref, such as `refs/heads/main`.
    pub refs: BTreeMap<String, String>,
    /// Annotated tags by the id of their object.
    pub tags: BTreeMap<String, Tag>,
    /// Commits by id.
    pub commits: BTreeMap<String, Commit>,
    /// Releases by number.
    pub releases: BTreeMap<u64, Release>,
    /// Roles by login; everybody else may read.
    pub roles: BTreeMap<String, Role>,
    /// A bare repository whose refs and commits are this repository's.
    pub git: Option<PathBuf>,
    pub(super) git_refs: Option<String>,
    next_id: u64,
    seconds: i64,
}

/// Who did something in git, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// When, as GitHub writes it.
    pub date: String,
}

/// A commit.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its id.
    pub sha: String,
    /// Its tree's id.
    pub tree: String,
    /// The whole message.
    pub message: String,
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// Whose account the author's address belongs to.
    pub author_login: Option<String>,
    /// Whose account the committer's address belongs to.
    pub committer_login: Option<String>,
    /// The ids of its parents.
    pub parents: Vec<String>,
    /// Files by path; not those of a bare repository, which git is asked for.
    pub files: Arc<BTreeMap<String, Vec<u8>>>,
    /// Pull requests that GitHub associates with it besides those it finds by their commits.
    pub pulls: Vec<u64>,
    pub(super) order: u64,
}

/// An annotated tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The id of the tag object.
    pub sha: String,
    /// Its name.
    pub name: String,
    /// Its message.
    pub message: String,
    /// Who made it.
    pub tagger: Person,
    /// What it names: an object id.
    pub object: String,
    /// The kind of that object: `commit`.
    pub kind: String,
}

/// A point of a world's time as GitHub writes it.
pub(super) fn date(seconds: i64) -> String {
    Timestamp::from_second(EPOCH + seconds).expect("worlds do not last for millennia").to_string()
}

/// An id in the form of git's, made from what it names.
pub(super) fn object_id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())[..40].to_owned()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text can be written to a string");
        text
    })
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// An empty world.
    pub fn new() -> Self {
        Self {
            repositories: BTreeMap::new(),
            users: BTreeMap::new(),
            renamed: BTreeMap::new(),
            pages: "https://github.com".to_owned(),
            next_id: 1_000,
            seconds: 0,
        }
    }

    /// The repository `owner/name`, made when it is not there yet.
    ///
    /// # Panics
    /// When the name has no slash.
    pub fn repository(&mut self, full_name: &str) -> &mut Repository {
        let (owner, name) = full_name.split_once('/').expect("a full name is `owner/name`");
        if !self.repositories.contains_key(full_name) {
            self.next_id += 1;
            let made = Repository::new(owner, name, self.next_id);
            self.repositories.insert(full_name.to_owned(), made);
            self.user(owner);
        }
        self.repositories.get_mut(full_name).expect("it is there now")
    }

    /// A fork of a repository, with its refs and commits.
    ///
    /// # Panics
    /// When there is no such repository.
    pub fn fork(&mut self, parent: &str, owner: &str) -> &mut Repository {
        let original = self.find(parent).expect("what is forked is there").clone();
        let fork = self.repository(&format!("{owner}/{}", original.name));
        fork.parent = Some(original.full_name());
        fork.default_branch = original.default_branch;
        fork.refs = original.refs;
        fork.commits = original.commits;
        fork.tags = original.tags;
        fork.roles.insert(owner.to_owned(), Role::Admin);
        fork
    }

    /// Renames a repository: the old name is answered with a redirection.
    ///
    /// # Panics
    /// When there is no such repository, or the new name has no slash.
    pub fn rename(&mut self, from: &str, to: &str) {
        let mut moved = self.repositories.remove(from).expect("what is renamed is there");
        let (owner, name) = to.split_once('/').expect("a full name is `owner/name`");
        (moved.owner, moved.name) = (owner.to_owned(), name.to_owned());
        self.repositories.insert(to.to_owned(), moved);
        self.renamed.insert(from.to_owned(), to.to_owned());
        self.user(owner);
    }

    /// The user with this login, made when it is not there yet: a robot when it ends with `[bot]`, else a person.
    pub fn user(&mut self, login: &str) -> &mut User {
        if !self.users.contains_key(login) {
            self.next_id += 1;
            let kind = if login.ends_with("[bot]") { UserKind::Bot } else { UserKind::User };
            let made = User { login: login.to_owned(), id: self.next_id, kind };
            self.users.insert(login.to_owned(), made);
        }
        self.users.get_mut(login).expect("it is there now")
    }

    /// Reads a repository by its full name, in any case of letters, as GitHub does.
    pub fn find(&self, full_name: &str) -> Option<&Repository> {
        self.key(full_name).and_then(|key| self.repositories.get(key))
    }

    pub(super) fn key(&self, full_name: &str) -> Option<&str> {
        self.repositories.keys().find(|key| key.eq_ignore_ascii_case(full_name)).map(String::as_str)
    }

    /// Time goes on by a second; what is written now bears it.
    pub(super) fn tick(&mut self) -> String {
        self.seconds += 1;
        let latest = self.repositories.values().map(|repository| repository.seconds).max().unwrap_or_default();
        self.seconds = self.seconds.max(latest + 1);
        for repository in self.repositories.values_mut() {
            repository.seconds = self.seconds;
        }
        date(self.seconds)
    }

    /// Makes users and labels known that are only mentioned.
    pub(super) fn settle(&mut self) {
        let mut logins = Vec::new();
        for repository in self.repositories.values_mut() {
            for issue in repository.issues.values() {
                logins.extend(issue.author.clone());
                logins.extend(issue.assignees.iter().cloned());
                logins.extend(issue.comments.iter().filter_map(|comment| comment.author.clone()));
                logins.extend(issue.pull.as_ref().and_then(|pull| pull.merged_by.clone()));
            }
            logins.extend(repository.commits.values().filter_map(|commit| commit.author_login.clone()));
            logins.extend(repository.commits.values().filter_map(|commit| commit.committer_login.clone()));
            logins.extend(repository.roles.keys().cloned());
            let names: Vec<String> = repository.issues.values().flat_map(|issue| issue.labels.clone()).collect();
            for name in names {
                repository.label(&name);
            }
        }
        for login in logins {
            self.user(&login);
        }
    }
}

impl Repository {
    fn new(owner: &str, name: &str, id: u64) -> Self {
        Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
            id,
            default_branch: "main".to_owned(),
            parent: None,
            issues: BTreeMap::new(),
            labels: BTreeMap::new(),
            milestones: BTreeMap::new(),
            refs: BTreeMap::new(),
            tags: BTreeMap::new(),
            commits: BTreeMap::new(),
            releases: BTreeMap::new(),
            roles: BTreeMap::new(),
            git: None,
            git_refs: None,
            next_id: id * 1_000_000,
            seconds: 0,
        }
    }

    /// `owner/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn tick(&mut self) -> String {
        self.seconds += 1;
        date(self.seconds)
    }

    /// A new pull request with this number, open, from a branch of its own into the default branch.
    pub fn pull(&mut self, number: u64) -> &mut Issue {
        let base = self.default_branch.clone();
        let head = Some(self.full_name());
        let sha = object_id(&["head", &self.full_name(), &number.to_string()]);
        let issue = self.issue(number);
        issue.title = format!("Pull request {number}");
        issue.pull = Some(Pull::new(&base, head, &format!("branch-{number}"), &sha));
        issue
    }

    /// A new pull request with this number, merged into the default branch as GitHub's merge button does.
    pub fn merge_pull(&mut self, number: u64, title: &str) -> &mut Issue {
        let branch = self.default_branch.clone();
        let message = format!("Merge pull request #{number} from someone/branch-{number}\n\n{title}");
        let commit = self.commit(&branch, &message, &[]);
        let date = self.tick();
        let pull = self.pull(number);
        pull.title(title).updated_at(&date).merged(&commit);
        pull
    }

    /// A new issue with this number, open.
    pub fn issue(&mut self, number: u64) -> &mut Issue {
        let (id, now) = (self.next_id(), self.tick());
        self.issues.insert(number, Issue::new(number, id, &now));
        self.issues.get_mut(&number).expect("it was put there")
    }

    /// The label with this name, made when it is not there yet.
    pub fn label(&mut self, name: &str) -> &mut Label {
        if !self.labels.contains_key(name) {
            let made = Label::new(name, self.next_id());
            self.labels.insert(name.to_owned(), made);
        }
        self.labels.get_mut(name).expect("it is there now")
    }

    /// A new milestone with the next number.
    pub fn milestone(&mut self, title: &str) -> &mut Milestone {
        let number = self.milestones.keys().max().map_or(1, |last| last + 1);
        let (id, now) = (self.next_id(), self.tick());
        self.milestones.insert(number, Milestone::new(number, id, title, &now));
        self.milestones.get_mut(&number).expect("it was put there")
    }

    /// A new release, published, with its tag at the head of the default branch if the tag is not there.
    pub fn release(&mut self, tag: &str) -> &mut Release {
        let (id, now) = (self.next_id(), self.tick());
        let head = self.refs.get(&format!("refs/heads/{}", self.default_branch)).cloned();
        if let Some(head) = head {
            self.refs.entry(format!("refs/tags/{tag}")).or_insert(head);
        }
        self.releases.insert(id, Release::new(id, tag, &self.default_branch, &now));
        self.releases.get_mut(&id).expect("it was put there")
    }

    /// Somebody's role.
    pub fn allow(&mut self, login: &str, role: Role) -> &mut Self {
        self.roles.insert(login.to_owned(), role);
        self
    }

    /// A new commit on a branch, which moves there; `files` are changed or added. Returns its id.
    pub fn commit(&mut self, branch: &str, message: &str, files: &[(&str, &str)]) -> String {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), Some(text.as_bytes().to_vec()))).collect();
        self.commit_files(branch, message, files)
    }

    /// The same with bytes; `None` removes a file.
    pub(super) fn commit_files(
        &mut self,
        branch: &str,
        message: &str,
        files: Vec<(String, Option<Vec<u8>>)>,
    ) -> String {
        let name = format!("refs/heads/{branch}");
        let parent = self.refs.get(&name).cloned();
        let before = parent.as_ref().and_then(|sha| self.commits.get(sha));
        let mut tree = before.map(|commit| (*commit.files).clone()).unwrap_or_default();
        for (path, content) in files {
            match content {
                Some(content) => drop(tree.insert(path, content)),
                None => drop(tree.remove(&path)),
            }
        }
        let sha = self.add_commit(message, parent.into_iter().collect(), tree);
        self.refs.insert(name, sha.clone());
        sha
    }

    /// A new commit that no ref names. Returns its id.
    pub fn add_commit(&mut self, message: &str, parents: Vec<String>, files: BTreeMap<String, Vec<u8>>) -> String {
        let person = Person {
            name: "Test Author".to_owned(),
            email: "test-author@example.invalid".to_owned(),
            date: self.tick(),
        };
        let listing: String = files.iter().map(|(path, bytes)| format!("{path} {}\n", blob_id(bytes))).collect();
        let sha = object_id(&["commit", &listing, message, &parents.join(" "), &person.date]);
        let commit = Commit {
            sha: sha.clone(),
            tree: object_id(&["tree", &listing]),
            message: message.to_owned(),
            author: person.clone(),
            committer: person,
            author_login: None,
            committer_login: None,
            parents,
            files: Arc::new(files),
            pulls: Vec::new(),
            order: 0,
        };
        self.insert_commit(commit);
        sha
    }

    pub(super) fn insert_commit(&mut self, mut commit: Commit) {
        commit.order = self.next_id();
        self.commits.insert(commit.sha.clone(), commit);
    }

    /// Makes a ref, or moves it.
    pub fn set_ref(&mut self, name: &str, sha: &str) {
        self.refs.insert(name.to_owned(), sha.to_owned());
    }

    /// An annotated tag for a commit, with its ref. Returns the id of the tag object.
    pub fn tag(&mut self, name: &str, message: &str, commit: &str) -> String {
        let tagger = Person {
            name: "Test Author".to_owned(),
            email: "test-author@example.invalid".to_owned(),
            date: self.tick(),
        };
        let sha = self.add_tag(name, message, commit, "commit", tagger);
        self.set_ref(&format!("refs/tags/{name}"), &sha);
        sha
    }

    pub(super) fn add_tag(&mut self, name: &str, message: &str, object: &str, kind: &str, tagger: Person) -> String {
        let sha = object_id(&["tag", name, message, object, &tagger.date]);
        let (name, message) = (name.to_owned(), message.to_owned());
        let tag = Tag { sha: sha.clone(), name, message, tagger, object: object.to_owned(), kind: kind.to_owned() };
        self.tags.insert(sha.clone(), tag);
        sha
    }
}

/// An id for a file's content.
pub(super) fn blob_id(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))[..40].to_owned()
}
