//! How GitHub is reached, or what stands in for it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cli_kit::{Exit, Failure, OrExit, Shell, env};
use github_client::{Auth, Event, GithubClient, GithubClientBuilder, Mode, Recording, RepoId, token_from_gh};
use http_kit::token_from_file;
use secrecy::SecretString;
use url::Url;

use crate::failure;
use crate::repo::Repository;

/// Which GitHub, and by which account
#[derive(Debug, Clone, clap::Args)]
pub struct AccountArgs {
    /// A file with the token; by default GITHUB_TOKEN, GH_TOKEN, or what `gh auth token` says for the host
    #[arg(long, value_name = "FILE", help_heading = "GitHub")]
    token_file: Option<PathBuf>,
    /// Address of the API, for GitHub Enterprise: https://HOST/api/v3; else GITHUB_API_URL
    #[arg(long, value_name = "URL", alias = "github-base-url", help_heading = "GitHub")]
    github_api: Option<Url>,
}

/// How GitHub is reached
#[derive(Debug, Clone, clap::Args)]
pub struct GithubArgs {
    /// Which one, and by which account
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// Ask for everything, and write every answer into this folder; else RECORD
    #[arg(long, value_name = "DIR", help_heading = "GitHub", conflicts_with_all = ["replay", "offline", "cache"])]
    record: Option<PathBuf>,
    /// Take every answer from this folder and ask for nothing; recordings of the original tool are read too; else REPLAY
    #[arg(long, value_name = "DIR", help_heading = "GitHub", conflicts_with_all = ["offline", "cache"])]
    replay: Option<PathBuf>,
    /// Keep answers in this folder, and ask only for what changed; by default one in the user's cache
    #[arg(long, value_name = "DIR", help_heading = "GitHub")]
    cache: Option<PathBuf>,
    /// Take what the cache has, whatever its age, and ask for nothing
    #[arg(long, help_heading = "GitHub")]
    offline: bool,
    /// How many requests may be under way at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32), help_heading = "GitHub")]
    concurrency: u8,
}

/// A token, and the host that it is for.
#[derive(Debug, Clone)]
pub struct Account {
    token: SecretString,
    host: String,
}

impl Account {
    /// The remote with the token, if it is the token's host and reached by https: no other server is ever told.
    pub(crate) fn on(&self, remote: git_repo::GitRemote, address: &str) -> git_repo::GitRemote {
        if !self.is_for(address) {
            return remote;
        }
        remote.clone().with_token(git_repo::Token::new(self.token.clone())).unwrap_or(remote)
    }

    fn is_for(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&self.host)))
    }
}

const GITHUB: &str = "github.com";

/// The host of a server's pages and repositories, from the address of its API.
fn web_host(api: Option<&Url>) -> String {
    let Some(host) = api.and_then(Url::host_str) else { return GITHUB.to_owned() };
    cloud_host(host).unwrap_or(host).to_owned()
}

/// `github.com` of `api.github.com`, `NAME.ghe.com` of `api.NAME.ghe.com`; an Enterprise server has its API on the host of its pages.
fn cloud_host(api: &str) -> Option<&str> {
    api.strip_prefix("api.").filter(|host| *host == GITHUB || host.ends_with(".ghe.com"))
}

/// Whether an address is none that a GitHub has: something that stands before one, which may be github.com.
fn is_proxy(api: &Url) -> bool {
    !api.path().trim_end_matches('/').ends_with("/api/v3") && api.host_str().and_then(cloud_host).is_none()
}

impl AccountArgs {
    fn api(&self) -> Result<Option<Url>, Failure> {
        if self.github_api.is_some() {
            return Ok(self.github_api.clone());
        }
        let set =
            [env::GITHUB_API_URL, "GITHUB_BASE_URL"].into_iter().find_map(|name| Some((name, env::process(name)?)));
        let Some((name, address)) = set else { return Ok(None) };
        let wrong = |error| Failure::new(Exit::Usage, format!("`{name}` in the environment is no URL: {error}"));
        Url::parse(&address).map(Some).map_err(wrong)
    }

    /// The host of the pages and repositories.
    fn host(&self) -> Result<String, Failure> {
        Ok(web_host(self.api()?.as_ref()))
    }

