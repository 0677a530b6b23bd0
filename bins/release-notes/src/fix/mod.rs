//! `release-notes fix`

mod show;
mod store;

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use cli_kit::{Answer, Edited, Exit, Failure, OrExit, Page, Render, Shell};
use notes_gen::maps::{MapFile, NoteMap, render_map, review_hash};
use notes_gen::{Note, PullNumber};
use serde::Serialize;

use crate::source::{Run, SourceArgs, now};
use show::{description, difference};
use store::Store;
pub(crate) use store::read_session;

/// Go through the notes of a range and edit them by maps
///
/// For each note that nobody looked at since it changed, the note is shown and an editor opened if you want; what you change is
/// written as a map, and that you looked is written into a session file after every note, so the work can be left and taken
/// up at any time, by several people.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  release-notes fix v1.29.0..v1.30.0-rc.0 --maps releases/release-1.30/release-notes/maps
  release-notes fix v1.29.0.. --maps maps --list                 what is left to look at
  release-notes fix v1.29.0.. --maps maps --pr 123456            one note, looked at or not
  echo 'releasenote: {text: Better words.}' | release-notes fix v1.29.0.. --maps maps --pr 123456 --map -")]
pub(crate) struct FixArgs {
    /// Where the notes come from
    #[command(flatten)]
    source: SourceArgs,
    /// The folder of maps to write into; its maps count too
    #[arg(long, value_name = "DIR", default_value = "maps", help_heading = "Editing")]
    maps: PathBuf,
    /// The folder of session files; by default `sessions` beside the maps
    #[arg(long, value_name = "DIR", help_heading = "Editing")]
    sessions: Option<PathBuf>,
    /// Only these pull requests, whether or not somebody looked at them
    #[arg(long = "pr", value_name = "N", value_delimiter = ',', help_heading = "Editing")]
    pulls: Vec<PullNumber>,
    /// Take the map of the one pull request from this file, and ask nothing; `-` for stdin. What it does not set stays as the map
    /// that is there has it
    #[arg(long, value_name = "FILE", requires = "pulls", help_heading = "Editing")]
    map: Option<PathBuf>,
    /// Say that the notes are good as they are, and ask nothing
    #[arg(long, conflicts_with = "map", help_heading = "Editing")]
    accept: bool,
    /// Only list what is left to look at
    #[arg(long, conflicts_with_all = ["map", "accept"], help_heading = "Editing")]
    list: bool,
    /// Your name, for the session file
    #[arg(long, value_name = "NAME", help_heading = "Editing")]
    name: Option<String>,
    /// Your mail address, for the session file
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true, help_heading = "Editing")]
    mail: String,
}

#[derive(Debug, Default, Serialize)]
struct Fixed {
    notes: usize,
    /// Looked at in this session.
    looked_at: Vec<PullNumber>,
    /// Maps that were written.
    written: Vec<PathBuf>,
    /// Still to be looked at.
    left: Vec<PullNumber>,
    #[serde(skip)]
    list: Vec<String>,
}

impl Render for Fixed {
    const SCHEMA: &'static str = "krel/fixed-notes/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        self.list.iter().try_for_each(|line| writeln!(page, "{line}"))?;
        self.written.iter().try_for_each(|path| writeln!(page, "{}", path.display()))?;
        writeln!(page, "{} notes, {} looked at now, {} left", self.notes, self.looked_at.len(), self.left.len())
    }
}

/// What a person wants with a note.
enum Wish {
    Edit,
    Next,
    Later,
    Stop,
}

pub(crate) async fn run(args: FixArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let at = now()?;
    let sessions = args.sessions.clone().unwrap_or_else(|| args.maps.with_file_name("sessions"));
    std::fs::create_dir_all(&args.maps).or_exit(Exit::Usage)?;
    if args.map.is_some() && args.pulls.len() != 1 {
        return Err(Failure::new(Exit::Usage, "a map is for one pull request").hint("name it with `--pr N`"));
    }
    let run = args.source.run(shell, std::slice::from_ref(&args.maps), at).await?;
    for number in &args.pulls {
        if run.collected.notes.get(*number).is_none() {
            return Err(Failure::new(Exit::Usage, format!("there is no note of pull request #{number} in the range")));
        }
    }
    let name = args.name.clone().unwrap_or_else(|| shell.operator().to_owned());
    let mut store = Store::open(&args.maps, &sessions, args.mail.clone(), name, at)?;
    let mut fixed = Fixed { notes: run.collected.notes.len(), ..Fixed::default() };
    let todo: Vec<&Note> = run
        .collected
        .notes
        .iter()
        .filter(|note| match args.pulls.as_slice() {
            [] => !store.is_reviewed(note.pr_number, &hash(&run, note)),
            chosen => chosen.contains(&note.pr_number),
        })
        .collect();
    if let Some(path) = &args.map {
        let text = if path.as_os_str() == "-" {
            shell.stdin().await?
        } else {
            notes_sources::read_text(path, notes_sources::MAX_TEXT).map_err(crate::failure::sources)?
        };
        for note in todo {
            let map = parse(&text, note.pr_number, &path.display().to_string())
                .map_err(|error| Failure::new(Exit::Usage, error))?;
            let map = store::over(store.map(note.pr_number)?, map);
            save(&run, note, map, &mut store, &mut fixed)?;
        }
    } else if args.accept {
        for note in todo {
            store.review(note.pr_number, hash(&run, note))?;
            fixed.looked_at.push(note.pr_number);
        }
    } else if args.list {
        for note in &todo {
            fixed.list.push(format!("#{} {}", note.pr_number, note.text.lines().next().unwrap_or_default()));
            fixed.left.push(note.pr_number);
        }
    } else {
        if !shell.is_interactive() && !todo.is_empty() {
            return Err(Failure::new(
                Exit::Refused,
                format!("{} notes wait to be looked at, and nobody is here", todo.len()),
            )
            .hint("run it at a terminal, or use `--list`, `--accept`, or `--pr N --map FILE`"));
        }
        by_hand(&run, &todo, &mut store, &mut fixed, shell).await?;
    }
    shell.result(&fixed)?;
    Ok(Exit::Done)
}

