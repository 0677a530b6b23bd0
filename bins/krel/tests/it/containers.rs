//! Containers and images with programs that are not ours: `buildah`, `skopeo` and `docker-registry`. With `KREL_COMPONENTS=1` they must be
//! there; without it these tests are skipped.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use crate::world::{Run, World, files, with_command};

/// The image that builds run in.
const IMAGE: &str = "localhost/krel-build:v1";

/// Whether the switch is unset; with it set, all these programs are there.
pub(crate) fn skipped(programs: &[&str]) -> bool {
    if std::env::var("KREL_COMPONENTS").as_deref() != Ok("1") {
        std::io::Write::write_all(&mut std::io::stderr(), b"skipped: KREL_COMPONENTS is not 1\n").unwrap();
        return true;
    }
    for program in programs {
        let there = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(there.is_ok_and(|status| status.success()), "`{program}` is missing");
    }
    false
}

#[track_caller]
fn good(output: Output, what: &str) -> String {
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A project that builds in a container, and buildah with a storage of its own.
struct Containers {
    world: World,
    storage: PathBuf,
}

impl Containers {
    fn new(command: &str) -> Self {
        let world = World::with(|config| {
            let container = format!("      container: {{image: {IMAGE}, engine: buildah}}\n      artifacts:");
            with_command(config, command).replace("      artifacts:", &container)
        });
        let storage = world.git.folder().join("storage.conf");
        let folder = world.git.folder().display().to_string();
        let text = format!("[storage]\ndriver = \"vfs\"\ngraphroot = \"{folder}/graph\"\nrunroot = \"{folder}/run\"\n");
        fs::write(&storage, text).unwrap();
        let this = Self { world, storage };
        this.image();
        this
    }

    /// An image with a static shell and nothing else.
    fn image(&self) {
        let root = self.world.git.folder().join("root");
        fs::create_dir_all(root.join("bin")).unwrap();
        let busybox = ["/bin/busybox", "/usr/bin/busybox"].map(Path::new).into_iter().find(|path| path.is_file());
        fs::copy(busybox.expect("busybox is there"), root.join("bin/busybox")).unwrap();
        for name in ["sh", "cat", "id", "sleep", "pwd", "env"] {
            symlink("busybox", root.join("bin").join(name)).unwrap();
        }
        let container = self.buildah(&["from", "scratch"]);
        self.buildah(&["copy", "--quiet", container.trim(), root.to_str().unwrap(), "/"]);
        self.buildah(&["commit", "--quiet", container.trim(), IMAGE]);
        self.buildah(&["rm", container.trim()]);
    }

    fn with_storage<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("CONTAINERS_STORAGE_CONF", &self.storage)
            .env("STORAGE_DRIVER", "vfs")
            .env("BUILDAH_ISOLATION", "chroot")
    }

    #[track_caller]
    fn buildah(&self, args: &[&str]) -> String {
        let mut command = Command::new("buildah");
        good(self.with_storage(command.args(args)).output().unwrap(), &format!("buildah {args:?}"))
    }

    fn krel(&self, args: &[&str]) -> Run {
        Run::of(args, self.with_storage(&mut self.world.command(args)).output().unwrap())
    }

    /// No working container is left behind.
    #[track_caller]
    fn nothing_left(&self, case: &str) {
        assert_eq!(self.buildah(&["containers", "--quiet"]).trim(), "", "{case}: containers are left behind");
    }
}

#[test]
fn a_build_in_a_container_of_buildah() {
    if skipped(&["buildah"]) {
        return;
    }
    let command = "test ! -e /etc/passwd\ntest -f hello.c\n\
        printf '%s|%s|%s|%s|%s' \"$(pwd)\" \"$(id -u)\" '{version}' \"$SOURCE_DATE_EPOCH\" {out} > {out}/hello{exe}\necho \"built in $PWD\"";
    let containers = Containers::new(&format!("set -eu\n{command}"));
    let world = &containers.world;
    let commit_time = world.git.git(&["log", "-1", "--format=%ct"]);
    let run = containers.krel(&["stage", "--output", "json"]);
    let staged = run.expect(0).json();
    let build = staged["build_version"].as_str().unwrap();
    let stage = files(&world.path(&format!("mock/bucket/stage/{build}")));
    let ends = |end: &str| stage.iter().find(|(path, _)| path.ends_with(end) && !path.contains(".attributes"));
    let (path, bytes) = ends("/hello").expect("the artifact is staged");
    assert!(path.contains("/bin/linux/"), "{path}");
    let expected = format!("/src|0|v1.0.0-alpha.1|{commit_time}|/out");
    assert_eq!(String::from_utf8_lossy(bytes), expected);
    let (_, log) = ends(".log").expect("the log is staged");
    assert!(String::from_utf8_lossy(log).contains("built in /src"), "{}", String::from_utf8_lossy(log));
    containers.nothing_left("a good build");
}

