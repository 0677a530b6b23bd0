//! A project to release: a C program with a history, its `release.yaml`, and empty places.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use testkit::{GitWorld, git};

/// The date of worlds that are compared to the byte.
pub(crate) const DATE: &str = "1767700000";

const CONFIG: &str = r#"project:
  name: hello
  title: Hello
  homepage: https://example.invalid/sample/hello
  source: ../work
  default_branch: main
identity:
  name: Release Bot
  email: release-bot@example.org
build:
  timeout: 60s
  groups:
    - name: hello
      platforms: [host]
      command: >-
        cc -O1 -DVERSION='"{version}"' -ffile-prefix-map="$PWD"=. -o {out}/hello{exe} hello.c
      artifacts:
        - path: hello{exe}
tarballs:
  - name: hello-{os}-{arch}.tar.gz
    files:
      - {from: "out/hello{exe}", to: "hello-{version}/hello{exe}"}
  - name: hello-src.tar.gz
    files:
      - {from: src/, to: "hello-{version}"}
places:
  mock:
    bucket: file:mock/bucket
    git: mock/repository.git
    forge: file:mock/forge
    outbox: file:mock/outbox
  production:
    bucket: file:production/bucket
    git: production/repository.git
    forge: file:production/forge
    outbox: file:production/outbox
announce:
  from: Release Bot <release-bot@example.org>
  to:
    mock: [rehearsals@example.org]
    production: [announce@example.org, developers@example.org]
"#;

const SOURCE: &str = r#"#include <stdio.h>
int main(void) { printf("hello %s\n", VERSION); return 0; }
"#;

/// The project, its repository and its places, in a temporary folder.
pub(crate) struct World {
    pub(crate) git: GitWorld,
    project: PathBuf,
    date: Option<&'static str>,
}

impl World {
    /// Tag `v1.0.0-alpha.0` and three commits after it on `main`.
    pub(crate) fn new() -> Self {
        Self::with(str::to_owned)
    }

    /// The same with another `release.yaml`.
    pub(crate) fn with(config: impl Fn(&str) -> String) -> Self {
        let mut world = GitWorld::new("main");
        world.commit_files("hello: say hello", &[("hello.c", SOURCE), ("README.md", "# hello\n")]);
        world.annotated_tag("v1.0.0-alpha.0", "Hello alpha release v1.0.0-alpha.0");
        world.merge_pull(2, "contributor/greet", "Greet by name");
        world.squash_pull(3, "Correct the README");
        Self::of(world, config)
    }

    /// A minor release in the making, with an image and a changelog: `main` after `v1.0.0-beta.0`; with `branch` also `release-1.0`
    /// after `v1.0.0-rc.0`.
    pub(crate) fn cycle(branch: Option<&str>) -> Self {
        let mut world = GitWorld::new("main");
        world.commit_files("hello: say hello", &[("hello.c", SOURCE), ("README.md", "# hello\n")]);
        world.annotated_tag("v1.0.0-beta.0", "Hello beta release v1.0.0-beta.0");
        world.merge_pull(2, "contributor/greet", "Greet by name");
        if let Some(branch) = branch {
            world.create_branch(branch);
            world.switch(branch);
            world.commit("Release commit for Hello v1.0.0-rc.0");
            world.annotated_tag("v1.0.0-rc.0", "Hello rc release v1.0.0-rc.0");
            world.merge_pull(5, "contributor/mend", "Mend it");
            world.switch("main");
        }
        world.squash_pull(3, "Correct the README");
        Self::of(world, |config| {
            let more = "images:\n  - name: hello\n    files:\n      - {from: \"out/hello{exe}\", to: /hello}\n    entrypoint: [/hello]\n\
                changelog:\n  downloads: https://example.invalid/downloads\nplaces:\n";
            let config = config.replace("places:\n", more);
            let config = config
                .replace("outbox: file:mock/outbox\n", "outbox: file:mock/outbox\n    registry: file:mock/registry\n");
            let outbox = "outbox: file:production/outbox\n";
            config.replace(outbox, &format!("{outbox}    registry: file:production/registry\n"))
        })
    }

    /// The project of this repository.
    pub(crate) fn of(world: GitWorld, config: impl Fn(&str) -> String) -> Self {
        let project = world.folder().join("project");
        for set in ["mock", "production"] {
            let remote = project.join(set).join("repository.git");
            fs::create_dir_all(remote.parent().unwrap()).unwrap();
            world.git(&["clone", "--quiet", "--bare", ".", remote.to_str().unwrap()]);
        }
        let this = Self { git: world, project, date: None };
        this.configure(config);
        this
    }

