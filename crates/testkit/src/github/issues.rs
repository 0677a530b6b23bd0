//! Issues, pull requests, labels and milestones of a world.

/// An issue; with a `pull`, a pull request.
#[derive(Debug, Clone)]
pub struct Issue {
    /// Its number in the repository.
    pub number: u64,
    /// Its number on this GitHub.
    pub id: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: Option<String>,
    /// Who opened it; `None` for an account that was deleted.
    pub author: Option<String>,
    /// Whether it is open.
    pub state: State,
    /// Names of labels.
    pub labels: Vec<String>,
    /// Who is assigned.
    pub assignees: Vec<String>,
    /// The number of a milestone.
    pub milestone: Option<u64>,
    /// When it was opened.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
    /// When it was closed.
    pub closed_at: Option<String>,
    /// What was said.
    pub comments: Vec<Comment>,
    /// What a pull request has besides.
    pub pull: Option<Pull>,
}

/// Whether something is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Open.
    Open,
    /// Closed, and for a pull request perhaps merged.
    Closed,
}

/// What a pull request has besides an issue.
#[derive(Debug, Clone)]
pub struct Pull {
    /// The branch that it goes into.
    pub base: String,
    /// The id of that branch when it was opened.
    pub base_sha: String,
    /// The full name of the repository that it comes from; `None` when that was deleted.
    pub head_repository: Option<String>,
    /// The branch that it comes from.
    pub head: String,
    /// The id of that branch.
    pub head_sha: String,
    /// Whether it is a draft.
    pub draft: Draft,
    /// Whether maintainers of the base may push to the head.
    pub maintainer_can_modify: MaintainerCanModify,
    /// When it was merged.
    pub merged_at: Option<String>,
    /// Who merged it.
    pub merged_by: Option<String>,
    /// The commit that it became.
    pub merge_commit: Option<String>,
    /// Ids of its commits, as they came into the base.
    pub commits: Vec<String>,
}

/// Whether a pull request is a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draft {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Whether maintainers of the base may push to the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaintainerCanModify {
    /// They may.
    Yes,
    /// They may not.
    No,
}

/// A comment on an issue.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Its number.
    pub id: u64,
    /// Who wrote it; `None` for an account that was deleted.
    pub author: Option<String>,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

/// A label of a repository.
#[derive(Debug, Clone)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: u64,
    /// Its colour, in six hexadecimal digits.
    pub color: String,
    /// What it means.
    pub description: Option<String>,
}

/// A milestone of a repository.
#[derive(Debug, Clone)]
pub struct Milestone {
    /// Its number in the repository.
    pub number: u64,
    /// Its number on this GitHub.
    pub id: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub description: Option<String>,
    /// Whether it is open.
    pub state: State,
    /// When it is due.
    pub due_on: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

impl Issue {
    pub(super) fn new(number: u64, id: u64, now: &str) -> Self {
        Self {
            number,
            id,
            title: format!("Issue {number}"),
            body: None,
            author: Some("someone".to_owned()),
            state: State::Open,
            labels: Vec::new(),
            assignees: Vec::new(),
            milestone: None,
            created_at: now.to_owned(),
            updated_at: now.to_owned(),
            closed_at: None,
            comments: Vec::new(),
            pull: None,
        }
    }

    /// Sets the title.
    pub fn title(&mut self, title: &str) -> &mut Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Sets the text.
    pub fn body(&mut self, body: &str) -> &mut Self {
        self.body = Some(body.to_owned());
        self
    }

    /// Sets the author.
    pub fn author(&mut self, login: &str) -> &mut Self {
        self.author = Some(login.to_owned());
        self
    }

    /// The author's account was deleted.
    pub fn author_deleted(&mut self) -> &mut Self {
        self.author = None;
        self
    }

    /// Sets the labels.
    pub fn labels(&mut self, names: &[&str]) -> &mut Self {
        self.labels = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Sets the milestone by its number.
    pub fn milestone(&mut self, number: u64) -> &mut Self {
        self.milestone = Some(number);
        self
    }

    /// Sets when it was changed last.
    pub fn updated_at(&mut self, date: &str) -> &mut Self {
        date.clone_into(&mut self.updated_at);
        self
    }

    /// Sets the branch that a pull request goes into.
    ///
    /// # Panics
    /// When this is no pull request.
    pub fn base(&mut self, branch: &str) -> &mut Self {
        branch.clone_into(&mut self.expect_pull().base);
        self
    }

    /// Sets where a pull request comes from.
    ///
    /// # Panics
    /// When this is no pull request.
    pub fn head(&mut self, repository: &str, branch: &str) -> &mut Self {
        let pull = self.expect_pull();
        pull.head_repository = Some(repository.to_owned());
        branch.clone_into(&mut pull.head);
        self
    }

    /// The pull request is merged as this commit, when it was changed last.
    ///
    /// # Panics
    /// When this is no pull request.
    pub fn merged(&mut self, commit: &str) -> &mut Self {
        let date = self.updated_at.clone();
        let pull = self.expect_pull();
        pull.merge_commit = Some(commit.to_owned());
        pull.merged_at = Some(date.clone());
        self.state = State::Closed;
        self.closed_at = Some(date);
        self
    }

    fn expect_pull(&mut self) -> &mut Pull {
        self.pull.as_mut().expect("this is a pull request")
    }
}

impl Pull {
    pub(super) fn new(base: &str, head_repository: Option<String>, head: &str, head_sha: &str) -> Self {
        Self {
            base: base.to_owned(),
            base_sha: "0".repeat(40),
            head_repository,
            head: head.to_owned(),
            head_sha: head_sha.to_owned(),
            draft: Draft::No,
            maintainer_can_modify: MaintainerCanModify::No,
            merged_at: None,
            merged_by: None,
            merge_commit: None,
            commits: Vec::new(),
        }
    }
}

impl Label {
    pub(super) fn new(name: &str, id: u64) -> Self {
        Self { name: name.to_owned(), id, color: "ededed".to_owned(), description: None }
    }
}

impl Milestone {
    pub(super) fn new(number: u64, id: u64, title: &str, now: &str) -> Self {
        Self {
            number,
            id,
            title: title.to_owned(),
            description: None,
            state: State::Open,
            due_on: None,
            created_at: now.to_owned(),
            updated_at: now.to_owned(),
        }
    }
}
