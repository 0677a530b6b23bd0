//! Parses and orders a million build versions.

use divan::{Bencher, black_box};
use release_version::BuildVersion;

const COUNT: u64 = 1_000_000;

fn main() {
    divan::main();
}

fn texts() -> Vec<String> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    (0..COUNT)
        .map(|_| {
            let (minor, patch, number, commits) = (random(40), random(20), random(6), random(2000));
            let commit = random(u64::MAX) >> 8;
            match random(5) {
                0 => format!("v1.{minor}.{patch}"),
                1 => format!("v1.{minor}.{patch}-{commits}+{commit:014x}"),
                2 => format!("v1.{minor}.0-alpha.{number}.{commits}+{commit:014x}"),
                3 => format!("v1.{minor}.0-beta.{number}"),
                _ => format!("v1.{minor}.{patch}-rc.{number}.{commits}+{commit:014x}"),
            }
        })
        .collect()
}

fn parse(texts: &[String]) -> Vec<BuildVersion> {
    texts.iter().map(|text| text.parse().expect("generated from the grammar")).collect()
}

#[divan::bench(sample_count = 10)]
fn parse_1m(bencher: Bencher<'_, '_>) {
    let texts = texts();
    bencher.bench_local(|| parse(black_box(&texts)));
}

#[divan::bench(sample_count = 10)]
fn sort_1m(bencher: Bencher<'_, '_>) {
    let versions = parse(&texts());
    bencher.with_inputs(|| versions.clone()).bench_local_values(|mut versions| {
        versions.sort_unstable();
        versions
    });
}

#[divan::bench(sample_count = 10)]
fn parse_and_sort_1m(bencher: Bencher<'_, '_>) {
    let texts = texts();
    bencher.bench_local(|| {
        let mut versions = parse(black_box(&texts));
        versions.sort_unstable();
        versions
    });
}
