//! Atomic pushes with expected old values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::program::{Git, remote_failure};
use crate::{Error, Expected, GitRemote, GitRepo, ObjectId, PushError, RefName};

/// A ref to be changed at a remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefUpdate {
    /// The ref.
    pub name: RefName,
    /// Its value before.
    pub expected: Expected,
    /// Its value after; `None` removes it. The object must be in the pushing repository.
    pub new: Option<ObjectId>,
}

/// How to push.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushOptions {
    /// Whether refs are moved.
    pub mode: PushMode,
}

/// Whether a push moves refs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PushMode {
    /// All refs are moved, or none.
    #[default]
    Apply,
    /// All is checked that can be without sending anything: access, expected values, ancestry. Hooks of the remote do not run.
    DryRun,
}

impl PushOptions {
    /// Options for this mode.
    pub fn new(mode: PushMode) -> Self {
        Self { mode }
    }
}

/// What a push did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushReport {
    /// Refs that were moved, or would be in a dry run; by name.
    pub moved: Vec<RefName>,
    /// Refs that had their new value before; by name.
    pub already_there: Vec<RefName>,
}

impl PushReport {
    /// Whether the remote had all new values before, so that nothing was pushed.
    pub fn was_already_there(&self) -> bool {
        self.moved.is_empty()
    }
}

impl GitRepo {
    /// Changes refs of a remote: all of them or none, and only if each has its expected value.
    ///
    /// Refs that have their new value already count as done, so a push may be repeated after a failure of any kind. A branch
    /// is never moved to a commit that does not contain its old value. Local pre-push hooks do not run.
    ///
    /// # Errors
    /// [`PushError`]; nothing was changed then, except that after [`PushError::Unavailable`] it is not known.
    pub async fn push(
        &self,
        remote: &GitRemote,
        updates: &[RefUpdate],
        options: PushOptions,
    ) -> Result<PushReport, PushError> {
        let theirs = remote.ls_remote().await?;
        let (done, mut open): (Vec<&RefUpdate>, Vec<&RefUpdate>) =
            updates.iter().partition(|update| theirs.get(&update.name).copied() == update.new);
        check_expected(&open, &theirs)?;
        for update in &open {
            self.check_ancestry(update)?;
        }
        open.sort_by(|a, b| a.name.cmp(&b.name));
        let names = |updates: &[&RefUpdate]| {
            let mut names: Vec<RefName> = updates.iter().map(|update| update.name.clone()).collect();
            names.sort();
            names
        };
        let report = PushReport { moved: names(&open), already_there: names(&done) };
        if open.is_empty() {
            return Ok(report);
        }

        let finished = self.push_command(remote, &open, options.mode).run().await.map_err(Error::from);
        let finished = match finished {
            Ok(finished) if finished.status.success() => return Ok(report),
            Ok(finished) => Some(finished),
            Err(Error::Program(error @ crate::ProgramError::Start { .. })) => return Err(Error::from(error).into()),
            Err(_timed_out) => None,
        };
        // The answer may have been lost after the refs were moved, or somebody was faster: look again before judging.
        let after = remote.ls_remote().await?;
        if open.iter().all(|update| after.get(&update.name).copied() == update.new) {
            return Ok(report);
        }
        check_expected(&open, &after)?;
        let Some(finished) = finished else {
            let detail = format!("the push took longer than {} seconds", remote.time_limit().as_secs());
            return Err(PushError::Unavailable { remote: remote.to_string(), detail });
        };
        match rejection(&String::from_utf8_lossy(&finished.stdout), &finished.stderr) {
            Some((name, reason)) => Err(PushError::Rejected { name, reason }),
            None => Err(remote_failure(remote, finished.failure()).into()),
        }
    }

    fn push_command(&self, remote: &GitRemote, updates: &[&RefUpdate], mode: PushMode) -> Git {
        let mut git = Git::in_repo(self).reaching(remote).args([
            "push",
            "--porcelain",
            "--atomic",
            "--no-verify",
            "--no-follow-tags",
            "--recurse-submodules=no",
        ]);
        if mode == PushMode::DryRun {
            git = git.arg("--dry-run");
        }
        for RefUpdate { name, expected, .. } in updates {
            let old = expected.object().map(|old| old.to_string()).unwrap_or_default();
            git = git.arg(format!("--force-with-lease={name}:{old}"));
        }
        git = git.arg("--").arg(remote.argument());
        for RefUpdate { name, new, .. } in updates {
            let new = new.map(|new| new.to_string()).unwrap_or_default();
            git = git.arg(format!("{new}:{name}"));
        }
        git
    }

    /// A lease lets a branch jump anywhere, so what the jump may lose is looked for here.
    fn check_ancestry(&self, update: &RefUpdate) -> Result<(), PushError> {
        let (Expected::Is(old), Some(new)) = (update.expected, update.new) else { return Ok(()) };
        if !update.name.is_branch() {
            return Ok(());
        }
        let contained = match (self.resolve(&old.to_string()), self.resolve(&new.to_string())?) {
            (Ok(old), new) => self.is_ancestor(old, new)?,
            // A commit that is not here cannot be an ancestor of one whose history is.
            (Err(Error::UnknownRevision { .. }), _) => false,
            (Err(error), _) => return Err(error.into()),
        };
        if contained { Ok(()) } else { Err(PushError::NotFastForward { name: update.name.clone(), old, new }) }
    }
}

fn check_expected(updates: &[&RefUpdate], theirs: &BTreeMap<RefName, ObjectId>) -> Result<(), PushError> {
    for update in updates {
        let found = theirs.get(&update.name).copied();
        if found != update.expected.object() && found != update.new {
            return Err(PushError::Moved { name: update.name.clone(), expected: update.expected, found });
        }
    }
    Ok(())
}

/// The ref that spoiled the push, and why, from the lines `!<tab>from:to<tab>[remote rejected] (reason)`.
fn rejection(porcelain: &str, stderr: &str) -> Option<(RefName, String)> {
    let refused: Vec<(RefName, &str)> = porcelain
        .lines()
        .filter_map(|line| line.strip_prefix("!\t"))
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(refs, summary)| Some((refs.split_once(':')?.1.parse().ok()?, summary)))
        .collect();
    // Refs that only fell with another one are told apart by this word.
    let (name, summary) = refused.iter().find(|(_, summary)| !summary.contains("atomic")).or(refused.first())?;
    let said: Vec<&str> = stderr
        .lines()
        .filter_map(|line| line.trim().strip_prefix("remote:"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(10)
        .collect();
    let reason = if said.is_empty() { (*summary).to_owned() } else { format!("{summary}: {}", said.join("; ")) };
    Some((name.clone(), reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ref_that_spoiled_an_atomic_push_is_named() {
        let cases = [
            (
                "hook",
                "To /r\n!\tabc:refs/heads/a\t[remote rejected] (atomic transaction failed)\n!\tdef:refs/tags/v1\t[remote rejected] (hook declined)\nDone\n",
                "remote: GH006: Protected branch update failed        \nremote:         \nerror: failed to push",
                Some(("refs/tags/v1", "[remote rejected] (hook declined): GH006: Protected branch update failed")),
            ),
            ("no line", "To /r\nDone\n", "fatal: the remote end hung up unexpectedly", None),
            ("odd name", "!\tx:not-a-ref\t[rejected]\n", "", None),
        ];
        for (name, porcelain, stderr, expected) in cases {
            let found = rejection(porcelain, stderr);
            let found = found.as_ref().map(|(name, reason)| (name.as_str(), reason.as_str()));
            assert_eq!(found, expected, "{name}");
        }
    }
}