    /// The same with another build command for the group, whose result is any file.
    pub(crate) fn with_command(command: &str) -> Self {
        Self::with(|config| with_command(config, command))
    }

    /// The same with one date for everything, so that what is done again has the same bytes.
    pub(crate) fn dated(mut self) -> Self {
        self.date = Some(DATE);
        self
    }

    /// Writes `release.yaml` anew.
    pub(crate) fn configure(&self, config: impl Fn(&str) -> String) {
        fs::write(self.path("release.yaml"), config(CONFIG)).unwrap();
    }

    /// A path below the project's folder.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.project.join(below)
    }

    /// A file of the production bucket.
    pub(crate) fn bucket(&self, below: &str) -> PathBuf {
        self.project.join("production/bucket").join(below)
    }

    /// `krel` with these arguments, in the project's folder and with nothing of the user's environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(cargo_bin!("krel"));
        command
            .args(args)
            .current_dir(&self.project)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.git.folder())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("KREL_OPERATOR", "first-operator")
            .env("KREL_WORK", self.path("cache"))
            .envs(self.date.map(|date| ("SOURCE_DATE_EPOCH", date)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn krel(&self, args: &[&str]) -> Run {
        Run::of(args, self.command(args).output().unwrap())
    }

    /// The fingerprint of the plan that these arguments make.
    pub(crate) fn fingerprint(&self, args: &[&str]) -> String {
        let args = [args, &["--plan", "--output", "json"]].concat();
        self.krel(&args).expect(0).json()["fingerprint"].as_str().unwrap().to_owned()
    }

    /// Runs these arguments with their plan approved.
    pub(crate) fn approved(&self, args: &[&str]) -> Run {
        let fingerprint = self.fingerprint(args);
        self.krel(&[args, &["--approve", &fingerprint, "--output", "json"]].concat())
    }

    /// Stages for production; returns the build version.
    pub(crate) fn stage(&self) -> String {
        self.stage_as(&[])
    }

    /// Stages for production with more arguments; returns the build version.
    pub(crate) fn stage_as(&self, args: &[&str]) -> String {
        let run = self.approved(&[&["stage", "--nomock"], args].concat());
        run.expect(0).json()["build_version"].as_str().unwrap().to_owned()
    }

    /// Releases the build.
    pub(crate) fn release(&self, build: &str) -> Run {
        self.approved(&["release", "--nomock", "--build-version", build])
    }

    /// Stages, releases and announces `v1.0.0-alpha.1`; returns the build version.
    pub(crate) fn cut(&self) -> String {
        let build = self.stage();
        self.release(&build).expect(0);
        self.approved(&["announce", "--nomock", "--tag", "v1.0.0-alpha.1"]).expect(0);
        build
    }

    /// Stages with these arguments, releases, announces and verifies every byte; returns what verification tells.
    pub(crate) fn cut_as(&self, stage: &[&str], version: &str) -> Value {
        let build = self.stage_as(stage);
        self.release(&build).expect(0);
        self.approved(&["announce", "--nomock", "--tag", version]).expect(0);
        self.krel(&["verify", version, "--nomock", "--deep", "--output", "json"]).expect(0).json()
    }

    /// The production repository, as git tells it.
    pub(crate) fn remote(&self, args: &[&str]) -> String {
        git(&self.path("production/repository.git"), args)
    }

    /// Brings the developer's repository up to the production repository, on this branch.
    pub(crate) fn pull(&self, branch: &str) {
        let remote = self.path("production/repository.git");
        let branches = format!("+refs/heads/{branch}:refs/remotes/origin/{branch}");
        self.git.git(&["fetch", "--quiet", "--tags", remote.to_str().unwrap(), &branches]);
        self.git.git(&["checkout", "--quiet", "-B", branch, &format!("origin/{branch}")]);
    }

    /// Pushes a branch of the developer's repository to the production repository.
    pub(crate) fn push(&self, branch: &str) {
        let remote = self.path("production/repository.git");
        self.git.git(&["push", "--quiet", remote.to_str().unwrap(), branch]);
    }

    /// Everything that the places of both sets hold, journals aside.
    pub(crate) fn places(&self) -> Places {
        let mut places = BTreeMap::new();
        for set in ["mock", "production"] {
            for place in ["bucket", "forge", "outbox", "registry"] {
                let folder = self.project.join(set).join(place);
                for (path, bytes) in files(&folder) {
                    let lock = path.split('/').any(|part| part == ".lock" || part == ".tmp");
                    if !path.starts_with("journal/") && !lock {
                        places.insert(format!("{set}/{place}/{path}"), bytes);
                    }
                }
            }
            let remote = self.project.join(set).join("repository.git");
            if remote.is_dir() {
                let refs = git(&remote, &["for-each-ref", "--format=%(refname) %(objectname) %(objecttype)"]);
                let objects = git(&remote, &["rev-list", "--objects", "--all", "--no-object-names"]);
                let mut objects: Vec<&str> = objects.lines().collect();
                objects.sort_unstable();
                places.insert(format!("{set}/refs"), refs.into_bytes());
                places.insert(format!("{set}/objects"), objects.join("\n").into_bytes());
                git(&remote, &["fsck", "--strict", "--no-dangling"]);
            }
        }
        Places(places)
    }

    /// The mails that were sent for real.
    pub(crate) fn mails(&self) -> Vec<String> {
        files(&self.path("production/outbox")).into_keys().filter(|path| path.ends_with(".eml")).collect()
    }

    /// Markers of the production bucket and what they name.
    pub(crate) fn markers(&self) -> BTreeMap<String, String> {
        let all = files(&self.bucket("release")).into_iter().filter(|(path, _)| !path.contains('/'));
        all.map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap())).collect()
    }

    /// A release that somebody else made: a file and a tag in the production places, and no more.
    pub(crate) fn plant(&self, version: &str) {
        git(&self.path("production/repository.git"), &["tag", version, "main"]);
        self.plant_files(version);
    }

    /// Only its file.
    pub(crate) fn plant_files(&self, version: &str) {
        let folder = self.bucket(&format!("release/{version}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("hello"), "hello").unwrap();
    }

    /// Copies the project's folder, to come back to it.
    pub(crate) fn save(&self) -> Saved {
        let folder = self.git.folder().join(format!("saved-{}", fs::read_dir(self.git.folder()).unwrap().count()));
        copy(&self.project, &folder);
        Saved(folder)
    }

    /// Brings the project's folder back to what it was, at the same path.
    pub(crate) fn restore(&self, saved: &Saved) {
        fs::remove_dir_all(&self.project).unwrap();
        copy(&saved.0, &self.project);
    }
}

/// A configuration with another command, whose result is any file.
pub(crate) fn with_command(config: &str, command: &str) -> String {
    let start = config.find("      command: >-").unwrap();
    let end = config.find("      artifacts:").unwrap();
    let command = command.replace('\n', "\n        ");
    let text = format!("{}      command: |-\n        {command}\n{}", &config[..start], &config[end..]);
    text.replace("        - path: hello{exe}\n", "        - path: hello{exe}\n          kind: file\n")
}

/// A copy of the project's folder.
pub(crate) struct Saved(PathBuf);

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg("--").arg(from).arg(to).status().unwrap();
    assert!(status.success(), "copying {}", from.display());
}

