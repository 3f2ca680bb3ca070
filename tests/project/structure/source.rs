//! Reads as much Rust as the structure test needs: the modules of a file, its `use` items,
//! its inline paths and the names it defines, without code that only tests compile.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{Token, tokens};

/// One leaf of a `use` item: `use a::{b as c}` binds `c` to `a::b` in `scope`.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) scope: Vec<String>,
    pub(crate) path: Vec<String>,
    /// `*` for a glob.
    pub(crate) name: String,
    pub(crate) is_public: bool,
}

/// The imports, paths and names of one file, without tests. Scopes are absolute module paths.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) imports: Vec<Import>,
    /// Paths that begin with `crate`, `self`, `super` or any other identifier, with their scope.
    pub(crate) paths: Vec<(Vec<String>, Vec<String>)>,
    /// Identifiers outside `use` items that may refer to a name in scope.
    pub(crate) words: BTreeSet<String>,
    /// Names that each scope defines.
    pub(crate) defines: BTreeMap<Vec<String>, BTreeSet<String>>,
    /// Child modules in files of their own.
    pub(crate) children: Vec<Vec<String>>,
    /// Child modules in this file.
    pub(crate) inline: Vec<Vec<String>>,
    /// Child modules in files of their own that only tests compile.
    pub(crate) test_children: Vec<Vec<String>>,
}

const ITEMS: [&str; 9] = [
    "fn",
    "struct",
    "enum",
    "trait",
    "type",
    "const",
    "static",
    "union",
    "macro_rules",
];

/// Reads a file that is the module `module`.
pub(crate) fn read(text: &str, module: &[String]) -> Source {
    let tokens = tokens(text);
    let mut reader = Reader {
        tokens: &tokens,
        index: 0,
        scopes: vec![(module.to_vec(), 0)],
        depth: 0,
        source: Source::default(),
    };
    reader.run();
    reader.source
}

struct Reader<'a> {
    tokens: &'a [Token],
    index: usize,
    /// The inline modules around, each with the brace depth that it ends at.
    scopes: Vec<(Vec<String>, usize)>,
    depth: usize,
    source: Source,
}

