//! YAML, JSON and TOML as one tree in which every value knows its line.
//!
//! JSON is read as YAML, of which it is a part. Depth and size are bounded; an alias becomes a copy of what it names,
//! as long as the whole stays small.

use saphyr_parser::{Event, Parser};
use toml::de::{DeTable, DeValue};

/// A value and its line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// The line, counted from 1.
    pub(crate) line: u32,
    /// The value.
    pub(crate) value: Value,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Nothing is written.
    Null,
    /// A text, number or switch, as written.
    Scalar(String),
    /// Values in order.
    List(Vec<Node>),
    /// Values by name, in the order written; the line is the name's.
    Map(Vec<(String, Node)>),
}

impl Node {
    fn new(line: usize, value: Value) -> Self {
        Node { line: u32::try_from(line).unwrap_or(u32::MAX), value }
    }

    /// The value of a name, in any letter case, as Traefik takes names.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, node)| node)
    }

    /// The value behind a path of names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// Names with their values; none if it is no map.
    pub(crate) fn entries(&self) -> &[(String, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The values of a list; none if it is no list.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of a list of scalars, or of a single one.
    pub(crate) fn texts(&self) -> Vec<(&str, u32)> {
        match &self.value {
            Value::Scalar(text) => vec![(text.as_str(), self.line)],
            Value::List(items) => items.iter().filter_map(|item| Some((item.text()?, item.line))).collect(),
            Value::Null | Value::Map(_) => Vec::new(),
        }
    }

    /// A switch that is on.
    pub(crate) fn is_true(&self) -> bool {
        self.text().is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }
}

/// Reads YAML or JSON: the documents in order, as far as they can be read, and what was wrong then.
pub(crate) fn read_yaml(text: &str) -> (Vec<Node>, Option<(u32, String)>) {
    let mut builder = Builder::default();
    let text = text.get(..text.floor_char_boundary(LARGEST)).unwrap_or_default();
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(found) => found,
            Err(error) => {
                let line = u32::try_from(error.marker().line()).unwrap_or(0);
                return (builder.documents, Some((line, error.info().to_owned())));
            }
        };
        if !builder.take(event, span.start.line()) {
            return (builder.documents, None);
        }
    }
    (builder.documents, None)
}

/// Reads TOML, or says what is wrong and where.
pub(crate) fn read_toml(text: &str) -> Result<Node, (u32, String)> {
    let text = text.get(..text.floor_char_boundary(LARGEST)).unwrap_or_default();
    let lines = Lines::of(text);
    match DeTable::parse(text) {
        Ok(table) => Ok(of_table(table.get_ref(), 1, &lines, 0)),
        Err(error) => {
            let line = error.span().map_or(0, |span| lines.line_at(span.start));
            Err((line, error.message().to_owned()))
        }
    }
}

fn of_table(table: &DeTable<'_>, line: u32, lines: &Lines, depth: usize) -> Node {
    if depth > DEEPEST {
        return Node { line, value: Value::Null };
    }
    let mut entries: Vec<(String, Node)> = table
        .iter()
        .map(|(key, value)| {
            let line = lines.line_at(key.span().start);
            (key.get_ref().to_string(), of_value(value.get_ref(), line, lines, depth + 1))
        })
        .collect();
    entries.sort_by_key(|(_, node)| node.line);
    Node { line, value: Value::Map(entries) }
}

fn of_value(value: &DeValue<'_>, line: u32, lines: &Lines, depth: usize) -> Node {
    let value = match value {
        DeValue::Table(table) => return of_table(table, line, lines, depth),
        DeValue::Array(items) if depth <= DEEPEST => {
            let items = items.iter().map(|item| {
                let line = lines.line_at(item.span().start);
                of_value(item.get_ref(), line, lines, depth + 1)
            });
            Value::List(items.collect())
        }
        DeValue::Array(_) => Value::Null,
        DeValue::String(text) => Value::Scalar(text.to_string()),
        DeValue::Integer(number) => Value::Scalar(number.to_string()),
        DeValue::Float(number) => Value::Scalar(number.to_string()),
        DeValue::Boolean(yes) => Value::Scalar(yes.to_string()),
        DeValue::Datetime(time) => Value::Scalar(time.to_string()),
    };
    Node { line, value }
}

/// Where lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Lines(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(place, _)| place).collect())
    }

    fn line_at(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|end| *end < offset) + 1).unwrap_or(u32::MAX)
    }
}

/// Puts events together without recursion, so that depth costs no stack.
#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: Vec<(usize, Node)>,
    nodes: usize,
}

struct Open {
    node: Node,
    anchor: usize,
    key: Option<(String, usize)>,
}

