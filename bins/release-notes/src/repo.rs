//! The repository that notes are about.

use std::path::{Path, PathBuf};

use cli_kit::{Exit, Failure, OrExit, Shell, env};
use git_repo::{GitRemote, GitRepo, RefName};
use github_client::RepoId;
use url::Url;

use crate::failure;
use crate::github::Account;

/// Which repository
#[derive(Debug, Clone, clap::Args)]
pub struct RepoArgs {
    /// The repository: a path, or a URL of which a mirror without files is kept in the cache; else REPO_PATH, else the one around
    /// the current folder
    #[arg(long, value_name = "PATH|URL", help_heading = "Repository")]
    repo: Option<String>,
    /// As scripts of the original have it: there, `--repo` is a name on GitHub
    #[arg(long, value_name = "PATH", hide = true)]
    repo_path: Option<String>,
    /// As scripts of the original have it
    #[arg(long, value_name = "OWNER", hide = true, conflicts_with = "github")]
    org: Option<String>,
    /// The repository on GitHub; by default what the remote `origin`, or the URL, says
    #[arg(long, value_name = "OWNER/NAME", help_heading = "Repository")]
    github: Option<RepoId>,
    /// Use the mirror of a URL as it is, without looking for what is new
    #[arg(long, help_heading = "Repository")]
    no_fetch: bool,
}

/// An opened repository.
#[derive(Debug)]
pub struct Repository {
    /// The local objects.
    pub git: GitRepo,
    /// Where single files come from, if the local objects are a mirror without them.
    pub files: Option<GitRemote>,
    /// The repository on GitHub, if it is known.
    pub github: Option<RepoId>,
    /// The host it lives on: `github.com`.
    pub host: String,
    /// Whether somebody named the repository on GitHub; else its remote tells.
    pub(crate) is_named: bool,
}

impl RepoArgs {
    /// The repository on GitHub as it was named.
    ///
    /// # Errors
    /// When the original's `--org` and `--repo` make no name.
    pub fn named(&self) -> Result<Option<RepoId>, Failure> {
        Ok(self.resolved()?.1)
    }

    /// The remote repository, if it was named by a URL: a mirror of it is read then.
    ///
    /// # Errors
    /// When the URL is refused, or the original's `--org` and `--repo` make no name.
    pub fn remote(&self) -> Result<Option<GitRemote>, Failure> {
        let url = self.resolved()?.0.filter(|place| is_url(place));
        url.map(|url| GitRemote::parse(&url).map_err(failure::git)).transpose()
    }

    /// Where the repository is, if that was said, and which one on GitHub. The original has `--org`, `--repo` for the name on
    /// GitHub, and `--repo-path`; `--org`, or its `ORG`, tells that it is meant.
    fn resolved(&self) -> Result<(Option<String>, Option<RepoId>), Failure> {
        let set = env::process;
        if let Some(github) = &self.github {
            return Ok((
                self.repo.clone().or_else(|| self.repo_path.clone()).or_else(|| set("REPO_PATH")),
                Some(github.clone()),
            ));
        }
        // A path or URL is none of the original's names.
        let name_only = |name: &String| !name.contains(['/', '.', ':']);
        let org = self.org.clone().or_else(|| set("ORG").filter(|_| self.repo.as_ref().is_none_or(name_only)));
        let Some(org) = org else {
            return Ok((self.repo.clone().or_else(|| self.repo_path.clone()).or_else(|| set("REPO_PATH")), None));
        };
        let name = self.repo.clone().or_else(|| set("REPO")).unwrap_or_else(|| "kubernetes".to_owned());
        let github = RepoId::new(&org, &name).or_exit(Exit::Usage)?;
        let place = self.repo_path.clone().or_else(|| set("REPO_PATH"));
        Ok((Some(place.unwrap_or_else(|| format!("https://github.com/{github}"))), Some(github)))
    }

