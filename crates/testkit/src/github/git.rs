//! Repositories that are bound to bare git repositories: read and written by the git program.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use super::world::{Commit, Person, Repository, Tag, World};
use crate::git_command;

/// Runs git; `None` when it fails.
fn run(dir: &Path, args: &[&str], input: &[u8], index: Option<&Path>) -> Option<Vec<u8>> {
    let mut command = git_command(dir);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "GitHub").env(format!("GIT_{role}_EMAIL"), "noreply@example.invalid");
    }
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index);
    }
    let mut child = command.spawn().expect("the git program can be started");
    // A git that does not read its input has closed it, which is no mistake.
    drop(child.stdin.take().expect("it is piped").write_all(input));
    let output = child.wait_with_output().expect("git ends");
    output.status.success().then_some(output.stdout)
}

fn text(dir: &Path, args: &[&str], input: &str) -> Option<String> {
    let output = run(dir, args, input.as_bytes(), None)?;
    Some(String::from_utf8_lossy(&output).trim_end_matches('\n').to_owned())
}

/// Reads all bound repositories anew that have changed.
pub(super) fn refresh(world: &mut World) {
    for repository in world.repositories.values_mut() {
        repository.read_git();
    }
    world.follow_heads();
}

/// The content of a file of a commit, with its id.
pub(super) fn file(git: &Path, sha: &str, path: &str) -> Option<(String, Vec<u8>)> {
    let id = text(git, &["rev-parse", "--verify", "--quiet", &format!("{sha}:{path}")], "")?;
    // A folder is no blob, and git says so.
    let bytes = run(git, &["cat-file", "blob", &id], b"", None)?;
    Some((id, bytes))
}

/// The paths of all files of a commit.
pub(super) fn files(git: &Path, sha: &str) -> Vec<String> {
    let listing = run(git, &["ls-tree", "-r", "-z", "--name-only", sha], b"", None).unwrap_or_default();
    let paths = listing.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect()
}

impl Repository {
    /// Binds this repository to a bare one: its refs, tags and commits are those of git from now on.
    ///
    /// # Panics
    /// When it is no git repository.
    pub fn bind(&mut self, git: &Path) -> &mut Self {
        self.git = Some(git.to_owned());
        let head = text(git, &["symbolic-ref", "--short", "HEAD"], "").expect("this is a git repository");
        self.default_branch = head;
        self.read_git();
        self
    }

    /// Makes a merged pull request of every commit that says it merged one, by merge or by squash.
    pub fn learn_merges(&mut self) -> &mut Self {
        let told: Vec<(u64, String, String, String)> = (self.commits.values())
            .filter_map(|commit| {
                let (head, rest) = commit.message.split_once('\n').unwrap_or((&commit.message, ""));
                let (number, title) = match head.strip_prefix("Merge pull request #") {
                    Some(after) => {
                        let number = after.split(' ').next()?;
                        (number, rest.trim_start().lines().next().unwrap_or(head))
                    }
                    None => {
                        let (title, number) = head.rsplit_once(" (#")?;
                        (number.strip_suffix(')')?, title)
                    }
                };
                Some((number.parse().ok()?, title.to_owned(), commit.sha.clone(), commit.committer.date.clone()))
            })
            .collect();
        for (number, title, sha, date) in told {
            // The first merge is the one: later commits may speak of it again.
            let earlier = self.issues.get(&number).is_some_and(|known| known.updated_at <= date);
            if number > 0 && !earlier {
                self.pull(number).title(&title).updated_at(&date).merged(&sha);
            }
        }
        self
    }

    fn read_git(&mut self) {
        let Some(git) = self.git.clone() else { return };
        let listing = text(&git, &["for-each-ref", "--format=%(refname) %(objectname) %(objecttype)"], "")
            .expect("a bound repository can be read");
        if self.git_refs.as_ref() == Some(&listing) {
            return;
        }
        self.refs.clear();
        for line in listing.lines() {
            let mut words = line.split(' ');
            let (Some(name), Some(sha), Some(kind)) = (words.next(), words.next(), words.next()) else { continue };
            self.refs.insert(name.to_owned(), sha.to_owned());
            if kind == "tag"
                && !self.tags.contains_key(sha)
                && let Some(tag) = text(&git, &["cat-file", "tag", sha], "").and_then(|object| parse_tag(sha, &object))
            {
                self.tags.insert(sha.to_owned(), tag);
            }
        }
        self.read_commits(&git);
        self.git_refs = Some(listing);
    }

