//! Build versions as seen in the wild.

use std::path::PathBuf;

use release_version::{BuildVersion, Part};

/// Every line of the collection: the text, and for a malformed one the part and the message.
#[rustfmt::skip]
const WILD: &[(&str, Option<(Part, &str)>)] = &[
    ("v1.4.0-alpha.2.677+ea69570f61af8e", None),
    ("v1.8.0-alpha.2.251+ba2bdb1aead615", None),
    ("v1.8.0-alpha.2.899+2c624e590f5670", None),
    ("v1.8.0-alpha.3.389+eab2f8f6c19fcb", None),
    ("v1.9.11-beta.0.36+06bf888123ca89", None),
    ("v1.10.8-beta.0.33+a963fce72fed31", None),
    ("v1.11.3-beta.0.71+a4529464e4629c", None),
    ("v1.12.0-beta.1.129+1d58f1aebfe1e3", None),
    ("v1.13.0-alpha.0.1226+426ef9d349bb3a", None),
    ("v1.15.8-beta.1.30+14ede42c4fe699", None),
    ("v1.15.12-beta.0.33+5f400ccfa32aff", None),
    ("v1.18.0-alpha.1.2+3ff09514d162b0", None),
    ("v1.18.0-alpha.2.663+df908c3aad70be", None),
    ("v1.18.0-beta.1.461-2df727bdcf2b8c", Some((Part::Commit, "expected `+` before the commit, found `-`"))),
    ("v1.18.0-beta.3.2+3ff09514d162b0", None),
    ("v1.18.0-beta.4.15+e38139724f8f00", None),
    ("v1.18.4-alpha.1.2+3ff09514d162b0", None),
    ("v1.18.4-beta.0.2+3ff09514d162b0", None),
    ("v1.18.4-beta.1.2+3ff09514d162b0", None),
    ("v1.18.4-rc.0.3+3ff09514d162b0", None),
    ("v1.18.6-rc.0.15+e38139724f8f00", None),
    ("v1.18.6-rc.0.48+a9f7208b601483", None),
    ("v1.18.8-rc.1-3+e2dc4848ea15e7", Some((Part::Commits, "expected `.` before the number of commits, found `-`"))),
    ("v1.19.0-alpha.0.721+f8ff8f44206ff4", None),
    ("v1.19.0-alpha.2.763+2da917d3701904", None),
    ("v1.19.0-rc.1.121+223a4e974f77c5", None),
    ("v1.19.0-rc.2.125+182a67fa7bef52", None),
    ("v1.19.0-rc.4.197+594f888e19d8da", None),
    ("v1.19.1-rc.0.37+ccc0405f3c92f5", None),
    ("v1.20.0-alpha.0.22+00000000000000", None),
    ("v1.20.0-alpha.0.255+5feab0aa1e592a", None),
    ("v1.20.0-alpha.0.261+06ea384605f172", None),
    ("v1.20.0-alpha.1.66+d19aec8bf1c8ca", None),
    ("v1.20.0-alpha.2.1273+4e9bdd481e2400", None),
    ("v1.20.0-beta.1.203+8f6ffb24df9896", None),
    ("v1.20.0-beta.1.203+8f6ffb24df9897", None),
    ("v1.20.0-beta.1.358+4628c605aadb9b", None),
    ("v1.20.0-beta.1.655+d20e3246bade17", None),
    ("v1.21.0-beta.1.112+576aa2d2470b28", None),
    ("v1.21.0-beta.1.153+35061acc28a666", None),
    ("v1.22.0-alpha.0.787+e6b4fa381152d6", None),
    ("v1.24.0-alpha.1.591+a3d5e5598290df", None),
    ("v1.24.0-alpha.1.592+370031cadac624", None),
    ("v1.24.0-beta.0.115+65178fec72df62", None),
    ("v1.25.0-alpha.0.557+84c8afeba39ec9", None),
    ("v1.30.0-alpha.0.5+d61cbac69aae97", None),
    ("v1.33.0-alpha.1.161+e62ce1c9db2dad", None),
    ("v1.36.0-alpha.0.615+cc55e3447816e4", None),
];

#[test]
fn every_one_is_accepted_or_refused_by_part() {
    for (text, refused) in WILD {
        match (text.parse::<BuildVersion>(), refused) {
            (Ok(version), None) => {
                assert_eq!(version.to_string(), *text, "{text}");
                assert_eq!(version.commit().unwrap().as_str().len(), 14, "{text}");
            }
            (Err(error), Some((part, message))) => {
                assert_eq!(error.part(), *part, "{text}");
                assert_eq!(error.to_string(), format!("`{text}`: {message}"));
            }
            (got, expected) => panic!("{text}: got {got:?}, expected {expected:?}"),
        }
    }
    let accepted: Vec<BuildVersion> = WILD.iter().filter_map(|(text, _)| text.parse().ok()).collect();
    assert_eq!(accepted.len(), 46);
    assert!(accepted.is_sorted(), "the collection is in version order");
}

/// The collection itself, where it is at hand.
#[test]
fn the_table_is_the_collection() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let text = [Some(PathBuf::from(beside)), std::env::var_os("KREL_SHARED").map(PathBuf::from)]
        .into_iter()
        .flatten()
        .find_map(|shared| std::fs::read_to_string(shared.join("data/versions/build-versions.txt")).ok());
    let Some(text) = text else {
        println!("skipped: no data/versions/build-versions.txt");
        return;
    };
    let table: Vec<&str> = WILD.iter().map(|(text, _)| *text).collect();
    assert_eq!(text.lines().collect::<Vec<_>>(), table);
}
