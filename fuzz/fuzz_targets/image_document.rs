//! A manifest, config or name that is accepted is kept as it came.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry_client::{ImageConfig, ImageReference, Manifest};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = Manifest::parse(bytes.to_vec(), None) {
        assert_eq!(manifest.bytes(), bytes);
        assert_eq!(Manifest::parse(bytes.to_vec(), Some(&manifest.descriptor().media_type)).unwrap(), manifest);
    }
    if let Ok(config) = ImageConfig::parse(bytes.to_vec()) {
        assert_eq!(config.bytes(), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(reference) = text.parse::<ImageReference>()
    {
        assert_eq!(reference.to_string(), text);
    }
});
