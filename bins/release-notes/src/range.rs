//! Which commits the notes are about.

use cli_kit::{Exit, Failure, env};
use notes_gen::Lines;
use notes_sources::{Discover, Ends, FirstCommit, ListOptions, Names, Wanted, discover, ends};

use crate::{failure, repo::Repository};

/// Which commits
#[derive(Debug, Clone, clap::Args)]
pub struct RangeArgs {
    /// The commits, as git writes it: `v1.29.0..v1.30.0`; without an end, up to the head of the branch
    #[arg(value_name = "START..END", help_heading = "Range", conflicts_with_all = ["start_rev", "start_sha", "end_rev", "end_sha", "discover"])]
    range: Option<String>,
    /// Start at this tag, branch or revision, which is not part of the range itself; else START_REV
    #[arg(long, value_name = "REV", help_heading = "Range")]
    start_rev: Option<String>,
    /// Start at this commit; else START_SHA
    #[arg(long, value_name = "COMMIT", help_heading = "Range")]
    start_sha: Option<String>,
    /// End with this tag, branch or revision; else END_REV
    #[arg(long, value_name = "REV", help_heading = "Range")]
    end_rev: Option<String>,
    /// End with this commit; else END_SHA
    #[arg(long, value_name = "COMMIT", help_heading = "Range")]
    end_sha: Option<String>,
    /// Start with the first commit of all, for a project's first release
    #[arg(long, help_heading = "Range", conflicts_with_all = ["range", "start_rev", "start_sha", "discover"])]
    from_beginning: bool,
    /// Find the range: mergebase-to-latest, patch-to-patch, patch-to-latest, minor-to-minor; else DISCOVER
    #[arg(long, value_name = "MODE", value_parser = mode, help_heading = "Range")]
    discover: Option<Mode>,
    /// The branch whose patch releases discovery looks at, and the end of a range without one; else BRANCH, else the default branch
    #[arg(long, value_name = "NAME", help_heading = "Range")]
    branch: Option<String>,
    /// What tags begin with before `vX.Y.Z`, for a repository of several projects
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, help_heading = "Range")]
    tag_prefix: String,
    /// Leave out the first commit after the start
    #[arg(long, short = 's', help_heading = "Range")]
    skip_first_commit: bool,
    /// Walk along first parents alone: what a merge without a number brought in, as when a branch is brought up to date, is left out
    #[arg(long, help_heading = "Range")]
    first_parent: bool,
    /// Only commits that change something in this folder or file; may be repeated
    #[arg(long = "path", value_name = "PATH", help_heading = "Range")]
    paths: Vec<String>,
}

/// A discovery mode, or `none` as the original calls its absence.
type Mode = Option<Discover>;

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "none" => Ok(None),
        name => name.parse().map(Some).map_err(|error: notes_sources::UnknownMode| error.to_string()),
    }
}

impl RangeArgs {
    /// The ends of the range in a repository.
    ///
    /// # Errors
    /// When they are not given, unknown, swapped or unrelated.
    pub fn ends(&self, repository: &Repository) -> Result<Ends, Failure> {
        self.with_environment(&|name| env::process(name))?.find(repository)
    }

    /// What is not typed comes from the environment, under the names of the original. Who types a range means that one.
    fn with_environment(&self, look: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let mut range = self.clone();
        range.branch = range.branch.or_else(|| look("BRANCH"));
        if self.range.is_some() || self.discover.is_some() {
            return Ok(range);
        }
        let ends = [&self.start_rev, &self.start_sha, &self.end_rev, &self.end_sha];
        let typed = self.from_beginning || ends.into_iter().any(Option::is_some);
        if let (false, Some(name)) = (typed, look("DISCOVER")) {
            let wrong = |error| Failure::new(Exit::Usage, format!("`DISCOVER` in the environment: {error}"));
            range.discover = Some(mode(&name).map_err(wrong)?);
        }
        if range.start_rev.is_none() && range.start_sha.is_none() && !self.from_beginning {
            (range.start_rev, range.start_sha) = (look("START_REV"), look("START_SHA"));
        }
        if range.end_rev.is_none() && range.end_sha.is_none() {
            (range.end_rev, range.end_sha) = (look("END_REV"), look("END_SHA"));
        }
        Ok(range)
    }

