//! A disk that is full in the middle of things. Needs to mount small file systems: as root only, elsewhere these tests are skipped.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::world::{World, with_command};

/// A small file system in memory. Unmounted when dropped.
struct Disk {
    at: PathBuf,
}

impl Disk {
    /// Nothing when this machine does not let us.
    fn mount(at: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let options = format!("size={size}");
        let mounted = run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", at.to_str().unwrap()]);
        if !mounted {
            std::io::Write::write_all(&mut std::io::stderr(), b"skipped: no file system can be mounted here\n")
                .unwrap();
        }
        mounted.then(|| Self { at: at.to_owned() })
    }

    fn resize(&self, size: &str) {
        let options = format!("remount,size={size}");
        assert!(run("mount", &["-o", &options, self.at.to_str().unwrap()]), "{size}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["--lazy", self.at.to_str().unwrap()]);
    }
}

fn run(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A build of a file of 2 MiB.
fn large() -> World {
    let command = "seq 400000 | head -c 2097152 > {out}/hello";
    World::with(|config| with_command(config, command))
}

#[test]
fn a_bucket_that_is_full_while_staging() {
    let world = large();
    let args = ["stage", "--nomock"];
    let approve = world.fingerprint(&args);
    let stage = [&args[..], &["--approve", &approve]].concat();
    let fresh = world.save();
    world.krel(&stage).expect(0);
    let end = world.places();
    // From hardly anything to nearly enough, so that different steps are hit.
    for size in ["48k", "256k", "1m", "2200k", "2600k"] {
        world.restore(&fresh);
        let Some(disk) = Disk::mount(&world.bucket(""), size) else { return };
        let run = world.krel(&stage);
        assert_ne!(run.code, Some(0), "{size} were enough: {}", run.stdout);
        run.says(&["error: ", "no space left"]);
        assert!(!world.bucket("release").exists(), "{size}: something is public");
        assert_eq!(world.remote(&["tag", "--list"]), "v1.0.0-alpha.0", "{size}");
        assert!(files_named(&world, "manifest.json").is_empty(), "{size}: half a build looks whole");
        // Again without room: the same, and nothing is lost.
        assert_ne!(world.krel(&stage).code, Some(0), "{size}");
        disk.resize("64m");
        world.krel(&stage).expect(0);
        world.places().same_as(&end, size);
    }
}

fn files_named(world: &World, name: &str) -> Vec<String> {
    let all = crate::world::files(&world.bucket("stage"));
    all.into_keys().filter(|path| path.rsplit('/').next() == Some(name)).collect()
}

/// The run is there to be resumed once it could be written down.
#[test]
fn a_run_that_found_no_room_is_resumed() {
    let world = large();
    let args = ["stage", "--nomock"];
    let approve = world.fingerprint(&args);
    let Some(disk) = Disk::mount(&world.bucket(""), "1m") else { return };
    let run = world.krel(&[&args[..], &["--approve", &approve]].concat());
    run.expect(8).says(&["no space left", "krel resume stage-v1.0.0-alpha.1-"]);
    disk.resize("64m");
    world.krel(&["resume"]).expect(0);
    let list = world.krel(&["list", "--nomock", "--output", "json"]).expect(0).json();
    let build = list["builds"][0]["build_version"].as_str().unwrap().to_owned();
    // The release finds no room either: nobody is pointed at it until it is whole.
    let used = crate::world::files(&world.bucket("")).values().map(Vec::len).sum::<usize>();
    disk.resize(&format!("{}k", used / 1024 + 1200));
    let release = ["release", "--nomock", "--build-version", &build];
    let approve = world.fingerprint(&release);
    world.krel(&[&release[..], &["--approve", &approve]].concat()).says(&["error: ", "no space left"]);
    assert_eq!(world.markers().len(), 0);
    assert_eq!(world.remote(&["tag", "--list"]), "v1.0.0-alpha.0");
    disk.resize("64m");
    world.krel(&["resume"]).expect(0);
    world.krel(&["verify", "v1.0.0-alpha.1", "--nomock", "--deep"]).expect(0);
}

/// On the machine that builds, the room is asked for before anything is built.
#[test]
fn a_work_folder_without_room() {
    let world = large();
    let work = world.path("cache");
    let Some(_disk) = Disk::mount(&work, "1m") else { return };
    let before = world.places();
    let approve = world.fingerprint(&["stage", "--nomock"]);
    let run = world.krel(&["stage", "--nomock", "--approve", &approve]);
    run.refuses(3, &["disk at `", "1 GiB wanted"]);
    world.places().same_as(&before, "no room");
}
