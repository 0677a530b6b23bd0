//! A name of an object stays within its bucket and folder; digests, platforms and headers of programs are read or refused.
#![no_main]

use std::path::Path;

use artifact_publish::binary::inspect_header;
use artifact_publish::{ObjectName, ObjectPrefix, Platform, Sha256Digest, Sha512Digest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let kind = inspect_header(input);
    assert!(!kind.to_string().is_empty());
    if let Some(arch) = kind.arch() {
        assert_eq!(arch.as_str().parse(), Ok(arch));
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(platform) = text.parse::<Platform>() {
        assert_eq!(platform.to_string().parse(), Ok(platform));
    }
    if let Ok(digest) = text.parse::<Sha256Digest>() {
        assert_eq!(digest.to_string(), text.to_ascii_lowercase());
    }
    if let Ok(digest) = text.parse::<Sha512Digest>() {
        assert_eq!(digest.to_string(), text.to_ascii_lowercase());
    }
    let (folder, rest) = text.split_once('\n').unwrap_or(("", text));
    let Ok(prefix) = folder.parse::<ObjectPrefix>() else { return };
    assert_eq!(prefix.to_string().parse().as_ref(), Ok(&prefix));
    if let Ok(name) = prefix.join(rest) {
        assert_eq!(prefix.strip(&name), Some(rest));
        assert_eq!(name.as_str().parse::<ObjectName>().as_ref(), Ok(&name));
        let path = Path::new("/bucket").join(name.as_str());
        assert!(path.starts_with(Path::new("/bucket").join(prefix.as_str())));
        assert!(path.components().all(|part| part.as_os_str() != ".."));
    }
});
