//! Pages that run nothing and load nothing, whatever was put into them.

/// Elements that Markdown becomes, and those around it.
const ELEMENTS: &[&str] = &[
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "p",
    "a",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "code",
    "pre",
    "em",
    "strong",
    "del",
    "br",
    "hr",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "blockquote",
    "input",
];

/// Elements of the page of all releases, besides.
const PAGE_ELEMENTS: &[&str] = &[
    "header", "span", "search", "form", "div", "label", "button", "fieldset", "legend", "datalist", "main", "nav",
    "details", "summary", "section",
];

/// Stops at the first element, attribute or address that an inert page does not have.
///
/// # Panics
/// With what was found.
pub fn assert_inert(html: &str) {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = tag(&rest[at + 1..], html, &[]);
    }
}

/// The same for the page of all releases, whose head holds its own script and style, and whose end holds data.
///
/// # Panics
/// With what was found.
pub fn assert_page_inert(page: &str) {
    let (head, body) = page.split_once("</head>").expect("a page has a head");
    assert_eq!((head.matches("<script").count(), head.matches("<style").count()), (1, 1), "{head}");
    let (body, data) = body.split_once("<script type=\"application/json\" id=\"_data\">").expect("a page has data");
    let (data, end) = data.split_once("</script>").expect("the data has an end");
    assert!(!data.contains('<'), "{data}");
    assert_eq!(end, "\n</body>\n</html>\n");
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        rest = tag(&rest[at + 1..], body, PAGE_ELEMENTS);
    }
}

/// Checks the tag that begins here; what is behind it.
fn tag<'a>(text: &'a str, html: &str, more: &[&str]) -> &'a str {
    if let Some(rest) = text.strip_prefix("!DOCTYPE html>") {
        return rest;
    }
    let end = text.strip_prefix('/');
    let text = end.unwrap_or(text);
    let name_end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(name_end);
    assert!(ELEMENTS.contains(&name) || more.contains(&name), "element `{name}` in {html}");
    loop {
        rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
            return rest;
        }
        assert!(end.is_none(), "attribute of an end tag in {html}");
        if let Some(after) = ["hidden", "open"].into_iter().find_map(|word| rest.strip_prefix(word)) {
            assert!(!more.is_empty() && after.starts_with([' ', '>']), "{rest:?} in {html}");
            rest = after;
            continue;
        }
        let (attribute, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no attribute at {rest:?} in {html}"));
        let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("no end of {attribute} in {html}"));
        let allowed = if more.is_empty() { is_harmless } else { is_harmless_on_page };
        assert!(allowed(name, attribute, value), "`{name}` has {attribute}={value:?} in {html}");
        rest = after;
    }
}

/// Attributes that name things, and no address, style or handler.
fn is_harmless_on_page(element: &str, attribute: &str, value: &str) -> bool {
    const PLAIN: &[&str] = &[
        "id",
        "class",
        "role",
        "name",
        "value",
        "placeholder",
        "autocomplete",
        "autocapitalize",
        "spellcheck",
        "tabindex",
        "list",
    ];
    let of_input = element == "input" && attribute == "type" && matches!(value, "search" | "checkbox" | "text");
    let of_button = element == "button" && attribute == "type" && matches!(value, "button" | "reset");
    let is_plain = PLAIN.contains(&attribute) || attribute.starts_with("aria-");
    is_plain || of_input || of_button || (attribute != "style" && is_harmless(element, attribute, value))
}

fn is_harmless(element: &str, attribute: &str, value: &str) -> bool {
    match (element, attribute) {
        ("a", "href") => {
            let lower = value.to_ascii_lowercase();
            ["http:", "https:", "mailto:", "#"].iter().any(|start| lower.starts_with(start))
        }
        ("a", "title") | ("code", "class") | ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", "id") => true,
        ("ol", "start") => value.bytes().all(|byte| byte.is_ascii_digit()),
        ("th" | "td", "style") => matches!(value, "text-align: left" | "text-align: center" | "text-align: right"),
        ("input", _) => matches!((attribute, value), ("disabled" | "checked", "") | ("type", "checkbox")),
        // Written by the page itself, and none of it by the text.
        ("meta", "charset" | "name" | "content" | "http-equiv") | ("style", "type") => true,
        _ => false,
    }
}
