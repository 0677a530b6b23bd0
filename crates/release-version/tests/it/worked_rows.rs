//! The 32 worked examples of the release process, defects of the original answered as they should be.

use std::collections::{BTreeMap, BTreeSet};

use release_version::{
    BranchNames, BranchState, BuildVersion, Companions, MarkerDecision, MarkerRoot, NextRequest, NextVersionError,
    NextVersions, Policy, ReleaseKind, StraightOfficial, decide, markers_for, next_versions,
};

use BranchState::{Exists, New};
use ReleaseKind::{Alpha, Beta, Official, Rc};

/// A run, what it tags with and without the companion of official releases, and what moves.
struct Run {
    row: u32,
    kind: ReleaseKind,
    branch: &'static str,
    /// `+s` stands for a commit.
    build: &'static str,
    state: BranchState,
    /// With [`Companions::RcAfterOfficial`]: versions, or `error: …`.
    tags_2020: &'static str,
    /// With [`Companions::None`].
    tags: &'static str,
    /// Release markers before the run.
    world: &'static str,
    moved_2020: &'static str,
    moved: &'static str,
}

const MISMATCH: &str = "error: build version `v1.20.0-alpha.1.5+s` does not belong to branch `release-1.19`";
const MASTER_119: &str = "latest=v1.20.0-alpha.0 latest-1=v1.20.0-alpha.0";

