//! Which file of `src/` takes which names from which other one.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::{Path, PathBuf},
};

use super::source::{self, Source};

type Module = Vec<String>;

/// An edge goes from the file that uses a name to the file that defines it.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) files: BTreeSet<String>,
    pub(crate) edges: BTreeMap<(String, String), BTreeSet<String>>,
}

/// `web/state` of `web/state.rs` is in the top-level module `web`.
pub(crate) fn top(file: &str) -> &str {
    file.trim_end_matches(".rs").split('/').next().unwrap()
}

struct Tree {
    /// Module → its file, for modules in files of their own and for inline ones.
    file_of: BTreeMap<Module, String>,
    sources: BTreeMap<String, Source>,
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

impl Graph {
    /// Reads every file below `src` that is compiled without tests. The crate's own file and
    /// the program's are no part of it: they only declare modules and call the highest.
    pub(crate) fn of_folder(src: &Path) -> Graph {
        let files = rust_files(src).into_iter().map(|path| {
            let name = path.strip_prefix(src).unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        });
        Graph::of(files.collect())
    }

    pub(crate) fn of(files: Vec<(String, String)>) -> Graph {
        let mut tree = Tree {
            file_of: BTreeMap::new(),
            sources: BTreeMap::new(),
        };
        let mut tests = BTreeSet::new();
        for (name, text) in files {
            if name == "main.rs" || name == "lib.rs" || name.ends_with("tests.rs") {
                continue;
            }
            let module: Module = name
                .trim_end_matches(".rs")
                .split('/')
                .map(str::to_owned)
                .collect();
            let source = source::read(&text, &module);
            tests.extend(source.test_children.iter().cloned());
            for inline in &source.inline {
                tree.file_of.insert(inline.clone(), name.clone());
            }
            tree.file_of.insert(module, name.clone());
            tree.sources.insert(name, source);
        }
        let is_test = |module: &Module| tests.iter().any(|test| module.starts_with(test));
        tree.file_of.retain(|module, _| !is_test(module));
        let kept: BTreeSet<String> = tree.file_of.values().cloned().collect();
        tree.sources.retain(|name, _| kept.contains(name));
        tree.graph()
    }

    /// The files that use each other, directly or through others: groups of two or more.
    pub(crate) fn circles(&self) -> Vec<BTreeSet<String>> {
        let reach: BTreeMap<&String, BTreeSet<&String>> = self
            .files
            .iter()
            .map(|file| (file, self.reachable(file)))
            .collect();
        let mut groups = BTreeSet::new();
        for (file, others) in &reach {
            let group: BTreeSet<String> = others
                .iter()
                .filter(|other| *other != file && reach[*other].contains(file))
                .map(|other| (*other).clone())
                .chain([(*file).clone()])
                .collect();
            if group.len() > 1 {
                groups.insert(group);
            }
        }
        groups.into_iter().collect()
    }

    /// Edges between files of one top-level module only.
    pub(crate) fn within_modules(&self) -> Graph {
        Graph {
            files: self.files.clone(),
            edges: self
                .edges
                .iter()
                .filter(|((from, to), _)| top(from) == top(to))
                .map(|(edge, names)| (edge.clone(), names.clone()))
                .collect(),
        }
    }

    /// The shortest way from `start` through the group back to `start`, a line for each edge.
    pub(crate) fn describe(&self, group: &BTreeSet<String>, start: &str) -> String {
        let inside: Vec<_> = self
            .edges
            .iter()
            .filter(|((from, to), _)| group.contains(from) && group.contains(to))
            .collect();
        let mut ways = VecDeque::from([(start, String::new())]);
        let mut seen = BTreeSet::new();
        while let Some((file, way)) = ways.pop_front() {
            for ((from, to), names) in &inside {
                if from != file {
                    continue;
                }
                let way = format!("{way}  {from} -> {to}: {}\n", join(names));
                if to == start {
                    return way;
                }
                if seen.insert(to) {
                    ways.push_back((to, way));
                }
            }
        }
        String::new()
    }

    fn reachable<'a>(&'a self, start: &'a String) -> BTreeSet<&'a String> {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(file) = open.pop() {
            for (from, to) in self.edges.keys() {
                if from == file && seen.insert(to) {
                    open.push(to);
                }
            }
        }
        seen
    }
}

pub(crate) fn join(names: &BTreeSet<String>) -> String {
    names.iter().cloned().collect::<Vec<_>>().join(", ")
}

impl Tree {
    fn graph(&self) -> Graph {
        let mut graph = Graph {
            files: self.sources.keys().cloned().collect(),
            edges: BTreeMap::new(),
        };
        for (file, source) in &self.sources {
            for import in &source.imports {
                // A re-export that the file itself does not use is no import.
                let is_used = import.name == "*" || source.words.contains(&import.name);
                if import.is_public && !is_used {
                    continue;
                }
                // What is used of a module that was imported shows at its inline paths.
                if let Some(module) = self.absolute(&import.scope, &import.path)
                    && import.name != "*"
                    && !self.file_of.contains_key(&self.follow(&module))
                {
                    self.add(&mut graph, file, &module);
                } else if import.name == "*"
                    && let Some(module) = self.absolute(&import.scope, &import.path)
                {
                    self.add_glob(&mut graph, file, source, &module);
                }
            }
            for (scope, path) in &source.paths {
                if let Some(absolute) = self.absolute(scope, path) {
                    self.add(&mut graph, file, &absolute);
                }
            }
        }
        graph
    }

