//! Images that cannot be made, and names that are taken.

use std::{fs, path::Path, process::Command};

use artifact_publish::Sha256Digest;

use crate::world::{World, files};

/// A project with this build and these images, for processors that need no compiler.
fn world(groups: &str, images: &str) -> World {
    World::with(|config| configured(config, groups, images))
}

fn configured(config: &str, groups: &str, images: &str) -> String {
    let head = &config[..config.find("build:").unwrap()];
    let places = &config[config.find("places:").unwrap()..];
    let places = places
        .replace("outbox: file:mock/outbox", "outbox: file:mock/outbox\n    registry: file:mock/registry")
        .replace(
            "outbox: file:production/outbox",
            "outbox: file:production/outbox\n    registry: file:production/registry",
        );
    format!("{head}build:\n  timeout: 60s\n  groups:\n{groups}images:\n{images}{places}")
}

const GROUP: &str = "    - name: hello
      platforms: [linux/amd64, linux/s390x]
      command: printf '%s' '{version} {arch}' > {out}/hello; cat hello.c >> {out}/hello
      artifacts:
        - {path: hello, kind: file}
";

const IMAGE: &str = "  - name: hello\n    files: [{from: out/hello, to: /hello}]\n";

/// Refused when planned: nothing is built and nothing written.
#[track_caller]
fn no_plan(world: &World, case: &str, code: i32, parts: &[&str]) {
    let before = world.places();
    let run = world.krel(&["stage", "--nomock"]);
    assert_eq!(run.code, Some(code), "{case}: {}{}", run.stdout, run.stderr);
    run.says(&["error: ", "hint: "]).says(parts);
    world.places().same_as(&before, case);
    assert!(!world.bucket("journal").exists(), "{case}: a refused run is no run");
}

/// Fails when the image is made: nothing of it is staged.
#[track_caller]
fn no_image(world: &World, case: &str, parts: &[&str]) {
    let run = world.approved(&["stage", "--nomock"]);
    assert_eq!(run.code, Some(8), "{case}: {}{}", run.stdout, run.stderr);
    let told = run.json().to_string();
    for part in parts {
        assert!(told.contains(part), "{case}: no `{part}` in {told}");
    }
    assert!(files(&world.path("production/registry")).is_empty(), "{case}");
    assert!(world.krel(&["list", "--nomock"]).expect(0).stdout.contains("nothing is staged"), "{case}");
}

#[test]
fn a_binary_that_one_processor_does_not_have() {
    let only = "    - name: extra
      platforms: [linux/amd64]
      command: echo > {out}/extra
      artifacts:
        - {path: extra, kind: part}
";
    let image = "  - name: hello\n    files: [{from: out/hello, to: /hello}, {from: out/extra, to: /extra}]\n";
    let world = world(&format!("{GROUP}{only}"), image);
    no_plan(&world, "not made for s390x", 2, &["`hello` wants `out/extra`", "linux/s390x"]);

    // Asked for only where it is made, it goes; and a part is published in the image only.
    let image = image.replace("    files:", "    platforms: [linux/amd64]\n    files:");
    world.configure(|config| configured(config, &format!("{GROUP}{only}"), &image));
    let build = world.stage();
    world.release(&build).expect(0);
    let public = files(&world.bucket("release"));
    assert!(public.contains_key("v1.0.0-alpha.1/bin/linux/amd64/hello"));
    assert!(!public.keys().any(|path| path.contains("extra")), "{:?}", public.keys());
}

#[test]
fn a_binary_that_the_build_of_one_processor_forgets() {
    let groups = GROUP.replace("command: ", "command: test {arch} = amd64 || exit 0; ");
    let world = world(&groups, IMAGE);
    no_image(&world, "forgotten", &["build `hello-linux-s390x` succeeded and did not make `hello`"]);
}

