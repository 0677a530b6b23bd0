use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use notes_gen::dependencies::{
    CargoLock, Change, CompareError, Dependency, DependencyReport, Files, GoModuleSet, GoModules, HeadingLevel,
    Manifest, ManifestChanges, ManifestKind, NpmLock, PackageVersion, RenderOptions, RepositoryLinks, SectionStyle,
    compare, discover, render_dependencies,
};
use proptest::prelude::*;

use crate::shared;

type Tree = BTreeMap<String, Vec<u8>>;

fn tree(files: &[(&str, &str)]) -> Tree {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn diff(manifests: &[Manifest], before: &Tree, after: &Tree) -> DependencyReport {
    let get = |tree: &Tree, path: &str| Ok::<_, Infallible>(tree.get(path).cloned());
    compare(manifests, |path| get(before, path), |path| get(after, path)).unwrap()
}

fn options(links: RepositoryLinks) -> RenderOptions {
    let mut options = RenderOptions::default();
    options.links = links;
    options
}

/// The lines that only one of two texts has: `-` ours lacks, `+` ours has too many.
fn differing(expected: &str, ours: &str) -> Vec<String> {
    let missing = expected.lines().filter(|line| !ours.lines().any(|l| l == *line)).map(|line| format!("-{line}"));
    let surplus = ours.lines().filter(|line| !expected.lines().any(|l| l == *line)).map(|line| format!("+{line}"));
    missing.chain(surplus).collect()
}

const PAIRS: [&str; 5] = ["cri-o-v1.20.2", "cri-o-v1.20.4", "cri-o-v1.21.1", "cri-o-v1.23.1", "cri-o-v1.24.3"];

fn pair(folder: &Path, case: &str, set: GoModuleSet) -> (String, String) {
    let read = |name: String| fs::read(folder.join(case).join(name)).unwrap();
    let tree = |side: &str| -> Tree {
        ["go.mod", "go.sum"].map(|file| (file.to_owned(), read(format!("{side}.{file}")))).into()
    };
    let report = diff(&[Manifest::new("", GoModules::new(set))], &tree("old"), &tree("new"));
    let expected = String::from_utf8(read("expected.md".to_owned())).unwrap();
    (expected, render_dependencies(&report, &options(RepositoryLinks::ModulePath)))
}

#[test]
fn recorded_pairs() {
    let Some(folder) = shared("dependencies") else { return };
    for case in PAIRS {
        let (expected, ours) = pair(&folder, case, GoModuleSet::BuildList);
        assert_eq!(ours, expected, "{case}");
    }
}

/// Requirements of `go.mod` before Go 1.17 name direct dependencies only: everything that reached the build through others is
/// missing, and a version that another module raised is stated as it was required. 1.24.3 is from after 1.17 and lacks nothing.
#[test]
fn what_requirements_alone_miss() {
    let Some(folder) = shared("dependencies") else { return };
    let mut text = String::new();
    for case in PAIRS {
        let (expected, ours) = pair(&folder, case, GoModuleSet::Required);
        text.push_str(&format!("{case}\n{}\n\n", differing(&expected, &ours).join("\n")));
    }
    insta::assert_snapshot!("dependencies_required", text);
}

/// A report read back from its Markdown, so that layout, order and links are proved on pages whose manifests are not recorded.
fn read_back(section: &str) -> DependencyReport {
    let mut changes = ManifestChanges { path: "go.mod".into(), kind: "go".into(), ..ManifestChanges::default() };
    let mut heading = "";
    for line in section.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            heading = title;
        }
        let Some((name, rest)) = line.strip_prefix("- ").and_then(|item| item.split_once(": ")) else { continue };
        let versions = rest.strip_prefix('[').map_or(rest, |linked| linked.split_once("](").unwrap().0);
        let version = |text: &str| PackageVersion {
            version: text.to_owned(),
            commit: (!text.starts_with('v')).then(|| text.to_owned()),
            repository: name.starts_with("github.com/").then(|| name.to_owned()),
        };
        let dependency = || Dependency { name: name.to_owned(), version: version(versions) };
        match (heading, versions.split_once(" → ")) {
            ("Changed", Some((from, to))) => {
                changes.changed.push(Change { name: name.to_owned(), from: version(from), to: version(to) });
            }
            ("Added", None) => changes.added.push(dependency()),
            ("Removed", None) => changes.removed.push(dependency()),
            _ => panic!("{line}"),
        }
    }
    // The order of the list must come from rendering.
    changes.added.reverse();
    changes.changed.reverse();
    DependencyReport { manifests: vec![changes] }
}

