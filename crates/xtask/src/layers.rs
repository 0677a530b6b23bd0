//! Who may depend on whom. The picture is in `ARCHITECTURE.md`; this is the table that is checked.

use std::fmt::Write as _;

use crate::{Kind, Package};

/// A row of packages that do not see each other.
#[derive(Debug)]
pub struct Layer {
    /// Its name.
    pub name: &'static str,
    /// The packages.
    pub packages: &'static [&'static str],
    /// The layers that these packages may see.
    pub sees: &'static [&'static str],
}

/// The layers, from the bottom up. `bins` also holds every package below the folder `bins/`.
pub const LAYERS: &[Layer] = &[
    Layer {
        name: "foundations",
        packages: &["http-kit", "release-journal", "release-version", "secret-redactor"],
        sees: &[],
    },
    Layer {
        name: "clients",
        packages: &[
            "cloudbuild-client",
            "gcs-client",
            "git-repo",
            "github-client",
            "registry-client",
            "testgrid-client",
        ],
        sees: &["foundations"],
    },
    Layer {
        name: "domain",
        packages: &[
            "artifact-publish",
            "image-promoter",
            "mail-announce",
            "notes-gen",
            "package-build",
            "pull-proposal",
        ],
        sees: &["foundations", "clients"],
    },
    Layer { name: "sources", packages: &["notes-sources"], sees: &["foundations", "clients", "domain"] },
    Layer { name: "flow", packages: &["release-flow"], sees: &["foundations", "clients", "domain", "sources"] },
    Layer { name: "terminal", packages: &["cli-kit"], sees: &["release-journal", "secret-redactor"] },
    // A command whose arguments for ranges, GitHub, rules and documents are those of `changelog` too.
    Layer {
        name: "notes command",
        packages: &["release-notes"],
        sees: &["foundations", "clients", "domain", "sources", "terminal"],
    },
    Layer {
        name: "commands",
        packages: &[],
        sees: &["foundations", "clients", "domain", "sources", "flow", "terminal", "notes command"],
    },
    Layer {
        name: "umbrella",
        packages: &["krel"],
        sees: &["foundations", "clients", "domain", "sources", "flow", "terminal", "notes command", "commands"],
    },
    Layer { name: "tests", packages: &["testkit"], sees: &[] },
    Layer { name: "tasks", packages: &["xtask"], sees: &[] },
];

/// Packages of others that only some of ours may name, because they are heavy or would show in an API.
pub const RESERVED: &[(&str, &[&str])] = &[
    ("anyhow", &["xtask"]),
    ("clap", &["cli-kit", "xtask", "notes command", "commands", "umbrella"]),
    ("clap_complete", &["cli-kit"]),
    ("clap_mangen", &["cli-kit"]),
    ("comfy-table", &["cli-kit"]),
    ("gix", &["git-repo"]),
    ("indicatif", &["cli-kit"]),
    ("lettre", &["mail-announce"]),
    ("object_store", &["gcs-client"]),
    ("reqwest", &["http-kit", "clients"]),
    ("rustls", &["http-kit"]),
    ("tracing-subscriber", &["cli-kit"]),
];

/// The layer of a package: by name, or `commands` and `examples` by folder.
fn layer_of(package: &Package) -> Option<&'static str> {
    if let Some(layer) = LAYERS.iter().find(|layer| layer.packages.contains(&package.name.as_str())) {
        return Some(layer.name);
    }
    package.folder.iter().rev().skip(1).find_map(|part| match part.to_str() {
        Some("bins") => Some("commands"),
        Some("examples") => Some("examples"),
        _ => None,
    })
}

/// Whether a list of package names and layer names holds a package of a layer.
fn holds(list: &[&str], name: &str, layer: &str) -> bool {
    list.contains(&name) || list.contains(&layer)
}

/// Every edge that the table does not allow, as a sentence; empty when all is well.
#[must_use]
pub fn check(workspace: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in workspace {
        let name = &package.name;
        let Some(layer) = layer_of(package) else {
            wrong.push(format!("`{name}` is in no layer; add it to the table in `crates/xtask/src/layers.rs`"));
            continue;
        };
        let sees = LAYERS.iter().find(|row| row.name == layer).map_or(&[][..], |row| row.sees);
        for (need, kind) in &package.needs {
            if let Some(other) = workspace.iter().find(|other| other.name == *need) {
                let other_layer = layer_of(other).unwrap_or("no layer");
                let allowed = match (layer, *kind) {
                    // `xtask world` starts the servers of testkit.
                    _ if other_layer == "tests" => *kind == Kind::Dev || layer == "tasks",
                    // Examples show the libraries as others use them: all of them.
                    ("examples", _) => other_layer != "tasks" && other_layer != "examples",
                    _ => holds(sees, need, other_layer),
                };
                if !allowed {
                    wrong.push(format!("`{name}` ({layer}) must not depend on `{need}` ({other_layer})"));
                }
            } else if let Some((_, users)) = RESERVED.iter().find(|(reserved, _)| reserved == need) {
                let test_only = need == "anyhow" && *kind == Kind::Dev;
                if layer != "examples" && !test_only && !holds(users, name, layer) {
                    wrong
                        .push(format!("`{name}` ({layer}) must not depend on `{need}`; allowed: {}", users.join(", ")));
                }
            }
        }
    }
    wrong
}

