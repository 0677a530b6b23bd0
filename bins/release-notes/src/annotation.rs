//! Messages that GitHub Actions shows beside a file.

/// A workflow command: `::error file=maps/pr-1.yaml,line=3,title=…::message`. The values are escaped, so that a message cannot begin
/// another command.
pub(crate) fn annotation(level: &str, place: Option<(&str, usize)>, title: &str, message: &str) -> String {
    let mut properties = String::new();
    if let Some((file, line)) = place {
        properties.push_str(&format!("file={},line={line},", property(file)));
    }
    format!("::{level} {properties}title={}::{}", property(title), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out() {
        let text = annotation("error", Some(("a,b:c", 3)), "x", "one\n::set-output name=a::b 100%");
        assert_eq!(text, "::error file=a%2Cb%3Ac,line=3,title=x::one%0A::set-output name=a::b 100%25");
    }
}
