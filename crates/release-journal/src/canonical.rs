//! One spelling for one value.

use serde::Serialize;
use serde_json::Value;

/// Why a value has no canonical form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// The value does not serialise to JSON, e.g. a map with keys that are not strings.
    #[error("the value does not serialise to JSON")]
    Serialize(#[source] serde_json::Error),
    /// Floating-point numbers have more than one spelling.
    #[error("`{number}` is not an integer; plans hold integers only")]
    Float {
        /// The number as written.
        number: String,
    },
}

/// Canonical JSON: UTF-8, object keys sorted by their bytes, no white space, integers only.
///
/// Two values that compare equal give the same bytes, whatever order their fields were written in. (RFC 8785 without its
/// rules for floating-point numbers, which are refused.)
///
/// # Errors
/// [`CanonicalError`] when the value cannot be written as JSON or holds a floating-point number.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value).map_err(CanonicalError::Serialize)?;
    let mut out = Vec::new();
    write(&value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            out.push(b'{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                scalar(&Value::String(key.clone()), out)?;
                out.push(b':');
                write(item, out)?;
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Number(number) if number.is_f64() => {
            return Err(CanonicalError::Float { number: number.to_string() });
        }
        other => scalar(other, out)?,
    }
    Ok(())
}

fn scalar(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    serde_json::to_writer(out, value).map_err(CanonicalError::Serialize)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_and_white_space_is_gone() {
        let text = canonical_json(&json!({"b": [1, {"z": null, "a": "é\n"}], "a": true})).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), r#"{"a":true,"b":[1,{"a":"é\n","z":null}]}"#);
    }

    #[test]
    fn floats_are_refused() {
        assert!(matches!(canonical_json(&json!({"x": 1.5})), Err(CanonicalError::Float { number }) if number == "1.5"));
    }

    proptest::proptest! {
        #[test]
        fn the_order_of_fields_does_not_matter(keys in proptest::collection::btree_set("[a-zé]{1,4}", 1..8)) {
            let forward: serde_json::Map<_, _> = keys.iter().map(|k| (k.clone(), json!(k.len()))).collect();
            let backward: serde_json::Map<_, _> = keys.iter().rev().map(|k| (k.clone(), json!(k.len()))).collect();
            proptest::prop_assert_eq!(canonical_json(&forward).unwrap(), canonical_json(&backward).unwrap());
        }
    }
}
