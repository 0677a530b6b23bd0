use std::sync::LazyLock;

use pulldown_cmark::{Event, Parser, Tag, TagEnd, TextMergeStream, html};
use regex::Regex;

use crate::autolink::{Piece, pieces};
use crate::html::{escape, options, page};

/// The page that the original makes of a Markdown text.
pub fn html_page(title: &str, markdown: &str) -> String {
    page(title, "", &format!("    {}\n  ", html_body(markdown)))
}

/// The HTML that the original makes of a Markdown text: elements are left out, even `<br>`, and headings have no anchors.
pub fn html_body(markdown: &str) -> String {
    let (mut code, mut links) = (false, 0_usize);
    let events = TextMergeStream::new(Parser::new_ext(markdown, options())).filter_map(|event| {
        match &event {
            Event::Start(Tag::CodeBlock(_)) | Event::End(TagEnd::CodeBlock) => code = !code,
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => links += 1,
            Event::End(TagEnd::Link | TagEnd::Image) => links = links.saturating_sub(1),
            _ => {}
        }
        Some(match event {
            Event::Text(text) if code => Event::Text(text),
            Event::Text(text) if links > 0 => Event::InlineHtml(escape(&text).into()),
            Event::Text(text) => Event::InlineHtml(with_links(&text).into()),
            Event::Code(text) => Event::InlineHtml(format!("<code>{}</code>", escape(&text)).into()),
            Event::InlineHtml(_) => Event::InlineHtml("<!-- raw HTML omitted -->".into()),
            Event::Start(Tag::HtmlBlock) => Event::Html("<!-- raw HTML omitted -->\n".into()),
            Event::Html(_) | Event::End(TagEnd::HtmlBlock) => return None,
            Event::Start(Tag::Link { link_type, dest_url, title, id }) if is_dangerous(&dest_url) => {
                Event::Start(Tag::Link { link_type, dest_url: "".into(), title, id })
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) if is_dangerous(&dest_url) => {
                Event::Start(Tag::Image { link_type, dest_url: "".into(), title, id })
            }
            other => other,
        })
    });
    let mut rendered = String::new();
    html::push_html(&mut rendered, events);
    rendered
}

static MAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9][A-Za-z0-9-]*)+")
        .expect("the pattern is valid")
});

fn with_links(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let push_link = |html: &mut String, shown: &str, target: &str| {
        html.push_str(&format!("<a href=\"{}\">{}</a>", escape(target), escape(shown)));
    };
    for piece in pieces(text) {
        match piece {
            Piece::Address { shown, target } => push_link(&mut html, shown, &target),
            Piece::Text(text) => {
                let mut done = 0;
                // It also takes `repository@v1.2` for a mail address.
                for found in MAIL.find_iter(text) {
                    html.push_str(&escape(&text[done..found.start()]));
                    push_link(&mut html, found.as_str(), &format!("mailto:{}", found.as_str()));
                    done = found.end();
                }
                html.push_str(&escape(&text[done..]));
            }
        }
    }
    html
}

fn is_dangerous(address: &str) -> bool {
    let address = address.trim().to_ascii_lowercase();
    ["javascript:", "vbscript:", "file:", "data:"].iter().any(|scheme| address.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let cases = [
            ("quotes", "a \"b\" 'c' `\"`", "<p>a &quot;b&quot; 'c' <code>&quot;</code></p>\n"),
            (
                "element",
                "a <b>c</b><br>",
                "<p>a <!-- raw HTML omitted -->c<!-- raw HTML omitted --><!-- raw HTML omitted --></p>\n",
            ),
            ("block", "<script>\nalert(1)\n</script>\n\na", "<!-- raw HTML omitted -->\n<p>a</p>\n"),
            ("javascript", "[a](JavaScript:b)", "<p><a href=\"\">a</a></p>\n"),
            ("data", "![a](data:text/html,x)", "<p><img src=\"\" alt=\"a\" /></p>\n"),
            ("mail", "to a@b.example.", "<p>to <a href=\"mailto:a@b.example\">a@b.example</a>.</p>\n"),
            ("fence", "```\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>\n"),
            ("heading", "# a", "<h1>a</h1>\n"),
        ];
        for (name, markdown, expected) in cases {
            assert_eq!(html_body(markdown), expected, "{name}");
        }
    }
}
