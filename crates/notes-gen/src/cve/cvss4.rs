//! The scoring of CVSS 4.0: equivalence classes, the table of macro vectors, interpolation between them.
//!
//! All arithmetic is exact, in integers; the result is rounded half up once, at the end.

use super::Score;
use super::cvss::{Metric, Metrics};

const fn base(name: &'static str, values: &'static [&'static str]) -> Metric {
    Metric { name, values, base: true }
}

const fn other(name: &'static str, values: &'static [&'static str]) -> Metric {
    Metric { name, values, base: false }
}

/// In the prescribed order.
pub(super) const METRICS: &[Metric] = &[
    base("AV", &["N", "A", "L", "P"]),
    base("AC", &["L", "H"]),
    base("AT", &["N", "P"]),
    base("PR", &["N", "L", "H"]),
    base("UI", &["N", "P", "A"]),
    base("VC", &["H", "L", "N"]),
    base("VI", &["H", "L", "N"]),
    base("VA", &["H", "L", "N"]),
    base("SC", &["H", "L", "N"]),
    base("SI", &["H", "L", "N"]),
    base("SA", &["H", "L", "N"]),
    other("E", &["A", "P", "U"]),
    other("CR", &["H", "M", "L"]),
    other("IR", &["H", "M", "L"]),
    other("AR", &["H", "M", "L"]),
    other("MAV", &["N", "A", "L", "P"]),
    other("MAC", &["L", "H"]),
    other("MAT", &["N", "P"]),
    other("MPR", &["N", "L", "H"]),
    other("MUI", &["N", "P", "A"]),
    other("MVC", &["H", "L", "N"]),
    other("MVI", &["H", "L", "N"]),
    other("MVA", &["H", "L", "N"]),
    other("MSC", &["H", "L", "N"]),
    other("MSI", &["S", "H", "L", "N"]),
    other("MSA", &["S", "H", "L", "N"]),
    // These do not change the score.
    other("S", &["N", "P"]),
    other("AU", &["N", "Y"]),
    other("R", &["A", "U", "I"]),
    other("V", &["D", "C"]),
    other("RE", &["L", "M", "H"]),
    other("U", &["Clear", "Green", "Amber", "Red"]),
];

/// Scores of the macro vectors in tenths: a row for each EQ1, EQ2, EQ3, in it EQ4, EQ5, EQ6 ascending. Zero where EQ3 and EQ6
/// exclude each other.
#[rustfmt::skip]
const TABLE: [[i64; 18]; 18] = [
    [100, 99, 98, 95, 95, 92, 100, 96, 93, 87, 91, 81, 93, 90, 89, 80, 81, 68],
    [98, 95, 95, 92, 90, 84, 93, 92, 89, 81, 81, 65, 88, 80, 78, 70, 69, 48],
    [0, 92, 0, 82, 0, 72, 0, 79, 0, 69, 0, 50, 0, 69, 0, 55, 0, 27],
    [99, 97, 95, 92, 92, 85, 95, 91, 90, 83, 84, 71, 92, 81, 82, 71, 72, 53],
    [95, 93, 92, 85, 85, 73, 92, 82, 80, 72, 70, 59, 84, 70, 71, 52, 50, 30],
    [0, 86, 0, 75, 0, 52, 0, 71, 0, 52, 0, 29, 0, 63, 0, 29, 0, 17],
    [98, 95, 94, 87, 91, 81, 94, 89, 86, 74, 77, 64, 87, 75, 74, 63, 63, 49],
    [94, 89, 88, 77, 76, 67, 86, 76, 74, 58, 59, 50, 72, 57, 57, 52, 52, 25],
    [0, 83, 0, 70, 0, 54, 0, 65, 0, 58, 0, 26, 0, 53, 0, 21, 0, 13],
    [95, 90, 88, 76, 76, 70, 90, 77, 75, 62, 61, 53, 77, 66, 68, 59, 52, 30],
    [89, 78, 76, 67, 62, 58, 74, 59, 57, 57, 47, 23, 61, 52, 57, 29, 24, 16],
    [0, 71, 0, 59, 0, 30, 0, 58, 0, 26, 0, 15, 0, 23, 0, 13, 0, 6],
    [93, 87, 86, 72, 75, 58, 86, 74, 74, 61, 56, 34, 70, 54, 52, 40, 40, 22],
    [85, 75, 74, 55, 62, 51, 72, 57, 55, 41, 46, 19, 53, 36, 34, 19, 19, 8],
    [0, 64, 0, 51, 0, 20, 0, 47, 0, 21, 0, 11, 0, 24, 0, 9, 0, 4],
    [88, 75, 73, 53, 60, 50, 73, 55, 59, 40, 41, 20, 54, 43, 45, 22, 20, 11],
    [75, 55, 58, 45, 40, 21, 61, 51, 48, 18, 20, 9, 46, 18, 17, 7, 8, 2],
    [0, 53, 0, 24, 0, 14, 0, 24, 0, 12, 0, 5, 0, 10, 0, 3, 0, 1],
];

/// The score of a macro vector, or nothing when there is none.
fn of_macro(eq: [usize; 6]) -> Option<i64> {
    let [one, two, three, four, five, six] = eq;
    let exists = one < 3 && two < 2 && three < 3 && four < 3 && five < 3 && six < 2 && !(three == 2 && six == 0);
    exists.then(|| TABLE[one * 6 + two * 3 + three][four * 6 + five * 2 + six])
}

/// The value of a metric that counts: the modified one, else the base one; what is not defined is the worst.
fn value<'a>(metrics: &'a Metrics, name: &'a str) -> &'a str {
    let modified = METRICS.iter().find(|metric| metric.name.strip_prefix('M') == Some(name));
    let found = modified.and_then(|metric| metrics.get(metric.name)).or_else(|| metrics.get(name));
    found.copied().unwrap_or(match name {
        "E" => "A",
        _ => "H",
    })
}

fn classes(metrics: &Metrics) -> [usize; 6] {
    let is = |name: &str, wanted: &str| value(metrics, name) == wanted;
    let easy = [is("AV", "N"), is("PR", "N"), is("UI", "N")];
    let one = if easy == [true; 3] {
        0
    } else if easy.contains(&true) && !is("AV", "P") {
        1
    } else {
        2
    };
    let two = usize::from(!(is("AC", "L") && is("AT", "N")));
    let three = if is("VC", "H") && is("VI", "H") {
        0
    } else if ["VC", "VI", "VA"].iter().any(|name| is(name, "H")) {
        1
    } else {
        2
    };
    let four = if is("SI", "S") || is("SA", "S") {
        0
    } else if ["SC", "SI", "SA"].iter().any(|name| is(name, "H")) {
        1
    } else {
        2
    };
    let five = match value(metrics, "E") {
        "A" => 0,
        "P" => 1,
        _ => 2,
    };
    let needed = [("CR", "VC"), ("IR", "VI"), ("AR", "VA")];
    let six = usize::from(!needed.iter().any(|(requirement, impact)| is(requirement, "H") && is(impact, "H")));
    [one, two, three, four, five, six]
}

/// Metrics that are measured together, each with its values from the worst.
type Measured = &'static [(&'static str, &'static str)];

const ONE: Measured = &[("AV", "NALP"), ("PR", "NLH"), ("UI", "NPA")];
const TWO: Measured = &[("AC", "LH"), ("AT", "NP")];
const THREE_SIX: Measured = &[("VC", "HLN"), ("VI", "HLN"), ("VA", "HLN"), ("CR", "HML"), ("IR", "HML"), ("AR", "HML")];
const FOUR: Measured = &[("SC", "SHLN"), ("SI", "SHLN"), ("SA", "SHLN")];

/// The worst vectors of each class, and how many steps the class is deep.
fn worst(eq: [usize; 6]) -> [(Measured, &'static [&'static str], i64); 4] {
    let [one, two, three, four, _, six] = eq;
    let first = match one {
        0 => (ONE, &["NNN"] as &[_], 1),
        1 => (ONE, &["ANN", "NLN", "NNP"] as &[_], 4),
        _ => (ONE, &["PNN", "ALP"] as &[_], 5),
    };
    let second = if two == 0 { (TWO, &["LN"] as &[_], 1) } else { (TWO, &["HN", "LP"] as &[_], 2) };
    let third = match (three, six) {
        (0, 0) => (THREE_SIX, &["HHHHHH"] as &[_], 7),
        (0, _) => (THREE_SIX, &["HHLMMH", "HHHMMM"] as &[_], 6),
        (1, 0) => (THREE_SIX, &["LHHHHH", "HLHHHH"] as &[_], 8),
        (1, _) => (THREE_SIX, &["LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"] as &[_], 8),
        _ => (THREE_SIX, &["LLLHHH"] as &[_], 10),
    };
    let fourth = match four {
        0 => (FOUR, &["HSS"] as &[_], 6),
        1 => (FOUR, &["HHH"] as &[_], 5),
        _ => (FOUR, &["LLL"] as &[_], 4),
    };
    [first, second, third, fourth]
}

/// How many steps the metrics lie below the first of the worst vectors that is at least as bad in all of them.
fn distance(metrics: &Metrics, measured: Measured, worst: &[&str]) -> i64 {
    let steps = |vector: &&str| -> Option<i64> {
        measured.iter().zip(vector.chars()).try_fold(0, |sum, ((name, levels), top)| {
            let at = levels.find(value(metrics, name))?;
            Some(sum + i64::try_from(at.checked_sub(levels.find(top)?)?).ok()?)
        })
    };
    worst.iter().find_map(steps).unwrap_or(0)
}

/// The score of the vector as it is, and the one below it when the exact value lies in the middle between two tenths: calculators
/// that use floating-point numbers give either.
pub(super) fn score(metrics: &Metrics) -> (Score, Option<Score>) {
    if ["VC", "VI", "VA", "SC", "SI", "SA"].iter().all(|name| value(metrics, name) == "N") {
        return (Score::from_tenths(0).expect("zero is a score"), None);
    }
    let eq = classes(metrics);
    let [one, two, three, four, five, six] = eq;
    let top = of_macro(eq).expect("every vector has a macro vector");
    let below_third = match (three, six) {
        (0, 0) => of_macro([one, two, 0, four, five, 1]).max(of_macro([one, two, 1, four, five, 0])),
        (1, 0) => of_macro([one, two, 1, four, five, 1]),
        _ => of_macro([one, two, three + 1, four, five, six]),
    };
    let below = [
        of_macro([one + 1, two, three, four, five, six]),
        of_macro([one, two + 1, three, four, five, six]),
        below_third,
        of_macro([one, two, three, four + 1, five, six]),
    ];
    // The fifth class has a single metric: it counts for the mean, and its distance is always zero.
    let mut lower = i64::from(of_macro([one, two, three, four, five + 1, six]).is_some());
    // A multiple of the depth of every class.
    const UNIT: i64 = 840;
    let mut distances = 0;
    for (below, (measured, vectors, depth)) in below.into_iter().zip(worst(eq)) {
        let Some(below) = below else { continue };
        lower += 1;
        distances += (top - below) * distance(metrics, measured, vectors) * (UNIT / depth);
    }
    let unit = UNIT * lower.max(1);
    let exact = (top * unit - distances).max(0);
    let tenths = u8::try_from((2 * exact + unit) / (2 * unit)).unwrap_or(100).min(100);
    let in_the_middle = (2 * exact + unit) % (2 * unit) == 0 && tenths > 0;
    let below = in_the_middle.then(|| Score::from_tenths(tenths - 1)).flatten();
    (Score::from_tenths(tenths).expect("it is at most 100"), below)
}