async fn by_hand(
    run: &Run,
    todo: &[&Note],
    store: &mut Store,
    fixed: &mut Fixed,
    shell: &Shell,
) -> Result<(), Failure> {
    for (at, note) in todo.iter().enumerate() {
        let mapped = run.collected.applied.mapped.get(&note.pr_number).map(Vec::as_slice).unwrap_or_default();
        shell.note(format!("\n[{}/{}] {}", at + 1, todo.len(), description(note, mapped)));
        match wish(shell).await? {
            Wish::Stop => {
                fixed.left.extend(todo[at..].iter().map(|note| note.pr_number));
                break;
            }
            Wish::Later => fixed.left.push(note.pr_number),
            Wish::Next => {
                store.review(note.pr_number, hash(run, note))?;
                fixed.looked_at.push(note.pr_number);
            }
            Wish::Edit => match edit(run, note, store, shell).await? {
                Some(map) => save(run, note, map, store, fixed)?,
                None => fixed.left.push(note.pr_number),
            },
        }
    }
    Ok(())
}

async fn wish(shell: &Shell) -> Result<Wish, Failure> {
    loop {
        let answer = shell.ask("Fix this note? y: edit, n: it is good, l: later, q: stop (y/n/l/q)").await?;
        match answer.map(|text| text.to_lowercase()).as_deref() {
            None | Some("q" | "quit") => return Ok(Wish::Stop),
            Some("y" | "yes") => return Ok(Wish::Edit),
            Some("n" | "no") => return Ok(Wish::Next),
            Some("l" | "later") => return Ok(Wish::Later),
            Some(_) => {}
        }
    }
}

/// Lets the person edit the note's map until it can be used, and they like what it makes of the note.
async fn edit(run: &Run, note: &Note, store: &Store, shell: &Shell) -> Result<Option<NoteMap>, Failure> {
    let plain = run.collected.unmapped.get(note.pr_number).unwrap_or(note);
    let mut text = render_map(&store.map(note.pr_number)?, Some(plain));
    loop {
        match shell.edit(&text, ".yaml").await? {
            Edited::Cancelled => return Ok(None),
            Edited::Text(edited) => text = edited,
        }
        let again =
            match parse(&text, note.pr_number, "the map").and_then(|map| Ok((store::apply(run, note, &map)?, map))) {
                Err(error) => {
                    shell.warn(&error);
                    shell.confirm("Edit it again?").await?
                }
                Ok((after, map)) => {
                    shell.note(difference(&note.markdown, &after.markdown));
                    if shell.confirm("Keep it?").await? == Answer::Yes {
                        return Ok(Some(map));
                    }
                    shell.confirm("Edit it again?").await?
                }
            };
        if again == Answer::No {
            return Ok(None);
        }
    }
}

/// The one map of a text, which may leave its pull request out.
fn parse(text: &str, pull: PullNumber, name: &str) -> Result<NoteMap, String> {
    let has_number = text.lines().any(|line| line.starts_with("pr:"));
    let whole = if has_number { text.to_owned() } else { format!("pr: {pull}\n{text}") };
    let file = MapFile::parse(name, &whole).map_err(|error| error.to_string())?;
    match file.maps() {
        [map] if map.pull == Some(pull) => Ok(map.clone()),
        [map] => Err(format!(
            "the map is for pull request {}, not for #{pull}",
            map.pull.map_or("none".to_owned(), |n| format!("#{n}"))
        )),
        maps => Err(format!("there are {} maps where one is wanted", maps.len())),
    }
}

fn save(run: &Run, note: &Note, mut map: NoteMap, store: &mut Store, fixed: &mut Fixed) -> Result<(), Failure> {
    let after = store::apply(run, note, &map).or_exit(Exit::Usage)?;
    map.pr_body = run.collected.bodies.get(&note.pr_number).cloned();
    fixed.written.push(store.write(&map)?);
    store.review(note.pr_number, hash(run, &after))?;
    fixed.looked_at.push(note.pr_number);
    Ok(())
}

fn hash(run: &Run, note: &Note) -> String {
    review_hash(note, run.collected.bodies.get(&note.pr_number).map_or("", String::as_str))
}
