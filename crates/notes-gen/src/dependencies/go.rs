use std::collections::{BTreeMap, BTreeSet};

use super::go_mod::{GoMod, lines, malformed, vendored};

use super::{Files, ManifestError, ManifestKind, ManifestProblem, PackageVersion, Packages, Precedence};

/// Which modules of a Go project count as its dependencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum GoModuleSet {
    /// The build list, as the original shows it: `go.sum` with `go.mod` (and `go.work`, `go.work.sum`). Without a `go.sum` it is
    /// as [`GoModuleSet::Vendored`].
    #[default]
    BuildList,
    /// Only modules whose code is built or that are required by name: `vendor/modules.txt`. Without it, as
    /// [`GoModuleSet::Required`].
    Vendored,
    /// Only the requirements of `go.mod`. Since Go 1.17 they name every module that gives code to the build.
    Required,
}

/// Go modules: `go.mod` with the files beside it.
///
/// Replacements are applied, and a module that is replaced by a folder of the repository is not a dependency. Versions that are
/// excluded are not selected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GoModules {
    /// Which modules count.
    pub set: GoModuleSet,
}

impl GoModules {
    /// Go modules by the given choice.
    pub fn new(set: GoModuleSet) -> Self {
        Self { set }
    }
}

const GO_MOD: &str = "go.mod";
const GO_SUM: &str = "go.sum";
const GO_WORK: &str = "go.work";
const GO_WORK_SUM: &str = "go.work.sum";
const VENDOR: &str = "vendor/modules.txt";

impl ManifestKind for GoModules {
    fn name(&self) -> &str {
        "go"
    }

    fn files(&self) -> &[&str] {
        &[GO_MOD, GO_SUM, GO_WORK, GO_WORK_SUM, VENDOR]
    }

    fn parse(&self, files: &Files) -> Result<Packages, ManifestError> {
        let within = |path: &str| {
            let path = path.to_owned();
            move |problem| ManifestError { path, problem }
        };
        let mut packages = Packages::new();
        let sums = files.text(GO_SUM)?.filter(|_| self.set == GoModuleSet::BuildList);
        let vendor = files.text(VENDOR)?.filter(|_| self.set != GoModuleSet::Required && sums.is_none());
        if let Some(vendor) = vendor {
            for (module, version) in vendored(vendor).map_err(within(VENDOR))?.into_iter().flatten() {
                insert(&mut packages, &module, &version).map_err(within(VENDOR))?;
            }
            return Ok(packages);
        }

        let mut selection = Selection::default();
        for file in [GO_MOD, GO_WORK] {
            if let Some(text) = files.text(file)? {
                selection.add(GoMod::parse(text).map_err(within(file))?);
            }
        }
        if let Some(sums) = sums {
            selection.add_sums(sums).map_err(within(GO_SUM))?;
            let sums = files.text(GO_WORK_SUM)?.unwrap_or_default();
            selection.add_sums(sums).map_err(within(GO_WORK_SUM))?;
        }
        for (module, version) in selection.selected() {
            insert(&mut packages, &module, &version).map_err(within(GO_MOD))?;
        }
        Ok(packages)
    }
}

fn insert(packages: &mut Packages, module: &str, version: &str) -> Result<(), ManifestProblem> {
    let version = PackageVersion {
        version: version.to_owned(),
        commit: pseudo_commit(version).map(str::to_owned),
        repository: module.starts_with("github.com/").then(|| module.to_owned()),
    };
    packages.insert(module, version)
}

/// The commit of a pseudo-version: `v0.0.0-20200101000000-0123456789ab`, `v1.2.4-0.20200101000000-0123456789ab`.
fn pseudo_commit(version: &str) -> Option<&str> {
    let version = version.strip_suffix("+incompatible").unwrap_or(version);
    let (rest, commit) = version.rsplit_once('-')?;
    let (base, time) = rest.rsplit_once(['-', '.'])?;
    let is_time = time.len() == 14 && time.bytes().all(|byte| byte.is_ascii_digit());
    let is_commit = commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_time && is_commit && base.starts_with('v')).then_some(commit)
}

/// A module and a version.
type Module = (String, String);

/// The modules of a graph and what the main module says of them.
#[derive(Default)]
struct Selection {
    mods: Vec<GoMod>,
    /// All versions that a sum names.
    summed: BTreeMap<String, BTreeSet<String>>,
}

impl Selection {
    fn add(&mut self, parsed: GoMod) {
        self.mods.push(parsed);
    }

