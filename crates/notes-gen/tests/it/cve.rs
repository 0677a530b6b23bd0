//! CVSS vectors and their scores, CVE records.

use notes_gen::cve::{Cvss, CvssVersion, ParseCvssError, Rating, Score, is_cve_id, parse_embargo};
use notes_gen::maps::{MapFile, Maps};
use proptest::prelude::*;

/// Vectors with their base score and the score with all their metrics.
#[rustfmt::skip]
const VECTORS: &[(&str, &str, &str)] = &[
    // 3.x, base
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "9.8", "9.8"),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "10", "10"),
    ("CVSS:3.0/AV:N/AC:H/PR:L/UI:N/S:C/C:H/I:N/A:N", "6.3", "6.3"),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "6.1", "6.1"),
    ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", "7.8", "7.8"),
    ("CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:C/C:H/I:N/A:N", "5.6", "5.6"),
    ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", "1.6", "1.6"),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "0", "0"),
    ("CVSS:3.1/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N", "9.8", "9.8"),
    // 3.x, temporal and environmental
    ("CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:L/A:H/E:F/RL:W/RC:C", "6.7", "6.4"),
    ("CVSS:3.1/AV:A/AC:L/PR:L/UI:N/S:U/C:L/I:H/A:N/E:F/RL:O/RC:X", "6.3", "5.9"),
    ("CVSS:3.0/AV:L/AC:H/PR:N/UI:N/S:U/C:H/I:L/A:H/E:H/RL:U/RC:C/CR:H/IR:M/MAC:L/MPR:N/MUI:N/MS:C/MC:L/MI:H", "6.9", "9.3"),
    ("CVSS:3.1/AV:P/AC:H/PR:N/UI:R/S:U/C:N/I:N/A:L/E:U/RL:W/RC:C/IR:L/AR:L/MAV:P/MPR:H/MUI:N/MS:C/MC:H/MI:N/MA:L", "1.8", "4.6"),
    ("CVSS:3.1/AV:L/AC:H/PR:N/UI:R/S:U/C:H/I:N/A:L/E:U/RL:U/RC:R/CR:L/AR:L/MAV:P/MPR:L/MS:U/MC:N/MI:N/MA:N", "5.3", "0"),
    ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:N/RC:R/CR:M/IR:M/AR:L/MAC:H/MPR:N/MUI:N/MS:U/MC:H/MA:L", "0", "6"),
    // 4.0
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", "10", "10"),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "9.3", "9.3"),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", "0", "0"),
    ("CVSS:4.0/AV:A/AC:L/AT:N/PR:H/UI:N/VC:N/VI:L/VA:H/SC:H/SI:L/SA:N", "8.2", "8.2"),
    ("CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:P/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N", "1", "1"),
    ("CVSS:4.0/AV:N/AC:H/AT:N/PR:L/UI:A/VC:L/VI:L/VA:H/SC:H/SI:L/SA:H", "7.1", "7.1"),
    ("CVSS:4.0/AV:P/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:H/SC:N/SI:H/SA:N", "6.7", "6.7"),
    ("CVSS:4.0/AV:A/AC:H/AT:P/PR:L/UI:N/VC:L/VI:L/VA:L/SC:N/SI:N/SA:L", "2.1", "2.1"),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", "9.3", "8.1"),
    ("CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:P/VC:H/VI:N/VA:N/SC:H/SI:H/SA:N/IR:H/MAV:L/MAC:L/MAT:N/MPR:H/MVC:H/MVA:H/MSI:S/MSA:H", "5.8", "8.4"),
    ("CVSS:4.0/AV:A/AC:H/AT:N/PR:N/UI:A/VC:H/VI:L/VA:L/SC:H/SI:N/SA:L/E:U/CR:M/MUI:P/MVA:L/MSA:L", "7", "2"),
    ("CVSS:4.0/AV:L/AC:H/AT:N/PR:L/UI:N/VC:N/VI:L/VA:L/SC:H/SI:N/SA:H/E:U/CR:H/MPR:L/MUI:N/MVC:L/MSI:H/MSA:H", "4.8", "1.3"),
    ("CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:N/VC:L/VI:L/VA:H/SC:L/SI:H/SA:L/AR:M/MPR:H/MSA:L/S:P/AU:Y/R:U/V:C/RE:M/U:Red", "9.1", "5.8"),
];