impl<'a> Reader<'a> {
    fn token(&self, offset: usize) -> &'a Token {
        self.tokens
            .get(self.index + offset)
            .unwrap_or(&Token::Literal)
    }

    fn scope(&self) -> Vec<String> {
        self.scopes.last().unwrap().0.clone()
    }

    fn child(&self, name: &str) -> Vec<String> {
        let mut path = self.scope();
        path.push(name.to_owned());
        path
    }

    fn run(&mut self) {
        let mut is_public = false;
        while self.index < self.tokens.len() {
            let token = self.token(0).clone();
            match &token {
                Token::Mark('#') => {
                    if self.attribute_is_for_tests() {
                        self.skip_item();
                    }
                    continue;
                }
                Token::Mark('{') => self.depth += 1,
                Token::Mark('}') => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.scopes.len() > 1 && self.scopes.last().unwrap().1 == self.depth {
                        self.scopes.pop();
                    }
                }
                Token::Word(word) => {
                    let word = word.as_str();
                    if word == "pub" {
                        self.index += 1;
                        if self.token(0).is('(') {
                            self.skip_group();
                        }
                        is_public = true;
                        continue;
                    }
                    if word == "use" && !self.token(1).is('<') {
                        self.index += 1;
                        self.use_tree(&mut Vec::new(), is_public);
                    } else if word == "mod" && self.token(1).word().is_some() {
                        self.module();
                    } else {
                        self.word(word);
                    }
                    is_public = false;
                    continue;
                }
                _ => {}
            }
            is_public = false;
            self.index += 1;
        }
    }

    /// `mod name;` or `mod name {`.
    fn module(&mut self) {
        let name = self.token(1).word().unwrap().to_owned();
        let child = self.child(&name);
        if self.token(2).is('{') {
            self.source.inline.push(child.clone());
            self.scopes.push((child, self.depth));
            self.index += 2;
        } else {
            self.source.children.push(child);
            self.index += 3;
        }
    }

    fn word(&mut self, word: &str) {
        let before = self.index.checked_sub(1).map(|index| &self.tokens[index]);
        if ITEMS.contains(&word) {
            let offset = if self.token(1).is('!') { 2 } else { 1 };
            if let Some(name) = self.token(offset).word() {
                let name = name.to_owned();
                let scope = self.scope();
                self.source.defines.entry(scope).or_default().insert(name);
            }
        }
        let continues = matches!(before, Some(Token::Separator | Token::Mark('.')));
        let path = self.path();
        // `..=crate::MAX` has a dot before it; a field and a method never go on with `::`
        // but for a turbofish, which is no path of names.
        if path.len() > 1 && !matches!(before, Some(Token::Separator)) {
            let scope = self.scope();
            self.source.words.insert(path[0].clone());
            self.source.paths.push((scope, path));
        } else if !continues {
            self.source.words.insert(word.to_owned());
        }
    }

    /// Reads `a::b::c` and stands behind it.
    fn path(&mut self) -> Vec<String> {
        let mut path = Vec::new();
        while let Some(word) = self.token(0).word() {
            path.push(word.to_owned());
            self.index += 1;
            if *self.token(0) != Token::Separator || self.token(1).word().is_none() {
                break;
            }
            self.index += 1;
        }
        path
    }

    /// One tree of a `use` item, up to its `;`, `,` or `}`.
    fn use_tree(&mut self, prefix: &mut Vec<String>, is_public: bool) {
        let length = prefix.len();
        loop {
            match self.token(0).clone() {
                Token::Separator => self.index += 1,
                Token::Word(word) if word == "as" => {
                    let name = self.token(1).word().unwrap_or("_").to_owned();
                    self.index += 2;
                    self.import(prefix, name, is_public);
                    break;
                }
                Token::Word(word) => {
                    self.index += 1;
                    prefix.push(word);
                    if !matches!(self.token(0), Token::Separator)
                        && self.token(0).word() != Some("as")
                    {
                        let mut name = prefix.last().unwrap().clone();
                        if name == "self" && prefix.len() > 1 {
                            prefix.pop();
                            name.clone_from(prefix.last().unwrap());
                        }
                        self.import(prefix, name, is_public);
                        break;
                    }
                }
                Token::Mark('*') => {
                    self.index += 1;
                    self.import(prefix, "*".to_owned(), is_public);
                    break;
                }
                Token::Mark('{') => {
                    self.index += 1;
                    while !self.token(0).is('}') {
                        if self.token(0).is(',') {
                            self.index += 1;
                        } else {
                            self.use_tree(prefix, is_public);
                        }
                    }
                    self.index += 1;
                    break;
                }
                _ => break,
            }
        }
        prefix.truncate(length);
    }

    fn import(&mut self, prefix: &[String], name: String, is_public: bool) {
        let mut path = prefix.to_vec();
        // `use a::{self as b}`
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let scope = self.scope();
        self.source.imports.push(Import {
            scope,
            path,
            name,
            is_public,
        });
    }

    /// Reads one attribute; true for `#[cfg(test)]` and `#[cfg(all(test, …))]`.
    fn attribute_is_for_tests(&mut self) -> bool {
        self.index += 1;
        if self.token(0).is('!') {
            self.index += 1;
        }
        if !self.token(0).is('[') {
            return false;
        }
        let start = self.index;
        self.skip_group();
        let words: Vec<&str> = self.tokens[start..self.index]
            .iter()
            .filter_map(Token::word)
            .collect();
        matches!(
            words.as_slice(),
            ["cfg", "test"] | ["cfg", "all", "test", ..]
        )
    }

    /// Skips what an attribute belongs to: an item, a field, a statement.
    fn skip_item(&mut self) {
        while self.token(0).is('#') {
            self.attribute_is_for_tests();
        }
        let (mut is_let, mut is_item) = (false, false);
        while self.index < self.tokens.len() {
            match self.token(0) {
                Token::Word(word) => {
                    is_item |= ITEMS.contains(&word.as_str())
                        || matches!(word.as_str(), "mod" | "use" | "impl" | "let");
                    if word == "fn" {
                        is_let = false;
                    }
                    if word == "mod" && self.token(2).is(';') {
                        let child = self.child(self.token(1).word().unwrap_or_default());
                        self.source.test_children.push(child);
                    }
                    is_let |= matches!(word.as_str(), "use" | "const" | "static" | "let");
                    self.index += 1;
                }
                Token::Mark('{') => {
                    self.skip_group();
                    if !is_let {
                        return;
                    }
                }
                Token::Mark('(' | '[') => self.skip_group(),
                Token::Mark(';') => {
                    self.index += 1;
                    return;
                }
                Token::Mark(',') if !is_item => {
                    self.index += 1;
                    return;
                }
                Token::Mark('}') => return,
                _ => self.index += 1,
            }
        }
    }

    /// Skips from an opening bracket to behind its end.
    fn skip_group(&mut self) {
        let mut depth = 0;
        while self.index < self.tokens.len() {
            match self.token(0) {
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            self.index += 1;
            if depth == 0 {
                break;
            }
        }
    }
}