    fn add(&self, graph: &mut Graph, file: &str, path: &Module) {
        let Some((target, name)) = self.resolve(path, 0) else {
            return;
        };
        if target != file {
            graph
                .edges
                .entry((file.to_owned(), target))
                .or_default()
                .insert(name);
        }
    }

    /// `use a::*`: the names of `a` that the file uses.
    fn add_glob(&self, graph: &mut Graph, file: &str, source: &Source, module: &Module) {
        for name in &source.words {
            let mut path = module.clone();
            path.push(name.clone());
            if self.has(module, name, 0) {
                self.add(graph, file, &path);
            }
        }
    }

    /// The absolute path, or none for paths into other crates and at local names.
    fn absolute(&self, scope: &Module, path: &[String]) -> Option<Module> {
        let first = path.first()?;
        let mut base = scope.clone();
        let mut rest = path;
        match first.as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" | "super" => {
                while let Some(word) = rest.first() {
                    match word.as_str() {
                        "self" => {}
                        "super" => {
                            base.pop()?;
                        }
                        _ => break,
                    }
                    rest = &rest[1..];
                }
            }
            // A child module, or a name that a `use` item brought here.
            _ => {
                let child: Module = [base.as_slice(), std::slice::from_ref(first)].concat();
                if !self.file_of.contains_key(&child) && !self.imports(scope, first) {
                    return None;
                }
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    fn imports(&self, scope: &Module, name: &str) -> bool {
        self.source_of(scope).is_some_and(|source| {
            source.imports.iter().any(|import| {
                import.scope == *scope
                    && import.name == name
                    // `use serde::Deserialize` binds a name of another crate.
                    && import.path.first().is_some_and(|first| first != name)
                    && self.absolute(scope, &import.path).is_some()
            })
        })
    }

    fn source_of(&self, module: &Module) -> Option<&Source> {
        self.sources.get(self.file_of.get(module)?)
    }

    /// Where a path ends once re-exports are followed, if it is a module.
    fn follow(&self, path: &Module) -> Module {
        let Some((last, parent)) = path.split_last() else {
            return path.clone();
        };
        if self.file_of.contains_key(path) {
            return path.clone();
        }
        let parent = parent.to_vec();
        let import = self.source_of(&parent).and_then(|source| {
            source
                .imports
                .iter()
                .find(|import| import.scope == parent && import.name == *last)
        });
        import
            .and_then(|import| self.absolute(&import.scope, &import.path))
            .filter(|target| target != path)
            .map_or_else(|| path.clone(), |target| self.follow(&target))
    }

    /// The file that defines what an absolute path names, and the name.
    fn resolve(&self, path: &[String], depth: usize) -> Option<(String, String)> {
        if depth > 32 {
            return None;
        }
        let known = (0..=path.len())
            .rev()
            .find(|length| self.file_of.contains_key(&path[..*length]))?;
        let module = path[..known].to_vec();
        let file = self.file_of[&module].clone();
        let Some(name) = path.get(known) else {
            return Some((file, module.last()?.clone()));
        };
        let rest = &path[known + 1..];
        let source = &self.sources[&file];
        let defined = source
            .defines
            .get(&module)
            .is_some_and(|names| names.contains(name));
        if !defined {
            for import in source.imports.iter().filter(|one| one.scope == module) {
                let Some(mut target) = self.absolute(&module, &import.path) else {
                    continue;
                };
                if import.name == *name {
                    target.extend(rest.iter().cloned());
                } else if import.name == "*" && self.has(&target, name, depth + 1) {
                    target.push(name.clone());
                    target.extend(rest.iter().cloned());
                } else {
                    continue;
                }
                return self.resolve(&target, depth + 1);
            }
        }
        Some((file, name.clone()))
    }

    /// Whether a module defines or re-exports a name.
    fn has(&self, module: &Module, name: &str, depth: usize) -> bool {
        let Some(source) = self.source_of(module).filter(|_| depth < 8) else {
            return false;
        };
        source
            .defines
            .get(module)
            .is_some_and(|names| names.contains(name))
            || source.imports.iter().any(|import| {
                import.scope == *module
                    && (import.name == name
                        || import.name == "*"
                            && self
                                .absolute(module, &import.path)
                                .is_some_and(|target| self.has(&target, name, depth + 1)))
            })
    }
}