fn check_page(path: &str, links: RepositoryLinks, differences: &[&str]) {
    let Some(file) = shared(path) else { return };
    let page = fs::read_to_string(file).unwrap();
    let section = &page[page.find("## Dependencies").unwrap()..];
    let ours = render_dependencies(&read_back(section), &options(links));
    assert_eq!(differing(section, &ours), differences, "{path}");
    if differences.is_empty() {
        assert_eq!(ours.trim_end(), section.trim_end(), "{path}");
    }
}

#[test]
fn recorded_pages() {
    for path in [
        "crio-release-notes/v1.19.0.md",
        "crio-release-notes/v1.20.0.md",
        "crio-release-notes/v1.20.1.md",
        "crio-release-notes/v1.22.4.md",
        "crio-release-notes/v1.23.4.md",
        "crio-release-notes/v1.24.0.md",
        "github-recordings/v1.16.3/expected/dependencies.md",
        "release-notes/recorded-api/expected/2020-patchReleaseDeps.md",
    ] {
        check_page(path, RepositoryLinks::ModulePath, &[]);
    }
    // The newer form links the repository. It kept the major version in the tags of modules in folders, and put the folder before
    // the commits of modules two folders deep; neither address exists.
    check_page(
        "crio-release-notes/v1.30.0.md",
        RepositoryLinks::Repository,
        &[
            "-- github.com/apache/arrow/go/v10: [v10.0.1](https://github.com/apache/arrow/tree/go/v10/v10.0.1)",
            "-- github.com/apache/arrow/go/v11: [v11.0.0](https://github.com/apache/arrow/tree/go/v11/v11.0.0)",
            "-- github.com/aws/aws-sdk-go-v2/internal/endpoints/v2: [v2.4.37 → v2.5.8](https://github.com/aws/aws-sdk-go-v2/compare/internal/endpoints/v2/v2.4.37...internal/endpoints/v2/v2.5.8)",
            "-- github.com/kata-containers/kata-containers/src/runtime: [c7c7632 → b99f574](https://github.com/kata-containers/kata-containers/compare/src/runtime/c7c7632...src/runtime/b99f574)",
            "+- github.com/apache/arrow/go/v10: [v10.0.1](https://github.com/apache/arrow/tree/go/v10.0.1)",
            "+- github.com/apache/arrow/go/v11: [v11.0.0](https://github.com/apache/arrow/tree/go/v11.0.0)",
            "+- github.com/aws/aws-sdk-go-v2/internal/endpoints/v2: [v2.4.37 → v2.5.8](https://github.com/aws/aws-sdk-go-v2/compare/internal/endpoints/v2.4.37...internal/endpoints/v2.5.8)",
            "+- github.com/kata-containers/kata-containers/src/runtime: [c7c7632 → b99f574](https://github.com/kata-containers/kata-containers/compare/c7c7632...b99f574)",
        ],
    );
}

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"1.0.0\"\n\n";

fn locked(packages: &[(&str, &str)]) -> String {
    let package = |(name, version): &(&str, &str)| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+https://example.invalid\"\n\n"
        )
    };
    LOCK.to_owned() + &packages.iter().map(package).collect::<String>()
}

