//! A world filled from a recording of real replies: `pulls.json`, `commits.json`, `pulls-of-commits.json`, `ends.json`.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::issues::{Draft, Issue, MaintainerCanModify, Milestone, Pull, State};
use super::world::{Commit, Person, Repository, UserKind, World};

impl World {
    /// Adds to a repository what a folder of the shared recordings holds. Refs are left as they are, but for the
    /// default branch, which is put at the newest of the commits.
    ///
    /// # Panics
    /// When a file cannot be read or is of another form.
    pub fn load_recording(&mut self, full_name: &str, folder: &Path) {
        let read = |name: &str| {
            let path = folder.join(name);
            let text = std::fs::read(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
            match serde_json::from_slice(&text) {
                Ok(Value::Array(items)) => items,
                other => panic!("{} is no list: {other:?}", path.display()),
            }
        };
        let (pulls, commits, of_commits, ends) =
            (read("pulls.json"), read("commits.json"), read("pulls-of-commits.json"), read("ends.json"));
        for user in [&pulls, &of_commits, &commits].into_iter().flatten().flat_map(users) {
            self.learn_user(user);
        }
        let repository = self.repository(full_name);
        // The newest comes first; the newest is added last, so that equal dates keep their order.
        for commit in ends.iter().chain(commits.iter().rev()) {
            repository.learn_commit(commit);
        }
        let newest = commits.first().or(ends.last()).and_then(|commit| commit["sha"].as_str());
        if let Some(sha) = newest {
            repository.set_ref(&format!("refs/heads/{}", repository.default_branch.clone()), sha);
        }
        // What was asked for by number says more than what came with a commit.
        for pull in of_commits.iter().chain(&pulls) {
            repository.learn_pull(pull);
        }
        self.settle();
    }

    fn learn_user(&mut self, recorded: &Value) {
        let Some(login) = recorded["login"].as_str() else { return };
        let user = self.user(login);
        user.id = recorded["id"].as_u64().unwrap_or(user.id);
        user.kind = match recorded["type"].as_str() {
            Some("Bot") => UserKind::Bot,
            Some("Organization") => UserKind::Organization,
            _ => UserKind::User,
        };
    }
}

/// The users that a recorded object names.
fn users(recorded: &Value) -> Vec<&Value> {
    let mut found = vec![&recorded["user"], &recorded["merged_by"], &recorded["author"], &recorded["committer"]];
    found.extend([&recorded["head"]["user"], &recorded["base"]["user"]]);
    found.extend(recorded["assignees"].as_array().into_iter().flatten());
    found
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

impl Repository {
    fn learn_commit(&mut self, recorded: &Value) {
        // The list of commits has git's part below `commit`; an end of the range is only that part.
        let git = if recorded["commit"].is_object() { &recorded["commit"] } else { recorded };
        let Some(sha) = text(&recorded["sha"]) else { return };
        let person = |role: &str| Person {
            name: text(&git[role]["name"]).unwrap_or_default(),
            email: text(&git[role]["email"]).unwrap_or_default(),
            date: text(&git[role]["date"]).unwrap_or_default(),
        };
        let parents = recorded["parents"].as_array().into_iter().flatten();
        self.insert_commit(Commit {
            tree: text(&git["tree"]["sha"]).unwrap_or_else(|| sha.clone()),
            message: text(&git["message"]).unwrap_or_default(),
            author: person("author"),
            committer: person("committer"),
            author_login: text(&recorded["author"]["login"]),
            committer_login: text(&recorded["committer"]["login"]),
            parents: parents.filter_map(|parent| text(&parent["sha"])).collect(),
            files: Arc::default(),
            pulls: Vec::new(),
            order: 0,
            sha,
        });
    }

    fn learn_pull(&mut self, recorded: &Value) {
        let Some(number) = recorded["number"].as_u64() else { return };
        for label in recorded["labels"].as_array().into_iter().flatten() {
            let Some(name) = label["name"].as_str() else { continue };
            let known = self.label(name);
            known.id = label["id"].as_u64().unwrap_or(known.id);
            known.color = text(&label["color"]).unwrap_or_default();
            known.description = text(&label["description"]);
        }
        let milestone = self.learn_milestone(&recorded["milestone"]);
        let date = |name: &str| text(&recorded[name]);
        let (created, updated) = (date("created_at").unwrap_or_default(), date("updated_at").unwrap_or_default());
        let names = |list: &str, field: &str| -> Vec<String> {
            recorded[list].as_array().into_iter().flatten().filter_map(|one| text(&one[field])).collect()
        };
        let issue = Issue {
            number,
            id: recorded["id"].as_u64().unwrap_or(number),
            title: text(&recorded["title"]).unwrap_or_default(),
            body: text(&recorded["body"]),
            author: text(&recorded["user"]["login"]),
            state: if recorded["state"] == "open" { State::Open } else { State::Closed },
            labels: names("labels", "name"),
            assignees: names("assignees", "login"),
            milestone,
            created_at: created,
            updated_at: updated,
            closed_at: date("closed_at"),
            comments: Vec::new(),
            pull: Some(Pull {
                base: text(&recorded["base"]["ref"]).unwrap_or_else(|| self.default_branch.clone()),
                base_sha: text(&recorded["base"]["sha"]).unwrap_or_else(|| "0".repeat(40)),
                head_repository: text(&recorded["head"]["repo"]["full_name"]),
                head: text(&recorded["head"]["ref"]).unwrap_or_default(),
                head_sha: text(&recorded["head"]["sha"]).unwrap_or_else(|| "0".repeat(40)),
                draft: if recorded["draft"] == true { Draft::Yes } else { Draft::No },
                maintainer_can_modify: MaintainerCanModify::No,
                merged_at: date("merged_at"),
                merged_by: text(&recorded["merged_by"]["login"]),
                merge_commit: text(&recorded["merge_commit_sha"]),
                commits: Vec::new(),
            }),
        };
        self.issues.insert(number, issue);
    }

    fn learn_milestone(&mut self, recorded: &Value) -> Option<u64> {
        let number = recorded["number"].as_u64()?;
        let milestone = Milestone {
            number,
            id: recorded["id"].as_u64().unwrap_or(number),
            title: text(&recorded["title"]).unwrap_or_default(),
            description: text(&recorded["description"]),
            state: if recorded["state"] == "closed" { State::Closed } else { State::Open },
            due_on: text(&recorded["due_on"]),
            created_at: text(&recorded["created_at"]).unwrap_or_default(),
            updated_at: text(&recorded["updated_at"]).unwrap_or_default(),
        };
        self.milestones.insert(number, milestone);
        Some(number)
    }
}