#[rustfmt::skip]
const RUNS: &[Run] = &[
    Run { row: 1, kind: Alpha, branch: "master", build: "v1.20.0-alpha.0.121+s", state: Exists,
        tags_2020: "v1.20.0-alpha.1", tags: "v1.20.0-alpha.1",
        world: "latest=v1.20.0-alpha.0 latest-1=v1.20.0-alpha.0 latest-1.20=v1.20.0-alpha.0",
        moved_2020: "latest latest-1 latest-1.20", moved: "latest latest-1 latest-1.20" },
    Run { row: 2, kind: Alpha, branch: "master", build: "v1.20.0-alpha.2.1273+s", state: Exists,
        tags_2020: "v1.20.0-alpha.3", tags: "v1.20.0-alpha.3",
        world: "latest=v1.20.0-alpha.2 latest-1=v1.20.0-alpha.2 latest-1.20=v1.20.0-alpha.2",
        moved_2020: "latest latest-1 latest-1.20", moved: "latest latest-1 latest-1.20" },
    Run { row: 3, kind: Beta, branch: "master", build: "v1.20.0-alpha.3.447+s", state: Exists,
        tags_2020: "v1.20.0-beta.0", tags: "v1.20.0-beta.0",
        world: "latest=v1.20.0-alpha.3 latest-1=v1.20.0-alpha.3 latest-1.20=v1.20.0-alpha.3",
        moved_2020: "latest latest-1 latest-1.20", moved: "latest latest-1 latest-1.20" },
    Run { row: 4, kind: Beta, branch: "master", build: "v1.20.0-beta.1.667+s", state: Exists,
        tags_2020: "v1.20.0-beta.2", tags: "v1.20.0-beta.2",
        world: "latest=v1.20.0-beta.1 latest-1=v1.20.0-beta.1 latest-1.20=v1.20.0-beta.1",
        moved_2020: "latest latest-1 latest-1.20", moved: "latest latest-1 latest-1.20" },
    Run { row: 5, kind: Alpha, branch: "master", build: "v1.20.0-beta.1.667+s", state: Exists,
        tags_2020: "error: no alpha release can follow `v1.20.0-beta.1.667+s`",
        tags: "error: no alpha release can follow `v1.20.0-beta.1.667+s`",
        world: "", moved_2020: "", moved: "" },
    Run { row: 6, kind: Rc, branch: "release-1.19", build: "v1.19.0-beta.2.847+s", state: New,
        tags_2020: "v1.19.0-rc.0@release-1.19 v1.20.0-alpha.0@master",
        tags: "v1.19.0-rc.0@release-1.19 v1.20.0-alpha.0@master",
        world: "latest=v1.19.0-beta.2 latest-1=v1.19.0-beta.2 latest-1.19=v1.19.0-beta.2",
        moved_2020: "latest latest-1 latest-1.19 latest latest-1 latest-1.20",
        moved: "latest latest-1 latest-1.19 latest latest-1 latest-1.20" },
    Run { row: 7, kind: Rc, branch: "release-1.19", build: "v1.19.0-rc.0.88+s", state: Exists,
        tags_2020: "v1.19.0-rc.1", tags: "v1.19.0-rc.1",
        world: MASTER_119, moved_2020: "latest-1.19", moved: "latest-1.19" },
    Run { row: 8, kind: Rc, branch: "release-1.19", build: "v1.19.0-rc.1.121+s", state: Exists,
        tags_2020: "v1.19.0-rc.2", tags: "v1.19.0-rc.2",
        world: MASTER_119, moved_2020: "latest-1.19", moved: "latest-1.19" },
    Run { row: 9, kind: Official, branch: "release-1.19", build: "v1.19.0-rc.4.197+s", state: Exists,
        tags_2020: "v1.19.0@release-1.19 v1.19.1-rc.0@release-1.19", tags: "v1.19.0",
        world: "stable=v1.18.8 stable-1=v1.18.8 latest=v1.20.0-alpha.0 latest-1=v1.20.0-alpha.0 latest-1.19=v1.19.0-rc.4",
        moved_2020: "stable stable-1 stable-1.19 latest-1.19", moved: "stable stable-1 stable-1.19" },
    Run { row: 10, kind: Official, branch: "release-1.18", build: "v1.18.7-rc.0.36+s", state: Exists,
        tags_2020: "v1.18.7 v1.18.8-rc.0", tags: "v1.18.7",
        world: "stable=v1.18.6 stable-1=v1.18.6 stable-1.18=v1.18.6 latest=v1.19.0-rc.4 latest-1=v1.19.0-rc.4 latest-1.18=v1.18.7-rc.0",
        moved_2020: "stable stable-1 stable-1.18 latest-1.18", moved: "stable stable-1 stable-1.18" },
    Run { row: 11, kind: Official, branch: "release-1.18", build: "v1.18.9-rc.0.41+s", state: Exists,
        tags_2020: "v1.18.9 v1.18.10-rc.0", tags: "v1.18.9",
        world: "stable=v1.19.0 stable-1=v1.19.0 stable-1.18=v1.18.8 latest=v1.20.0-alpha.0 latest-1=v1.20.0-alpha.0 latest-1.18=v1.18.9-rc.0",
        moved_2020: "stable-1.18 latest-1.18", moved: "stable-1.18" },
    Run { row: 12, kind: Rc, branch: "release-1.18", build: "v1.18.7-rc.0.36+s", state: Exists,
        tags_2020: "v1.18.7-rc.1", tags: "v1.18.7-rc.1",
        world: MASTER_119, moved_2020: "latest-1.18", moved: "latest-1.18" },
    Run { row: 13, kind: Official, branch: "release-1.16", build: "v1.16.10-beta.0.36+s", state: Exists,
        tags_2020: "v1.16.10 v1.16.11-rc.0", tags: "v1.16.10",
        world: "stable=v1.18.3 stable-1=v1.18.3 stable-1.16=v1.16.9 latest=v1.19.0-beta.0 latest-1=v1.19.0-beta.0 latest-1.16=v1.16.10-beta.0",
        moved_2020: "stable-1.16 latest-1.16", moved: "stable-1.16" },
    Run { row: 14, kind: Rc, branch: "release-1.18", build: "v1.18.4-beta.0.2+s", state: Exists,
        tags_2020: "v1.18.4-rc.1", tags: "v1.18.4-rc.1",
        world: "latest=v1.19.0-beta.0 latest-1=v1.19.0-beta.0 latest-1.18=v1.18.4-beta.0",
        moved_2020: "latest-1.18", moved: "latest-1.18" },
    // the original's companion was v1.26.4-rc.0, below the version it accompanies
    Run { row: 15, kind: Official, branch: "release-1.26", build: "v1.26.3-39+s", state: Exists,
        tags_2020: "v1.26.4 v1.26.5-rc.0", tags: "v1.26.4",
        world: "stable=v1.27.0 stable-1=v1.27.0 stable-1.26=v1.26.3 latest=v1.28.0-alpha.0 latest-1=v1.28.0-alpha.0",
        moved_2020: "stable-1.26 latest-1.26", moved: "stable-1.26" },
    Run { row: 16, kind: Rc, branch: "release-1.26", build: "v1.26.3-39+s", state: Exists,
        tags_2020: "v1.26.4-rc.1", tags: "v1.26.4-rc.1",
        world: "latest=v1.28.0-alpha.0 latest-1=v1.28.0-alpha.0 latest-1.26=v1.26.0-rc.1",
        moved_2020: "latest-1.26", moved: "latest-1.26" },
    // the companion rule knows no difference between a tag and a build after it
    Run { row: 17, kind: Official, branch: "release-1.26", build: "v1.26.3", state: Exists,
        tags_2020: "v1.26.4 v1.26.5-rc.0", tags: "v1.26.4",
        world: "stable=v1.26.3 stable-1=v1.26.3 stable-1.26=v1.26.3 latest=v1.27.0-alpha.0 latest-1=v1.27.0-alpha.0",
        moved_2020: "stable stable-1 stable-1.26 latest-1.26", moved: "stable stable-1 stable-1.26" },
    Run { row: 18, kind: Official, branch: "release-1.30", build: "v1.30.0-rc.2.10+s", state: Exists,
        tags_2020: "v1.30.0 v1.30.1-rc.0", tags: "v1.30.0",
        world: "stable=v1.29.3 stable-1=v1.29.3 latest=v1.31.0-alpha.0 latest-1=v1.31.0-alpha.0 latest-1.30=v1.30.0-rc.2",
        moved_2020: "stable stable-1 stable-1.30 latest-1.30", moved: "stable stable-1 stable-1.30" },
    Run { row: 19, kind: Rc, branch: "release-1.30", build: "v1.30.0-11+s", state: Exists,
        tags_2020: "v1.30.1-rc.1", tags: "v1.30.1-rc.1",
        world: "latest=v1.31.0-alpha.0 latest-1=v1.31.0-alpha.0 latest-1.30=v1.30.0-rc.2",
        moved_2020: "latest-1.30", moved: "latest-1.30" },
    Run { row: 20, kind: Official, branch: "release-1.31", build: "v1.31.0-beta.1.5+s", state: New,
        tags_2020: "error: no official release can be cut while branch `release-1.31` is being created",
        tags: "error: no official release can be cut while branch `release-1.31` is being created",
        world: "", moved_2020: "", moved: "" },
    Run { row: 21, kind: Rc, branch: "master", build: "v1.20.0-alpha.1.5+s", state: Exists,
        tags_2020: "error: no rc release can be cut from branch `master`",
        tags: "error: no rc release can be cut from branch `master`",
        world: "", moved_2020: "", moved: "" },
    Run { row: 22, kind: Alpha, branch: "release-1.19", build: "v1.19.0-rc.0.5+s", state: Exists,
        tags_2020: "error: no alpha release can be cut from branch `release-1.19`",
        tags: "error: no alpha release can be cut from branch `release-1.19`",
        world: "", moved_2020: "", moved: "" },
    Run { row: 23, kind: Rc, branch: "release-1.19", build: "v1.20.0-alpha.1.5+s", state: Exists,
        tags_2020: MISMATCH, tags: MISMATCH, world: "", moved_2020: "", moved: "" },
    Run { row: 23, kind: Rc, branch: "release-1.19", build: "v1.20.0-alpha.1.5+s", state: New,
        tags_2020: MISMATCH, tags: MISMATCH, world: "", moved_2020: "", moved: "" },
    Run { row: 24, kind: Official, branch: "release-1.5.3", build: "v1.5.3", state: New,
        tags_2020: "v1.5.4@release-1.5.3", tags: "v1.5.4@release-1.5.3",
        world: "stable=v1.6.1 stable-1=v1.6.1 stable-1.5=v1.5.3", moved_2020: "stable-1.5", moved: "stable-1.5" },
    Run { row: 24, kind: Official, branch: "release-1.5.3", build: "v1.5.3", state: New,
        tags_2020: "v1.5.4", tags: "v1.5.4",
        world: "stable=v1.6.1 stable-1=v1.6.1 stable-1.5=v1.5.5", moved_2020: "", moved: "" },
    // the original made v1.20.0-5.1 of it
    Run { row: 25, kind: Beta, branch: "master", build: "v1.20.0-5+s", state: Exists,
        tags_2020: "error: no beta release can follow `v1.20.0-5+s`",
        tags: "error: no beta release can follow `v1.20.0-5+s`",
        world: "", moved_2020: "", moved: "" },
    // the original went on to v1.19.0-rc.3
    Run { row: 26, kind: Rc, branch: "release-1.19", build: "v1.19.0-beta.2.847+s", state: Exists,
        tags_2020: "error: branch `release-1.19` exists already, but build version `v1.19.0-beta.2.847+s` is from before \
            it was created; resume the run that created it",
        tags: "error: branch `release-1.19` exists already, but build version `v1.19.0-beta.2.847+s` is from before it \
            was created; resume the run that created it",
        world: "", moved_2020: "", moved: "" },
];

