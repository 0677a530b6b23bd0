//! From the command line to the notes of a range.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cli_kit::{Exit, Failure, OrExit, Shell, env, human_count};
use github_client::Usage;
use jiff::Timestamp;
use notes_gen::compat::Edition;
use notes_gen::maps::{MapRules, Maps, SuffixEra};
use notes_gen::{LinkStyle, Profile, PullNumber, RevertPairs};
use notes_sources::{
    Collect, Collected, Ends, GithubSource, ListOptions, MAX_TEXT, WhenIncomplete, collect, list_range, load_maps,
    read_text, titles,
};

use crate::failure;
use crate::github::GithubArgs;
use crate::range::RangeArgs;
use crate::repo::{RepoArgs, Repository};

/// How the project writes things
#[derive(Debug, Clone, clap::Args)]
pub struct ProjectArgs {
    /// How the project writes labels, blocks and titles: a YAML file, see `examples/profiles`; else RELEASE_NOTES_PROFILE, else
    /// Kubernetes
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    profile: Option<PathBuf>,
    /// Write pull requests and authors as links; `--no-markdown-links` leaves that to GitHub
    #[arg(long, overrides_with = "no_markdown_links", hide = true)]
    markdown_links: bool,
    /// Write `#1` and `@name` without links, which GitHub makes by itself
    #[arg(long, help_heading = "Rules")]
    no_markdown_links: bool,
}

/// What is made of notes that are there
#[derive(Debug, Clone, clap::Args)]
pub struct EditArgs {
    /// How the project writes things
    #[command(flatten)]
    project: ProjectArgs,
    /// Folder of maps, which edit notes; may be repeated, later ones win field by field
    #[arg(long, short = 'm', value_name = "DIR", value_delimiter = ',', help_heading = "Rules")]
    maps_from: Vec<PathBuf>,
    /// The bytes of the original tool, defects included: as it was in 2020, 2021 or 2026; `--compat strict` is the newest
    #[arg(long, visible_alias = "compat", value_name = "2020|2021|2026", value_parser = edition, help_heading = "Rules")]
    strict: Option<Edition>,
    /// What the original wrote behind edited notes: nothing (until July 2024), several groups only (since), all
    #[arg(long, value_name = "never|several|always", value_parser = era, help_heading = "Rules")]
    suffix_era: Option<SuffixEra>,
}

/// By which rules notes are made
#[derive(Debug, Clone, clap::Args)]
pub struct RuleArgs {
    /// What is made of notes
    #[command(flatten)]
    edit: EditArgs,
    /// Only pull requests with this label; may be repeated
    #[arg(long = "include-labels", value_name = "LABEL", value_delimiter = ',', help_heading = "Rules")]
    labels: Vec<String>,
    /// Leave out pull requests that another one of the range reverts, and the reverts
    #[arg(long, help_heading = "Rules")]
    drop_reverted: bool,
}

fn edition(text: &str) -> Result<Edition, String> {
    match text {
        "2020" => Ok(Edition::Y2020),
        "2021" => Ok(Edition::Y2021),
        "2026" | "strict" => Ok(Edition::Y2026),
        _ => Err("it is none of 2020, 2021, 2026".to_owned()),
    }
}

fn era(text: &str) -> Result<SuffixEra, String> {
    match text {
        "never" => Ok(SuffixEra::Never),
        "several" => Ok(SuffixEra::Several),
        "always" => Ok(SuffixEra::Always),
        _ => Err("it is none of never, several, always".to_owned()),
    }
}

impl ProjectArgs {
    /// The project's profile.
    ///
    /// # Errors
    /// When the file cannot be read or is no profile.
    pub fn profile(&self) -> Result<Profile, Failure> {
        let file = self.profile.clone().or_else(|| env::process("RELEASE_NOTES_PROFILE").map(PathBuf::from));
        let mut profile = match &file {
            None => Profile::default(),
            Some(path) => {
                let text = read_text(path, MAX_TEXT).map_err(failure::sources)?;
                Profile::parse(&text)
                    .map_err(|error| Failure::new(Exit::Usage, error).hint(format!("mend `{}`", path.display())))?
            }
        };
        if self.no_markdown_links {
            profile.links = LinkStyle::Plain;
        } else if self.markdown_links || env::process("MARKDOWN_LINKS").is_some() {
            profile.links = LinkStyle::Linked;
        }
        Ok(profile)
    }
}

impl EditArgs {
    /// The project's profile.
    ///
    /// # Errors
    /// When the file cannot be read or is no profile.
    pub fn profile(&self) -> Result<Profile, Failure> {
        self.project.profile()
    }

    /// Whose rules the document follows.
    pub fn strict(&self) -> Option<Edition> {
        self.strict
    }

