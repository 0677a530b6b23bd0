//! Parsers of outside input: what they accept they give back, and nothing makes them panic.

use proptest::prelude::*;
use registry_client::{
    ArchiveLimits, ArchiveOptions, Digest, ImageConfig, ImageReference, Manifest, MediaType, OciLayout, Platform,
    RepositoryName, Tag, read_docker_archive, read_oci_archive,
};

use crate::support::{Saved, World, file};

proptest! {
    #[test]
    fn digests(bytes: Vec<u8>, text in "(sha256:)?[0-9a-fA-F:]{0,70}") {
        let digest = Digest::of(&bytes);
        prop_assert_eq!(digest.to_string().parse(), Ok(digest));
        if let Ok(digest) = text.parse::<Digest>() {
            prop_assert_eq!(digest.to_string(), text);
        }
    }

    #[test]
    fn any_text(text in "\\PC{0,60}|[a-z0-9A-Z:/@._+-]{0,60}") {
        if let Ok(reference) = text.parse::<ImageReference>() {
            prop_assert_eq!(reference.to_string(), &*text);
        }
        if let Ok(name) = text.parse::<RepositoryName>() {
            prop_assert_eq!(name.as_str(), &*text);
            prop_assert!(!name.as_str().split('/').any(|part| part.is_empty() || part.starts_with('.')));
        }
        if let Ok(tag) = text.parse::<Tag>() {
            prop_assert_eq!(tag.as_str(), &*text);
            prop_assert!(!text.contains(['/', '+', ':']));
        }
        if let Ok(platform) = text.parse::<Platform>() {
            prop_assert_eq!(platform.to_string(), &*text);
        }
        prop_assert!(text.parse::<Digest>().is_err());
    }

    #[test]
    fn names_by_the_grammar(
        host in proptest::option::of("[a-z]{1,9}(-[a-z0-9]{1,5})?\\.[a-z]{2,5}(:[1-9][0-9]{0,3})?|localhost(:5000)?"),
        name in "[a-z0-9]{1,9}((\\.|_|__|-{1,3})[a-z0-9]{1,9}){0,2}(/[a-z0-9]{1,9}((\\.|_|__|-{1,3})[a-z0-9]{1,9}){0,2}){0,3}",
        tag in proptest::option::of("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"),
        digest in proptest::option::of(any::<[u8; 4]>()),
    ) {
        let digest = digest.map(|bytes| Digest::of(&bytes));
        // Without a host the first part must not look like one.
        prop_assume!(host.is_some() || !name.split_once('/').is_some_and(|(first, _)| first.contains('.')));
        let mut text = host.as_ref().map_or(String::new(), |host| format!("{host}/")) + &name;
        text += &tag.as_ref().map_or(String::new(), |tag| format!(":{tag}"));
        text += &digest.map_or(String::new(), |digest| format!("@{digest}"));
        let reference: ImageReference = text.parse().unwrap();
        prop_assert_eq!(reference.host(), host.as_deref());
        prop_assert_eq!(reference.repository().as_str(), name);
        prop_assert_eq!(reference.tag().map(Tag::as_str), tag.as_deref());
        prop_assert_eq!(reference.digest(), digest.as_ref());
    }

    #[test]
    fn documents_never_panic(bytes: Vec<u8>, text in "[\\[\\]{}\",:a-z0-9]{0,80}") {
        for bytes in [bytes, text.into_bytes()] {
            for declared in [None, Some(&MediaType::OciIndex), Some(&MediaType::DockerManifest)] {
                prop_assert!(Manifest::parse(bytes.clone(), declared).is_err());
            }
            prop_assert!(ImageConfig::parse(bytes).is_err());
        }
    }
}

/// Reads bytes as either kind of archive; what is accepted must be whole.
async fn read_both(world: &World, layout: &OciLayout, bytes: &[u8]) -> bool {
    let path = world.file("any.tar", bytes);
    let docker = read_docker_archive(&path, layout, ArchiveOptions::default()).await;
    let oci = read_oci_archive(&path, layout, ArchiveLimits::default()).await;
    for image in docker.iter().map(|loaded| &loaded.image).chain(&oci) {
        layout.walk(image, registry_client::Verification::Bytes).await.map(drop).unwrap();
    }
    docker.is_ok() || oci.is_ok()
}

#[test]
fn archives_never_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let world = World::new();
    let layout = runtime.block_on(world.layout("l"));
    let whole = Saved::new(&[file("a", b"some content"), file("b", b"more")]).tar();
    assert!(runtime.block_on(read_both(&world, &layout, &whole)));
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let random = proptest::collection::vec(any::<u8>(), 0..4096);
    runner
        .run(&random, |bytes| {
            prop_assert!(!runtime.block_on(read_both(&world, &layout, &bytes)));
            Ok(())
        })
        .unwrap();
    // Damage to a good archive goes deeper than noise. Checksums of headers are repaired so that they do not shield the rest.
    let damage = proptest::collection::vec((0..whole.len(), any::<u8>()), 1..6);
    let cut = 0..whole.len();
    runner
        .run(&(damage, cut), |(damage, cut)| {
            let mut bytes = whole.clone();
            for (at, byte) in damage {
                bytes[at] = byte;
            }
            for start in (0..bytes.len()).step_by(512) {
                let block: &mut [u8] = &mut bytes[start..start + 512];
                if block[257..262] == *b"ustar" {
                    let mut header = tar::Header::from_byte_slice(block).clone();
                    header.set_cksum();
                    block.copy_from_slice(header.as_bytes());
                }
            }
            runtime.block_on(read_both(&world, &layout, &bytes));
            runtime.block_on(read_both(&world, &layout, &bytes[..cut]));
            Ok(())
        })
        .unwrap();
}
