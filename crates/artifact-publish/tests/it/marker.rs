use artifact_publish::{Attributes, Error, Expected, ObjectPrefix, marker_object, read_marker, write_marker};

use crate::{folder, memory, prefix};

#[tokio::test]
async fn markers_move_only_from_what_was_seen() {
    for bucket in [folder().1, memory()] {
        let object = marker_object(&prefix("release"), "stable-1.19").unwrap();
        assert_eq!(object.as_str(), "release/stable-1.19.txt");
        assert_eq!(read_marker(&bucket, &object).await.unwrap(), None);
        let first = write_marker(&bucket, &object, "v1.19.0", &Expected::Absent).await.unwrap();
        let seen = read_marker(&bucket, &object).await.unwrap().unwrap();
        assert_eq!((seen.version.as_str(), &seen.generation), ("v1.19.0", &first));
        let stored = bucket.read(&object, 100).await.unwrap().unwrap();
        assert_eq!(&stored.bytes[..], b"v1.19.0", "no newline");
        assert_eq!(stored.attributes.content_type.as_deref(), Some("text/plain"));
        assert_eq!(stored.attributes.cache_control.as_deref(), Some("private, max-age=0, no-transform"));

        let error = write_marker(&bucket, &object, "v1.19.1", &Expected::Absent).await.unwrap_err();
        assert!(matches!(error, Error::Moved { .. }), "{error:?}");
        let second = write_marker(&bucket, &object, "v1.19.1", &Expected::Generation(first.clone())).await.unwrap();
        let error = write_marker(&bucket, &object, "v1.19.2", &Expected::Generation(first)).await.unwrap_err();
        assert!(matches!(error, Error::Moved { found: Some(found), .. } if found == second));
        assert_eq!(read_marker(&bucket, &object).await.unwrap().unwrap().version, "v1.19.1");
    }
}

#[tokio::test]
async fn what_is_no_marker() {
    let bucket = memory();
    let plain = Attributes::default();
    let cases: [(&str, &[u8], Option<&str>); 8] = [
        ("plain", b"v1.0.0", Some("v1.0.0")),
        ("newline", b"v1.0.0\n", Some("v1.0.0")),
        ("windows", b"v1.0.0\r\n", Some("v1.0.0")),
        ("empty", b"", None),
        ("only-newline", b"\n", None),
        ("two-lines", b"v1\nv2\n", None),
        ("space", b"v1 ", None),
        ("binary", b"\xff\xfe", None),
    ];
    for (case, bytes, expected) in cases {
        let object = marker_object(&ObjectPrefix::root(), case).unwrap();
        bucket.create(&object, bytes, &plain).await.unwrap();
        match (read_marker(&bucket, &object).await, expected) {
            (Ok(Some(value)), Some(expected)) => assert_eq!(value.version, expected, "{case}"),
            (Err(Error::BadMarker { .. }), None) => {}
            other => panic!("{case}: {other:?}"),
        }
    }
    let object = marker_object(&ObjectPrefix::root(), "large").unwrap();
    bucket.create(&object, vec![b'v'; 1025], &plain).await.unwrap();
    assert!(matches!(read_marker(&bucket, &object).await, Err(Error::TooLarge { .. })));
    for bad in ["", "v1\n", "v 1"] {
        let object = marker_object(&ObjectPrefix::root(), "new").unwrap();
        let error = write_marker(&bucket, &object, bad, &Expected::Absent).await.unwrap_err();
        assert!(matches!(error, Error::BadMarker { .. }), "{bad:?}");
        assert_eq!(bucket.info(&object).await.unwrap(), None);
    }
    assert!(marker_object(&ObjectPrefix::root(), "../up").is_err());
}
