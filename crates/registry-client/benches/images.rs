//! Images of a release against `sha256sum` of the same programs: six programs for four architectures, with their indexes.
//!
//! `cargo bench -p registry-client`; `IMAGES_BENCH_MIB` sets the size of each program (30), `IMAGES_BENCH_DIR` the folder (the
//! temporary one, which should be a disk). Programs are pseudo-random bytes, the worst case for gzip.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::field_reassign_with_default,
    reason = "a benchmark prints a table"
)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use registry_client::{
    ArchiveOptions, Compression, Descriptor, ImageBuilder, ImageStore, Layer, OciLayout, Platform, Verification,
    make_index, read_docker_archive, write_docker_archive,
};

const MIB: u64 = 1024 * 1024;
const PROGRAMS: [&str; 6] =
    ["conformance", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl"];
const ARCHITECTURES: [&str; 4] = ["amd64", "arm64", "ppc64le", "s390x"];

fn number(path: &str, key: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// CPU seconds of this process and of the children it waited for.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11..15].iter().map(|field| field.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

/// Runs the work and prints a row; `bytes` is the size of all programs.
fn row<T>(name: &str, bytes: u64, work: impl FnOnce() -> T) -> T {
    let io = |key| number("/proc/self/io", key);
    let (read, written, used, start) = (io("rchar:"), io("wchar:"), cpu(), Instant::now());
    let value = work();
    let wall = start.elapsed().as_secs_f64();
    println!(
        "  {name:<38} {wall:>7.2} s wall {:>7.2} s cpu {:>6.0} MB/s  read {:>6} MiB  written {:>6} MiB",
        cpu() - used,
        bytes as f64 / 1e6 / wall,
        (io("rchar:") - read) / MIB,
        (io("wchar:") - written) / MIB,
    );
    value
}

fn programs(folder: &Path, mib: u64) -> Vec<(&'static str, &'static str, PathBuf)> {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut made = Vec::new();
    for program in PROGRAMS {
        for architecture in ARCHITECTURES {
            let path = folder.join(format!("{program}-{architecture}"));
            let mut file = std::fs::File::create(&path).unwrap();
            let mut block = Vec::with_capacity(MIB as usize);
            for _ in 0..mib {
                block.clear();
                while block.len() < MIB as usize {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    block.extend_from_slice(&seed.to_le_bytes());
                }
                file.write_all(&block).unwrap();
            }
            file.sync_all().unwrap();
            made.push((program, architecture, path));
        }
    }
    made
}

/// Runs tasks side by side, as many as there are cores, and gives their results in order.
async fn side_by_side<T: Send + 'static>(tasks: Vec<impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let cores = std::sync::Arc::new(tokio::sync::Semaphore::new(std::thread::available_parallelism().unwrap().get()));
    let handles: Vec<_> = tasks
        .into_iter()
        .map(|task| {
            let cores = std::sync::Arc::clone(&cores);
            tokio::spawn(async move {
                let _core = cores.acquire_owned().await.unwrap();
                task.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for handle in handles {
        results.push(handle.await.unwrap());
    }
    results
}

struct Image {
    layout: OciLayout,
    program: &'static str,
    image: Descriptor,
    platform: Platform,
}

/// Builds all images and their indexes into one repository for each program.
async fn build(root: &Path, files: &[(&'static str, &'static str, PathBuf)], compression: Compression) -> Vec<Image> {
    let store = ImageStore::open_folder(root);
    let mut tasks = Vec::new();
    for (program, architecture, path) in files.iter().cloned() {
        let layout = store.create_repository(&program.parse().unwrap()).await.unwrap();
        let builder = ImageBuilder::new(Platform::new("linux", architecture), "2020-08-26T14:30:33Z".parse().unwrap())
            .compression(compression)
            .layer(Layer::new(program).file(format!("usr/local/bin/{program}"), path, 0o755))
            .entrypoint([format!("/usr/local/bin/{program}")]);
        tasks.push(async move {
            let built = builder.build(&layout).await.unwrap();
            Image { layout, program, image: built.image, platform: built.platform }
        });
    }
    let images = side_by_side(tasks).await;
    for of_one in images.chunks(ARCHITECTURES.len()) {
        let entries: Vec<_> = of_one.iter().map(|image| (image.image.clone(), image.platform.clone())).collect();
        let layout = &of_one[0].layout;
        let index = layout.put_index(&make_index(&entries, &BTreeMap::new()).unwrap()).await.unwrap();
        layout.tag(&"v1.19.0".parse().unwrap(), &index, None).await.unwrap();
    }
    images
}

fn main() {
    // `cargo test --all-targets` runs benches too: then there is nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mib: u64 = std::env::var("IMAGES_BENCH_MIB").map_or(30, |text| text.parse().unwrap());
    let base = std::env::var_os("IMAGES_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let root = tempfile::tempdir_in(base).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let files = programs(root.path(), mib);
    let bytes = files.len() as u64 * mib * MIB;
    println!("{} programs x {} architectures, {mib} MiB each", PROGRAMS.len(), ARCHITECTURES.len());
    println!("  (what other programs read and write is not counted)");

    row("sha256sum", bytes, || {
        let output = Command::new("sha256sum").args(files.iter().map(|(_, _, path)| path)).output().unwrap();
        assert!(output.status.success());
    });
    row("cp and sync", bytes, || {
        let copy = root.path().join("copy");
        std::fs::create_dir(&copy).unwrap();
        for (_, _, path) in &files {
            assert!(Command::new("cp").arg(path).arg(&copy).status().unwrap().success());
        }
        assert!(Command::new("sync").arg("-f").arg(&copy).status().unwrap().success());
    });
    std::fs::remove_dir_all(root.path().join("copy")).unwrap();

    let plain = root.path().join("plain");
    let images =
        row("images, layers as they are", bytes, || runtime.block_on(build(&plain, &files, Compression::None)));
    let layouts = || images.iter().map(|image| (image.layout.clone(), image.image.clone()));
    row("walk, every byte", bytes, || {
        let tasks = layouts()
            .map(|(layout, image)| async move { layout.walk(&image, Verification::Bytes).await.unwrap().len() });
        assert!(runtime.block_on(side_by_side(tasks.collect())).iter().all(|count| *count == 3));
    });
    let archives = row("docker archives written", bytes, || {
        let tasks = images.iter().map(|image| {
            let name = format!("registry.example/{}-{}:v1.19.0", image.program, image.platform.architecture);
            let path = root.path().join(format!("{}-{}.tar", image.program, image.platform.architecture));
            let (layout, image) = (image.layout.clone(), image.image.clone());
            async move {
                write_docker_archive(&layout, &image, &name.parse().unwrap(), &path).await.map(drop).unwrap();
                path
            }
        });
        runtime.block_on(side_by_side(tasks.collect()))
    });
    std::fs::remove_dir_all(&plain).unwrap();
    row("docker archives read", bytes, || {
        let options = ArchiveOptions::new(Compression::None);
        let layout = runtime.block_on(OciLayout::create(&root.path().join("read"))).unwrap();
        let tasks = archives.into_iter().map(|path| {
            let layout = layout.clone();
            async move { read_docker_archive(&path, &layout, options).await.unwrap().image }
        });
        let read = runtime.block_on(side_by_side(tasks.collect()));
        assert!(read.iter().zip(&images).all(|(read, built)| *read == built.image), "the same images");
    });
    std::fs::remove_dir_all(root.path().join("read")).unwrap();
    row("images, layers with gzip", bytes, || {
        runtime.block_on(build(&root.path().join("gzip"), &files, Compression::Gzip)).len()
    });
    println!("  peak memory of this process            {} MiB", number("/proc/self/status", "VmHWM:") / 1024);
}