    /// Opens the repository; a URL is mirrored into the cache first.
    ///
    /// # Errors
    /// When there is no repository, or it cannot be reached.
    pub async fn open(&self, shell: &Shell, account: Option<&Account>) -> Result<Repository, Failure> {
        let (place, named) = self.resolved()?;
        let place = place.unwrap_or_else(around);
        let (git, files, address) = if is_url(&place) {
            let remote = GitRemote::parse(&place).map_err(failure::git)?;
            let remote = match account {
                Some(account) => account.on(remote, &place),
                None => remote,
            };
            let mirror = mirror_folder(&place)?;
            let git = if self.no_fetch {
                if !mirror.join("HEAD").is_file() {
                    return Err(Failure::new(Exit::Usage, format!("there is no mirror of `{remote}` yet"))
                        .hint("leave `--no-fetch` out this once"));
                }
                GitRepo::open(&mirror).map_err(failure::git)?
            } else {
                shell.note(format!("bringing the mirror of {remote} up to date"));
                GitRepo::mirror(&remote, &mirror).await.map_err(failure::git)?
            };
            (git, Some(remote), Some(place.clone()))
        } else {
            let git = GitRepo::open(Path::new(&place))
                .map_err(|error| failure::git(error).hint("name the repository with `--repo PATH` or `--repo URL`"))?;
            let origin = git.remote_url("origin");
            (git, None, origin)
        };
        let found = address.as_deref().and_then(forge_of);
        let host = found.as_ref().map_or_else(|| "github.com".to_owned(), |(host, _)| host.clone());
        let is_named = named.is_some();
        Ok(Repository { git, files, github: named.or(found.map(|(_, repo)| repo)), host, is_named })
    }
}

impl Repository {
    /// The repository on GitHub.
    ///
    /// # Errors
    /// When neither an argument nor the remote names one.
    pub fn require_github(&self) -> Result<&RepoId, Failure> {
        self.github.as_ref().ok_or_else(|| {
            Failure::new(Exit::Usage, "it is not known which repository on GitHub this is")
                .hint("name it with `--github OWNER/NAME`")
        })
    }

    /// The repository's page, if it is known.
    pub fn page(&self) -> Option<Url> {
        let repo = self.github.as_ref()?;
        Url::parse(&format!("https://{}/{repo}", self.host)).ok()
    }