    fn find(&self, repository: &Repository) -> Result<Ends, Failure> {
        let branch = || match &self.branch {
            Some(branch) => Ok(branch.clone()),
            None => repository.default_branch(),
        };
        if let Some(Some(mode)) = self.discover {
            let mut names = Names::new(repository.default_branch()?);
            names.tag_prefix.clone_from(&self.tag_prefix);
            return discover(&repository.git, mode, &branch()?, &names).map_err(failure::sources);
        }
        let (start, mut end) = match &self.range {
            Some(range) => split(range)?,
            None => (
                Wanted { revision: self.start_rev.clone(), commit: self.start_sha.clone() },
                Wanted { revision: self.end_rev.clone(), commit: self.end_sha.clone() },
            ),
        };
        if start.is_empty() && !self.from_beginning {
            return Err(Failure::new(Exit::Usage, "the range has no start")
                .hint("write it as git does: `v1.29.0..v1.30.0`")
                .hint("or let it be found: `--discover minor-to-minor`")
                .hint("for a first release: `--from-beginning`"));
        }
        if end.is_empty() {
            end = Wanted::revision(branch()?);
        }
        ends(&repository.git, &start, &end).map_err(failure::sources)
    }

    /// What is listed of the range.
    pub fn options(&self) -> ListOptions {
        let mut options = ListOptions::default();
        let skipped = self.skip_first_commit || env::process("SKIP_FIRST_COMMIT").is_some();
        options.first_commit = if skipped { FirstCommit::Skipped } else { FirstCommit::Kept };
        options.lines = if self.first_parent { Lines::FirstParent } else { Lines::Followed };
        options.paths.clone_from(&self.paths);
        options
    }

    /// What tags begin with.
    pub fn tag_prefix(&self) -> &str {
        &self.tag_prefix
    }
}

fn split(range: &str) -> Result<(Wanted, Wanted), Failure> {
    let wrong =
        || Failure::new(Exit::Usage, format!("`{range}` is no range")).hint("write it as git does: `v1.29.0..v1.30.0`");
    let (start, end) = range.split_once("..").ok_or_else(wrong)?;
    if start.is_empty() || end.starts_with('.') || end.contains("..") {
        return Err(wrong());
    }
    let wanted = |text: &str| if text.is_empty() { Wanted::default() } else { Wanted::revision(text) };
    Ok((wanted(start), wanted(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is typed, what is set, the five parts that come of it, and whether a range is discovered.
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], [Option<&'a str>; 5], bool);

    #[derive(clap::Parser)]
    struct Typed {
        #[command(flatten)]
        range: RangeArgs,
    }

    #[test]
    fn what_is_typed_comes_before_the_environment() {
        let set = [("START_REV", "v1"), ("END_SHA", "abc"), ("BRANCH", "b")];
        let discover = [("START_REV", "v1"), ("DISCOVER", "patch-to-patch")];
        let nothing: [(&str, &str); 0] = [];
        #[rustfmt::skip]
        let cases: [Case<'_>; 8] = [
            (&[], &nothing, [None, None, None, None, None], false),
            (&[], &set, [Some("v1"), None, None, Some("abc"), Some("b")], false),
            (&["--start-sha", "123", "--branch", "c"], &set, [None, Some("123"), None, Some("abc"), Some("c")], false),
            (&["x..y"], &set, [None, None, None, None, Some("b")], false),
            (&[], &discover, [Some("v1"), None, None, None, None], true),
            (&["--start-rev", "v2"], &discover, [Some("v2"), None, None, None, None], false),
            (&["--from-beginning"], &discover, [None, None, None, None, None], false),
            (&["--from-beginning"], &set, [None, None, None, Some("abc"), Some("b")], false),
        ];
        for (typed, environment, expected, discovers) in cases {
            let args = <Typed as clap::Parser>::parse_from(std::iter::once(&"x").chain(typed)).range;
            let look =
                |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            let found = args.with_environment(&look).unwrap();
            let parts = [&found.start_rev, &found.start_sha, &found.end_rev, &found.end_sha, &found.branch];
            assert_eq!(parts.map(Option::as_deref), expected, "{typed:?} {environment:?}");
            assert_eq!(matches!(found.discover, Some(Some(_))), discovers, "{typed:?} {environment:?}");
        }
    }

    #[test]
    fn ranges_as_git_writes_them() {
        for (text, expected) in [
            ("a..b", Some((Some("a"), Some("b")))),
            ("a..", Some((Some("a"), None))),
            ("..b", None),
            ("a...b", None),
            ("a", None),
            ("a..b..c", None),
        ] {
            let found = split(text).ok();
            let found = found.as_ref().map(|(start, end)| (start.revision.as_deref(), end.revision.as_deref()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
