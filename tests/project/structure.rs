//! The structure of `src/`: which module may use which, and that no files use each other.
//!
//! The names that the tests print are those that a `use` item or a path brings from one file to
//! another. Code that only tests compile is left out.

mod fields;
mod graph;
mod source;
mod tokens;

use std::{collections::BTreeSet, fs, path::Path};

use fields::field_counts;
use graph::{Graph, join, rust_files, top};

/// The top-level modules, lowest first: a module uses only those before it. The table in
/// docs/design.md has those that exist, in this order.
const ORDER: &[&str] = &[
    "text",
    "xml_fault",
    "failure",
    "phone",
    "protocol",
    "diagnose",
    "limits",
    "bundle",
    "dialplan",
    "track",
    "stage",
    "tftp",
    "inventory",
    "lint",
    "provision",
    "http",
    "restart",
    "discovery",
    "dhcp",
    "run_view",
    "reporter",
    "journal",
    "privileges",
    "report",
    "metrics",
    "preflight",
    "replay",
    "display",
    "inputs",
    "web",
    "simulator",
    "session",
    "resume",
    "services",
    "wizard",
    "cli",
];

/// Lines that a file may have without a reason for more.
const LONGEST: usize = 400;

/// How a file begins that has a reason to be longer.
const REASON: &str = "//! Long because: ";

/// Fields that a struct may have without a reason for more.
const MOST_FIELDS: usize = 15;

/// The structs that have a reason for more, with their files.
const MANY_FIELDS: &[(&str, &str, &str)] = &[
    ("cli/convert.rs", "Args", "command-line arguments"),
    ("inventory/site.rs", "SiteSettings", "form of TOML"),
    (
        "run_view/phone.rs",
        "PhoneView",
        "one phone as every rendering shows it",
    ),
    ("track/plan.rs", "Plan", "the options of a run"),
    ("track/report.rs", "PhoneReport", "form of JSON"),
    ("web/row.rs", "PhoneRow", "form of JSON"),
];

fn src() -> Graph {
    let graph = Graph::of_folder(Path::new("src"));
    assert!(graph.files.len() > 100, "only {:?} was read", graph.files);
    assert!(graph.edges.len() > 300, "{} edges", graph.edges.len());
    graph
}

fn rank(module: &str) -> usize {
    ORDER
        .iter()
        .position(|one| *one == module)
        .unwrap_or_else(|| panic!("src/{module} is missing from ORDER and docs/design.md"))
}

/// `a.rs` is the parent of `a/b.rs` and of `a/b/c.rs`.
fn is_parent(parent: &str, child: &str) -> bool {
    child
        .strip_prefix(parent.trim_end_matches(".rs"))
        .is_some_and(|rest| rest.starts_with('/'))
}

#[test]
fn modules_use_only_lower_modules() {
    let graph = src();
    let upward: Vec<String> = graph
        .edges
        .iter()
        .filter(|((from, to), _)| rank(top(from)) < rank(top(to)))
        .map(|((from, to), names)| format!("  {from} -> {to}: {}", join(names)))
        .collect();
    assert!(
        upward.is_empty(),
        "a module uses a higher module:\n{}",
        upward.join("\n")
    );
}

#[test]
fn no_files_of_a_module_use_each_other() {
    let mut graph = src().within_modules();
    graph.edges.retain(|(from, to), _| !is_parent(from, to));
    let circles: Vec<String> = graph
        .circles()
        .iter()
        .map(|circle| {
            let way = graph.describe(circle, circle.first().unwrap());
            format!("{}\n{way}", join(circle))
        })
        .collect();
    assert!(
        circles.is_empty(),
        "files use each other:\n{}",
        circles.join("\n")
    );
}

#[test]
fn no_file_calls_a_child_that_uses_it() {
    let graph = src().within_modules();
    let mut found = Vec::new();
    for circle in graph.circles() {
        for parent in &circle {
            let children = circle.iter().filter(|child| is_parent(parent, child));
            let family: BTreeSet<String> = children.chain([parent]).cloned().collect();
            let way = graph.describe(&family, parent);
            if !way.is_empty() {
                found.push(format!("{parent}\n{way}"));
            }
        }
    }
    assert!(
        found.is_empty(),
        "a file and its child use each other:\n{}",
        found.join("\n")
    );
}

#[test]
fn long_files_state_the_reason() {
    let mut long = Vec::new();
    let files = ["src", "tests"].map(|folder| rust_files(Path::new(folder)));
    for path in files.into_iter().flatten() {
        let text = fs::read_to_string(&path).unwrap();
        let has_reason = text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .any(|line| line.starts_with(REASON));
        if text.lines().count() > LONGEST && !has_reason {
            long.push(path);
        }
    }
    assert!(
        long.is_empty(),
        "over {LONGEST} lines without a line `{REASON}` in their heads: {long:#?}"
    );
}

#[test]
fn structs_with_many_fields_state_the_reason() {
    let mut found = Vec::new();
    for path in rust_files(Path::new("src")) {
        let text = fs::read_to_string(&path).unwrap();
        for (name, fields) in field_counts(&text) {
            if fields > MOST_FIELDS {
                let file = path.strip_prefix("src").unwrap().to_str().unwrap();
                found.push((file.to_owned(), name));
            }
        }
    }
    found.sort();
    let expected: Vec<(String, String)> = MANY_FIELDS
        .iter()
        .map(|(file, name, _)| ((*file).to_owned(), (*name).to_owned()))
        .collect();
    assert_eq!(
        found, expected,
        "structs of more than {MOST_FIELDS} fields, and those that have a reason"
    );
}

