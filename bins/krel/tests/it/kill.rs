//! Killed at every moment, resumed, and in the end as if nothing had happened.

use std::{
    fs,
    io::Write as _,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::world::{Places, Run, Saved, World};

const KILL_AT: &str = "KREL_FAULT_KILL_AT";
/// `all` for every moment of every cut; otherwise some of every kind.
const MATRIX: &str = "KREL_KILL_MATRIX";
const SIGKILL: i32 = 9;

/// One run of the cut.
#[derive(Clone)]
struct Act {
    args: Vec<String>,
}

impl Act {
    /// With the plan's fingerprint, which is the same in every world at the same path.
    fn new(world: &World, args: &[&str]) -> Self {
        let fingerprint = world.fingerprint(args);
        let mut args: Vec<String> = args.iter().map(ToString::to_string).collect();
        args.extend(["--approve".to_owned(), fingerprint, "--output".to_owned(), "json".to_owned()]);
        Self { args }
    }

    fn command(&self, world: &World) -> Command {
        world.command(&self.args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn run(&self, world: &World) -> Run {
        self.run_with(world, None)
    }

    fn run_with(&self, world: &World, kill_at: Option<u64>) -> Run {
        let mut command = self.command(world);
        if let Some(event) = kill_at {
            command.env(KILL_AT, event.to_string());
        }
        Run::of(&self.args.iter().map(String::as_str).collect::<Vec<_>>(), command.output().unwrap())
    }
}

/// The undisturbed cut: its acts, the world before each of them, and what the places hold in the end.
struct Undisturbed {
    world: World,
    acts: Vec<Act>,
    before: Vec<Saved>,
    end: Places,
}

fn undisturbed() -> Undisturbed {
    undisturbed_in(World::new(), &["--type", "alpha"], "v1.0.0-alpha.1")
}

fn undisturbed_in(world: World, stage: &[&str], version: &str) -> Undisturbed {
    let world = world.dated();
    let (mut acts, mut before) = (Vec::new(), Vec::new());
    let mut act = |args: &[&str]| {
        before.push(world.save());
        acts.push(Act::new(&world, args));
        acts.last().unwrap().run(&world)
    };
    let staged = act(&[&["stage", "--nomock"], stage].concat());
    let build = staged.expect(0).json()["build_version"].as_str().unwrap().to_owned();
    act(&["release", "--nomock", "--build-version", &build]).expect(0);
    act(&["announce", "--nomock", "--tag", version]).expect(0);
    assert_eq!(world.mails().len(), 1);
    assert!(world.markers().len() >= 3);
    world.krel(&["verify", version, "--nomock", "--deep"]).expect(0);
    let end = world.places();
    Undisturbed { world, acts, before, end }
}

/// An effect as the run tells of it: which kind of thing is changed, and on which side of the change.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    kind: String,
    phase: String,
}

/// What is changed, without the names of this world: `step build`, `object stage …tar.gz`, `refs of`, `mail`.
fn kind_of(subject: &str) -> String {
    let quoted = subject.split('`').nth(1).unwrap_or("");
    if subject.starts_with("step ") {
        return subject.split(':').next().unwrap().to_owned();
    }
    if !subject.starts_with("object ") {
        return subject.split('`').next().unwrap().trim().to_owned();
    }
    let place =
        ["bucket", "forge", "outbox"].iter().find(|place| quoted.contains(&format!("/{place}/"))).unwrap_or(&"");
    let below = quoted.split(&format!("/{place}/")).nth(1).unwrap_or("");
    let mut parts = below.split('/');
    let (top, name) = (parts.next().unwrap_or(""), parts.next_back().unwrap_or(""));
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    format!("{place} {top} {}", if ending.len() > 8 { "" } else { ending })
}

impl Undisturbed {
    /// The rest of the cut after act `index`, and the comparison.
    fn finish(&self, index: usize, case: &str) {
        for act in &self.acts[index + 1..] {
            act.run(&self.world).expect(0);
        }
        self.world.places().same_as(&self.end, case);
        assert_eq!(self.world.mails().len(), 1, "{case}");
    }

    /// The effects of act `index` in order.
    fn effects(&self, index: usize) -> Vec<Told> {
        self.world.restore(&self.before[index]);
        let mut act = self.acts[index].clone();
        act.args.extend(["--progress".to_owned(), "json".to_owned()]);
        let run = act.run(&self.world);
        let lines = run.expect(0).stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let effects = lines.filter(|line| line["event"] == "effect");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        effects.map(|line| Told { kind: kind_of(&text(&line["subject"])), phase: text(&line["phase"]) }).collect()
    }

    /// The moments to kill at, counted from 1: the first and the last of every kind, or all with `KREL_KILL_MATRIX=all`.
    fn moments(&self, index: usize) -> Vec<u64> {
        let effects = self.effects(index);
        let all = 1..=effects.len() as u64;
        if std::env::var(MATRIX).is_ok_and(|value| value == "all") {
            return all.collect();
        }
        let chosen = all.zip(&effects).filter(|(moment, told)| {
            let position = *moment as usize - 1;
            let same = |other: &Told| other == *told;
            match told.phase.as_str() {
                "before" => effects.iter().position(same) == Some(position),
                _ => effects.iter().rposition(same) == Some(position),
            }
        });
        chosen.map(|(moment, _)| moment).collect()
    }

    /// Kills act `index` at moments of every kind of effect; each time a resume ends in the undisturbed world.
    fn kill(&self, index: usize, name: &str) {
        let started = Instant::now();
        let moments = self.moments(index);
        assert!(moments.len() >= 4, "{name} has hardly any effects");
        let (mut tried, count) = (0, self.effects(index).len());
        for moment in moments {
            // On a machine that kept its work folder, and now and then on one that lost it.
            let works: &[&str] = if moment % 5 == 1 { &["kept", "lost"] } else { &["kept"] };
            for work in works {
                let case = format!("{name} killed at moment {moment}, work folder {work}");
                self.world.restore(&self.before[index]);
                let run = self.acts[index].run_with(&self.world, Some(moment));
                assert_eq!(run.signal, Some(SIGKILL), "{case}: {}", run.stderr);
                assert!(self.world.mails().len() <= 1, "{case}");
                if *work == "lost" && self.world.path("cache").exists() {
                    fs::remove_dir_all(self.world.path("cache")).unwrap();
                }
                self.world.krel(&["resume"]).expect(0);
                self.finish(index, &case);
                tried += 1;
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        let mut out = std::io::stderr();
        writeln!(out, "{name}: of {count} moments, {tried} tried, {tried} recovered, {seconds:.1} s").unwrap();
    }
}

#[test]
fn a_killed_alpha_stage() {
    undisturbed().kill(0, "alpha stage");
}

#[test]
fn a_killed_alpha_release() {
    undisturbed().kill(1, "alpha release");
}

#[test]
fn a_killed_announcement() {
    undisturbed().kill(2, "announce");
}

/// The first release candidate: a branch, a companion, images, changelogs on two branches.
fn first_candidate() -> Undisturbed {
    undisturbed_in(World::cycle(None), &["--type", "rc", "--branch", "release-1.0"], "v1.0.0-rc.0")
}

#[test]
fn a_killed_rc_stage() {
    first_candidate().kill(0, "rc.0 stage");
}

#[test]
fn a_killed_rc_release() {
    first_candidate().kill(1, "rc.0 release");
}

/// Much like a candidate; only the whole matrix goes through it.
#[test]
fn a_killed_official_release() {
    let world = World::cycle(Some("release-1.0"));
    let cut = undisturbed_in(world, &["--type", "official", "--branch", "release-1.0"], "v1.0.0");
    if std::env::var(MATRIX).is_ok_and(|value| value == "all") {
        cut.kill(0, "official stage");
        cut.kill(1, "official release");
    }
}

/// The first release of all makes the repository that it pushes to.
#[test]
fn killed_before_and_after_the_first_push() {
    let world = World::new();
    fs::remove_dir_all(world.path("production/repository.git")).unwrap();
    let cut = undisturbed_in(world, &["--type", "alpha"], "v1.0.0-alpha.1");
    let effects = cut.effects(1);
    let pushes = |told: &Told| told.kind == "step push" || told.kind == "refs of";
    let moments: Vec<u64> = (1..).zip(&effects).filter(|(_, told)| pushes(told)).map(|(moment, _)| moment).collect();
    assert!(moments.len() >= 4, "the push is told of");
    for moment in moments {
        let case = format!("release killed at moment {moment}, no repository before");
        cut.world.restore(&cut.before[1]);
        assert_eq!(cut.acts[1].run_with(&cut.world, Some(moment)).signal, Some(SIGKILL), "{case}");
        cut.world.krel(&["resume"]).expect(0);
        cut.finish(1, &case);
    }
    // Half a repository, as a kill in the midst of making it leaves it beside its place.
    cut.world.restore(&cut.before[1]);
    fs::create_dir_all(cut.world.path("production/repository.git.part/refs")).unwrap();
    cut.acts[1].run(&cut.world).expect(0);
    cut.finish(1, "half a repository");
}

/// Between the effects are the journal, the lease, locks and temporary files: killed at any time, the same command goes on.
#[test]
fn killed_at_any_time() {
    let cut = undisturbed();
    let (mut killed, mut tried) = (0, 0);
    for (index, act) in cut.acts.iter().enumerate() {
        cut.world.restore(&cut.before[index]);
        let started = Instant::now();
        act.run(&cut.world).expect(0);
        let whole = started.elapsed();
        for part in 1..=6_u32 {
            let case = format!("{} killed after {part}/6 of {whole:?}", act.args[0]);
            cut.world.restore(&cut.before[index]);
            let plan = cut.world.path("plan.json");
            let mut args: Vec<String> = act.args.clone();
            let approve = args.split_off(args.iter().position(|arg| arg == "--approve").unwrap());
            args.extend(["--plan-out".to_owned(), plan.display().to_string()]);
            Act { args }.run(&cut.world).expect(0);
            // What is applied is the file: its plan is the same whatever the places hold by now.
            let mut args = vec!["apply".to_owned(), plan.display().to_string()];
            args.extend(approve);
            let apply = Act { args };
            let mut child = apply.command(&cut.world).spawn().unwrap();
            std::thread::sleep(whole * part / 6 + Duration::from_millis(u64::from(part * 7 % 5)));
            child.kill().unwrap();
            let ended = child.wait_with_output().unwrap();
            killed += u32::from(Run::of(&[], ended).signal == Some(SIGKILL));
            tried += 1;
            apply.run(&cut.world).expect(0);
            fs::remove_file(&plan).unwrap();
            cut.finish(index, &case);
        }
    }
    writeln!(std::io::stderr(), "any time: {tried} tried, {killed} killed, {tried} recovered").unwrap();
    assert!(killed > 0, "nothing was killed");
}
