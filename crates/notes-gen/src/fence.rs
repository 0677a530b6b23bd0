//! Fences of a body, and where each ends, in a number of steps that grows with the body alone, whatever it holds.

/// Longer fences count as this long, so that there are few kinds of them to remember things of.
const LONGEST: usize = 8;
const LENGTHS: usize = LONGEST - 2;
const KINDS: usize = 2 * LENGTHS;

/// A line of at least three backticks or tildes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marker<'a> {
    character: char,
    length: usize,
    pub(crate) info: &'a str,
}

/// What a line is, if it is a marker.
pub(crate) fn marker(line: &str) -> Option<Marker<'_>> {
    let line = line.trim_start();
    let character = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let line = line.trim_end();
    let info = line.trim_start_matches(character);
    let length = line.len() - info.len();
    (length >= 3).then_some(Marker { character, length: length.min(LONGEST), info: info.trim() })
}

impl<'a> Marker<'a> {
    pub(crate) fn name(&self) -> &'a str {
        self.info.split_whitespace().next().unwrap_or_default()
    }

    pub(crate) fn opens(&self) -> bool {
        self.character == '~' || !self.info.contains('`')
    }

    fn closes(&self, opening: &Marker<'_>) -> bool {
        self.info.is_empty() && self.character == opening.character && self.length >= opening.length
    }

    fn kind(&self) -> usize {
        self.length - 3 + if self.character == '~' { LENGTHS } else { 0 }
    }
}

/// Where a fence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FenceEnd {
    /// The line behind its content; nothing when the fence is never closed.
    pub(crate) content: Option<usize>,
    /// The line to go on at.
    pub(crate) next: usize,
}

/// The markers of a body, in their order. Below, a place is a position among them, and a line is one of the body.
pub(crate) struct Fences<'a> {
    markers: Vec<(usize, Marker<'a>)>,
    lines: usize,
    /// Places of those that open something.
    openers: Vec<usize>,
    /// Places of those without a word, by kind.
    bare: [Vec<usize>; KINDS],
    /// Places of those that open a section, by length.
    sections: [Vec<usize>; LENGTHS],
    /// The kinds of fences, one a bit, whose end was sought from here. Who comes to such a place again need not go on: had there been
    /// an end, the search for the next fence would have begun behind it.
    sought: Vec<u16>,
}

/// The first of the ascending places that is not before `from`.
fn next(places: &[usize], from: usize) -> Option<usize> {
    places.get(places.partition_point(|place| *place < from)).copied()
}

impl<'a> Fences<'a> {
    /// `is_section` tells the names whose opening always ends the fence before it.
    pub(crate) fn new(lines: &[&'a str], is_section: impl Fn(&str) -> bool) -> Self {
        let markers: Vec<_> = lines.iter().enumerate().filter_map(|(line, text)| Some((line, marker(text)?))).collect();
        let sought = vec![0; markers.len()];
        let (bare, sections) = (Default::default(), Default::default());
        let mut fences = Self { markers, lines: lines.len(), openers: Vec::new(), bare, sections, sought };
        for (place, (_, marker)) in fences.markers.iter().enumerate() {
            if marker.info.is_empty() {
                fences.bare[marker.kind()].push(place);
            }
            if marker.opens() {
                fences.openers.push(place);
                if is_section(marker.name()) {
                    fences.sections[marker.length - 3].push(place);
                }
            }
        }
        fences
    }

    /// The next place that closes a fence.
    fn close_of(&self, opening: &Marker<'_>, from: usize) -> Option<usize> {
        let kind = opening.kind();
        let same_character = kind..(kind / LENGTHS + 1) * LENGTHS;
        self.bare[same_character].iter().filter_map(|places| next(places, from)).min()
    }

    /// The next place with a section that ends a fence.
    fn section_in(&self, opening: &Marker<'_>, from: usize) -> Option<usize> {
        self.sections[opening.length - 3..].iter().filter_map(|places| next(places, from)).min()
    }

    fn line(&self, place: usize) -> usize {
        self.markers.get(place).map_or(self.lines, |(line, _)| *line)
    }

    /// Where the fence ends whose content begins at the line `start`. Fences are asked for in the order of their lines.
    pub(crate) fn end_of(&mut self, opening: &Marker<'_>, start: usize) -> FenceEnd {
        let first = self.markers.partition_point(|(line, _)| *line < start);
        // The note ends before the first opening in it, if that is what makes its end unclear.
        let first_inner = next(&self.openers, first);
        let asked = 1 << opening.kind();
        let mut at = first;
        while let Some(&(line, found)) = self.markers.get(at).filter(|_| self.sought[at] & asked == 0) {
            self.sought[at] |= asked;
            if found.closes(opening) {
                return FenceEnd { content: Some(line), next: line + 1 };
            }
            if !found.opens() {
                at += 1;
                continue;
            }
            // The author forgot the closing line where another section follows; but what a fence inside holds is that fence's.
            let section = self.section_in(opening, at);
            let close = self.close_of(&found, at + 1);
            match (section, close) {
                (Some(section), close) if section == at || close.is_none_or(|close| section < close) => {
                    return FenceEnd { content: first_inner.map(|place| self.line(place)), next: self.line(section) };
                }
                (_, Some(close)) => at = close + 1,
                (_, None) => break,
            }
        }
        match (first_inner, self.close_of(opening, first)) {
            // Something inside was never closed: the first line that could close this fence does, and the note ends before the opening.
            (Some(inner), Some(close)) => FenceEnd { content: Some(self.line(inner)), next: self.line(close) + 1 },
            _ => FenceEnd { content: None, next: self.lines },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rule as one would read it, a line at a time.
    fn plainly(lines: &[&str], start: usize, opening: &Marker<'_>, is_section: impl Fn(&str) -> bool) -> FenceEnd {
        let mut inner: Option<Marker<'_>> = None;
        let mut first_inner = None;
        let mut first_close = None;
        for (at, line) in lines.iter().enumerate().skip(start) {
            let Some(found) = marker(line) else { continue };
            if found.closes(opening) {
                first_close.get_or_insert(at);
            }
            if let Some(open) = &inner {
                if found.closes(open) {
                    inner = None;
                    continue;
                }
            } else if found.closes(opening) {
                return FenceEnd { content: Some(at), next: at + 1 };
            }
            if found.opens() && is_section(found.name()) && found.length >= opening.length {
                return FenceEnd { content: Some(first_inner.unwrap_or(at)), next: at };
            }
            if inner.is_none() && found.opens() {
                first_inner.get_or_insert(at);
                inner = Some(found);
            }
        }
        match (first_inner, first_close) {
            (Some(end), Some(close)) => FenceEnd { content: Some(end), next: close + 1 },
            _ => FenceEnd { content: None, next: lines.len() },
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn ends_are_those_of_the_plain_rule(body in "((`{3,5}|`{7,10}|~{3,4})(|x|x|note|a`b)\n|text\n){0,24}") {
            let is_section = |name: &str| name == "note";
            let lines: Vec<&str> = body.lines().collect();
            let mut fences = Fences::new(&lines, is_section);
            let mut at = 0;
            while at < lines.len() {
                let found = marker(lines[at]).filter(Marker::opens);
                at += 1;
                if let Some(opening) = found {
                    let end = fences.end_of(&opening, at);
                    prop_assert_eq!(end, plainly(&lines, at, &opening, is_section), "line {}", at);
                    at = end.next;
                }
            }
        }
    }
}