#[test]
fn fields_are_counted() {
    let text = "
        /// A { b: c }
        pub struct Two<T: Copy> where T: Send {
            #[serde(default = \"a::b\")]
            pub(crate) one: BTreeMap<u8, [T; 2]>,
            pub two: fn(x: u8) -> std::io::Result<(u8, u8)>,
        }
        struct Unit;
        struct Tuple(u8, u8);
        enum Other { A { a: u8 } }
        struct Empty {}
        fn f() { struct One<'a> { one: &'a u8 } }
    ";
    let counts = [("Two", 2), ("Empty", 0), ("One", 1)];
    assert_eq!(
        field_counts(text),
        counts.map(|(name, fields)| (name.to_owned(), fields))
    );
}

/// The rows of the table of modules in docs/design.md.
fn table() -> Vec<String> {
    let text = fs::read_to_string("docs/design.md").unwrap();
    text.lines()
        .skip_while(|line| !line.starts_with("| module |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| {
            let names = line.split('|').nth(1).unwrap();
            names.split('`').skip(1).step_by(2).map(str::to_owned)
        })
        .collect()
}

#[test]
fn the_design_lists_the_modules_in_their_order() {
    let graph = src();
    let present: BTreeSet<&str> = graph.files.iter().map(|file| top(file)).collect();
    let mut expected: Vec<&str> = present.into_iter().collect();
    expected.sort_by_key(|module| rank(module));
    assert_eq!(table(), expected);
}

fn graph_of(files: &[(&str, &str)]) -> Graph {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Graph::of(files.iter().map(owned).collect())
}

/// The edges as `from -> to: names` lines.
fn lines(graph: &Graph) -> Vec<String> {
    let line = |((from, to), names): (&(String, String), &BTreeSet<String>)| {
        format!("{from} -> {to}: {}", join(names))
    };
    graph.edges.iter().map(line).collect()
}

#[test]
fn an_import_is_resolved_to_the_file_that_defines_the_name() {
    let graph = graph_of(&[
        (
            "a.rs",
            "mod b; pub use b::{B, Other as Renamed}; pub struct A;",
        ),
        ("a/b.rs", "pub struct B; pub enum Other { One }"),
        (
            "c.rs",
            "use crate::a::{self, Renamed::One}; fn f(_: a::B) {}",
        ),
        (
            "d.rs",
            "fn f() -> u8 { crate::a::A::new(super::a::Renamed::One) }",
        ),
        (
            "e.rs",
            "pub(in crate::a) fn f() {} // crate::a::A\nconst C: &str = \"crate::a::A\";",
        ),
        ("f.rs", "pub use super::a::*; use std::fmt; fn f(_: A) {}"),
    ]);
    assert_eq!(
        lines(&graph),
        [
            "c.rs -> a/b.rs: B, Other",
            "d.rs -> a.rs: A",
            "d.rs -> a/b.rs: Other",
            "f.rs -> a.rs: A",
        ]
    );
}

#[test]
fn a_parent_that_only_declares_its_children_makes_no_circle() {
    let child = ("a/b.rs", "use super::A; pub fn b(_: A) {}");
    let declares = graph_of(&[("a.rs", "mod b; pub use b::b; pub struct A;"), child]);
    assert!(declares.circles().is_empty(), "{declares:?}");
    for calls in [
        "mod b; pub use b::b; pub struct A; fn f() { b(A) }",
        "mod b; pub struct A; fn f() { b::b(A) }",
        "mod b; use b::b as call; pub struct A; fn f() { call(A) }",
        "mod b; pub struct A; fn f() { crate::a::b::b(A) }",
    ] {
        let graph = graph_of(&[("a.rs", calls), child]);
        assert_eq!(graph.circles().len(), 1, "{calls}: {graph:?}");
        assert_eq!(
            graph.describe(&graph.circles()[0], "a.rs"),
            "  a.rs -> a/b.rs: b\n  a/b.rs -> a.rs: A\n"
        );
    }
}

#[test]
fn circles_are_found_through_other_files() {
    let graph = graph_of(&[
        ("a.rs", "mod b; mod c; mod d;"),
        ("a/b.rs", "use super::c::C; pub struct B;"),
        ("a/c.rs", "use super::d::D; pub struct C;"),
        ("a/d.rs", "use super::b::B; pub struct D;"),
    ]);
    let circles = graph.circles();
    assert_eq!(circles.len(), 1);
    assert_eq!(join(&circles[0]), "a/b.rs, a/c.rs, a/d.rs");
}

#[test]
fn code_for_tests_is_left_out() {
    let test = "#[cfg(test)]\nmod tests { use super::super::z::Z; fn f(_: [u8; 3]) {} }";
    let graph = graph_of(&[
        ("z.rs", "pub struct Z;"),
        ("a.rs", test),
        (
            "b.rs",
            "#[cfg(test)] mod only;\n#[cfg(test)] use crate::z::Z;",
        ),
        ("b/only.rs", "use crate::z::Z;"),
        (
            "c.rs",
            "#[cfg(test)] fn f<A, B>(_: crate::z::Z) {} fn g() {}",
        ),
        ("d.rs", "struct S { #[cfg(test)] z: crate::z::Z, y: u8 }"),
        ("d/more_tests.rs", "use crate::z::Z;"),
        (
            "e.rs",
            "/* /* crate::z::Z */ crate::z::Z */ const A: &str = r#\"\"crate::z::Z\"#;",
        ),
    ]);
    assert_eq!(lines(&graph), [""; 0]);
    let after = format!("{test}\nuse crate::z::Z; fn f<'a>(_: &'a Z) {{ '\"'; crate::z::Z }}");
    let graph = graph_of(&[("z.rs", "pub struct Z;"), ("a.rs", after.as_str())]);
    assert_eq!(lines(&graph), ["a.rs -> z.rs: Z"]);
}
