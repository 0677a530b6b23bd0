//! Staging against `cp` and `openssl`: one large file, and several files at a time.
//!
//! `cargo bench -p artifact-publish`; `STAGE_BENCH_MIB` sets the size of each case (2048), `STAGE_BENCH_DIR` the folder (the
//! temporary one, which should be a disk). Each way runs in the order shown, on files that were just written and synced.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints a table")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use artifact_publish::{Attributes, Bucket, Progress, TreeOptions, hash_file, stage_tree};

const MIB: u64 = 1024 * 1024;
const ROUNDS: usize = 3;

#[derive(Clone, Copy)]
struct Usage {
    wall: Duration,
    cpu: f64,
    read: u64,
}

/// What this process has used so far: CPU seconds (children waited for included) and bytes read by system calls.
fn used() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[11..15].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    (ticks as f64 / 100.0, status("/proc/self/io", "rchar:"))
}

fn status(path: &str, key: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn measure<T>(work: impl FnOnce() -> T) -> (Usage, T) {
    let (before, start) = (used(), Instant::now());
    let value = work();
    let (wall, after) = (start.elapsed(), used());
    (Usage { wall, cpu: after.0 - before.0, read: after.1 - before.1 }, value)
}

fn run(program: &str, arguments: &[&std::ffi::OsStr]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

fn files(folder: &Path, count: u64, mib: u64) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    (0..count)
        .map(|index| {
            let path = folder.join(format!("file-{index:02}"));
            let mut file = std::fs::File::create(&path).unwrap();
            for _ in 0..mib {
                let mut block = Vec::with_capacity(MIB as usize);
                while block.len() < MIB as usize {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    block.extend_from_slice(&seed.to_le_bytes());
                }
                file.write_all(&block).unwrap();
            }
            file.sync_all().unwrap();
            path
        })
        .collect()
}

/// Lets what was removed before leave the caches of disk and host: a copy into pages that were free a moment ago is several
/// times cheaper on a virtual machine, and whoever copies second would win.
fn settle(root: &Path) {
    run("sync", &["-f".as_ref(), root.as_os_str()]);
    std::thread::sleep(Duration::from_secs(4));
}

fn row(name: &str, usage: Usage, bytes: u64) {
    println!(
        "  {name:<34} {:>7.2} s wall {:>7.2} s cpu {:>6.0} MB/s  read {:>6} MiB",
        usage.wall.as_secs_f64(),
        usage.cpu,
        bytes as f64 / 1e6 / usage.wall.as_secs_f64(),
        usage.read / MIB,
    );
}

/// The usage with the median wall time.
fn median(mut rounds: Vec<Usage>) -> Usage {
    rounds.sort_by_key(|usage| usage.wall);
    rounds[rounds.len() / 2]
}

fn case(runtime: &tokio::runtime::Runtime, root: &Path, count: u64, mib: u64) {
    let bytes = count * mib * MIB;
    println!("{count} x {mib} MiB, median of {ROUNDS}");
    let (source, copy, place) = (root.join("source"), root.join("copy"), root.join("bucket"));
    let paths = files(&source, count, mib);
    let mut all: [Vec<Usage>; 6] = Default::default();
    let counted = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&counted);
    let progress = Progress::new(move |bytes| {
        counter.fetch_add(bytes, Ordering::Relaxed);
    });
    let openssl = |digest: &str| {
        let mut arguments = vec!["dgst".as_ref(), digest.as_ref()];
        arguments.extend(paths.iter().map(|path| path.as_os_str()));
        run("openssl", &arguments);
    };
    for _ in 0..ROUNDS {
        settle(root);
        all[0].push(measure(|| run("cp", &["-r".as_ref(), source.as_os_str(), copy.as_os_str()])).0);
        all[1].push(measure(|| run("sync", &["-f".as_ref(), copy.as_os_str()])).0);
        all[2].push(measure(|| openssl("-sha256")).0);
        all[3].push(measure(|| openssl("-sha512")).0);
        std::fs::remove_dir_all(&copy).unwrap();
        let hash = || {
            paths.iter().for_each(|path| {
                let digests = runtime.block_on(hash_file(path, &Progress::none())).unwrap();
                assert_eq!(digests.size, mib * MIB);
            })
        };
        all[4].push(measure(hash).0);
        settle(root);
        let bucket = Bucket::open_folder(&place).unwrap();
        let stage = || {
            if count == 1 {
                let (name, attributes) = ("staged/file".parse().unwrap(), Attributes::default());
                let upload = bucket.upload(&name, &paths[0], &attributes, &progress);
                runtime.block_on(upload).map(drop).unwrap();
            } else {
                let options = TreeOptions::with_progress(progress.clone());
                let prefix = "staged".parse().unwrap();
                let staged = stage_tree(&source, &bucket, &prefix, &options);
                runtime.block_on(staged).map(drop).unwrap();
            }
        };
        all[5].push(measure(stage).0);
        std::fs::remove_dir_all(&place).unwrap();
    }
    let [cp, sync, sha256, sha512, hashes, staged] = all.map(median);
    row("cp", cp, bytes);
    row("sync of that copy", sync, bytes);
    row("openssl dgst -sha256", sha256, bytes);
    row("openssl dgst -sha512", sha512, bytes);
    row("both digests, no copy", hashes, bytes);
    row(if count == 1 { "upload (digests, copy, synced)" } else { "stage_tree (also checksum files)" }, staged, bytes);

    let cores = std::thread::available_parallelism().unwrap().get() as f64;
    // No number of cores makes one SHA-512 faster: a single file takes as long as its slower hash.
    let chain = if count == 1 { hashes.wall.as_secs_f64() } else { 0.0 };
    let ideal = ((hashes.cpu + cp.cpu) / cores).max(cp.wall.as_secs_f64() + sync.wall.as_secs_f64()).max(chain);
    let serial = (cp.wall + sha256.wall + sha512.wall).as_secs_f64();
    let wall = staged.wall.as_secs_f64();
    println!(
        "  wall / max(CPU of hashes + copy on {cores} cores, synced copy, slower hash of one file): {:.2}",
        wall / ideal
    );
    println!("  wall / own CPU on {cores} cores: {:.2}", wall * cores / staged.cpu);
    println!("  wall / (cp + both openssl, one after another): {:.2}", wall / serial);
    println!("  bytes read per byte: {:.4}", staged.read as f64 / bytes as f64);
    let told = counted.load(Ordering::Relaxed) / ROUNDS as u64;
    println!("  bytes told to progress per byte: {:.4}", told as f64 / bytes as f64);
    println!("  peak memory of this process: {} MiB", status("/proc/self/status", "VmHWM:") / 1024);
    std::fs::remove_dir_all(source).unwrap();
}

fn main() {
    // `cargo test --all-targets` runs benches too: then there is nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mib: u64 = std::env::var("STAGE_BENCH_MIB").map_or(2048, |text| text.parse().unwrap());
    let base = std::env::var_os("STAGE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let root = tempfile::tempdir_in(base).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    case(&runtime, root.path(), 1, mib);
    case(&runtime, root.path(), 16, mib / 16);
}