#[test]
fn a_build_in_a_container_that_fails_or_hangs() {
    if skipped(&["buildah"]) {
        return;
    }
    let containers = Containers::new("echo 'no such thing' >&2; exit 7");
    containers.krel(&["stage"]).expect(8).says(&["exit status: 7", "  | no such thing", "krel resume"]);
    containers.nothing_left("a failing build");

    let word = format!("{}.125", 70_000 + std::process::id() % 10_000);
    let change = |config: &str, image: &str, command: &str| {
        let container = format!("      container: {{image: {image}, engine: buildah}}\n      artifacts:");
        with_command(config, command).replace("      artifacts:", &container).replace("timeout: 60s", "timeout: 3s")
    };
    containers.world.configure(|config| change(config, IMAGE, &format!("echo begun; sleep {word}")));
    let started = Instant::now();
    containers.krel(&["stage"]).expect(8).says(&["was stopped after 3 s", "  | begun"]);
    assert!(started.elapsed() < Duration::from_secs(30));
    containers.nothing_left("a build that hangs");

    containers.world.configure(|config| change(config, "localhost/no-such-image:v1", "true"));
    containers.krel(&["stage"]).expect(8).says(&["no-such-image"]);
    containers.nothing_left("no such image");
}

/// A registry of `docker-registry` in a folder. Stops when dropped.
struct Registry {
    child: Child,
    port: u16,
}

impl Registry {
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.join("docker-registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: warn, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: \"{}\"}}, maintenance: {{uploadpurging: {{enabled: false}}}}}}\n\
             http: {{addr: \"127.0.0.1:{port}\", relativeurls: true}}\n",
            folder.join("docker-registry").display()
        );
        fs::write(&config, text).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let registry = Self { child: command.spawn().unwrap(), port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "docker-registry does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        registry
    }

    /// The digest that the registry tells of a tag.
    fn digest(&self, repository: &str, tag: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
        write!(
            stream,
            "HEAD /v2/{repository}/manifests/{tag} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let header = answer.lines().find_map(|line| line.strip_prefix("Docker-Content-Digest: "));
        header.expect("the registry tells the digest").trim().to_owned()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// `skopeo` reads every image that `krel verify` tells of a version, for the platform that it is for, and a registry that it copies them to
/// names the same digests. Returns how many images that were.
#[track_caller]
pub(crate) fn skopeo_and_a_registry_agree(
    world: &World,
    registry: &Path,
    tag: &str,
    verified: &serde_json::Value,
) -> usize {
    let skopeo = |args: &[&str]| {
        let output = Command::new("skopeo").arg("--insecure-policy").args(args).output().unwrap();
        good(output, &format!("skopeo {args:?}"))
    };
    let server = Registry::start(world.git.folder());
    let mut seen = 0;
    for check in verified["checks"].as_array().unwrap() {
        let subject = check["subject"].as_str().unwrap();
        let Some(name) = subject.strip_prefix("image `").and_then(|rest| rest.strip_suffix(&format!(":{tag}`"))) else {
            continue;
        };
        let digest = check["detail"].as_str().unwrap().split(' ').next().unwrap();
        let source = format!("oci:{}/{name}:{tag}", registry.display());
        let raw = skopeo(&["inspect", "--raw", &source]);
        assert_eq!(format!("sha256:{}", artifact_publish::Sha256Digest::of(raw.as_bytes())), digest, "{name}");
        let document: serde_json::Value = serde_json::from_str(&raw).unwrap();
        let listed = document["manifests"].as_array();
        let machines: Vec<&str> = match (listed, name.rsplit_once('-')) {
            (Some(listed), _) => {
                listed.iter().map(|entry| entry["platform"]["architecture"].as_str().unwrap()).collect()
            }
            (None, named) => vec![named.expect("the image of one processor is named by it").1],
        };
        for machine in machines {
            let of = ["--override-arch", machine];
            let inspect: Vec<&str> = of.iter().copied().chain(["inspect", &source]).collect();
            let inspected: serde_json::Value = serde_json::from_str(&skopeo(&inspect)).unwrap();
            assert_eq!((&inspected["Os"], &inspected["Architecture"]), (&"linux".into(), &machine.into()), "{name}");
            let inspect: Vec<&str> = of.iter().copied().chain(["inspect", "--config", &source]).collect();
            let config: serde_json::Value = serde_json::from_str(&skopeo(&inspect)).unwrap();
            assert_eq!(config["architecture"], machine, "{name}");
            assert!(config["config"]["Entrypoint"].is_array(), "{name}: {config}");
            let layers = config["rootfs"]["diff_ids"].as_array().unwrap().len();
            assert_eq!(layers, inspected["Layers"].as_array().unwrap().len(), "{name}");
        }
        let target = format!("docker://127.0.0.1:{}/{name}:{tag}", server.port);
        skopeo(&["copy", "--quiet", "--all", "--dest-tls-verify=false", &source, &target]);
        assert_eq!(server.digest(name, tag), digest, "{name}");
        seen += 1;
    }
    seen
}

#[test]
fn skopeo_and_a_registry_agree_with_a_rehearsal() {
    const TAG: &str = "v1.0.0-alpha.1";
    if skipped(&["skopeo", "docker-registry"]) {
        return;
    }
    let world = World::new();
    let dir = world.git.folder().join("rehearsal");
    world.krel(&["rehearse", "--types", "alpha", "--dir", dir.to_str().unwrap()]).expect(0);
    let config = dir.join("release.yaml");
    let args = ["verify", TAG, "--nomock", "--deep", "--config", config.to_str().unwrap(), "--output", "json"];
    let verified = world.krel(&args).expect(0).json();
    let seen = skopeo_and_a_registry_agree(&world, &dir.join("production/registry"), TAG, &verified);
    assert_eq!(seen, 2, "an index and its image are verified: {verified}");
}
