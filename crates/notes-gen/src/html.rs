use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream, html};

use crate::autolink::{Piece, pieces};
use crate::changelog::Anchors;
use crate::text::sanitize;
use crate::{Document, render_markdown};

/// The document as one HTML page; see [`html_page`].
pub fn render_html(document: &Document) -> String {
    html_page(&document.version, &render_markdown(document))
}

/// What stands inside the page's `<body>`, for embedding; see [`html_body`].
pub fn render_html_body(document: &Document) -> String {
    html_body(&render_markdown(document))
}

/// A whole HTML page of a Markdown text. It is inert: the text cannot bring in elements, scripts, images, or addresses other than
/// `http`, `https`, `mailto` and places on the page; the page itself forbids its reader to load anything.
pub fn html_page(title: &str, markdown: &str) -> String {
    let policy = "    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\" />\n";
    page(title, policy, &format!("{}  ", html_body(markdown)))
}

pub(crate) fn page(title: &str, head: &str, body: &str) -> String {
    let title = escape(&sanitize(title));
    format!(
        "<!DOCTYPE html>\n<html>\n  <head>\n    <meta charset=\"utf-8\" />\n{head}    \
         <meta name=\"viewport\" content=\"width=device-width\" />\n    <title>{title}</title>\n    \
         <style type=\"text/css\">\n      table,\n      th,\n      tr,\n      td {{\n        border: 1px solid gray;\n        \
         border-collapse: collapse;\n        padding: 5px;\n      }}\n    </style>\n  </head>\n  <body>\n{body}</body>\n</html>\n"
    )
}

/// The HTML of a Markdown text with tables, strike-through, task lists and links of bare addresses. Headings have the anchors of
/// [`table_of_contents`](crate::changelog::table_of_contents). Elements are shown as text, but for `<br>`, which breaks the line.
pub fn html_body(markdown: &str) -> String {
    rendered(markdown, Some(Anchors::default()))
}

/// The same for a piece of a page, whose headings have no anchors: those are the page's own.
pub(crate) fn html_piece(markdown: &str) -> String {
    rendered(markdown, None)
}

fn rendered(markdown: &str, anchors: Option<Anchors>) -> String {
    let markdown = sanitize(markdown);
    let mut body = Body { anchors, ..Body::default() };
    for event in TextMergeStream::new(Parser::new_ext(&markdown, options())) {
        body.push(event);
    }
    let mut rendered = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut rendered, body.events.into_iter());
    rendered
}

pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

#[derive(Default)]
struct Body<'a> {
    events: Vec<Event<'a>>,
    /// The names of headings so far; without it they get none.
    anchors: Option<Anchors>,
    /// Where the open heading stands among the events, and what is read of it.
    heading: Option<(usize, String)>,
    /// One entry per open link or image: whether its element was kept.
    links: Vec<bool>,
    in_code: bool,
}

impl<'a> Body<'a> {
    fn push(&mut self, event: Event<'a>) {
        if let (Some((_, plain)), Event::Text(text) | Event::Code(text)) = (&mut self.heading, &event) {
            plain.push_str(text);
        }
        match event {
            Event::Text(text) if !self.in_code && !self.links.contains(&true) => self.push_text(&text),
            Event::InlineHtml(text) if is_line_break(&text) => self.events.push(Event::HardBreak),
            Event::Html(text) | Event::InlineHtml(text) => self.events.push(Event::Text(text)),
            Event::Start(Tag::HtmlBlock) => self.events.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => self.events.push(Event::End(TagEnd::Paragraph)),
            // An image would be fetched by whoever reads the page, so its description becomes a link.
            Event::Start(
                Tag::Link { link_type, dest_url, title, id } | Tag::Image { link_type, dest_url, title, id },
            ) => {
                let keep = (link_type == LinkType::Email || is_allowed(&dest_url)) && !self.links.contains(&true);
                self.links.push(keep);
                if keep {
                    self.events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                }
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if self.links.pop() == Some(true) {
                    self.events.push(Event::End(TagEnd::Link));
                }
            }
            Event::Start(Tag::Heading { .. }) => {
                self.heading = Some((self.events.len(), String::new()));
                self.events.push(event);
            }
            Event::End(TagEnd::Heading(_)) => {
                self.name_heading();
                self.events.push(event);
            }
            Event::Start(Tag::CodeBlock(_)) => {
                self.in_code = true;
                self.events.push(event);
            }
            Event::End(TagEnd::CodeBlock) => {
                self.in_code = false;
                self.events.push(event);
            }
            other => self.events.push(other),
        }
    }

