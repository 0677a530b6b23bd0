//! What we write against the schemas of the OCI image specification.

use std::process::Command;

use registry_client::{Layer, Manifest};

use crate::support::World;

const CHECK: &str = r##"
import json, sys
import jsonschema
schemas = json.load(open(sys.argv[1]))
for kind, path in zip(sys.argv[2::2], sys.argv[3::2]):
    schema = {"$schema": schemas["$schema"], "$ref": "#/$defs/" + kind, "$defs": schemas["$defs"]}
    jsonschema.validate(json.load(open(path)), schema)
"##;

#[tokio::test]
async fn documents_follow_the_schemas() {
    let Some(schemas) = testkit::shared_folder().map(|folder| folder.join("contracts/oci/oci.schemas.json")) else {
        println!("skipped: the shared folder is not there");
        return;
    };
    let python = Command::new("python3").args(["-c", "import jsonschema"]).output();
    if !schemas.is_file() || !python.is_ok_and(|output| output.status.success()) {
        println!("skipped: the schemas or python3 with jsonschema are not there");
        return;
    }
    let world = World::new();
    let layout = world.layout("l").await;
    let (images, index) = world.index(&layout).await;
    layout.tag(&"v1".parse().unwrap(), &index, None).await.unwrap();
    let full = world
        .image("linux/arm64/v8")
        .base(&layout, &world.image("linux/arm64/v8").build(&layout).await.unwrap().image)
        .layer(Layer::new("").folder("tmp", 0o1777))
        .user("1")
        .env("A", "b")
        .label("c", "d")
        .cmd(["x"])
        .working_dir("/")
        .annotation("e", "f")
        .build(&layout)
        .await
        .unwrap();
    let blob = |hex: String| layout.folder().join("blobs/sha256").join(hex);
    let mut arguments = vec![
        ("layout", layout.folder().join("oci-layout")),
        ("index", layout.folder().join("index.json")),
        ("index", blob(index.digest.hex())),
    ];
    for image in images.iter().chain([&full]) {
        assert!(matches!(layout.manifest(&image.image).await.unwrap(), Manifest::Image(_)));
        arguments.push(("manifest", blob(image.image.digest.hex())));
        arguments.push(("config", blob(image.config.hex())));
    }
    let mut command = Command::new("python3");
    command.args(["-c", CHECK]).arg(&schemas);
    for (kind, path) in &arguments {
        command.arg(kind).arg(path);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut wrong = Command::new("python3");
    wrong.args(["-c", CHECK]).arg(&schemas).arg("manifest").arg(layout.folder().join("oci-layout"));
    assert!(!wrong.output().unwrap().status.success(), "the check can fail");
}