    /// Reads lines `module version[/go.mod] hash`.
    fn add_sums(&mut self, text: &str) -> Result<(), ManifestProblem> {
        for line in lines(text) {
            let (at, line) = line?;
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                [module, version, _hash] => {
                    let version = version.strip_suffix("/go.mod").unwrap_or(version);
                    self.summed.entry((*module).to_owned()).or_default().insert(version.to_owned());
                }
                _ => return Err(malformed(at, "a module, a version and a sum")),
            }
        }
        Ok(())
    }

    /// Each module once with the version that is built, replacements applied.
    fn selected(self) -> BTreeSet<Module> {
        let Self { mods, summed } = self;
        let excluded: BTreeSet<&Module> = mods.iter().flat_map(|m| &m.excludes).collect();
        let has_sum = |(module, version): &Module| summed.get(module).is_some_and(|v| v.contains(version));

        let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (module, version) in mods.iter().flat_map(|m| &m.requires) {
            graph.entry(module).or_default().insert(version);
        }
        // The Go command keeps `go.mod` at the versions that it selects, so a requirement is exact, and a line that stayed behind in
        // `go.sum` does not count. In a workspace another module may have raised it.
        let in_workspace = mods.len() > 1;
        let exact: BTreeSet<&str> = if in_workspace { BTreeSet::new() } else { graph.keys().copied().collect() };
        // Later replacements win, so those of `go.work` over those of `go.mod`, and the ones with a version over those without.
        let mut replaced: BTreeMap<(&str, Option<&str>), Option<&Module>> = BTreeMap::new();
        for replace in mods.iter().flat_map(|m| &m.replaces) {
            replaced.insert((&replace.from, replace.from_version.as_deref()), replace.to.as_ref());
            // Replaced code is never loaded: its sum stands under the replacement's name and tells that the module is in the graph.
            let Some(to) = replace.to.as_ref().filter(|to| has_sum(to) && !exact.contains(&*replace.from)) else {
                continue;
            };
            let version = replace.from_version.as_deref().unwrap_or(&to.1);
            graph.entry(&replace.from).or_default().insert(version);
        }
        for (module, versions) in summed.iter().filter(|(module, _)| !exact.contains(module.as_str())) {
            graph.entry(module).or_default().extend(versions.iter().map(String::as_str));
        }

        let main: BTreeSet<&str> = mods.iter().filter_map(|m| m.module.as_deref()).collect();
        let mut selected = BTreeSet::new();
        for (module, versions) in graph.into_iter().filter(|(module, _)| !main.contains(module)) {
            let allowed = versions.into_iter().filter(|v| !excluded.contains(&(module.to_owned(), (*v).to_owned())));
            let Some(version) = allowed.max_by(|a, b| Precedence::of(a).cmp(&Precedence::of(b))) else { continue };
            match replaced.get(&(module, Some(version))).or_else(|| replaced.get(&(module, None))) {
                Some(Some(to)) => selected.insert((*to).clone()),
                Some(None) => false,
                None => selected.insert((module.to_owned(), version.to_owned())),
            };
        }
        selected
    }
}

#[cfg(test)]
mod tests {
    use super::super::MAX_MANIFEST_LINE;
    use super::*;

    fn read(set: GoModuleSet, files: &[(&str, &str)]) -> Vec<String> {
        let packages = GoModules::new(set).parse(&files.iter().copied().collect()).unwrap();
        let all =
            packages.iter().flat_map(|(name, versions)| versions.iter().map(move |v| format!("{name} {}", v.version)));
        all.collect()
    }

    #[test]
    fn pseudo_versions() {
        let cases = [
            ("v0.0.0-20200101000000-0123456789ab", Some("0123456789ab")),
            ("v1.2.4-0.20200101000000-0123456789ab", Some("0123456789ab")),
            ("v3.2.0-rc1.0.20211005134800-8bcc086b1b9d", Some("8bcc086b1b9d")),
            ("v9.0.1-0.20190516000000-c2e2a4ab7a1b+incompatible", Some("c2e2a4ab7a1b")),
            ("v1.0.0-rc-1", None),
            ("v1.5.0-beta.4", None),
            ("v20.10.9+incompatible", None),
            ("v0.0.0-2020010100000-0123456789ab", None),
        ];
        for (version, expected) in cases {
            assert_eq!(pseudo_commit(version), expected, "{version}");
        }
    }

    #[test]
    fn the_highest_version_of_a_sum_is_selected() {
        let sums = "a.b/c v1.9.0/go.mod h1:x\na.b/c v1.10.0/go.mod h1:x\na.b/c v1.9.0 h1:x\na.b/d v1.0.0 h1:x\n\
                    a.b/old v1.1.0/go.mod h1:x\nmain.x/y v0.1.0/go.mod h1:x\n";
        let go_mod = "module main.x/y\n\ngo 1.16\nretract v0.0.1 // oops\nexclude a.b/old v1.1.0\nrequire a.b/d v1.0.0 // indirect\n";
        let files = [("go.mod", go_mod), ("go.sum", sums)];
        assert_eq!(read(GoModuleSet::BuildList, &files), ["a.b/c v1.10.0", "a.b/d v1.0.0"]);
        assert_eq!(read(GoModuleSet::Required, &files), ["a.b/d v1.0.0"]);
        assert_eq!(read(GoModuleSet::BuildList, &files[..1]), ["a.b/d v1.0.0"]);

        // A sum that stayed behind does not raise what `go.mod` requires; another module of a workspace does.
        let stale = format!("{sums}a.b/d v1.2.0/go.mod h1:x\n");
        let files = [("go.mod", go_mod), ("go.sum", stale.as_str()), ("go.work", "use .\n")];
        assert_eq!(read(GoModuleSet::BuildList, &files[..2]), ["a.b/c v1.10.0", "a.b/d v1.0.0"]);
        assert_eq!(read(GoModuleSet::BuildList, &files), ["a.b/c v1.10.0", "a.b/d v1.2.0"]);
    }