/// The table as text.
#[must_use]
pub fn table() -> String {
    let mut text = String::new();
    for layer in LAYERS.iter().rev() {
        let packages = if layer.packages.is_empty() { "bins/*".to_owned() } else { layer.packages.join(" ") };
        let sees = if layer.sees.is_empty() { "nothing of ours".to_owned() } else { layer.sees.join(" ") };
        writeln!(text, "{:<12} {packages}\n{:<12} sees {sees}", layer.name, "").ok();
    }
    for (package, users) in RESERVED {
        writeln!(text, "{package:<18} only {}", users.join(" ")).ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn package(path: &str, needs: &[(&str, Kind)]) -> Package {
        let folder = Path::new("/w").join(path);
        Package {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            folder,
            needs: needs.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(),
            library: true,
            documented_binaries: Vec::new(),
        }
    }

    /// A workspace in which everything is there and nothing is wrong, with one package changed.
    fn wrong(path: &str, needs: &[(&str, Kind)]) -> Vec<String> {
        let mut workspace: Vec<Package> = LAYERS
            .iter()
            .flat_map(|layer| layer.packages)
            .map(|name| package(&format!("{}/{name}", if *name == "krel" { "bins" } else { "crates" }), &[]))
            .collect();
        workspace.push(package("bins/announce", &[]));
        workspace.push(package("bins/changelog", &[]));
        workspace.push(package("examples/pinns", &[]));
        let changed = package(path, needs);
        workspace.retain(|package| package.name != changed.name);
        workspace.push(changed);
        check(&workspace)
    }

    #[test]
    fn edges() {
        use Kind::{Build, Dev, Normal};
        type Case<'a> = (&'a str, &'a str, &'a [(&'a str, Kind)], &'a [&'a str]);
        let cases: &[Case<'_>] = &[
            ("nothing", "crates/http-kit", &[], &[]),
            ("downward", "crates/git-repo", &[("http-kit", Normal)], &[]),
            ("two rows downward", "crates/release-flow", &[("release-version", Normal), ("notes-gen", Normal)], &[]),
            (
                "upward",
                "crates/release-version",
                &[("notes-gen", Normal)],
                &["`release-version` (foundations) must not depend on `notes-gen` (domain)"],
            ),
            (
                "upward in a test",
                "crates/http-kit",
                &[("github-client", Dev)],
                &["`http-kit` (foundations) must not depend on `github-client` (clients)"],
            ),
            (
                "upward in a build script",
                "crates/http-kit",
                &[("github-client", Build)],
                &["`http-kit` (foundations) must not depend on `github-client` (clients)"],
            ),
            (
                "sideways in foundations",
                "crates/release-journal",
                &[("http-kit", Normal)],
                &["`release-journal` (foundations) must not depend on `http-kit` (foundations)"],
            ),
            (
                "sideways in domain",
                "crates/mail-announce",
                &[("notes-gen", Normal)],
                &["`mail-announce` (domain) must not depend on `notes-gen` (domain)"],
            ),
            (
                "the flow does not know the terminal",
                "crates/release-flow",
                &[("cli-kit", Normal)],
                &["`release-flow` (flow) must not depend on `cli-kit` (terminal)"],
            ),
            (
                "the terminal knows the journal only",
                "crates/cli-kit",
                &[("release-journal", Normal), ("http-kit", Normal)],
                &["`cli-kit` (terminal) must not depend on `http-kit` (foundations)"],
            ),
            (
                "commands do not see each other",
                "bins/announce",
                &[("changelog", Normal)],
                &["`announce` (commands) must not depend on `changelog` (commands)"],
            ),
            ("the umbrella sees commands", "bins/krel", &[("changelog", Normal), ("cli-kit", Normal)], &[]),
            ("testkit in tests", "crates/notes-gen", &[("testkit", Dev)], &[]),
            (
                "testkit elsewhere",
                "crates/notes-gen",
                &[("testkit", Normal)],
                &["`notes-gen` (domain) must not depend on `testkit` (tests)"],
            ),
            (
                "testkit shares nothing with us",
                "crates/testkit",
                &[("release-version", Normal)],
                &["`testkit` (tests) must not depend on `release-version` (foundations)"],
            ),
            (
                "a package that nobody knows",
                "crates/common",
                &[],
                &["`common` is in no layer; add it to the table in `crates/xtask/src/layers.rs`"],
            ),
            (
                "a package of others in the wrong place",
                "crates/release-flow",
                &[("gix", Normal), ("serde", Normal)],
                &["`release-flow` (flow) must not depend on `gix`; allowed: git-repo"],
            ),
            ("anyhow in tests", "crates/release-flow", &[("anyhow", Dev)], &[]),
            (
                "anyhow in a library",
                "crates/release-flow",
                &[("anyhow", Normal)],
                &["`release-flow` (flow) must not depend on `anyhow`; allowed: xtask"],
            ),
            (
                "clap below the commands",
                "crates/release-flow",
                &[("clap", Normal)],
                &[
                    "`release-flow` (flow) must not depend on `clap`; allowed: cli-kit, xtask, notes command, commands, umbrella",
                ],
            ),
            ("clap in a command", "bins/announce", &[("clap", Normal)], &[]),
            ("an example sees the libraries", "examples/pinns", &[("release-flow", Normal), ("anyhow", Normal)], &[]),
        ];
        for (name, path, needs, expected) in cases {
            assert_eq!(wrong(path, needs), *expected, "{name}");
        }
    }

    #[test]
    fn no_package_is_in_two_layers() {
        let mut names: Vec<_> = LAYERS.iter().flat_map(|layer| layer.packages).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn what_the_table_names_exists() {
        let known = |name: &&str| LAYERS.iter().any(|row| row.name == *name || row.packages.contains(name));
        for layer in LAYERS {
            assert!(layer.sees.iter().all(known), "{}", layer.name);
        }
        for (package, users) in RESERVED {
            assert!(users.iter().all(known), "{package}");
        }
    }
}
