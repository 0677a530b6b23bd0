//! The preset of Kubernetes, planned on a history like that of kubernetes/kubernetes, against the layout of its releases.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use release_flow::{
    Error,
    config::{ContainerEngine, Loaded},
    plan::{StagePlan, StageVersion},
    plan_stage,
};
use testkit::GitWorld;

use crate::world::{now, on, request};

const CROSS_FILE: &str = "build/build-image/cross/VERSION";
const CROSS: &str = "v1.31.0-go1.22.5-bullseye.0";

const SERVERS: [&str; 4] = ["linux/amd64", "linux/arm64", "linux/ppc64le", "linux/s390x"];
const NODES: [&str; 5] = ["linux/amd64", "linux/arm64", "linux/ppc64le", "linux/s390x", "windows/amd64"];
const CLIENTS: [&str; 8] = [
    "linux/amd64",
    "linux/arm64",
    "linux/ppc64le",
    "linux/s390x",
    "darwin/amd64",
    "darwin/arm64",
    "windows/amd64",
    "windows/arm64",
];
const TESTS: [&str; 7] =
    ["linux/amd64", "linux/arm64", "linux/ppc64le", "linux/s390x", "darwin/amd64", "darwin/arm64", "windows/amd64"];

/// What the folder `bin/OS/ARCH` of a release holds.
const BINARIES: [(&[&str], &[&str]); 5] = [
    (
        &SERVERS,
        &[
            "apiextensions-apiserver",
            "kube-aggregator",
            "kube-apiserver",
            "kube-apiserver.docker_tag",
            "kube-apiserver.tar",
            "kube-controller-manager",
            "kube-controller-manager.docker_tag",
            "kube-controller-manager.tar",
            "kube-log-runner",
            "kube-proxy",
            "kube-proxy.docker_tag",
            "kube-proxy.tar",
            "kube-scheduler",
            "kube-scheduler.docker_tag",
            "kube-scheduler.tar",
            "kubeadm",
            "kubectl",
            "kubectl-convert",
            "kubectl.docker_tag",
            "kubectl.tar",
            "kubelet",
            "mounter",
        ],
    ),
    (&["darwin/amd64", "darwin/arm64"], &["kubectl", "kubectl-convert"]),
    (&["windows/amd64"], &["kubectl.exe", "kubectl-convert.exe"]),
    (&["windows/amd64"], &["kube-log-runner.exe", "kube-proxy.exe", "kubeadm.exe", "kubelet.exe"]),
    (&["windows/arm64"], &["kubectl.exe"]),
];

const IMAGES: [&str; 6] =
    ["conformance", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl"];

/// A history with the tags of a cycle, and `release-1.29` behind it.
fn world() -> (GitWorld, Loaded) {
    let mut git = GitWorld::new("master");
    git.commit_files("Begin", &[("README.md", "# Kubernetes\n"), (CROSS_FILE, "v1.29.0-go1.21.4-bullseye.0\n")]);
    git.create_branch("release-1.29");
    git.commit("Release commit for Kubernetes v1.29.0");
    git.annotated_tag("v1.29.0", "Kubernetes official release v1.29.0");
    git.merge_pull(101, "contributor/backport", "Backport something");
    git.switch("master");
    git.commit_files("Raise Go", &[(CROSS_FILE, &format!("{CROSS}\n"))]);
    git.annotated_tag("v1.30.0-alpha.0", "Kubernetes alpha release v1.30.0-alpha.0");
    git.merge_pull(100, "contributor/change", "Change something");
    let folder = git.folder().join("project");
    let text = std::fs::read_to_string(preset()).unwrap().replace("source: ../kubernetes", "source: ../work");
    let loaded = Loaded::parse(&text, &folder.join("release.yaml"), &folder).unwrap();
    (git, loaded)
}

fn preset() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../presets/kubernetes.yaml")
}

async fn plan(loaded: &Loaded) -> Result<StagePlan, Error> {
    plan_stage(loaded, &request("alpha"), &loaded.folder.join("work"), now()).await
}

fn published(version: &StageVersion) -> BTreeSet<String> {
    let artifacts = version.jobs.iter().flat_map(|job| &job.artifacts).filter_map(|artifact| artifact.publish.clone());
    artifacts.chain(version.tarballs.iter().map(|tarball| tarball.name.clone())).collect()
}

fn layout() -> BTreeSet<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    for (platforms, names) in BINARIES {
        for platform in platforms {
            all.extend(names.iter().map(|name| format!("bin/{platform}/{name}")));
        }
    }
    for (kind, platforms) in
        [("server", &SERVERS[..]), ("node", &NODES[..]), ("client", &CLIENTS[..]), ("test", &TESTS[..])]
    {
        all.extend(platforms.iter().map(|platform| format!("kubernetes-{kind}-{}.tar.gz", platform.replace('/', "-"))));
    }
    all.extend(["kubernetes.tar.gz", "kubernetes-src.tar.gz", "kubernetes-test-portable.tar.gz"].map(str::to_owned));
    all
}

#[test]
fn the_file_as_it_is_passes_every_check() {
    let loaded = Loaded::read(&preset()).unwrap();
    assert_eq!(loaded.config.project.default_branch, "master");
    let downloads = loaded.config.changelog.unwrap().downloads.unwrap();
    assert_eq!(downloads.as_str(), "https://dl.k8s.io/");
}

