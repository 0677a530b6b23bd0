use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd, html};

use crate::{Document, render_markdown};

/// The document as one HTML page. It is inert: notes cannot bring in elements, scripts, images or addresses other than `http`,
/// `https` and `mailto`.
pub fn render_html(document: &Document) -> String {
    let title = escape(&document.version);
    let body = render_html_body(document);
    format!(
        "<!DOCTYPE html>\n<html>\n  <head>\n    <meta charset=\"utf-8\" />\n    \
         <meta name=\"viewport\" content=\"width=device-width\" />\n    <title>{title}</title>\n    \
         <style type=\"text/css\">\n      table,\n      th,\n      tr,\n      td {{\n        border: 1px solid gray;\n        \
         border-collapse: collapse;\n        padding: 5px;\n      }}\n    </style>\n  </head>\n  <body>\n{body}  </body>\n</html>\n"
    )
}

/// What stands inside the page's `<body>`, for embedding.
pub fn render_html_body(document: &Document) -> String {
    from_markdown(&render_markdown(document))
}

/// Markdown of strangers as inert HTML.
pub(crate) fn from_markdown(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    // One entry per open link or image: whether its element was kept.
    let mut kept = Vec::new();
    let events = Parser::new_ext(markdown, options).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        // An image would be fetched by whoever reads the page, so its description becomes a link.
        Event::Start(Tag::Link { link_type, dest_url, title, id } | Tag::Image { link_type, dest_url, title, id }) => {
            let keep = (link_type == LinkType::Email || is_allowed(&dest_url)) && !kept.contains(&true);
            kept.push(keep);
            keep.then_some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::End(TagEnd::Link | TagEnd::Image) => kept.pop().unwrap_or(false).then_some(Event::End(TagEnd::Link)),
        other => Some(other),
    });
    let mut rendered = String::new();
    html::push_html(&mut rendered, events);
    rendered
}

/// Whether a link may lead to this address.
pub(crate) fn is_allowed(address: &str) -> bool {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https" | "mailto"))
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_markdown_is_inert() {
        let cases = [
            ("script", "a <script>alert(1)</script> b", "<p>a &lt;script&gt;alert(1)&lt;/script&gt; b</p>\n"),
            ("block", "<div onclick=\"x\">\nb\n</div>", "<p>&lt;div onclick=\"x\"&gt;\nb\n&lt;/div&gt;</p>\n"),
            ("javascript", "[a](javascript:alert(1))", "<p>a</p>\n"),
            ("data", "[a](data:text/html,x)", "<p>a</p>\n"),
            ("entity in scheme", "[a](java&#115;cript:x)", "<p>a</p>\n"),
            ("relative", "[a](/b)", "<p>a</p>\n"),
            ("image", "![a](https://x.example/p.png)", "<p><a href=\"https://x.example/p.png\">a</a></p>\n"),
            (
                "image in a link",
                "[![a](https://x.example/p)](https://y.example)",
                "<p><a href=\"https://y.example\">a</a></p>\n",
            ),
            ("mail", "<me@example.org>", "<p><a href=\"mailto:me@example.org\">me@example.org</a></p>\n"),
            (
                "quote in address",
                "[a](https://x.example/\"onload=b)",
                "<p><a href=\"https://x.example/%22onload=b\">a</a></p>\n",
            ),
        ];
        for (name, markdown, expected) in cases {
            assert_eq!(from_markdown(markdown), expected, "{name}");
        }
    }
}
