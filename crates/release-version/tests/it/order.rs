use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use release_version::{BuildVersion, ReleaseVersion};

/// From the lowest to the highest.
const LADDER: &[&str] = &[
    "v0.0.0-3+aaaaa",
    "v1.2.0",
    "v1.9.0-alpha.9",
    "v1.10.0-alpha.0",
    "v1.10.0-alpha.0.1+aaaaa",
    "v1.10.0-alpha.0.5+aaaaa",
    "v1.10.0-alpha.0.5+bbbbb",
    "v1.10.0-alpha.0.5+bbbbb-dirty",
    "v1.10.0-alpha.0.10+aaaaa",
    "v1.10.0-alpha.1",
    "v1.10.0-alpha.10",
    "v1.10.0-beta.0",
    "v1.10.0-beta.2.847+aaaaa",
    "v1.10.0-rc.0",
    "v1.10.0-rc.0.88+aaaaa",
    "v1.10.0-rc.10",
    "v1.10.0",
    "v1.10.0-dirty",
    "v1.10.0-1+aaaaa",
    "v1.10.0-39+aaaaa",
    "v1.10.1-rc.0",
    "v1.10.1",
    "v1.10.10",
    "v1.11.0-alpha.0",
    "v2.0.0-alpha.0",
];

#[test]
fn the_ladder() {
    let versions: Vec<BuildVersion> = LADDER.iter().map(|text| text.parse().unwrap()).collect();
    for (i, a) in versions.iter().enumerate() {
        for (j, b) in versions.iter().enumerate() {
            assert_eq!(a.cmp(b), i.cmp(&j), "{a} and {b}");
        }
    }
}

#[test]
fn precedence_ignores_the_commit() {
    for (a, b, expected) in [
        ("v1.2.3-5+aaaaa", "v1.2.3-5+bbbbb", Ordering::Equal),
        ("v1.2.3-5+aaaaa", "v1.2.3-5+aaaaa-dirty", Ordering::Equal),
        ("v1.2.3", "v1.2.3-0+aaaaa", Ordering::Equal),
        ("v1.2.3", "v1.2.3-1+aaaaa", Ordering::Less),
        ("v1.2.3-rc.9.100+aaaaa", "v1.2.3", Ordering::Less),
        ("v1.26.3-39+aaaaa", "v1.26.3-rc.0.57+aaaaa", Ordering::Greater),
    ] {
        let (a, b): (BuildVersion, BuildVersion) = (a.parse().unwrap(), b.parse().unwrap());
        assert_eq!(a.precedence(&b), expected, "{a} and {b}");
        assert_eq!(b.precedence(&a), expected.reverse(), "{b} and {a}");
        assert_eq!(a.cmp(&b) == Ordering::Equal, a == b, "{a} and {b}");
    }
}

struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// From a small space, so that equal keys and equal versions are common.
    fn text(&mut self) -> String {
        let core = format!("v{}.{}.{}", self.below(2), self.below(3), self.below(3));
        let (number, commits, commit) =
            (self.below(3), self.below(3), ["aaaaa", "bbbbb1", "bbbbb"][self.below(3) as usize]);
        let label = ["alpha", "beta", "rc"][self.below(3) as usize];
        let body = match self.below(4) {
            0 => core,
            1 => format!("{core}-{commits}+{commit}"),
            2 => format!("{core}-{label}.{number}"),
            _ => format!("{core}-{label}.{number}.{commits}+{commit}"),
        };
        if self.below(8) == 0 { format!("{body}-dirty") } else { body }
    }
}

/// (X, Y, Z, phase, N, C) read off the text, by other means than the parser.
fn key(text: &str) -> [u64; 6] {
    let text = text.trim_end_matches("-dirty").split('+').next().unwrap();
    let (core, rest) = text[1..].split_once('-').unwrap_or((&text[1..], ""));
    let mut numbers = core.split('.').map(|number| number.parse().unwrap());
    let mut next = || numbers.next().unwrap();
    let (x, y, z) = (next(), next(), next());
    let parts: Vec<&str> = rest.split('.').collect();
    let number = |index: usize| parts.get(index).map_or(0, |part: &&str| part.parse().unwrap());
    match parts[0] {
        "" => [x, y, z, 3, 0, 0],
        "alpha" => [x, y, z, 0, number(1), number(2)],
        "beta" => [x, y, z, 1, number(1), number(2)],
        "rc" => [x, y, z, 2, number(1), number(2)],
        commits => [x, y, z, 3, 0, commits.parse().unwrap()],
    }
}

#[test]
fn a_million_triples() {
    let mut random = Xorshift(0x2545_f491_4f6c_dd1d);
    let pool: Vec<(BuildVersion, [u64; 6])> =
        (0..2048).map(|_| random.text()).map(|text| (text.parse().unwrap(), key(&text))).collect();
    let mut ties = 0_u32;
    for _ in 0..1_000_000 {
        let mut pick = || &pool[random.below(2048) as usize];
        let ((a, key_a), (b, key_b), (c, _)) = (pick(), pick(), pick());
        let (ab, bc, ac) = (a.cmp(b), b.cmp(c), a.cmp(c));
        assert!(ab == b.cmp(a).reverse(), "antisymmetric: {a} {b}");
        assert!((ab == Ordering::Equal) == (a == b), "agrees with equality: {a} {b}");
        if ab == bc || bc == Ordering::Equal {
            assert!(ac == ab, "transitive: {a} {b} {c}");
        }
        let precedence = a.precedence(b);
        assert!(precedence == key_a.cmp(key_b), "precedence: {a} {b}");
        if precedence == Ordering::Equal {
            ties += 1;
        } else {
            assert!(precedence == ab, "the order refines precedence: {a} {b}");
        }
    }
    assert!(ties > 1000, "the space is too large to meet ties: {ties}");
}

#[test]
fn equal_versions_hash_alike() {
    let hasher = RandomState::new();
    let (a, b): (BuildVersion, BuildVersion) = ("v1.2.3-5+aaaaa".parse().unwrap(), "v1.2.3-5+aaaaa".parse().unwrap());
    assert_eq!(hasher.hash_one(a), hasher.hash_one(b));
}

/// On the forms of releases, our order is the precedence of semver.
#[test]
fn releases_are_ordered_as_semver() {
    let mut random = Xorshift(0x9e37_79b9_7f4a_7c15);
    let releases: BTreeSet<ReleaseVersion> = (0..4000).filter_map(|_| random.text().parse().ok()).collect();
    assert!(releases.len() > 100, "{}", releases.len());
    let oracle: Vec<semver::Version> =
        releases.iter().map(|version| version.to_string()[1..].parse().unwrap()).collect();
    assert!(oracle.is_sorted_by(|a, b| a.cmp_precedence(b) == Ordering::Less));
}