    #[test]
    fn replacements_are_applied() {
        let cases = [
            ("other module", "replace a.b/c => x.y/c v2.0.0", "a.b/c v1.0.0 h1:x\nx.y/c v2.0.0 h1:x", "x.y/c v2.0.0"),
            ("same module", "replace a.b/c => a.b/c v0.9.0", "a.b/c v0.9.0 h1:x", "a.b/c v0.9.0"),
            ("folder", "replace a.b/c => ./c", "", ""),
            ("other version", "replace a.b/c v0.1.0 => x.y/c v2.0.0", "a.b/c v1.0.0 h1:x", "a.b/c v1.0.0"),
            ("this version", "replace a.b/c v1.0.0 => x.y/c v2.0.0", "x.y/c v2.0.0 h1:x", "x.y/c v2.0.0"),
            ("unused", "replace a.b/unused => x.y/c v2.0.0", "a.b/c v1.0.0 h1:x", "a.b/c v1.0.0"),
            (
                "not required",
                "replace a.b/t => x.y/t v2.0.0",
                "a.b/c v1.0.0 h1:x\nx.y/t v2.0.0/go.mod h1:x",
                "a.b/c v1.0.0 x.y/t v2.0.0",
            ),
            (
                "version before all",
                "replace (\n\ta.b/c => ./c\n\ta.b/c v1.0.0 => x.y/c v2.0.0\n)",
                "x.y/c v2.0.0 h1:x",
                "x.y/c v2.0.0",
            ),
        ];
        for (name, replace, sums, expected) in cases {
            let go_mod = format!("module m.x/y\nrequire (\n\ta.b/c v1.0.0\n)\n{replace}\n");
            let found = read(GoModuleSet::BuildList, &[("go.mod", &go_mod), ("go.sum", sums)]);
            assert_eq!(found.join(" "), expected, "{name}");
        }
    }

    #[test]
    fn vendored_modules() {
        let vendor = "# a.b/c v1.0.0\n## explicit; go 1.17\na.b/c/x\n# a.b/d v1.1.0 => x.y/d v2.0.0\nx/y\n# k8s.io/api v0.0.0 => ./staging/api\n\
                      ## explicit\n# a.b/unused => x.y/unused v1.0.0\n# k8s.io/api => ./staging/api\n";
        let files = [("go.mod", "module m.x/y\nrequire a.b/z v1.0.0"), ("vendor/modules.txt", vendor)];
        let expected = ["a.b/c v1.0.0", "x.y/d v2.0.0"];
        assert_eq!(read(GoModuleSet::Vendored, &files), expected);
        assert_eq!(read(GoModuleSet::BuildList, &files), expected, "there is no go.sum");
        assert_eq!(read(GoModuleSet::Vendored, &files[..1]), ["a.b/z v1.0.0"]);
    }

    #[test]
    fn workspaces_add_their_sums_and_replacements() {
        let files = [
            ("go.mod", "module m.x/y\nrequire a.b/c v1.0.0\nreplace a.b/c => x.y/c v1.0.0"),
            ("go.sum", ""),
            ("go.work", "go 1.22\nuse (\n\t.\n\t./staging\n)\nreplace a.b/c => x.y/c v1.1.0"),
            ("go.work.sum", "x.y/c v1.1.0/go.mod h1:x\na.b/w v0.1.0/go.mod h1:x\n"),
        ];
        assert_eq!(read(GoModuleSet::BuildList, &files), ["a.b/w v0.1.0", "x.y/c v1.1.0"]);
    }

    #[test]
    fn malformed_files_are_refused_with_their_line() {
        let cases = [
            ("go.mod", "module m\nrequire a", "line 2: expected a module and a version"),
            ("go.mod", "require (\n", "line 1: expected a block that is closed"),
            ("go.mod", "replace a b", "line 1: expected `module => replacement`"),
            ("go.mod", "module \"m", "line 1: expected a closing quotation mark"),
            ("go.mod", "require a[b] v1.0.0", "`a[b]` is not a name or version of a package"),
            ("go.sum", "a v1 h1:x\nb", "line 2: expected a module, a version and a sum"),
        ];
        let long = format!("module m\n{}", "(".repeat(MAX_MANIFEST_LINE + 1));
        let too_long = [("go.mod", long.as_str(), "line 2: expected a line of at most 64 KiB")];
        for (file, text, expected) in cases.into_iter().chain(too_long) {
            let files: Files = [("go.sum", ""), (file, text)].into_iter().collect();
            let error = GoModules::default().parse(&files).unwrap_err();
            assert_eq!((error.path.as_str(), error.problem.to_string().as_str()), (file, expected), "{text}");
        }
    }
}