#[test]
fn several_versions_of_a_package() {
    let cases: [(&str, &[&str], &[&str], &str); 6] = [
        ("same line first", &["1.0.0", "2.0.0"], &["1.0.1", "3.0.0"], "~1.0.0 1.0.1 ~2.0.0 3.0.0"),
        ("one stays", &["1.0.0", "2.0.0"], &["1.0.1", "2.0.0"], "~1.0.0 1.0.1"),
        ("one less", &["0.1.0", "0.2.0"], &["0.3.0"], "~0.2.0 0.3.0 -0.1.0"),
        ("one more", &["0.3.0"], &["0.3.0", "0.4.0"], "+0.4.0"),
        ("order is not of text", &["1.9.0", "1.10.0"], &["1.10.1"], "~1.10.0 1.10.1 -1.9.0"),
        ("same", &["1.0.0", "2.0.0"], &["2.0.0", "1.0.0"], ""),
    ];
    for (name, before, after, expected) in cases {
        let lock = |versions: &[&str]| {
            tree(&[("Cargo.lock", &locked(&versions.iter().map(|v| ("a", *v)).collect::<Vec<_>>()))])
        };
        let report = diff(&[Manifest::new("", CargoLock)], &lock(before), &lock(after));
        let changes = &report.manifests[0];
        let added = changes.added.iter().map(|d| format!("+{}", d.version.version));
        let changed = changes.changed.iter().map(|c| format!("~{} {}", c.from.version, c.to.version));
        let removed = changes.removed.iter().map(|d| format!("-{}", d.version.version));
        assert_eq!(added.chain(changed).chain(removed).collect::<Vec<_>>().join(" "), expected, "{name}");
    }
}

const NOTHING: &str = "## Dependencies\n\n### Added\n_Nothing has changed._\n\n### Changed\n_Nothing has changed._\n\n\
                       ### Removed\n_Nothing has changed._\n";

#[test]
fn the_same_revision_twice_and_no_manifest() {
    let one = tree(&[("go.mod", "module m.x/y\nrequire a.b/c v1.0.0\n")]);
    let manifests = [Manifest::new("", GoModules::default()), Manifest::new("", NpmLock)];
    for (before, after, kept) in [(&one, &one, 1), (&Tree::new(), &Tree::new(), 0)] {
        let report = diff(&manifests, before, after);
        assert!(report.is_empty());
        assert_eq!(report.manifests.len(), kept);
        assert_eq!(render_dependencies(&report, &RenderOptions::default()), NOTHING);
    }
}

#[test]
fn a_file_that_only_one_revision_has() {
    let go_mod = "module m.x/y\nrequire a.b/c v1.0.0\n";
    let sums = "a.b/c v1.0.0/go.mod h1:x\na.b/deep v0.1.0/go.mod h1:x\n";
    let manifests = [Manifest::new("", GoModules::default())];
    let (without, with) = (tree(&[("go.mod", go_mod)]), tree(&[("go.mod", go_mod), ("go.sum", sums)]));
    assert!(diff(&manifests, &without, &with).is_empty(), "both are read without `go.sum`");
    let added = diff(&manifests, &Tree::new(), &with);
    let names: Vec<&str> = added.manifests[0].added.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["a.b/c", "a.b/deep"]);
}