/// Writes an OCI layout with one image without layers.
fn base(folder: &Path, arch: &str) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let put = |text: &str| {
        let digest = Sha256Digest::of(text.as_bytes()).to_string();
        fs::write(blobs.join(&digest), text).unwrap();
        format!(r#""digest":"sha256:{digest}","size":{}"#, text.len())
    };
    let config = put(&format!(
        r#"{{"architecture":"{arch}","os":"linux","config":{{}},"rootfs":{{"type":"layers","diff_ids":[]}}}}"#
    ));
    let (image, config_type) =
        ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.config.v1+json");
    let manifest = put(&format!(
        r#"{{"schemaVersion":2,"mediaType":"{image}","config":{{"mediaType":"{config_type}",{config}}},"layers":[]}}"#
    ));
    let name = r#""annotations":{"org.opencontainers.image.ref.name":"v1"}"#;
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{image}",{manifest},{name}}}]}}"#);
    fs::write(folder.join("index.json"), index).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

/// The file of the image's config in a layout that [`base`] wrote.
fn config_of(folder: &Path) -> std::path::PathBuf {
    let mut blobs = fs::read_dir(folder.join("blobs/sha256")).unwrap().map(|blob| blob.unwrap().path());
    blobs.find(|path| fs::read_to_string(path).unwrap().contains("rootfs")).unwrap()
}

#[test]
fn bases_that_are_not_there_or_for_something_else() {
    let image =
        |base: &str| format!("  - name: hello\n    base: {base}\n    files: [{{from: out/hello, to: /hello}}]\n");
    let groups = GROUP.replace(", linux/s390x", "");
    let world = world(&groups, &image("base:v1"));
    no_plan(&world, "no folder", 2, &["base `base:v1` of image `hello`", "`LAYOUT:TAG`"]);
    base(&world.path("base"), "s390x");
    for (case, name) in [("no tag", "base"), ("another tag", "base:v2"), ("not a tag", "base:v/1")] {
        world.configure(|config| configured(config, &groups, &image(name)));
        no_plan(&world, case, 2, &[&format!("base `{name}` of image `hello`")]);
    }
    world.configure(|config| configured(config, &groups, &image("base:v1")));
    no_plan(
        &world,
        "another platform",
        2,
        &[
            "base:v1` of image `hello` cannot be used for linux/amd64",
            "base image is for `linux/s390x`, not for `linux/amd64`",
            "`images.platforms`",
        ],
    );
    let exchange = |arch: &str| {
        fs::remove_dir_all(world.path("base")).unwrap();
        base(&world.path("base"), arch);
    };
    exchange("amd64");
    fs::remove_file(config_of(&world.path("base"))).unwrap();
    no_plan(&world, "half a base", 2, &["base:v1` of image `hello` cannot be used for linux/amd64", "sha256:"]);
    // The plan pins the base that was there; another one is not taken for it.
    exchange("amd64");
    let plan = world.path("stage.json");
    let args = ["stage", "--nomock"];
    let fingerprint = world.fingerprint(&args);
    world.krel(&[&args[..], &["--plan-out", plan.to_str().unwrap()]].concat()).expect(0);
    exchange("s390x");
    let apply = ["apply", plan.to_str().unwrap(), "--approve", &fingerprint];
    world.krel(&apply).says(&["base image `v1` of `hello` changed since the plan was made"]);
    assert!(files(&world.path("production/registry")).is_empty());
    exchange("amd64");
    world.krel(&["resume"]).expect(0);
}

/// A build that makes a docker archive with this list of images.
fn archive(arch: &str, manifest: &str) -> (String, String) {
    let groups = format!(
        "    - name: archive
      platforms: [linux/amd64]
      command: |-
        set -eu
        rm -rf image; mkdir image; cd image
        echo file > file; tar cf layer.tar file
        sum=$(sha256sum layer.tar | cut -d' ' -f1)
        printf '{{\"architecture\":\"{arch}\",\"os\":\"linux\",\"config\":{{}},\"rootfs\":{{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]}}}}' $sum > config.json
        printf '%s' '{manifest}' > manifest.json
        tar cf {{out}}/hello.tar manifest.json config.json layer.tar
      artifacts:
        - {{path: hello.tar, kind: part}}
"
    );
    (groups, "  - {name: hello, archive: out/hello.tar}\n".to_owned())
}

#[test]
fn docker_archives_of_a_build() {
    let one = |tags: &str| format!(r#"{{"Config":"config.json","RepoTags":{tags},"Layers":["layer.tar"]}}"#);
    let good = one(r#"["registry.example/hello-amd64:v1"]"#);
    let cases: [(&str, &str, String, &[&str]); 6] = [
        ("no tag", "amd64", format!("[{}]", one("[]")), &["hello.tar", "has 0 tags"]),
        ("tags that are nothing", "amd64", format!("[{}]", one("null")), &["has 0 tags"]),
        ("several tags", "amd64", format!("[{}]", one(r#"["a/b:v1","a/b:v2"]"#)), &["has 2 tags", "a/b:v1", "a/b:v2"]),
        ("several images", "amd64", format!("[{good},{good}]"), &["holds 2 images"]),
        ("no image", "amd64", "[]".to_owned(), &["holds 0 images"]),
        ("another platform", "s390x", format!("[{good}]"), &["linux/s390x", "linux/amd64"]),
    ];
    for (case, arch, manifest, parts) in cases {
        let (groups, images) = archive(arch, &manifest);
        no_image(&world(&groups, &images), case, parts);
    }
    let (groups, images) = archive("amd64", &format!("[{good}]"));
    let world = world(&groups, &images);
    let build = world.stage();
    world.release(&build).expect(0);
    let verified = world.krel(&["verify", "v1.0.0-alpha.1", "--nomock", "--deep"]);
    for name in ["hello", "hello-amd64"] {
        assert!(verified.expect(0).stdout.contains(&format!("image `{name}:v1.0.0-alpha.1`")), "{}", verified.stdout);
    }
}

/// What a build packed must stay below the root of the container.
#[test]
fn layers_that_climb_out() {
    let good = r#"[{"Config":"config.json","RepoTags":["registry.example/hello-amd64:v1"],"Layers":["layer.tar"]}]"#;
    let cases = [
        ("..", "echo file > ../evil; tar -cPf layer.tar ../evil", "../evil"),
        (".. within", "mkdir -p a; echo file > ../evil; tar -cPf layer.tar a/../../evil", "a/../../evil"),
    ];
    for (case, packed, path) in cases {
        let (groups, images) = archive("amd64", good);
        let groups = groups.replace("echo file > file; tar cf layer.tar file", packed);
        assert!(groups.contains(packed), "{case}");
        no_image(&world(&groups, &images), case, &["hello.tar", path]);
    }
    for to in ["../hello", "/a/../../hello", "", "/"] {
        let image = format!("  - name: hello\n    files: [{{from: out/hello, to: \"{to}\"}}]\n");
        let world = world(GROUP, &image);
        no_plan(&world, to, 2, &["images[0]"]);
    }
}

/// Puts another image at a name of the production registry.
fn take(world: &World, from: &str, to: &str) {
    let registry = world.path("production/registry");
    let to = registry.join(to);
    if to.exists() {
        fs::remove_dir_all(&to).unwrap();
    }
    let status = Command::new("cp").arg("-a").arg(registry.join(from)).arg(&to).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_name_that_is_taken_in_the_registry() {
    for name in ["hello", "hello-s390x"] {
        let world = world(GROUP, IMAGE);
        let build = world.stage();
        let plan = world.path("release.json");
        let out = ["plan", "--out", plan.to_str().unwrap(), "--output", "json", "release", "--nomock"];
        let planned = world.krel(&[&out[..], &["--build-version", &build]].concat());
        let fingerprint = planned.expect(0).json()["fingerprint"].as_str().unwrap().to_owned();
        take(&world, "staging/hello-amd64", name);
        let before = world.places();
        let refs = registry(&world);

        // Planned before and applied afterwards: seen before the first file is public.
        let applied = world.krel(&["apply", plan.to_str().unwrap(), "--approve", &fingerprint]);
        applied.expect(5).says(&["error: ", "hint: ", &format!("image `{name}:v1.0.0-alpha.1`"), "plan again"]);
        // Planned afterwards.
        let taken = format!("v1.0.0-alpha.1 is already published: image `{name}:v1.0.0-alpha.1`");
        world.krel(&["release", "--nomock", "--build-version", &build]).refuses(3, &[&taken]);
        // Not even built.
        world.krel(&["stage", "--nomock"]).refuses(3, &[&taken]);
        world.places().same_as(&before, name);
        assert_eq!(registry(&world), refs, "{name}");
        assert!(!world.bucket("release").exists(), "{name}");
    }
}

#[test]
fn staged_images_that_were_changed_or_removed() {
    for (case, name) in
        [("changed", "hello"), ("changed", "hello-s390x"), ("removed", "hello"), ("removed", "hello-amd64")]
    {
        let world = world(GROUP, IMAGE);
        let build = world.stage();
        let folder = world.path("production/registry/staging").join(name);
        if case == "removed" {
            fs::remove_dir_all(folder).unwrap();
        } else {
            for blob in fs::read_dir(folder.join("blobs/sha256")).unwrap() {
                let path = blob.unwrap().path();
                let mut bytes = fs::read(&path).unwrap();
                *bytes.last_mut().unwrap() ^= 1;
                fs::remove_file(&path).unwrap();
                fs::write(&path, bytes).unwrap();
            }
        }
        let before = world.places();
        let run = world.approved(&["release", "--nomock", "--build-version", &build]);
        assert_eq!(run.code, Some(3), "{case} {name}: {}{}", run.stdout, run.stderr);
        let place = format!("`staging/{name}@sha256:");
        assert!(run.stdout.contains(&place), "{case} {name}: {}", run.stdout);
        assert!(run.stdout.contains("is not what the stage manifest says"), "{case} {name}: {}", run.stdout);
        world.places().same_as(&before, case);
        assert!(!world.bucket("release").exists(), "{case} {name}");
    }
}

#[test]
fn a_version_that_is_staged_again_from_a_later_commit() {
    for released in ["first", "second"] {
        let mut world = world(GROUP, IMAGE);
        let first = world.stage();
        world.git.commit_files("Go on", &[("hello.c", "int main(void) { return 1; }\n")]);
        let second = world.stage();
        assert_ne!(first, second);
        // Both are there by digest; either can be released, and only one.
        let (build, other) = if released == "first" { (first, second) } else { (second, first) };
        world.release(&build).expect(0);
        world.krel(&["verify", "v1.0.0-alpha.1", "--nomock", "--deep"]).expect(0);
        let refused = world.krel(&["release", "--nomock", "--build-version", &other]);
        refused.refuses(3, &["v1.0.0-alpha.1 is already published"]);
    }
}

fn registry(world: &World) -> Vec<(String, Vec<u8>)> {
    files(&world.path("production/registry")).into_iter().collect()
}