/// A CI or release marker: row, root, new, old, whether it moves.
const MARKERS: &[(u32, MarkerRoot, &str, &str, &str)] = &[
    (27, MarkerRoot::Ci, "v1.26.3-39+s", "v1.26.3-rc.0.57+s", "move"),
    (28, MarkerRoot::Ci, "v1.30.0-rc.2.12+s", "v1.30.0-11+s", "it would move backwards from `v1.30.0-11+s`"),
    (29, MarkerRoot::Ci, "v1.30.0-5+s", "v1.30.0", "move"),
    (
        30,
        MarkerRoot::Ci,
        "v1.20.0-alpha.0.700+s",
        "v1.20.0-alpha.0.721+s",
        "it would move backwards from `v1.20.0-alpha.0.721+s`",
    ),
    (31, MarkerRoot::Release, "v1.19.2", "v1.19.2", "it names this version already"),
];

const COMMIT: &str = "+0123456789abcd";

fn build(text: &str) -> BuildVersion {
    text.replace("+s", COMMIT).parse().unwrap()
}

fn short(text: impl ToString) -> String {
    text.to_string().replace(COMMIT, "+s")
}

fn policy(companions: Companions) -> Policy {
    Policy::Branches { companions, straight_official: StraightOfficial::Refuse, first: None }
}