#[test]
fn scores_of_vectors() {
    for (vector, base, full) in VECTORS {
        let cvss: Cvss = vector.parse().unwrap();
        assert_eq!(cvss.base_score().to_string(), *base, "{vector}");
        assert_eq!(cvss.score().to_string(), *full, "{vector}");
        assert_eq!(cvss.to_string(), *vector);
        assert!(cvss.admits(Score::parse(base).unwrap()) && cvss.admits(Score::parse(full).unwrap()), "{vector}");
    }
}

/// All combinations of base metrics.
fn every_vector(version: &str, metrics: &[(&str, &str)]) -> Vec<String> {
    metrics.iter().fold(vec![format!("CVSS:{version}")], |vectors, (name, values)| {
        let with = |vector: &String| values.chars().map(|value| format!("{vector}/{name}:{value}")).collect::<Vec<_>>();
        vectors.iter().flat_map(with).collect()
    })
}

#[test]
fn scores_of_every_base_vector() {
    // The sums were compared vector by vector with independent implementations of the two specifications.
    let sum = |vectors: &[String]| {
        vectors.iter().map(|v| u64::from(v.parse::<Cvss>().unwrap().base_score().tenths())).sum::<u64>()
    };
    let cia = [("C", "HLN"), ("I", "HLN"), ("A", "HLN")];
    let three = [&[("AV", "NALP"), ("AC", "LH"), ("PR", "NLH"), ("UI", "NR"), ("S", "UC")], &cia[..]].concat();
    assert_eq!(sum(&every_vector("3.1", &three)), 142_706);
    assert_eq!(sum(&every_vector("3.0", &three)), 142_706);
    let impact = ["VC", "VI", "VA", "SC", "SI", "SA"].map(|name| (name, "HLN"));
    let four = [&[("AV", "NALP"), ("AC", "LH"), ("AT", "NP"), ("PR", "NLH"), ("UI", "NPA")], &impact[..]].concat();
    let vectors = every_vector("4.0", &four);
    assert_eq!(vectors.len(), 104_976);
    let sample: Vec<String> = vectors.into_iter().step_by(7).collect();
    assert_eq!(sum(&sample), 852_108);
}

#[test]
fn a_value_in_the_middle_may_be_rounded_either_way() {
    let cvss: Cvss = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:H/VI:L/VA:N/SC:H/SI:H/SA:H".parse().unwrap();
    assert_eq!(cvss.score().to_string(), "8.6");
    let admitted = |text: &str| cvss.admits(Score::parse(text).unwrap());
    assert_eq!([admitted("8.4"), admitted("8.5"), admitted("8.6"), admitted("8.7")], [false, true, true, false]);
}

#[test]
fn bad_vectors() {
    use ParseCvssError as E;
    let v3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let v4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H";
    let cases = [
        (String::new(), E::Version),
        ("CVSS:2.0/AV:N".into(), E::Version),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C".into(), E::Version),
        (v3.to_lowercase(), E::Version),
        (format!("{v3}/"), E::UnknownMetric { part: 9 }),
        (format!("{v3}/XX:Y"), E::UnknownMetric { part: 9 }),
        (v3.replace("AV:N", "AV"), E::UnknownMetric { part: 1 }),
        (v3.replace("AV:N", "AV:X"), E::UnknownValue { metric: "AV" }),
        (v3.replace("S:U", "S:Q"), E::UnknownValue { metric: "S" }),
        (format!("{v3}/AV:N"), E::Twice { metric: "AV" }),
        (format!("{v3}/E:X/E:X"), E::Twice { metric: "E" }),
        (v3.replace("/S:U", ""), E::Missing { metric: "S" }),
        (v4.replace("/SA:H", ""), E::Missing { metric: "SA" }),
        (v4.replace("AV:N/AC:L", "AC:L/AV:N"), E::Order { metric: "AV" }),
        (v4.replace("SI:H", "SI:S"), E::UnknownValue { metric: "SI" }),
        (format!("{v4}/{}", "E:A/".repeat(200)), E::Length),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<Cvss>().unwrap_err(), expected, "{text}");
    }
    assert_eq!(v4.parse::<Cvss>().unwrap().version(), CvssVersion::V4_0);
}

#[test]
fn ids() {
    for id in ["CVE-2026-1", "CVE-1999-0001", "CVE-2026-1234567"] {
        assert!(is_cve_id(id), "{id}");
    }
    for id in [
        "",
        "CVE-26-1",
        "cve-2026-1",
        "CVE-2026-",
        "CVE-2026-1a",
        "CVE-2026-1/..",
        "CVE-2026-1\n",
        "../CVE-2026-1",
        " CVE-2026-1",
    ] {
        assert!(!is_cve_id(id), "{id}");
    }
}

