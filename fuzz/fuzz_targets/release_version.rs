//! What reads as a release version renders to the same text; its order agrees with equality.
#![no_main]

use libfuzzer_sys::fuzz_target;
use release_version::{BuildVersion, ReleaseVersion};

fuzz_target!(|texts: (&str, &str)| {
    let (a, b) = (texts.0.parse::<ReleaseVersion>(), texts.1.parse::<ReleaseVersion>());
    if let Ok(version) = a {
        assert_eq!(version.to_string(), texts.0);
        assert_eq!(texts.0.parse(), Ok(BuildVersion::at_tag(version)));
        if let Ok(other) = b {
            assert_eq!(version.cmp(&other), other.cmp(&version).reverse());
            assert_eq!(version == other, texts.0 == texts.1);
        }
    } else if let Err(error) = a {
        assert!(error.to_string().len() < 2000);
    }
});