    async fn find_token(&self) -> Result<Option<SecretString>, Failure> {
        if let Some(path) = &self.token_file {
            return token_from_file(path).await.map(Some).or_exit(Exit::Credentials);
        }
        if let Some(token) = [env::GITHUB_TOKEN, env::GH_TOKEN].into_iter().find_map(env::process) {
            return Ok(Some(SecretString::from(token)));
        }
        // Of the one host that will be asked, however its address was told. A machine without `gh`, or without a login in it, is a
        // machine without a token.
        Ok(token_from_gh(Some(&self.host()?)).await.ok())
    }

    fn no_token() -> Failure {
        Failure::new(Exit::Credentials, "there is no token for GitHub")
            .hint("set `GITHUB_TOKEN`, log in with `gh auth login`, or name a file with `--token-file FILE`")
    }

    fn builder(&self, shell: &Shell) -> Result<GithubClientBuilder, Failure> {
        let builder = GithubClient::builder()
            .user_agent(concat!("krel-release-notes/", env!("CARGO_PKG_VERSION")))
            .stop_when(shell.interrupt().raised())
            .observer(observer(shell));
        Ok(match self.api()? {
            Some(url) => builder.base_url(url),
            None => builder,
        })
    }

    /// A client that asks GitHub itself, whatever stands in for it elsewhere, with its token: for what is written there.
    ///
    /// # Errors
    /// Exit 6 without a token.
    pub(crate) async fn live_client(&self, shell: &Shell) -> Result<(GithubClient, Account), Failure> {
        let token = self.find_token().await?.ok_or_else(Self::no_token)?;
        let client = self.builder(shell)?.auth(Auth::token(token.clone())).build().or_exit(Exit::Usage)?;
        Ok((client, Account { token, host: self.host()? }))
    }
}

impl GithubArgs {
    /// Whether the network may be asked at all.
    pub fn asks(&self) -> bool {
        !self.offline && !matches!(self.folder(), Some((Mode::Replay, _)))
    }

    /// The folder of a recording; the environment, whose names are those of the original, says it when nothing is typed.
    fn folder(&self) -> Option<(Mode, PathBuf)> {
        match (&self.record, &self.replay) {
            (Some(folder), _) => return Some((Mode::Record, folder.clone())),
            (_, Some(folder)) => return Some((Mode::Replay, folder.clone())),
            _ if self.offline || self.cache.is_some() => return None,
            _ => {}
        }
        let set = |mode, name| env::process(name).map(|folder| (mode, PathBuf::from(folder)));
        set(Mode::Replay, "REPLAY").or_else(|| set(Mode::Record, "RECORD"))
    }

    /// The repository whose pull requests are asked for, and the host of its pages. What the remote calls it is good for the remote's
    /// own host: elsewhere the same numbers are of other pull requests, and whoever is asked learns a name that may be private.
    ///
    /// # Errors
    /// When the repository is not known, or known from a remote that is on another host than the API's.
    pub(crate) fn repository(&self, repository: &Repository) -> Result<(RepoId, String), Failure> {
        let repo = repository.require_github()?.clone();
        let api = self.account.api()?;
        let (web, host) = (web_host(api.as_ref()), &repository.host);
        let proxy = api.as_ref().is_some_and(is_proxy);
        if repository.is_named {
            return Ok((repo, if proxy { host.clone() } else { web }));
        }
        let is = |known: &str| host.eq_ignore_ascii_case(known);
        if is(&web) || (proxy && is(GITHUB)) {
            return Ok((repo, host.clone()));
        }
        let error = format!("the repository is on `{host}`, and the GitHub that would be asked is `{web}`");
        Err(Failure::new(Exit::Usage, error)
            .hint(format!("if `{host}` is a GitHub: `--github-api https://{host}/api/v3`"))
            .hint("if its pull requests are in another repository: name that with `--github OWNER/NAME`")
            .hint("`--titles` takes titles from git alone"))
    }

    /// The token, if there is one; nothing is looked for when nothing will be asked.
    ///
    /// # Errors
    /// When the file cannot be read.
    async fn token(&self) -> Result<Option<SecretString>, Failure> {
        if self.asks() { self.account.find_token().await } else { Ok(None) }
    }

    /// The token with its host, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read, or the address of the API is none.
    pub async fn account(&self) -> Result<Option<Account>, Failure> {
        let host = self.account.host()?;
        Ok(self.token().await?.map(|token| Account { token, host }))
    }

