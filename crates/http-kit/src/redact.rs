//! URLs that may be shown.

use url::Url;

/// The URL without what may be secret: user name and password, the values of the query, and the fragment.
///
/// The names in the query stay, since they tell which call was made.
pub fn redact_url(url: &Url) -> String {
    let mut shown = url.clone();
    let userinfo = !url.username().is_empty() || url.password().is_some();
    if userinfo {
        // Both calls fail only for URLs that cannot have user information, and those have none.
        let gone = shown.set_password(None).and_then(|()| shown.set_username("***"));
        debug_assert!(gone.is_ok(), "a URL with user information lets it be replaced");
    }
    shown.set_fragment(None);
    if url.query().is_some() {
        let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        shown.query_pairs_mut().clear().extend_pairs(names.iter().map(|name| (name.as_str(), "***")));
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_what_may_be_secret() {
        let cases = [
            ("plain", "https://example.invalid/a/b", "https://example.invalid/a/b"),
            ("userinfo", "https://me:s3cret@example.invalid/a", "https://***@example.invalid/a"),
            ("token as user", "https://s3cret@example.invalid/a", "https://***@example.invalid/a"),
            ("query", "https://example.invalid/?page=2&token=s3cret", "https://example.invalid/?page=***&token=***"),
            ("fragment", "https://example.invalid/#access_token=s3cret", "https://example.invalid/"),
            ("no authority", "mailto:someone@example.invalid", "mailto:someone@example.invalid"),
        ];
        for (name, input, expected) in cases {
            assert_eq!(redact_url(&Url::parse(input).unwrap()), expected, "{name}");
        }
    }
}
