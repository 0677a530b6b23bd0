//! Images as programs that are not ours see them: `skopeo` and `docker-registry`. `KREL_COMPONENTS=1` makes their absence a failure.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use registry_client::{
    ArchiveLimits, ArchiveOptions, Digest, OciLayout, Verification, read_docker_archive, read_oci_archive,
    write_docker_archive, write_oci_archive,
};

use crate::support::{World, config, tree};

fn missing(program: &str) -> bool {
    let there = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return false;
    }
    assert!(std::env::var_os("KREL_COMPONENTS").is_none(), "{program} is not installed");
    println!("skipped: {program} is not installed");
    true
}

fn skopeo(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("skopeo").args(["--insecure-policy"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "skopeo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn inspect(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_slice(&skopeo(&[&["inspect"], arguments].concat())).unwrap()
}

struct Registry {
    child: Child,
    port: u16,
}

impl Registry {
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.join("registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: warn, accesslog: {{disabled: true}}}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  \
             maintenance: {{uploadpurging: {{enabled: false}}}}\nhttp:\n  addr: 127.0.0.1:{port}\n  relativeurls: true\n",
            folder.join("registry-data").display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let registry = Self { child: command.spawn().unwrap(), port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "docker-registry does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        registry
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[tokio::test]
async fn skopeo_reads_what_was_written() {
    if missing("skopeo") {
        return;
    }
    let world = World::new();
    let layout = world.layout("l").await;
    let (images, index) = world.index(&layout).await;
    layout.tag(&"v1.0.0".parse().unwrap(), &index, None).await.unwrap();
    let reference = format!("oci:{}:v1.0.0", layout.folder().display());
    let raw = skopeo(&["inspect", "--raw", &reference]);
    assert_eq!(Digest::of(&raw), index.digest);
    for built in &images {
        let (architecture, variant) = (&built.platform.architecture, built.platform.variant.as_deref());
        let mut choice = vec!["--override-os", "linux", "--override-arch", architecture];
        choice.extend(variant.iter().flat_map(|variant| ["--override-variant", variant]));
        let output = Command::new("skopeo").args(&choice).args(["inspect", &reference]).output().unwrap();
        assert!(output.status.success(), "{}: {}", built.platform, String::from_utf8_lossy(&output.stderr));
        let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(seen["Architecture"], **architecture);
        let layer = crate::support::manifest(&layout, &built.image).await.layers()[0].digest;
        assert_eq!(seen["Layers"], serde_json::json!([layer.to_string()]));
    }

    // A docker archive of ours, read by skopeo, and one of skopeo's, read by us.
    let built = &images[1];
    let name = "k.example/tool-amd64:v1.0.0".parse().unwrap();
    let archive = world.path("ours.tar");
    write_docker_archive(&layout, &built.image, &name, &archive).await.map(drop).unwrap();
    let source = format!("docker-archive:{}", archive.display());
    let seen = inspect(&[&source]);
    assert_eq!(seen["Architecture"], "amd64");
    let diff_ids = config(&layout, &built.image).await.diff_ids().to_vec();
    assert_eq!(seen["Layers"], serde_json::json!([diff_ids[0].to_string()]));
    assert_eq!(Digest::of(&skopeo(&["inspect", "--config", "--raw", &source])), built.config);
    let theirs = world.path("theirs.tar");
    skopeo(&["copy", "-q", &source, &format!("docker-archive:{}:k.example/tool-amd64:v1.0.0", theirs.display())]);
    let other = world.layout("other").await;
    let loaded = read_docker_archive(&theirs, &other, ArchiveOptions::default()).await.unwrap();
    assert_eq!((loaded.config, loaded.name), (built.config, name));
    assert_eq!(config(&other, &loaded.image).await.diff_ids(), diff_ids);

    // The same with OCI archives, all platforms.
    let (ours, theirs) = (world.path("ours.oci.tar"), world.path("theirs.oci.tar"));
    write_oci_archive(&layout, &index, Some(&"v1.0.0".parse().unwrap()), &ours).await.map(drop).unwrap();
    let source = format!("oci-archive:{}", ours.display());
    assert_eq!(Digest::of(&skopeo(&["inspect", "--raw", &source])), index.digest);
    skopeo(&["copy", "-q", "--all", &source, &format!("oci-archive:{}:v1.0.0", theirs.display())]);
    let read = read_oci_archive(&theirs, &other, ArchiveLimits::default()).await.unwrap();
    assert_eq!(read.digest, index.digest);
}

#[tokio::test]
async fn through_a_registry_and_back_nothing_changes() {
    if missing("skopeo") || missing("docker-registry") {
        return;
    }
    let world = World::new();
    let layout = world.layout("l").await;
    let (_, index) = world.index(&layout).await;
    layout.tag(&"v1.0.0".parse().unwrap(), &index, None).await.unwrap();
    let registry = Registry::start(world.folder.path());
    let (here, there) = (
        format!("oci:{}:v1.0.0", layout.folder().display()),
        format!("docker://127.0.0.1:{}/example/tool:v1.0.0", registry.port),
    );
    skopeo(&["copy", "-q", "--all", "--dest-tls-verify=false", &here, &there]);
    assert_eq!(Digest::of(&skopeo(&["inspect", "--raw", "--tls-verify=false", &there])), index.digest);
    let back = world.path("back");
    skopeo(&["copy", "-q", "--all", "--src-tls-verify=false", &there, &format!("oci:{}:v1.0.0", back.display())]);
    let read = OciLayout::open(&back).await.unwrap();
    let found = read.resolve(&"v1.0.0".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((found.digest, found.size), (index.digest, index.size));
    assert_eq!(read.walk(&found, Verification::Bytes).await.unwrap().len(), 10);
    assert_eq!(tree(&back.join("blobs")), tree(&layout.folder().join("blobs")));
}