    fn push_text(&mut self, text: &str) {
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => self.events.push(Event::Text(text.to_owned().into())),
                Piece::Address { shown, target } => {
                    self.events.push(Event::Start(Tag::Link {
                        link_type: LinkType::Autolink,
                        dest_url: target.into(),
                        title: "".into(),
                        id: "".into(),
                    }));
                    self.events.push(Event::Text(shown.to_owned().into()));
                    self.events.push(Event::End(TagEnd::Link));
                }
            }
        }
    }

    fn name_heading(&mut self) {
        let Some((at, plain)) = self.heading.take() else { return };
        let anchor = self.anchors.as_mut().and_then(|anchors| anchors.next(plain.trim()));
        if let Some(Event::Start(Tag::Heading { id, .. })) = self.events.get_mut(at) {
            *id = anchor.map(Into::into);
        }
    }
}

/// Whether a tag is `<br>`, which has no other meaning than a line break.
pub(crate) fn is_line_break(tag: &str) -> bool {
    // Nobody writes a longer one, and what is asked for every `<` of a text must be told at a glance.
    const LONGEST: usize = 40;
    if tag.len() > LONGEST {
        return false;
    }
    let name = tag.strip_prefix('<').and_then(|tag| tag.strip_suffix('>')).unwrap_or_default();
    name.trim_end_matches('/').trim().eq_ignore_ascii_case("br")
}

/// Whether an address leads to a web page, a mailbox or a place on the page.
pub(crate) fn is_allowed(address: &str) -> bool {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    address.starts_with('#') || matches!(scheme.as_deref(), Some("http" | "https" | "mailto"))
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
            ("unclosed comment", "a\n\n<!-- b\n\nc", "<p>a</p>\n<p>&lt;!-- b\n\nc</p>\n"),
            ("javascript", "[a](javascript:alert(1))", "<p>a</p>\n"),
            ("data", "[a](data:text/html,x)", "<p>a</p>\n"),
            ("entity in scheme", "[a](java&#115;cript:x)", "<p>a</p>\n"),
            ("relative", "[a](/b)", "<p>a</p>\n"),
            ("place on the page", "[a](#b\"c)", "<p><a href=\"#b%22c\">a</a></p>\n"),
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
            ("direction marks and NUL", "a\u{202e}b\0c", "<p>abc</p>\n"),
            ("line break", "a<br>b<BR />c<br x>", "<p>a<br />\nb<br />\nc&lt;br x&gt;</p>\n"),
            (
                "bare address",
                "see https://x.example/a_b_c?d=e&f. x",
                "<p>see <a href=\"https://x.example/a_b_c?d=e&amp;f\">https://x.example/a_b_c?d=e&amp;f</a>. x</p>\n",
            ),
            ("bare address in code", "`https://x.example`", "<p><code>https://x.example</code></p>\n"),
            ("strike-through", "~~a~~", "<p><del>a</del></p>\n"),
            (
                "task list",
                "- [x] a",
                "<ul>\n<li><input disabled=\"\" type=\"checkbox\" checked=\"\"/>\na</li>\n</ul>\n",
            ),
        ];
        for (name, markdown, expected) in cases {
            assert_eq!(html_body(markdown), expected, "{name}");
        }
    }

    #[test]
    fn headings_have_the_anchors_of_the_table_of_contents() {
        let markdown = "# a\n\n- # a\n\n## `b` *c*\n\na\n===\n\n# !\n\n# https://x.example/y\n";
        let html = html_body(markdown);
        for id in ["a", "a-1", "b-c", "a-2", "httpsxexampley"] {
            assert!(html.contains(&format!(" id=\"{id}\">")), "{id}: {html}");
        }
        let toc = crate::changelog::table_of_contents(markdown);
        for anchor in toc.lines().filter_map(|line| line.split_once("(#")?.1.strip_suffix(')')) {
            assert!(html.contains(&format!(" id=\"{anchor}\"")), "{anchor}: {html}");
        }
        assert!(html.contains("<h1>!</h1>"), "{html}");
    }
}