/// All files below a folder, by path.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, out);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                out.insert(name, fs::read(&path).unwrap_or_default());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(folder, folder, &mut out);
    out
}

/// What the places hold.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Places(BTreeMap<String, Vec<u8>>);

impl Places {
    /// # Panics
    /// When the places differ; the message names what does.
    #[track_caller]
    pub(crate) fn same_as(&self, other: &Self, case: &str) {
        let keys = self.0.keys().chain(other.0.keys());
        let mut differ: Vec<String> = keys
            .filter(|key| self.0.get(*key) != other.0.get(*key))
            .map(|key| {
                let shown = |of: &Self| {
                    of.0.get(key).map_or("nothing".to_owned(), |bytes| {
                        let text = String::from_utf8_lossy(bytes);
                        format!("{} bytes: {}", bytes.len(), text.chars().take(300).collect::<String>())
                    })
                };
                format!("{key}\n    {}\n    {}", shown(self), shown(other))
            })
            .collect();
        differ.sort();
        differ.dedup();
        assert!(differ.is_empty(), "{case}: the places differ in\n  {}", differ.join("\n  "));
    }

    /// The names of what is there, without attributes.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).filter(|name| !name.contains("/.attributes/")).collect()
    }
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Run {
    args: String,
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(args: &[&str], output: Output) -> Self {
        Self {
            args: args.join(" "),
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn expect(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "krel {}\n{}{}", self.args, self.stdout, self.stderr);
        self
    }

    /// Each of these is said on stderr.
    #[track_caller]
    pub(crate) fn says(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.stderr.contains(part), "krel {} does not say `{part}`:\n{}", self.args, self.stderr);
        }
        self
    }

    /// A failure for somebody who typed the command: an error, and advice.
    #[track_caller]
    pub(crate) fn refuses(&self, code: i32, parts: &[&str]) -> &Self {
        self.expect(code).says(&["error: ", "hint: "]).says(parts);
        assert_eq!(self.stdout, "", "krel {}", self.args);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("krel {}: {error}\n{}{}", self.args, self.stdout, self.stderr))
    }
}
