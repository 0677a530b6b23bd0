//! Checks a token against the real GitHub, or an Enterprise server, by hand.
//!
//! ```console
//! $ GITHUB_TOKEN=… cargo run -p github-client --example probe_github -- kubernetes/release 1000 1001
//! $ cargo run -p github-client --example probe_github -- --gh --base-url https://git.example.invalid/api/v3 octo/tool
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a person")]

use std::path::Path;

use anyhow::{Context, bail};
use github_client::{
    Auth, Error, Event, GithubClient, Mode, PullNumber, Recording, RepoId, Scopes, token_from_file, token_from_gh,
};

const USAGE: &str = "probe_github [--gh | --token-file FILE] [--base-url URL] [--recording DIR] [--scope SCOPE]... OWNER/NAME [NUMBER]...";

#[derive(Default)]
struct Asked {
    gh: bool,
    token_file: Option<String>,
    base_url: Option<String>,
    recording: Option<String>,
    scopes: Vec<String>,
    rest: Vec<String>,
}

fn parse(mut args: impl Iterator<Item = String>) -> anyhow::Result<Asked> {
    let mut asked = Asked::default();
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("`{arg}` needs a value\n{USAGE}"));
        match arg.as_str() {
            "--gh" => asked.gh = true,
            "--token-file" => asked.token_file = Some(value()?),
            "--base-url" => asked.base_url = Some(value()?),
            "--recording" => asked.recording = Some(value()?),
            "--scope" => asked.scopes.push(value()?),
            flag if flag.starts_with('-') => bail!("there is no `{flag}`\n{USAGE}"),
            _ => asked.rest.push(arg),
        }
    }
    Ok(asked)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked = parse(std::env::args().skip(1))?;
    let (repo, numbers) = asked.rest.split_first().context(USAGE)?;
    let repo: RepoId = repo.parse()?;
    let numbers = numbers.iter().map(|number| number.parse()).collect::<Result<Vec<PullNumber>, _>>()?;

    let mut builder = GithubClient::builder().user_agent("probe-github/0.1").observer(|event| match event {
        Event::Waiting(wait) => eprintln!("{wait}"),
        Event::Retrying { subject, detail, wait, .. } => eprintln!("{subject}: {detail}; again in {wait:.1?}"),
        Event::Moved { from, to } => eprintln!("{from} is {to} now"),
        Event::Request(report) => {
            let status = report.status.map_or_else(|| "no answer".to_owned(), |status| status.as_u16().to_string());
            eprintln!("{} {} {status} {} bytes in {:.1?}", report.method, report.url, report.received, report.elapsed);
        }
        _ => {}
    });
    let mut host = None;
    if let Some(url) = &asked.base_url {
        let url: url::Url = url.parse()?;
        host = url.host_str().map(str::to_owned);
        builder = builder.base_url(url);
    }
    builder = match (&asked.token_file, asked.gh, std::env::var("GITHUB_TOKEN")) {
        (Some(file), ..) => builder.auth(Auth::token(token_from_file(Path::new(file)).await?)),
        (None, true, _) => builder.auth(Auth::token(token_from_gh(host.as_deref()).await?)),
        (None, false, Ok(token)) if !token.is_empty() => builder.auth(Auth::token(token.into())),
        _ => builder,
    };
    if let Some(folder) = &asked.recording {
        builder = builder.recording(Recording::open(Path::new(folder))?, Mode::Cache);
    }
    let client = builder.build()?;

    match client.viewer().await {
        Ok(viewer) => println!("signed in as {} ({:?})", viewer.login, viewer.kind),
        Err(Error::BadCredentials { message, .. }) => println!("not signed in: {message}"),
        Err(error) => println!("signed in, as nobody in particular: {error}"),
    }
    let wanted: Vec<&str> = asked.scopes.iter().map(String::as_str).collect();
    match client.require_scopes(&wanted).await? {
        Scopes::Granted(scopes) => println!("scopes: {}", scopes.into_iter().collect::<Vec<_>>().join(" ")),
        _ => println!("scopes: not told for this kind of token"),
    }
    for allowance in
        client.rate_limits().await.or_else(|error| if error.is_not_found() { Ok(Vec::new()) } else { Err(error) })?
    {
        println!(
            "{}: {} of {} left, renewed {}",
            allowance.lane, allowance.remaining, allowance.limit, allowance.renewed
        );
    }
    let found = client.repository_info(&repo).await?;
    println!("{}: default branch {}, rights {:?}", found.full_name, found.default_branch, found.permissions);
    if !numbers.is_empty() {
        println!("{}", client.forecast(client.requests_for_pulls(numbers.len())).await?);
        let batch = client.cached_pulls(&repo, &numbers).await?;
        for (number, pull) in &batch.found {
            let author = pull.author.as_ref().map_or("a deleted account", |author| author.login.as_str());
            println!("#{number} {:?} by {author}: {}", pull.state, pull.title);
        }
        for (number, why) in &batch.missing {
            println!("#{number} missing: {why:?}");
        }
        for (number, error) in &batch.failed {
            println!("#{number} failed: {error}");
        }
    }
    println!("{:?}", client.usage());
    Ok(())
}