    /// The client, with its recording.
    ///
    /// # Errors
    /// Exit 6 without a token where one is needed.
    pub async fn client(&self, shell: &Shell) -> Result<GithubClient, Failure> {
        let mut builder =
            self.account.builder(shell)?.concurrency(usize::from(self.concurrency).try_into().or_exit(Exit::Usage)?);
        match self.token().await? {
            Some(token) => builder = builder.auth(Auth::token(token)),
            None if self.asks() => {
                return Err(AccountArgs::no_token().hint(
                    "without an account: `--replay DIR` takes recorded answers, `--titles` takes titles from git alone",
                ));
            }
            None => {}
        }
        let open = |path: &PathBuf| Recording::open(path).map_err(|error| failure::github(error.into()));
        let (recording, mode) = match self.folder() {
            Some((Mode::Replay, folder)) => {
                let recording = Recording::open_replay(&folder);
                (recording.map_err(|error| failure::github(error.into()))?, Mode::Replay)
            }
            Some((mode, folder)) => (open(&folder)?, mode),
            None => {
                let folder = match &self.cache {
                    Some(folder) => folder.clone(),
                    None => env::cache_folder()
                        .ok_or_else(|| {
                            Failure::new(
                                Exit::Usage,
                                "there is no place for a cache: neither `XDG_CACHE_HOME` nor `HOME` is set",
                            )
                            .hint("name one with `--cache DIR`")
                        })?
                        .join("github"),
                };
                (open(&folder)?, if self.offline { Mode::Offline } else { Mode::Cache })
            }
        };
        builder.recording(recording, mode).build().or_exit(Exit::Usage)
    }
}

/// Tells the person what the client waits for; requests go to the log.
fn observer(shell: &Shell) -> impl Fn(&Event) + Send + Sync + 'static {
    let say: Arc<dyn Fn(String) + Send + Sync> = shell.teller();
    // Requests that fail together are tried again together, and that is one line.
    let told = Mutex::new(Instant::now());
    move |event| match event {
        Event::Waiting(wait) => say(format!("GitHub asks to wait: {wait}")),
        Event::Moved { from, to } => say(format!("`{from}` is called `{to}` now")),
        Event::Retrying { subject, detail, wait, attempt, most } => {
            tracing::debug!(subject, detail, wait_ms = wait.as_millis(), "asking again");
            let (now, mut told) = (Instant::now(), told.lock().unwrap_or_else(PoisonError::into_inner));
            if now >= *told {
                *told = now + *wait;
                say(format!("GitHub: {detail}; trying again ({attempt} of {most})"));
            }
        }
        Event::Request(report) => tracing::debug!(
            method = %report.method,
            url = report.url,
            status = report.status.map(|status| status.as_u16()),
            duration_ms = u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
            received = report.received,
            "request"
        ),
        Event::DamagedFile { path } => say(format!("`{}` is damaged and is asked for again", path.display())),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_host() {
        for (api, address, expected) in [
            (None, "https://github.com/org/tool", true),
            (None, "https://GitHub.com/org/tool.git", true),
            (Some("https://api.github.com"), "https://github.com/org/tool", true),
            (None, "https://example.invalid/org/tool", false),
            (None, "https://github.com.example.invalid/org/tool", false),
            (None, "https://example.invalid/github.com/org", false),
            (None, "git@github.com:org/tool", false),
            (None, "/srv/git/tool.git", false),
            (Some("https://ghe.example.invalid/api/v3"), "https://ghe.example.invalid/org/tool", true),
            (Some("https://ghe.example.invalid/api/v3"), "https://github.com/org/tool", false),
            (Some("https://api.octo.ghe.com"), "https://octo.ghe.com/org/tool", true),
            (Some("https://api.octo.ghe.com"), "https://github.com/org/tool", false),
            (Some("https://api.example.invalid"), "https://example.invalid/org/tool", false),
        ] {
            let host = web_host(api.map(|api| Url::parse(api).unwrap()).as_ref());
            let account = Account { token: SecretString::from("t0ken"), host };
            assert_eq!(account.is_for(address), expected, "{api:?} {address}");
            let remote = git_repo::GitRemote::parse(address).unwrap();
            assert!(!format!("{account:?} {:?}", account.on(remote, address)).contains("t0ken"));
        }
    }
}
