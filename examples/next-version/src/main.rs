#![doc = include_str!("../README.md")]

use std::io::{Write as _, stdout};

use anyhow::Context as _;
use git_repo::{CommitRange, GitRepo};
use release_version::{
    BranchNames, BuildVersion, Bump, NextRequest, Policy, ReleaseKind, ReleaseVersion, next_versions,
};

fn main() -> anyhow::Result<()> {
    let repo = GitRepo::open(".")?;
    let head = repo.resolve("HEAD")?;
    let policy = Policy::SemVer { path_prefix: Default::default(), first: ReleaseVersion::official(0, 1, 0) };

    // What git describes, counting version tags only, is the build version.
    let described = repo.describe(head, |tag| policy.versions([tag]).len() == 1)?;
    let build = match described {
        Some(described) => BuildVersion::from_describe(&described.to_string())?,
        None => BuildVersion::untagged(repo.count(&CommitRange::of(head))? as u64, head.short(14).parse()?),
    };

    let tags = repo.tags()?;
    let existing = policy.versions(tags.iter().map(|tag| tag.name.as_str()));
    let branch = repo.head_branch()?.context("no branch is checked out")?.to_string();
    let branch = BranchNames::new(branch.trim_start_matches("refs/heads/"), "release-")?.default_branch();
    let request = NextRequest::new(ReleaseKind::Official, &branch, &build);
    let next = next_versions(&policy, &request.with_bump(Bump::Minor).with_existing(&existing))?;
    writeln!(stdout(), "{build} -> {}", next.prime().version)?;
    Ok(())
}
