//! The repository that notes are about.

use std::path::{Path, PathBuf};

use cli_kit::{Exit, Failure, OrExit, Shell, env};
use git_repo::{GitRemote, GitRepo, RefName, Token};
use github_client::RepoId;
use secrecy::SecretString;
use url::Url;

use crate::failure;

/// Which repository
#[derive(Debug, Clone, clap::Args)]
pub struct RepoArgs {
    /// The repository: a path, or a URL of which a mirror without files is kept in the cache
    #[arg(
        long,
        value_name = "PATH|URL",
        default_value = ".",
        alias = "repo-path",
        env = "REPO_PATH",
        help_heading = "Repository"
    )]
    repo: String,
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
}

impl RepoArgs {
    /// The repository on GitHub as it was named.
    pub fn named(&self) -> Option<RepoId> {
        self.github.clone()
    }

    /// Opens the repository; a URL is mirrored into the cache first.
    ///
    /// # Errors
    /// When there is no repository, or it cannot be reached.
    pub async fn open(&self, shell: &Shell, token: Option<&SecretString>) -> Result<Repository, Failure> {
        let is_url = self.repo.contains("://") || (self.repo.contains('@') && self.repo.contains(':'));
        let (git, files, address) = if is_url {
            let remote = with_token(GitRemote::parse(&self.repo).map_err(failure::git)?, token);
            let place = mirror_folder(&self.repo)?;
            let git = if self.no_fetch && place.join("HEAD").is_file() {
                GitRepo::open(&place).map_err(failure::git)?
            } else {
                shell.note(format!("bringing the mirror of {} up to date", self.repo));
                GitRepo::mirror(&remote, &place).await.map_err(failure::git)?
            };
            (git, Some(remote), Some(self.repo.clone()))
        } else {
            let git = GitRepo::open(Path::new(&self.repo)).map_err(failure::git)?;
            let origin = git.remote_url("origin");
            (git, None, origin)
        };
        let found = address.as_deref().and_then(forge_of);
        let host = found.as_ref().map_or_else(|| "github.com".to_owned(), |(host, _)| host.clone());
        Ok(Repository { git, files, github: self.github.clone().or(found.map(|(_, repo)| repo)), host })
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

/// A token goes to https alone; other addresses are reached without.
fn with_token(remote: GitRemote, token: Option<&SecretString>) -> GitRemote {
    match token {
        Some(token) => remote.clone().with_token(Token::new(token.clone())).unwrap_or(remote),
        None => remote,
    }
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

    #[test]
    fn addresses_name_repositories() {
        for (address, expected) in [
            ("https://github.com/kubernetes/release", Some("github.com kubernetes/release")),
            ("https://github.com/kubernetes/release.git/", Some("github.com kubernetes/release")),
            ("git@github.com:cri-o/cri-o.git", Some("github.com cri-o/cri-o")),
            ("ssh://git@ghe.example.invalid/team/tool.git", Some("ghe.example.invalid team/tool")),
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
