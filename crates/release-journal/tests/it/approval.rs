use jiff::Timestamp;
use release_journal::*;

use crate::world::*;

fn typed(plan: Fingerprint, typed: &str, approver: &str) -> Result<Approval, Refused> {
    Approval::typed(plan, typed, approver, Timestamp::UNIX_EPOCH)
}

#[test]
fn what_names_a_plan() {
    let fingerprint = abc().fingerprint().unwrap();
    let full = fingerprint.to_string();
    let longer = format!("{full}0");
    let mut other = full.clone();
    other.replace_range(63.., if full.ends_with('0') { "1" } else { "0" });
    for (name, text, fine) in [
        ("all of it", full.as_str(), true),
        ("twelve digits", &full[..12], true),
        ("thirteen digits", &full[..13], true),
        ("upper case", &full.to_ascii_uppercase(), true),
        ("white space around", &format!(" {} \n", &full[..12]), true),
        ("eleven digits", &full[..11], false),
        ("the last twelve digits", &full[52..], false),
        ("another last digit", &other, false),
        ("too long", &longer, false),
        ("nothing", "", false),
        ("yes", "yes", false),
        ("not ASCII", "ääääääääääää", false),
    ] {
        assert_eq!(typed(fingerprint, text, "release-manager").is_ok(), fine, "{name}");
    }
    assert!(matches!(typed(fingerprint, &full, " "), Err(Refused::Nameless)));
}

#[test]
fn a_production_plan_needs_an_approval_of_itself() {
    let plan = put(&[("a", "1")], Reach::Production);
    assert!(Approved::mock(plan.clone()).is_err(), "mock does not open it");
    for reach in [Reach::Local, Reach::Mock] {
        assert!(Approved::mock(put(&[("a", "1")], reach)).is_ok(), "{reach}");
    }

    let fingerprint = plan.fingerprint().unwrap();
    let approval = typed(fingerprint, &fingerprint.short(), "release-manager").unwrap();
    assert_eq!(Approved::production(plan.clone(), approval.clone()).unwrap().approval(), Some(&approval));

    // The plan changed after it was approved: one entry more, another text, another reach.
    for changed in [
        put(&[("a", "1"), ("b", "2")], Reach::Production),
        put(&[("a", "2")], Reach::Production),
        put(&[("a", "1")], Reach::Mock),
        put(&[], Reach::Production),
    ] {
        let refused = Approved::production(changed.clone(), approval.clone());
        assert!(matches!(refused, Err(Refused::OtherPlan { approved, .. }) if approved == fingerprint), "{changed}");
    }
}

#[test]
fn an_approval_travels_as_json() {
    let fingerprint = abc().fingerprint().unwrap();
    let approval = typed(fingerprint, &fingerprint.short(), " release-manager ").unwrap();
    let text = serde_json::to_string(&approval).unwrap();
    assert_eq!(
        text,
        format!(
            r#"{{"plan":"{fingerprint}","approver":"release-manager","at":"1970-01-01T00:00:00Z","given":"typed-fingerprint"}}"#
        )
    );
    assert_eq!(serde_json::from_str::<Approval>(&text).unwrap(), approval);
    for bad in [
        text.replace("\"given\"", "\"more\":1,\"given\""),
        text.replace(&fingerprint.to_string(), &fingerprint.short()),
        text.replace("typed-fingerprint", "shouted"),
    ] {
        assert!(serde_json::from_str::<Approval>(&bad).is_err(), "{bad}");
    }
}

/// The fingerprint is a promise: approvals given by one version are read by the next.
#[test]
fn the_fingerprint_is_pinned() {
    assert_eq!(
        String::from_utf8(canonical_json(&abc()).unwrap()).unwrap(),
        r#"{"entries":{"a":"1","b":"2","c":"3"},"reach":"mock"}"#
    );
    // printf '%s' '{"entries":{"a":"1","b":"2","c":"3"},"reach":"mock"}' | sha256sum
    assert_eq!(
        abc().fingerprint().unwrap().to_string(),
        "1391a6a23cf5483f158d2c1af551c2458377e248e3fb86e0aec82d22a27432ad"
    );
}

#[test]
fn the_order_of_fields_does_not_matter() {
    let forward: Put = serde_json::from_str(r#"{"entries":{"a":"1","b":"2","c":"3"},"reach":"mock"}"#).unwrap();
    let backward: Put = serde_json::from_str(r#"{ "reach":"mock", "entries":{"c":"3","b":"2","a":"1"} }"#).unwrap();
    assert_eq!(forward.fingerprint().unwrap(), backward.fingerprint().unwrap());

    #[derive(serde::Serialize)]
    struct OneOrder {
        a: u8,
        b: u8,
    }
    #[derive(serde::Serialize)]
    struct OtherOrder {
        b: u8,
        a: u8,
    }
    assert_eq!(canonical_json(&OneOrder { a: 1, b: 2 }).unwrap(), canonical_json(&OtherOrder { b: 2, a: 1 }).unwrap());
}

#[test]
fn step_ids() {
    for (text, fine) in [
        ("copy:v1.2.0", true),
        ("copy:gs://bucket/a:b", true),
        ("copy", false),
        (":v1", false),
        ("copy:", false),
        ("copy:a b", false),
        ("copy:a\u{7}", false),
    ] {
        let parsed = text.parse::<StepId>();
        assert_eq!(parsed.is_ok(), fine, "{text}");
        if let Ok(id) = parsed {
            assert_eq!(id.to_string(), text);
        }
    }
    assert!(StepId::new("a:b", "c").is_err());
}