impl Builder {
    /// Takes an event; false where the document is larger than anybody writes.
    fn take(&mut self, event: Event<'_>, line: usize) -> bool {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_null = matches!(style, saphyr_parser::ScalarStyle::Plain)
                    && matches!(text.as_ref(), "" | "~" | "null");
                let value = if is_null { Value::Null } else { Value::Scalar(text.into_owned()) };
                self.place(Node::new(line, value), anchor, line)
            }
            Event::SequenceStart(anchor, _) => self.open(Value::List(Vec::new()), anchor, line),
            Event::MappingStart(anchor, _) => self.open(Value::Map(Vec::new()), anchor, line),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(closed) => self.place(closed.node, closed.anchor, line),
                None => false,
            },
            Event::Alias(anchor) => {
                let copy =
                    self.anchors.iter().find(|(known, _)| *known == anchor).map(|(_, node)| node.clone());
                let copy = copy.unwrap_or_else(|| Node::new(line, Value::Null));
                self.nodes += count(&copy);
                self.place(copy, 0, line)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => true,
        }
    }

    fn open(&mut self, value: Value, anchor: usize, line: usize) -> bool {
        self.open.push(Open { node: Node::new(line, value), anchor, key: None });
        self.open.len() <= DEEPEST
    }

    fn place(&mut self, node: Node, anchor: usize, line: usize) -> bool {
        self.nodes += 1;
        if anchor > 0 {
            self.anchors.push((anchor, node.clone()));
            self.nodes += count(&node);
        }
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some(open) => match &mut open.node.value {
                Value::List(items) => items.push(node),
                Value::Map(entries) => match open.key.take() {
                    Some((key, line)) => {
                        let line = u32::try_from(line).unwrap_or(u32::MAX);
                        merge_into(entries, key, Node { line, ..node });
                    }
                    None => open.key = Some((node.text().unwrap_or_default().to_owned(), line)),
                },
                Value::Null | Value::Scalar(_) => {}
            },
        }
        self.nodes <= MOST_NODES
    }
}

/// `<<` brings in the entries of another map that are not there yet.
fn merge_into(entries: &mut Vec<(String, Node)>, key: String, node: Node) {
    if key != "<<" {
        entries.push((key, node));
        return;
    }
    let known: Vec<String> = entries.iter().map(|(key, _)| key.clone()).collect();
    if let Value::Map(more) = node.value {
        entries.extend(more.into_iter().filter(|(key, _)| !known.contains(key)));
    }
}

fn count(node: &Node) -> usize {
    match &node.value {
        Value::Null | Value::Scalar(_) => 1,
        Value::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(_, node)| count(node)).sum::<usize>(),
    }
}

/// Bytes of a file that are read.
const LARGEST: usize = 4 << 20;

/// Levels of nesting that are read.
const DEEPEST: usize = 100;

/// Values that are read, copies of aliases included.
const MOST_NODES: usize = 200_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_three_notations_give_the_same_values_with_their_lines() {
        let (yaml, wrong) = read_yaml("a:\n  b: x\n  c:\n    - 1\n    - 2\n");
        assert_eq!(wrong, None);
        let (json, _) = read_yaml("{\n\t\"a\": {\"b\": \"x\",\n\t\t\"c\": [1,\n 2]}}\n");
        let toml = read_toml("[a]\nb = \"x\"\nc = [1,\n2]\n").expect("it is TOML");
        for (root, lines) in [(&yaml[0], [2, 4, 5]), (&json[0], [2, 3, 4]), (&toml, [2, 3, 4])] {
            let b = root.at(&["a", "B"]).expect("names are found in any case");
            assert_eq!((b.text(), b.line), (Some("x"), lines[0]));
            let c = root.at(&["a", "c"]).expect("a list").texts();
            assert_eq!(c, [("1", lines[1]), ("2", lines[2])]);
        }
    }

    #[test]
    fn aliases_and_merges_are_copied() {
        let (found, _) = read_yaml("base: &b\n  x: 1\n  y: 2\nuse:\n  <<: *b\n  z: 3\n");
        let used = found[0].get("use").expect("it is there");
        assert_eq!(used.get("x").and_then(Node::text), Some("1"));
        assert_eq!(used.get("z").and_then(Node::text), Some("3"));
    }

    #[test]
    fn what_is_wrong_has_a_line() {
        assert!(matches!(read_yaml("a: b\nc: [1, 2\n"), (_, Some((line, _))) if line >= 2));
        assert_eq!(read_toml("a = 1\nb = = 2\n").map_err(|(line, _)| line), Err(2));
    }

    #[test]
    fn an_alias_bomb_ends() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let last = level - 1;
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{last}"); 9].join(",")));
        }
        let (_, _) = read_yaml(&bomb);
        let (_, _) = read_yaml(&"[".repeat(100_000));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*", toml in "[a-z=\\[\\]\"' \n.{},#]*") {
            let _ = read_yaml(&text);
            let _ = read_yaml(&toml);
            let _ = read_toml(&toml);
        }
    }
}