    fn read_commits(&mut self, git: &Path) {
        let format = "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B%x1e";
        let listing = text(git, &["log", "--all", "--reverse", format], "").unwrap_or_default();
        for record in listing.split('\u{1e}') {
            let fields: Vec<&str> = record.trim_start_matches('\n').split('\u{1f}').collect();
            let [sha, tree, parents, author, email, date, committer, his_email, his_date, message] = fields[..] else {
                continue;
            };
            if self.commits.contains_key(sha) {
                continue;
            }
            self.insert_commit(Commit {
                sha: sha.to_owned(),
                tree: tree.to_owned(),
                message: message.trim_end_matches('\n').to_owned(),
                author: person(author, email, date),
                committer: person(committer, his_email, his_date),
                author_login: None,
                committer_login: None,
                parents: parents.split(' ').filter(|sha| !sha.is_empty()).map(str::to_owned).collect(),
                files: Arc::new(BTreeMap::new()),
                pulls: Vec::new(),
                order: 0,
            });
        }
    }

    /// Makes, moves or removes a ref, in git too. `false` when git refuses.
    pub(super) fn write_ref(&mut self, name: &str, sha: Option<&str>) -> Result<(), ()> {
        if let Some(git) = &self.git {
            let written = match sha {
                Some(sha) => text(git, &["update-ref", name, sha], ""),
                None => text(git, &["update-ref", "-d", name], ""),
            };
            written.ok_or(())?;
        }
        match sha {
            Some(sha) => self.set_ref(name, sha),
            None => drop(self.refs.remove(name)),
        }
        Ok(())
    }

    /// Makes a tag object, in git too, and returns its id.
    pub(super) fn write_tag(
        &mut self,
        name: &str,
        message: &str,
        object: &str,
        kind: &str,
        tagger: Person,
    ) -> Result<String, ()> {
        let Some(git) = self.git.clone() else {
            return Ok(self.add_tag(name, message, object, kind, tagger));
        };
        let seconds = tagger.date.parse::<jiff::Timestamp>().map_err(drop)?.as_second();
        let Person { name: who, email, .. } = &tagger;
        let head = format!("object {object}\ntype {kind}\ntag {name}\ntagger {who} <{email}> {seconds} +0000");
        let sha = text(&git, &["mktag"], &format!("{head}\n\n{message}\n")).ok_or(())?;
        let (name, message) = (name.to_owned(), message.to_owned());
        let tag = Tag { sha: sha.clone(), name, message, tagger, object: object.to_owned(), kind: kind.to_owned() };
        self.tags.insert(sha.clone(), tag);
        Ok(sha)
    }

    /// Changes one file on a branch with a commit of its own; `None` removes it. Returns the commit's id.
    pub(super) fn write_file(
        &mut self,
        branch: &str,
        message: &str,
        path: &str,
        content: Option<&[u8]>,
    ) -> Result<String, ()> {
        let Some(git) = self.git.clone() else {
            return Ok(self.commit_files(branch, message, vec![(path.to_owned(), content.map(<[u8]>::to_vec))]));
        };
        let reference = format!("refs/heads/{branch}");
        let parent = self.refs.get(&reference).cloned();
        let scratch = tempfile::TempDir::new().expect("a temporary folder can be made");
        let index = scratch.path().join("index");
        let with_index = |args: &[&str], input: &[u8]| run(&git, args, input, Some(&index)).ok_or(());
        if let Some(parent) = &parent {
            with_index(&["read-tree", parent], b"")?;
        }
        let id = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
        // Mode zero takes a path away.
        let (mode, blob) = match content {
            Some(content) => ("100644", id(with_index(&["hash-object", "-w", "--stdin"], content)?)),
            None => ("0", "0".repeat(40)),
        };
        with_index(&["update-index", "--add", "--index-info"], format!("{mode} {blob}\t{path}\n").as_bytes())?;
        let tree = id(with_index(&["write-tree"], b"")?);
        let mut args = vec!["commit-tree", &tree];
        if let Some(parent) = &parent {
            args.extend(["-p", parent]);
        }
        let commit = id(with_index(&args, message.as_bytes())?);
        self.write_ref(&reference, Some(&commit))?;
        self.read_git();
        Ok(commit)
    }
}

fn person(name: &str, email: &str, date: &str) -> Person {
    let date = date.parse::<jiff::Timestamp>().map_or_else(|_| date.to_owned(), |date| date.to_string());
    Person { name: name.to_owned(), email: email.to_owned(), date }
}

/// Reads a tag object.
fn parse_tag(sha: &str, object: &str) -> Option<Tag> {
    let (head, message) = object.split_once("\n\n").unwrap_or((object, ""));
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let (who, seconds) = field("tagger")?.rsplit_once(' ')?.0.rsplit_once(' ')?;
    let (name, email) = who.split_once(" <")?;
    let date = jiff::Timestamp::from_second(seconds.parse().ok()?).ok()?.to_string();
    Some(Tag {
        sha: sha.to_owned(),
        name: field("tag")?.to_owned(),
        message: message.trim_end_matches('\n').to_owned(),
        tagger: Person { name: name.to_owned(), email: email.trim_end_matches('>').to_owned(), date },
        object: field("object")?.to_owned(),
        kind: field("type")?.to_owned(),
    })
}