    /// The maps, with `more` before those of the command line.
    ///
    /// # Errors
    /// Every problem of every map.
    pub fn maps(&self, more: &[PathBuf]) -> Result<Maps, Failure> {
        if self.suffix_era.is_some() && self.strict.is_none() {
            return Err(Failure::new(Exit::Usage, "`--suffix-era` is about the bytes of the original")
                .hint("say which original: `--strict 2026`"));
        }
        let folders: Vec<PathBuf> = more.iter().chain(&self.maps_from).cloned().collect();
        load_maps(&folders).map_err(failure::sources)
    }

    /// How the maps change notes.
    pub fn map_rules(&self) -> MapRules {
        match self.strict {
            Some(_) => MapRules::Strict(self.suffix_era.unwrap_or(SuffixEra::Several)),
            None => MapRules::default(),
        }
    }
}

impl RuleArgs {
    /// The project's profile.
    ///
    /// # Errors
    /// When the file cannot be read or is no profile.
    pub fn profile(&self) -> Result<Profile, Failure> {
        self.edit.profile()
    }

    /// Whose rules the document follows.
    pub fn strict(&self) -> Option<Edition> {
        self.edit.strict()
    }

    /// Everything that decides what the notes of a range are.
    ///
    /// # Errors
    /// When a profile or a map cannot be used.
    pub fn collect(&self, profile: Profile, more_maps: &[PathBuf], now: Timestamp) -> Result<Collect, Failure> {
        let mut collect = Collect::new(profile, now);
        collect.maps = self.edit.maps(more_maps)?;
        collect.map_rules = self.edit.map_rules();
        collect.labels = self.labels.iter().cloned().collect::<BTreeSet<String>>();
        collect.reverts = if self.drop_reverted { RevertPairs::LeaveOut } else { RevertPairs::Keep };
        collect.strict = self.edit.strict;
        Ok(collect)
    }
}

/// Where the notes come from
#[derive(Debug, Clone, clap::Args)]
pub struct SourceArgs {
    /// Which commits
    #[command(flatten)]
    pub range: RangeArgs,
    /// What is made of them
    #[command(flatten)]
    pub inputs: InputArgs,
}

/// Everything but the range
#[derive(Debug, Clone, clap::Args)]
pub struct InputArgs {
    /// Which repository
    #[command(flatten)]
    pub repo: RepoArgs,
    /// By which rules
    #[command(flatten)]
    pub rules: RuleArgs,
    /// How GitHub is reached
    #[command(flatten)]
    pub github: GithubArgs,
    /// Make the notes of the titles in git's history alone; needs no account and no network
    #[arg(long, conflicts_with_all = ["record", "replay", "offline", "cache", "strict"], help_heading = "GitHub")]
    pub titles: bool,
    /// Go on when some pull requests cannot be had; the document says so
    #[arg(long, help_heading = "GitHub")]
    pub allow_partial: bool,
}

/// The notes of a range, and what it took.
#[derive(Debug)]
pub struct Run {
    /// The repository.
    pub repository: Repository,
    /// The range.
    pub ends: Ends,
    /// How the project writes things.
    pub profile: Profile,
    /// Whose rules made the notes, if not ours.
    pub strict: Option<Edition>,
    /// The notes.
    pub collected: Collected,
    /// Pull requests that could not be had, with what went wrong.
    pub incomplete: BTreeMap<PullNumber, String>,
    /// What commits inside of pull requests name, and nobody could tell whose it is.
    pub unproved: BTreeSet<PullNumber>,
    /// What was asked of GitHub.
    pub usage: Option<Usage>,
}

impl SourceArgs {
    /// Makes the notes. `more_maps` come before those of the command line.
    ///
    /// # Errors
    /// Whatever stands in the way; notes are never lost in silence.
    pub async fn run(&self, shell: &Shell, more_maps: &[PathBuf], now: Timestamp) -> Result<Run, Failure> {
        let repository = self.inputs.open(shell).await?;
        let ends = self.range.ends(&repository)?;
        self.inputs.run(shell, repository, ends, &self.range.options(), more_maps, now).await
    }
}

impl InputArgs {
    /// Opens the repository.
    ///
    /// # Errors
    /// When there is none.
    pub async fn open(&self, shell: &Shell) -> Result<Repository, Failure> {
        let open = async {
            let account = if self.titles { None } else { self.github.account().await? };
            self.repo.open(shell, account.as_ref()).await
        };
        shell.reading().run(open).await
    }