fn ask(run: &Run, companions: Companions) -> Result<NextVersions, NextVersionError> {
    let branch = BranchNames::default().parse(run.branch).unwrap();
    let build = build(run.build);
    next_versions(&policy(companions), &NextRequest::new(run.kind, &branch, &build).with_state(run.state))
}

/// What the run does to the release markers, one version after the other.
fn moves(world: &str, versions: &NextVersions) -> String {
    let mut world: BTreeMap<String, String> =
        world.split_whitespace().map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (k.into(), v.into())).collect();
    let mut moved = Vec::new();
    for planned in versions.in_order() {
        for marker in markers_for(MarkerRoot::Release, &planned.version.into(), &[]).unwrap() {
            let name = marker.name.to_string();
            let current = world.get(&name).map(String::as_str);
            if !matches!(decide(&marker, current, &planned.version.into()).unwrap(), MarkerDecision::Keep { .. }) {
                world.insert(name.clone(), planned.version.to_string());
                moved.push(name);
            }
        }
    }
    moved.join(" ")
}

#[test]
fn all_rows() {
    let mut rows = BTreeSet::new();
    for run in RUNS {
        rows.insert(run.row);
        for (companions, tags, moved) in
            [(Companions::RcAfterOfficial, run.tags_2020, run.moved_2020), (Companions::None, run.tags, run.moved)]
        {
            let case = format!("row {} with companions {companions}", run.row);
            match ask(run, companions) {
                Err(error) => assert_eq!(format!("error: {}", short(error)), tags, "{case}"),
                Ok(versions) => {
                    let got: Vec<String> = versions
                        .in_order()
                        .iter()
                        .map(|planned| {
                            let place = if tags.contains('@') { format!("@{}", planned.branch) } else { String::new() };
                            format!("{}{place}", planned.version)
                        })
                        .collect();
                    assert_eq!(got.join(" "), tags, "{case}");
                    assert_eq!(moves(run.world, &versions), moved, "{case}: markers");
                }
            }
        }
    }
    for (row, root, new, old, expected) in MARKERS {
        rows.insert(*row);
        let marker = markers_for(*root, &build(new), &[]).unwrap().swap_remove(0);
        let got = match decide(&marker, Some(&build(old).to_string()), &build(new)).unwrap() {
            MarkerDecision::Create => "create".to_owned(),
            MarkerDecision::Move { from } => {
                assert_eq!(from, build(old), "row {row}");
                "move".to_owned()
            }
            MarkerDecision::Repair { from } => format!("repair {from}"),
            MarkerDecision::Keep { reason } => short(reason),
        };
        assert_eq!(got, *expected, "row {row}");
    }
    // row 32: a dirty build gets no marker, moves none and is not released
    rows.insert(32);
    let dirty = build("v1.20.0-alpha.0.5+s-dirty");
    assert_eq!(
        short(markers_for(MarkerRoot::Ci, &dirty, &[]).unwrap_err()),
        "version `v1.20.0-alpha.0.5+s-dirty` is dirty",
        "row 32"
    );
    assert_eq!(
        short(decide(&"ci/latest.txt".parse().unwrap(), None, &dirty).unwrap_err()),
        "version `v1.20.0-alpha.0.5+s-dirty` is dirty",
        "row 32"
    );
    let master = BranchNames::default().default_branch();
    let error = next_versions(&Policy::kubernetes(), &NextRequest::new(Alpha, &master, &dirty)).unwrap_err();
    assert_eq!(short(error), "build version `v1.20.0-alpha.0.5+s-dirty` is dirty", "row 32");

    assert!(rows.iter().copied().eq(1..=32), "rows covered: {rows:?}");
}

/// Rows 9 to 11 and 15: the companion is always above the prime and never equal to it.
#[test]
fn the_companion_follows_the_official_release() {
    for run in RUNS.iter().filter(|run| run.kind == Official) {
        let Ok(versions) = ask(run, Companions::RcAfterOfficial) else { continue };
        for companion in &versions.in_order()[1..] {
            assert!(companion.version > versions.prime().version, "row {}: {versions:?}", run.row);
        }
    }
}