#[test]
fn records_are_checked() {
    let good = "pr: 1\ndatafields:\n  cve:\n    id: CVE-2026-1\n    title: t\n    description: d\n    \
                vector: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:L\n    score: 9.4\n    rating: Critical\n    issue: https://x.example/1\n";
    let check = |text: &str| Maps::new(vec![vec![MapFile::parse("f", text).unwrap()]]).check();
    check(good).unwrap();
    // Whole numbers, quoted numbers, a missing rating, an empty issue.
    check(&good.replace("A:L", "A:H").replace("S:U", "S:C").replace("9.4", "10")).unwrap();
    check(&good.replace("9.4", "\"9.4\"").replace("    rating: Critical\n", "").replace("https://x.example/1", ""))
        .unwrap();
    #[rustfmt::skip]
    let cases = [
        ("    title: t\n", "", "f:4: the `cve` record cannot be used: `title` is missing"),
        ("title: t", "title:", "f:5: the `cve` record cannot be used: `title` is missing"),
        ("CVE-2026-1", "CVE-26-1", "f:4: the `cve` record cannot be used: `id` is not of the form `CVE-<year>-<number>`"),
        ("9.4", "9", "f:8: the `cve` record cannot be used: `score` is 9, but the vector gives 9.4"),
        ("9.4", "0", "f:8: the `cve` record cannot be used: `score` is not a number above 0 and at most 10 with at most one decimal"),
        ("9.4", "9.41", "f:8: the `cve` record cannot be used: `score` is not a number above 0 and at most 10 with at most one decimal"),
        ("9.4", "high", "f:8: the `cve` record cannot be used: `score` is not a number above 0 and at most 10 with at most one decimal"),
        ("Critical", "High", "f:9: the `cve` record cannot be used: `rating` is High, but a score of 9.4 is Critical"),
        ("Critical", "Terrible", "f:9: the `cve` record cannot be used: `rating` is none of None, Low, Medium, High, Critical"),
        ("/PR:N", "", "f:7: the `cve` record cannot be used: `vector` cannot be used: base metric `PR` is missing"),
        ("https://x.example/1", "javascript:x", "f:10: the `cve` record cannot be used: `issue` is not an `https` address"),
    ];
    for (from, to, expected) in cases {
        let error = check(&good.replace(from, to)).unwrap_err().to_string();
        assert_eq!(error, expected);
    }
    assert_eq!(Rating::ALL.len(), 5);
}

#[test]
fn embargoes() {
    for (text, expected) in [
        ("2026-12-01", Some("2026-12-01T00:00:00Z")),
        (" 2026-12-01T09:00:00+01:00 ", Some("2026-12-01T08:00:00Z")),
        ("2026-12-01T08:00:00Z", Some("2026-12-01T08:00:00Z")),
        ("2026-12-01T08:00:00", None),
        ("2026-13-01", None),
        ("tomorrow", None),
        ("", None),
    ] {
        assert_eq!(parse_embargo(text).map(|end| end.to_string()).as_deref(), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn any_vector_is_read(text in "(CVSS:(3\\.0|3\\.1|4\\.0)/)?((AV|AC|AT|PR|UI|S|C|I|A|VC|VI|VA|SC|SI|SA|E|MAV|U|X)(:[NALPHRUCXS]|:|/){0,2}/?){0,20}|\\PC{0,60}") {
        if let Ok(cvss) = text.parse::<Cvss>() {
            prop_assert_eq!(cvss.to_string(), text);
            prop_assert!(cvss.admits(cvss.score()) && cvss.admits(cvss.base_score()));
        }
    }

    #[test]
    fn worse_is_never_lower(base in proptest::collection::vec(0usize..6, 11), at in 0usize..11) {
        let values = ["PLAN", "HL", "PN", "HLN", "APN", "NLH", "NLH", "NLH", "NLH", "NLH", "NLH"];
        let names = ["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"];
        let score = |steps: &[usize]| {
            let parts = names.iter().zip(values).zip(steps).map(|((name, values), step)| {
                format!("/{name}:{}", values.chars().nth((*step).min(values.len() - 1)).unwrap())
            });
            format!("CVSS:4.0{}", parts.collect::<String>()).parse::<Cvss>().unwrap().score()
        };
        let mut worse = base.clone();
        worse[at] += 1;
        prop_assert!(score(&worse) >= score(&base));
    }
}
