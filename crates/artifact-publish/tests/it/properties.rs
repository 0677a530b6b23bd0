use std::collections::BTreeMap;

use artifact_publish::binary::inspect_header;
use artifact_publish::{
    Compression, ObjectName, ObjectPrefix, Progress, Sha256Digest, Sha512Digest, TarEntry, TarSource, TarballOptions,
    write_tarball,
};
use proptest::prelude::*;

use crate::tarball::unpack;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn names_never_lead_out(text in prop_oneof!["[a-c./\\\\\\x00\\n~é-]{0,24}", ".{0,60}"]) {
        if let Ok(name) = text.parse::<ObjectName>() {
            prop_assert_eq!(name.as_str(), &text);
            let path = std::path::Path::new("/root").join(name.as_str());
            prop_assert!(path.components().all(|part| !matches!(part, std::path::Component::ParentDir)));
            prop_assert_eq!(path.components().count(), 2 + text.split('/').count());
            prop_assert!(!text.chars().any(char::is_control));
            let json = serde_json::to_string(&name).unwrap();
            prop_assert_eq!(serde_json::from_str::<ObjectName>(&json).unwrap(), name.clone());
            let prefix = ObjectPrefix::from(name.clone());
            if let Ok(joined) = prefix.join("x/y") {
                prop_assert_eq!(prefix.strip(&joined), Some("x/y"));
            }
        } else {
            prop_assert!(serde_json::from_str::<ObjectName>(&serde_json::to_string(&text).unwrap()).is_err());
        }
    }

    #[test]
    fn digests_as_text(bytes in prop::collection::vec(any::<u8>(), 0..200), other in ".{0,80}") {
        let (short, long) = (Sha256Digest::of(&bytes), Sha512Digest::of(&bytes));
        prop_assert_eq!(short.to_string().parse::<Sha256Digest>().unwrap(), short);
        prop_assert_eq!(long.to_string().parse::<Sha512Digest>().unwrap(), long);
        prop_assert!(long.to_string().parse::<Sha256Digest>().is_err());
        prop_assert!(other.parse::<Sha256Digest>().is_err() || other.len() == 64);
    }

    #[test]
    fn headers_of_any_bytes(mut bytes in prop::collection::vec(any::<u8>(), 0..300), magic in 0_usize..6) {
        let magics: [&[u8]; 6] = [b"", b"\x7fELF\x02\x01", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe\0\0\0\x03", b"\x7fELF\x01\x02"];
        bytes.splice(0..0, magics[magic].iter().copied());
        let kind = inspect_header(&bytes);
        prop_assert!(kind.archs.len() <= 30);
        prop_assert!(!kind.to_string().is_empty());
    }

    #[test]
    fn tarballs_come_back(
        files in prop::collection::btree_map("[a-z]{1,5}(/[a-zé ]{1,40}){0,5}/f[0-9]{1,3}", (0_u32..0o1000, prop::collection::vec(any::<u8>(), 0..2000)), 0..12),
    ) {
        let files: BTreeMap<String, (u32, Vec<u8>)> = files;
        // A file must not be the folder of another: all leaves look like `f1`, which no folder does.
        let entries: Vec<TarEntry> = files
            .iter()
            .map(|(path, (mode, bytes))| TarEntry { path: path.clone(), mode: *mode, source: TarSource::Bytes(bytes.clone().into()) })
            .collect();
        let mtime = "2020-01-01T00:00:00Z".parse().unwrap();
        let options = TarballOptions { mtime, compression: Compression::None };
        let (archive, _) = write_tarball(Vec::new(), entries.clone(), options, &Progress::none()).unwrap();
        let expected: Vec<_> = files.into_iter().map(|(path, (mode, bytes))| (path, mode, bytes)).collect();
        prop_assert_eq!(unpack(&archive), expected);
        let options = TarballOptions { mtime, compression: Compression::Gzip };
        let (packed, _) = write_tarball(Vec::new(), entries, options, &Progress::none()).unwrap();
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut plain).unwrap();
        prop_assert!(plain == archive);
    }
}
