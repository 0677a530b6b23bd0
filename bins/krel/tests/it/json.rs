//! `--output json`: one document with a `schema`, and the fields that scripts rely on.

use serde_json::{Map, Value};

use crate::world::{Run, World};

/// The document with the kinds of its values instead of the values; elements of a list are one element with all their fields.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(_) => "yes or no".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
        Value::Array(items) => Value::Array(items.iter().map(shape).reduce(merge).into_iter().collect()),
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| name.as_str());
            let shaped = sorted.into_iter().map(|(name, value)| {
                let kept = name == "schema";
                (name.clone(), if kept { value.clone() } else { shape(value) })
            });
            Value::Object(shaped.collect())
        }
    }
}

fn merge(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            for (name, value) in other {
                let merged = match one.remove(&name) {
                    Some(before) => merge(before, value),
                    None => value,
                };
                one.insert(name, merged);
            }
            let mut sorted: Vec<_> = one.into_iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(sorted.into_iter().collect::<Map<_, _>>())
        }
        (one, other) if one == other => one,
        (Value::Array(one), Value::Array(other)) => {
            Value::Array(one.into_iter().chain(other).reduce(merge).into_iter().collect())
        }
        (one, other) => {
            let mut kinds: Vec<String> = [one, other]
                .iter()
                .map(|kind| kind.as_str().map_or_else(|| kind.to_string(), str::to_owned))
                .flat_map(|kind| kind.split(" or ").map(str::to_owned).collect::<Vec<_>>())
                .collect();
            kinds.sort();
            kinds.dedup();
            kinds.join(" or ").into()
        }
    }
}

#[track_caller]
fn document(run: &Run, code: i32, schema: &str) -> Value {
    let value = run.expect(code).json();
    assert_eq!(value["schema"], schema);
    assert!(!run.stdout.contains('\u{1b}'), "colours in JSON");
    shape(&value)
}

#[test]
fn documents() {
    let world = World::new();
    let json = ["--output", "json"];
    let krel = |args: &[&str]| world.krel(&[args, &json].concat());
    let doctor = document(&krel(&["doctor", "--nomock"]), 0, "krel/diagnosis/v1");
    let check = document(&krel(&["config", "check"]), 0, "krel/config-check/v1");
    let stage_plan = document(&krel(&["plan", "stage", "--nomock"]), 0, "krel/plan/v1");
    let refused = document(&krel(&["stage", "--nomock"]), 3, "krel/error/v1");
    let staged = world.approved(&["stage", "--nomock"]);
    let build = staged.expect(0).json()["build_version"].as_str().unwrap().to_owned();
    let staged = document(&staged, 0, "krel/applied/v1");
    let list = document(&krel(&["list", "--nomock"]), 0, "krel/staged-builds/v1");
    let what = ["release", "--nomock", "--build-version", build.as_str()];
    let release_plan = document(&krel(&[&["plan"], &what[..]].concat()), 0, "krel/plan/v1");
    let released = document(&world.release(&build), 0, "krel/applied/v1");
    let announce_plan =
        document(&krel(&["plan", "announce", "--nomock", "--tag", "v1.0.0-alpha.1"]), 0, "krel/plan/v1");
    let announced =
        document(&world.approved(&["announce", "--nomock", "--tag", "v1.0.0-alpha.1"]), 0, "krel/applied/v1");
    let status = document(&krel(&["status"]), 0, "krel/runs/v1");
    let verify = document(&krel(&["verify", "v1.0.0-alpha.1", "--nomock"]), 0, "krel/verification/v1");
    let unusable = document(&krel(&["stage", "--type", "nightly"]), 2, "krel/error/v1");
    let fields = |error: &Value| error.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&unusable), fields(&refused), "errors of arguments and of runs are one kind of document");
    for (name, shape) in [
        ("doctor", doctor),
        ("config-check", check),
        ("plan-stage", stage_plan),
        ("plan-release", release_plan),
        ("plan-announce", announce_plan),
        ("error", refused),
        ("staged", staged),
        ("list", list),
        ("released", released),
        ("announced", announced),
        ("status", status),
        ("verify", verify),
    ] {
        insta::assert_json_snapshot!(name, shape);
    }
}

/// Results go to stdout and nothing else does; progress goes to stderr.
#[test]
fn channels() {
    let world = World::new();
    let fingerprint = world.fingerprint(&["stage", "--nomock"]);
    let quiet = world.krel(&["stage", "--nomock", "--approve", &fingerprint, "--progress", "none"]);
    assert!(quiet.expect(0).stdout.starts_with("staged v1.0.0-alpha.1 (nomock)\n"), "{}", quiet.stdout);
    assert!(quiet.stdout.contains("next: krel release --build-version v1.0.0-alpha.0.3+"), "{}", quiet.stdout);
    let lines = world.krel(&["stage", "--progress", "json", "--output", "json"]);
    lines.expect(0).json();
    let events = lines.stderr.lines().filter(|line| line.starts_with('{'));
    let events: Vec<Value> = events.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.len() > 10, "{}", lines.stderr);
}