    /// Makes the notes of a range.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub async fn run(
        &self,
        shell: &Shell,
        repository: Repository,
        ends: Ends,
        options: &ListOptions,
        more_maps: &[PathBuf],
        now: Timestamp,
    ) -> Result<Run, Failure> {
        shell.reading().run(self.make(shell, repository, ends, options, more_maps, now)).await
    }

    async fn make(
        &self,
        shell: &Shell,
        mut repository: Repository,
        ends: Ends,
        options: &ListOptions,
        more_maps: &[PathBuf],
        now: Timestamp,
    ) -> Result<Run, Failure> {
        let mut profile = self.rules.profile()?;
        if self.titles && !profile.fallbacks.contains(&notes_gen::Fallback::Title) {
            profile.fallbacks.push(notes_gen::Fallback::Title);
        }
        let asked = if self.titles { None } else { Some(self.github.repository(&repository)?) };
        if let Some((_, host)) = &asked {
            repository.host.clone_from(host);
        }
        let mut rules = self.rules.collect(profile.clone(), more_maps, now)?;
        rules.repository = repository.page();
        let listing = list_range(&repository.git, &ends, options).await.map_err(failure::sources)?;
        let (collected, incomplete, unproved, usage) = if let Some((repo, _)) = asked {
            let client = self.github.client(shell).await?;
            let when = if self.allow_partial { WhenIncomplete::GoOn } else { WhenIncomplete::Fail };
            let source = GithubSource::new(client.clone(), repo, when);
            let collected = collect(&listing, &ends, &source, &rules).await.map_err(failure::collect_github)?;
            (collected, source.incomplete(), source.unrecorded(), Some(client.usage()))
        } else {
            let source = titles(&listing, rules.repository.as_ref());
            let collected = collect(&listing, &ends, &source, &rules).await.map_err(failure::collect_titles)?;
            let unproved = collected.accounting.named();
            (collected, BTreeMap::new(), unproved, None)
        };
        let run =
            Run { repository, ends, profile, strict: self.rules.strict(), collected, incomplete, unproved, usage };
        run.tell(shell);
        Ok(run)
    }
}

impl Run {
    /// What a document that lacks notes says about it; nothing when it is whole.
    pub fn incomplete_mark(&self) -> Option<String> {
        let numbers = numbers(&self.incomplete.keys().copied().collect());
        (!numbers.is_empty()).then(|| format!("> **Incomplete:** pull requests {numbers} could not be read."))
    }

    /// Tells what came of it, and what a person should look at.
    fn tell(&self, shell: &Shell) {
        let start = self.ends.start.as_ref().map_or("the beginning", |start| start.name.as_str());
        let mut text = format!(
            "{start} to {}: {} of {} in {}",
            self.ends.end.name,
            human_count(self.collected.notes.len(), "note"),
            human_count(self.collected.accounting.pulls().len().max(self.collected.notes.len()), "pull request"),
            human_count(self.collected.commits, "commit")
        );
        if let Some(usage) = &self.usage {
            let plural = if usage.requests == 1 { "" } else { "s" };
            let received = cli_kit::human_bytes(usage.received);
            text.push_str(&format!("; {} request{plural}, {received}", usage.requests));
        }
        shell.note(text);
        if self.collected.notes.is_empty() && self.collected.commits > 0 {
            shell.note("no commit of the range gives a note; `--explain FILE` of `generate` says why for each");
        }
        let missing = self.collected.accounting.missing();
        if !missing.is_empty() {
            shell.warn(format!("GitHub knows no pull request {}", numbers(&missing)));
        }
        if !self.unproved.is_empty() {
            let numbers = numbers(&self.unproved);
            let who =
                if self.usage.is_some() { "the recording does not hold them" } else { "titles alone do not tell" };
            shell.note(format!(
                "{numbers}: named by commits inside of pull requests, and left out, as they may be of forks; {who}"
            ));
        }
        if !self.incomplete.is_empty() {
            let numbers = numbers(&self.incomplete.keys().copied().collect());
            shell.warn(format!("the notes are not complete: pull requests {numbers} could not be had"));
        }
        for place in &self.collected.applied.body_changed {
            let pull = place.pull.map(|pull| format!("#{pull}")).unwrap_or_default();
            shell.warn(format!(
                "{}:{}: the text of pull request {pull} changed since this map was made",
                place.file, place.line
            ));
        }
        let applied = &self.collected.applied;
        if applied.withheld > 0 {
            let plural = if applied.withheld == 1 { " is" } else { "s are" };
            shell.note(format!("{} map{plural} under embargo and left out", applied.withheld));
        }
    }
}

/// `#1, #2 and 5 more`.
pub(crate) fn numbers(numbers: &BTreeSet<PullNumber>) -> String {
    let shown: Vec<String> = numbers.iter().take(20).map(|number| format!("#{number}")).collect();
    match numbers.len().saturating_sub(20) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The present: `SOURCE_DATE_EPOCH` when set, so that a document can be made again to the byte.
///
/// # Errors
/// When the variable holds no number of seconds.
pub fn now() -> Result<Timestamp, Failure> {
    match cli_kit::env::process("SOURCE_DATE_EPOCH") {
        None => Ok(Timestamp::now()),
        Some(text) => {
            let seconds = text.parse::<i64>().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
            seconds
                .ok_or_else(|| format!("`SOURCE_DATE_EPOCH` is `{text}`, not a number of seconds"))
                .or_exit(Exit::Usage)
        }
    }
}
