//! The equations of CVSS 3.0 and 3.1.

use super::cvss::{Metric, Metrics};
use super::{CvssVersion, Score};

const fn base(name: &'static str, values: &'static [&'static str]) -> Metric {
    Metric { name, values, base: true }
}

const fn other(name: &'static str, values: &'static [&'static str]) -> Metric {
    Metric { name, values, base: false }
}

pub(super) const METRICS: &[Metric] = &[
    base("AV", &["N", "A", "L", "P"]),
    base("AC", &["L", "H"]),
    base("PR", &["N", "L", "H"]),
    base("UI", &["N", "R"]),
    base("S", &["U", "C"]),
    base("C", &["H", "L", "N"]),
    base("I", &["H", "L", "N"]),
    base("A", &["H", "L", "N"]),
    other("E", &["H", "F", "P", "U"]),
    other("RL", &["U", "W", "T", "O"]),
    other("RC", &["C", "R", "U"]),
    other("CR", &["H", "M", "L"]),
    other("IR", &["H", "M", "L"]),
    other("AR", &["H", "M", "L"]),
    other("MAV", &["N", "A", "L", "P"]),
    other("MAC", &["L", "H"]),
    other("MPR", &["N", "L", "H"]),
    other("MUI", &["N", "R"]),
    other("MS", &["U", "C"]),
    other("MC", &["H", "L", "N"]),
    other("MI", &["H", "L", "N"]),
    other("MA", &["H", "L", "N"]),
];

/// The environmental score when there is an environmental metric, else the temporal one, which is the base score when there is no
/// temporal metric either.
pub(super) fn score(metrics: &Metrics, version: CvssVersion) -> Score {
    let is_environmental = |name: &&str| name.starts_with('M') || matches!(*name, "CR" | "IR" | "AR");
    let temporal = weight(metrics, "E") * weight(metrics, "RL") * weight(metrics, "RC");
    let tenths = if metrics.keys().any(is_environmental) {
        round_up(f64::from(environmental(metrics, version)) / 10.0 * temporal)
    } else {
        round_up(f64::from(plain(metrics)) / 10.0 * temporal)
    };
    Score::from_tenths(tenths.min(100)).expect("it is at most 100")
}

/// The base score in tenths.
fn plain(metrics: &Metrics) -> u8 {
    let changed = metrics["S"] == "C";
    let sub = 1.0 - ["C", "I", "A"].iter().map(|name| 1.0 - weight(metrics, name)).product::<f64>();
    let impact = if changed { 7.52 * (sub - 0.029) - 3.25 * (sub - 0.02).powi(15) } else { 6.42 * sub };
    together(impact, exploitability(metrics, "", changed), changed)
}

/// The modified base score in tenths: the environmental score before the temporal metrics.
fn environmental(metrics: &Metrics, version: CvssVersion) -> u8 {
    let changed = modified(metrics, "MS") == "C";
    let part = |requirement: &str, impact: &str| 1.0 - weight(metrics, requirement) * weight(metrics, impact);
    let sub = (1.0 - part("CR", "MC") * part("IR", "MI") * part("AR", "MA")).min(0.915);
    let impact = match (changed, version) {
        (false, _) => 6.42 * sub,
        (true, CvssVersion::V3_0) => 7.52 * (sub - 0.029) - 3.25 * (sub - 0.02).powi(15),
        (true, _) => 7.52 * (sub - 0.029) - 3.25 * (sub * 0.9731 - 0.02).powi(13),
    };
    together(impact, exploitability(metrics, "M", changed), changed)
}

fn together(impact: f64, exploitability: f64, changed: bool) -> u8 {
    let factor = if changed { 1.08 } else { 1.0 };
    if impact <= 0.0 { 0 } else { round_up((factor * (impact + exploitability)).min(10.0)) }
}

fn exploitability(metrics: &Metrics, prefix: &str, changed: bool) -> f64 {
    let privileges = match (modified(metrics, &format!("{prefix}PR")), changed) {
        ("N", _) => 0.85,
        ("L", false) => 0.62,
        ("L", true) => 0.68,
        (_, false) => 0.27,
        (_, true) => 0.5,
    };
    let weights = ["AV", "AC", "UI"].map(|name| weight(metrics, &format!("{prefix}{name}")));
    8.22 * privileges * weights.iter().product::<f64>()
}

/// The value of a metric; a modified one that is not defined is the base one.
fn modified(metrics: &Metrics, name: &str) -> &'static str {
    let base = name.strip_prefix('M').unwrap_or(name);
    metrics.get(name).or_else(|| metrics.get(base)).copied().unwrap_or("X")
}

fn weight(metrics: &Metrics, name: &str) -> f64 {
    let value = modified(metrics, name);
    match (name.strip_prefix('M').unwrap_or(name), value) {
        ("AV", "N") => 0.85,
        ("AV", "A") => 0.62,
        ("AV", "L") => 0.55,
        ("AV", _) => 0.2,
        ("AC", "L") => 0.77,
        ("AC", _) => 0.44,
        ("UI", "N") => 0.85,
        ("UI", _) => 0.62,
        ("C" | "I" | "A", "H") => 0.56,
        ("C" | "I" | "A", "L") => 0.22,
        ("C" | "I" | "A", _) => 0.0,
        ("E", "F") => 0.97,
        ("E", "P") => 0.94,
        ("E", "U") => 0.91,
        ("RL", "W") => 0.97,
        ("RL", "T") => 0.96,
        ("RL", "O") => 0.95,
        ("RC", "R") => 0.96,
        ("RC", "U") => 0.92,
        ("CR" | "IR" | "AR", "H") => 1.5,
        ("CR" | "IR" | "AR", "L") => 0.5,
        _ => 1.0,
    }
}

/// The smallest number of tenths that is not below the value, by the integer method of version 3.1; it gives what version 3.0
/// means without the errors of floating-point division.
fn round_up(value: f64) -> u8 {
    let scaled = (value * 100_000.0).round() as i64;
    u8::try_from(if scaled % 10_000 == 0 { scaled / 10_000 } else { scaled / 10_000 + 1 }).unwrap_or(u8::MAX)
}