#[tokio::test]
async fn files_and_tarballs_are_those_of_a_kubernetes_release() {
    let (_git, loaded) = world();
    let plan = plan(&loaded).await.unwrap();
    let version = plan.prime();
    assert_eq!(version.tag, "v1.30.0-alpha.1");
    assert_eq!(version.message, "Kubernetes alpha release v1.30.0-alpha.1");
    let (found, expected) = (published(version), layout());
    let more: Vec<_> = found.difference(&expected).collect();
    let less: Vec<_> = expected.difference(&found).collect();
    assert!(more.is_empty() && less.is_empty(), "too much: {more:#?}\nmissing: {less:#?}");
    for job in &version.jobs {
        for artifact in job.artifacts.iter().filter(|artifact| artifact.binary) {
            let publish = artifact.publish.as_deref().unwrap();
            assert!(publish.starts_with(&format!("bin/{}/", job.platform)), "{publish}");
        }
    }
}

#[tokio::test]
async fn images_are_made_of_the_archives_of_the_build_for_four_processors() {
    let (_git, loaded) = world();
    let plan = plan(&loaded).await.unwrap();
    let images: BTreeMap<&str, Vec<String>> = plan
        .prime()
        .images
        .iter()
        .map(|image| (image.name.as_str(), image.platforms.iter().map(|part| part.platform.to_string()).collect()))
        .collect();
    assert_eq!(images.keys().copied().collect::<Vec<_>>(), IMAGES);
    for (name, platforms) in images {
        assert_eq!(platforms, SERVERS, "{name}");
    }
    for part in plan.prime().images.iter().flat_map(|image| &image.platforms) {
        assert!(part.archive.is_some() && part.files.is_empty());
    }
}

#[tokio::test]
async fn every_branch_has_its_own_kube_cross_and_packages_come_last() {
    let (mut git, loaded) = world();
    let image = |plan: &StagePlan| {
        let mut images: Vec<String> =
            plan.prime().jobs.iter().filter_map(|job| job.container.as_ref()).map(|spec| spec.image.clone()).collect();
        images.dedup();
        images
    };
    let alpha = plan(&loaded).await.unwrap();
    assert_eq!(image(&alpha), [format!("registry.k8s.io/build-image/kube-cross:{CROSS}")]);
    let cache = loaded.folder.join("work");
    let patch = plan_stage(&loaded, &on("official", "release-1.29"), &cache, now()).await.unwrap();
    assert_eq!(image(&patch), ["registry.k8s.io/build-image/kube-cross:v1.29.0-go1.21.4-bullseye.0"]);

    let jobs = &alpha.prime().jobs;
    let first_package = jobs.iter().position(|job| job.id.starts_with("package-linux")).unwrap();
    let last_binary = jobs.iter().rposition(|job| job.container.is_some()).unwrap();
    assert_eq!((alpha.parallel, last_binary + 1), (Some(1), first_package), "packages are made of all binaries");
    assert!(jobs[first_package..].iter().all(|job| job.container.is_none()), "Docker is outside the container");
    assert!(jobs.iter().all(|job| job.env["KUBE_GIT_VERSION"] == "v1.30.0-alpha.1"));

    for (case, content, part) in [
        ("no tag", "\n", "does not name a tag"),
        ("two lines", "v1\nv2\n", "does not name a tag"),
        ("not a tag", "../v1\n", "does not name a tag"),
    ] {
        git.commit_files(case, &[(CROSS_FILE, content)]);
        let error = plan(&loaded).await.unwrap_err();
        assert!(matches!(&error, Error::NoContainerTag { file, .. } if file == CROSS_FILE), "{case}: {error}");
        assert!(error.to_string().contains(part), "{case}: {error}");
    }
    git.git(&["rm", "--quiet", CROSS_FILE]);
    git.commit("Remove the file");
    let error = plan(&loaded).await.unwrap_err();
    assert!(error.to_string().contains("not in the sources"), "{error}");
}

#[test]
fn a_tag_of_a_file_goes_with_no_other_tag() {
    let text = std::fs::read_to_string(preset()).unwrap();
    let parse = |text: &str| Loaded::parse(text, Path::new("release.yaml"), Path::new("/nowhere"));
    let cross = "image: registry.k8s.io/build-image/kube-cross";
    let both = parse(&text.replace(cross, &format!("{cross}:v1"))).unwrap_err().to_string();
    assert!(both.contains("build.groups[0].container.image") && both.contains("without tag"), "{both}");
    let outside = parse(&text.replace(CROSS_FILE, "../VERSION")).unwrap_err().to_string();
    assert!(outside.contains("container.tag_file"), "{outside}");
    // One place for another image: the tag, and nothing else.
    let fixed = text.replace(cross, &format!("{cross}:{CROSS}\n        engine: podman"));
    let fixed = fixed.replace(&format!("        tag_file: {CROSS_FILE}\n"), "");
    let groups = parse(&fixed).unwrap().config.build.groups;
    let containers: Vec<_> = groups.iter().filter_map(|group| group.container.as_ref()).collect();
    assert_eq!(containers.len(), 5);
    for container in containers {
        assert!(container.image.ends_with(CROSS), "{}", container.image);
        assert_eq!(container.engine, Some(ContainerEngine::Podman));
    }
}