    /// Whether there is a branch of this name, here or at the remote.
    ///
    /// # Errors
    /// When the refs cannot be read.
    pub fn has_branch(&self, branch: &str) -> Result<bool, Failure> {
        for place in ["refs/remotes/origin", "refs/heads"] {
            let Ok(name) = format!("{place}/{branch}").parse::<RefName>() else { return Ok(false) };
            if self.git.object_of(&name).map_err(failure::git)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The default branch: what the remote or the clone calls `HEAD`.
    ///
    /// # Errors
    /// When there is none.
    pub fn default_branch(&self) -> Result<String, Failure> {
        let origin: RefName = "refs/remotes/origin/HEAD".parse().or_exit(Exit::Unexpected)?;
        if let Some(target) = self.git.symbolic_target(&origin).map_err(failure::git)?
            && let Some(name) = target.as_str().strip_prefix("refs/remotes/origin/")
        {
            return Ok(name.to_owned());
        }
        // A bare repository's own `HEAD` is its default branch; in a clone with files it is what somebody works at.
        if self.git.work_dir().is_none()
            && let Some(name) = self.git.head_branch().map_err(failure::git)?
            && self.has_branch(name.short())?
        {
            return Ok(name.short().to_owned());
        }
        for name in ["main", "master"] {
            if self.has_branch(name)? {
                return Ok(name.to_owned());
            }
        }
        let head = self.git.head_branch().map_err(failure::git)?;
        head.map(|name| name.short().to_owned()).ok_or_else(|| {
            Failure::new(Exit::Usage, "the repository has no default branch")
                .hint("name the branch with `--branch NAME`")
        })
    }
}

fn is_url(place: &str) -> bool {
    place.contains("://") || (place.contains('@') && place.contains(':'))
}

/// The folder of the repository that the current folder is in, as git finds it.
fn around() -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().find(|folder| folder.join(".git").exists());
    found.map_or_else(|| ".".to_owned(), |folder| folder.display().to_string())
}

/// Host and repository in the address of a remote: `https://host/owner/name.git`, `git@host:owner/name`.
fn forge_of(address: &str) -> Option<(String, RepoId)> {
    let (host, path) = match Url::parse(address) {
        Ok(url) => (url.host_str()?.to_owned(), url.path().to_owned()),
        Err(_) => {
            let (host, path) = address.split_once(':')?;
            (host.rsplit('@').next()?.to_owned(), path.to_owned())
        }
    };
    // Where GitHub takes ssh on the port of https.
    let host = if host.eq_ignore_ascii_case("ssh.github.com") { "github.com".to_owned() } else { host };
    let path = path.trim_matches('/');
    let repo = path.strip_suffix(".git").unwrap_or(path).parse().ok()?;
    Some((host, repo))
}

/// Where the mirror of a URL is: readable, and never outside the cache.
pub(crate) fn mirror_folder(address: &str) -> Result<PathBuf, Failure> {
    let cache = env::cache_folder().ok_or_else(|| {
        Failure::new(Exit::Usage, "there is no place for a mirror: neither `XDG_CACHE_HOME` nor `HOME` is set")
            .hint("clone the repository and name it with `--repo PATH`")
    })?;
    let safe = |part: &str| -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        part.chars().map(plain).collect::<String>().trim_start_matches('.').to_owned()
    };
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
    let parts: Vec<String> = bare.split(['/', ':', '@']).map(safe).filter(|part| !part.is_empty()).collect();
    let name = parts.join("/");
    let name = name.strip_suffix(".git").unwrap_or(&name);
    Ok(cache.join("mirrors").join(format!("{name}.git")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Typed {
        #[command(flatten)]
        repo: RepoArgs,
    }

    #[test]
    fn the_original_names_repositories_in_two_parts() {
        for (typed, place, github) in [
            (&[][..], None, None),
            (&["--repo", "../x"], Some("../x"), None),
            (&["--repo-path", "../x"], Some("../x"), None),
            (&["--repo", "../x", "--github", "a/b"], Some("../x"), Some("a/b")),
            (&["--org", "a", "--repo", "b", "--repo-path", "/x"], Some("/x"), Some("a/b")),
            (&["--org", "a", "--repo", "b"], Some("https://github.com/a/b"), Some("a/b")),
            (&["--org", "kubernetes"], Some("https://github.com/kubernetes/kubernetes"), Some("kubernetes/kubernetes")),
        ] {
            let args = <Typed as clap::Parser>::parse_from(std::iter::once(&"x").chain(typed)).repo;
            let (found_place, found) = args.resolved().unwrap();
            let found = found.map(|repo| repo.to_string());
            assert_eq!((found_place.as_deref(), found.as_deref()), (place, github), "{typed:?}");
        }
    }

    #[test]
    fn addresses_name_repositories() {
        for (address, expected) in [
            ("https://github.com/kubernetes/release", Some("github.com kubernetes/release")),
            ("https://github.com/kubernetes/release.git/", Some("github.com kubernetes/release")),
            ("git@github.com:cri-o/cri-o.git", Some("github.com cri-o/cri-o")),
            ("ssh://git@ghe.example.invalid/team/tool.git", Some("ghe.example.invalid team/tool")),
            ("ssh://git@ssh.github.com:443/cri-o/cri-o.git", Some("github.com cri-o/cri-o")),
            ("/srv/git/tool.git", None),
            ("file:///srv/git/tool.git", None),
            ("https://example.invalid/a/b/c", None),
        ] {
            let found = forge_of(address).map(|(host, repo)| format!("{host} {repo}"));
            assert_eq!(found.as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn mirrors_stay_in_the_cache() {
        for address in ["https://example.invalid/../../etc/x.git", "git@example.invalid:..//a", "file:///a/./b"] {
            let folder = mirror_folder(address).unwrap();
            let text = folder.display().to_string();
            assert!(!text.contains("..") && text.contains("/mirrors/"), "{text}");
        }
    }
}