#[test]
fn several_manifests() {
    let paths = [
        "web/package-lock.json",
        "Cargo.lock",
        "tools/go.mod",
        "tools/vendor/x/go.mod",
        "go.mod",
        "web/node_modules/a/package-lock.json",
        "pkg/testdata/go.mod",
        "docs/go.model",
    ];
    let kinds: [Arc<dyn ManifestKind>; 3] = [Arc::new(GoModules::default()), Arc::new(CargoLock), Arc::new(NpmLock)];
    let manifests = discover(paths, &kinds);
    let found: Vec<String> = manifests.iter().map(Manifest::path).collect();
    assert_eq!(found, ["Cargo.lock", "go.mod", "tools/go.mod", "web/package-lock.json"]);

    let npm = |version: &str| {
        format!(r#"{{"lockfileVersion": 3, "packages": {{"node_modules/@s/a": {{"version": "{version}"}}}}}}"#)
    };
    let go = |version: &str| format!("module m.x/y\nrequire github.com/o/r/sub/v2 {version}\n");
    let before = tree(&[
        ("Cargo.lock", &locked(&[("a", "1.0.0")])),
        ("go.mod", "module m.x/y\n"),
        ("tools/go.mod", &go("v2.0.0")),
        ("web/package-lock.json", &npm("1.0.0")),
    ]);
    let after = tree(&[
        ("Cargo.lock", &locked(&[("a", "1.0.0")])),
        ("go.mod", "module m.x/y\n"),
        ("tools/go.mod", &go("v2.1.0")),
        ("web/package-lock.json", &npm("2.0.0")),
    ]);
    let report = diff(&manifests, &before, &after);
    assert_eq!(report.manifests.len(), 4);
    insta::assert_snapshot!("dependencies_monorepo.md", render_dependencies(&report, &RenderOptions::default()));
    let mut folded = RenderOptions::default();
    folded.sections = SectionStyle::Details;
    folded.level = HeadingLevel::new(3).unwrap();
    folded.links = RepositoryLinks::Without;
    insta::assert_snapshot!("dependencies_folded.md", render_dependencies(&report, &folded));

    let json = serde_json::to_string_pretty(&report).unwrap();
    assert_eq!(serde_json::from_str::<DependencyReport>(&json).unwrap(), report);
    insta::assert_snapshot!("dependencies.json", json);
}

#[test]
fn errors_name_the_revision_and_the_file() {
    let manifests = [Manifest::new("/tools/", GoModules::default())];
    let good = tree(&[("tools/go.mod", "module m.x/y\n")]);
    let bad = tree(&[("tools/go.mod", "module m.x/y\nrequire (\n")]);
    let fail = |before: &Tree, after: &Tree| {
        let get = |tree: &Tree, path: &str| Ok::<_, Infallible>(tree.get(path).cloned());
        compare(&manifests, |path| get(before, path), |path| get(after, path)).unwrap_err()
    };
    let chain = |error: CompareError<Infallible>| {
        let mut text = error.to_string();
        let mut error: &dyn std::error::Error = &error;
        while let Some(source) = error.source() {
            text = format!("{text}: {source}");
            error = source;
        }
        text
    };
    let expected = "cannot read `tools/go.mod`: line 2: expected a block that is closed";
    assert_eq!(chain(fail(&bad, &good)), format!("the revision before has a malformed manifest: {expected}"));
    assert_eq!(chain(fail(&good, &bad)), format!("the revision after has a malformed manifest: {expected}"));

    let unreadable = |_: &str| Err(std::io::Error::other("gone"));
    let error = compare(&manifests, unreadable, |_| Ok(None)).unwrap_err();
    assert_eq!(error.to_string(), "cannot get `tools/go.mod`");

    let binary: Tree = [("tools/go.mod".to_owned(), vec![0xff, 0xfe])].into();
    assert!(chain(fail(&binary, &good)).ends_with("it is not text in UTF-8"));
    let huge: Tree = [("tools/go.mod".to_owned(), vec![b'/'; notes_gen::dependencies::MAX_MANIFEST + 1])].into();
    assert!(chain(fail(&huge, &good)).ends_with("are more than the 33554432 that are read"));
}

const GO: &str = "(require|replace|exclude|module|use| |\t|\n|\r\n|\\(|\\)|=>|//|\"|`|a\\.b/c|github\\.com/o/r/v2|v1\\.[0-9]\\.0|v0\\.0\\.0-20200101000000-0123456789ab|/go\\.mod|h1:x|# |\\./x|\\PC|\0){0,60}";
const CARGO: &str = "(\\[\\[package\\]\\]|\\[metadata\\]|\n|\r\n|name|version|source| = |\"a\"|\"1\\.0\\.0\"|\"git\\+https://github\\.com/o/r#0123456\"|\"registry\\+x\"|\\[|\\]|3|\\PC|\0){0,60}";
const NPM: &str = "(\\{|\\}|,|:|\"packages\"|\"dependencies\"|\"lockfileVersion\"|\"node_modules/a\"|\"version\"|\"1\\.0\\.0\"|\"npm:b@1\"|\"git\\+ssh://git@github\\.com/o/r#0123\"|\"link\"|true|3|\\PC){0,60}";

static SHAPE: LazyLock<regex::Regex> = LazyLock::new(|| {
    const WORD: &str = r"[\w.~/+!@:=-]+";
    regex::Regex::new(&format!(r"^- {WORD}: (\[{WORD}\]\(https://github\.com/{WORD}\)|{WORD})$")).unwrap()
});

/// What comes out of a manifest cannot break the Markdown it is written to.
fn check_any(kind: impl ManifestKind + 'static, files: &[(&str, &str)]) -> Result<(), TestCaseError> {
    let parsed = kind.parse(&files.iter().copied().collect::<Files>());
    let Ok(packages) = parsed else { return Ok(()) };
    let report = DependencyReport {
        manifests: vec![ManifestChanges::between(
            "m",
            kind.name(),
            &notes_gen::dependencies::Packages::new(),
            &packages,
        )],
    };
    for links in [RepositoryLinks::Repository, RepositoryLinks::ModulePath] {
        let text = render_dependencies(&report, &options(links));
        for line in text.lines().filter(|line| line.starts_with("- ")) {
            prop_assert!(SHAPE.is_match(line), "{line:?}");
        }
    }
    let same = ManifestChanges::between("m", kind.name(), &packages, &packages);
    prop_assert!(same.is_empty());
    Ok(())
}

proptest! {
    #[test]
    fn any_go_files_are_read(go_mod in GO, go_sum in GO, vendor in GO) {
        check_any(GoModules::default(), &[("go.mod", &go_mod), ("go.sum", &go_sum)])?;
        check_any(GoModules::default(), &[("go.mod", &go_mod), ("go.work", &go_sum)])?;
        check_any(GoModules::new(GoModuleSet::Vendored), &[("go.mod", &go_mod), ("vendor/modules.txt", &vendor)])?;
    }

    #[test]
    fn any_cargo_lock_is_read(lock in CARGO) {
        check_any(CargoLock, &[("Cargo.lock", &lock)])?;
    }

    #[test]
    fn any_npm_lock_is_read(lock in NPM) {
        check_any(NpmLock, &[("package-lock.json", &lock)])?;
    }

    /// Whatever is required and summed, each module comes once, at the highest version.
    #[test]
    fn selection_is_the_maximum(versions in proptest::collection::vec((0u8..4, 0u64..30, any::<bool>()), 1..30)) {
        let sums: String = versions.iter()
            .map(|(module, minor, only_mod)| format!("m.x/{module} v1.{minor}.0{} h1:x\n", if *only_mod { "/go.mod" } else { "" }))
            .collect();
        let files: Files = [("go.mod", "module own.x/y\n"), ("go.sum", sums.as_str())].into_iter().collect();
        let packages = GoModules::default().parse(&files).unwrap();
        for module in 0u8..4 {
            let highest = versions.iter().filter(|(m, ..)| *m == module).map(|(_, minor, _)| *minor).max();
            let found: Option<Vec<String>> = packages.get(&format!("m.x/{module}")).map(|v| v.iter().map(|v| v.version.clone()).collect());
            prop_assert_eq!(found, highest.map(|minor| vec![format!("v1.{minor}.0")]));
        }
    }
}
