//! The order of the modules: each uses only what stands above it in the list of `src/lib.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules of each step of the list, from the top: `pure`, then what may use it, and so on.
fn steps() -> Vec<Vec<String>> {
    let lib = fs::read_to_string(src().join("lib.rs")).expect("src/lib.rs");
    let mut steps: Vec<Vec<String>> = Vec::new();
    for line in lib.lines().filter_map(|line| line.strip_prefix("//! ")) {
        let numbered = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
        if numbered {
            steps.push(Vec::new());
        } else if !line.starts_with("   ") {
            continue;
        }
        if let Some(step) = steps.last_mut() {
            // rustdoc wants `mod@` where a primitive type has the same name.
            let names = line.split('`').skip(1).step_by(2);
            step.extend(names.map(|name| name.trim_start_matches("mod@").to_owned()));
        }
    }
    steps
}

/// The step and the place in it of a path below `crate::`; the longest name that fits decides.
fn place(steps: &[Vec<String>], path: &str) -> Option<(usize, usize)> {
    let fits = |name: &str| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let all = steps.iter().enumerate();
    all.flat_map(|(step, names)| names.iter().enumerate().map(move |(n, name)| (name, (step, n))))
        .filter(|(name, _)| fits(name))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, place)| place)
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of src") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `transport::auth::token` for `src/transport/auth/token.rs`.
fn module(file: &Path) -> String {
    let path = file.strip_prefix(src()).expect("below src").with_extension("");
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).filter(|part| part != "mod").collect();
    parts.join("::")
}

/// What a file uses of this crate, comments left out: `crate::digest::Digest` is `digest::Digest`.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut paths = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        let (path, behind) = rest.split_at(end);
        match behind.strip_prefix('{').filter(|_| path.ends_with("::") || path.is_empty()) {
            Some(list) => {
                let list = list.split_once('}').map_or(list, |(list, _)| list);
                paths.extend(list.split(',').map(|item| format!("{path}{}", item.trim())));
            }
            None => drop(paths.insert(path.to_owned())),
        }
    }
    paths
}

#[test]
fn every_module_has_a_place() {
    let steps = steps();
    assert!(steps.len() > 5, "the list of lib.rs is found: {steps:?}");
    let lib = fs::read_to_string(src().join("lib.rs")).expect("src/lib.rs");
    for name in lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        assert!(place(&steps, name).is_some(), "{name} is not in the list");
    }
    for name in steps.iter().flatten().filter(|name| name.chars().all(|c| c.is_lowercase() || c == '_' || c == ':')) {
        let path = src().join(name.replace("::", "/"));
        assert!(path.is_dir() || path.with_extension("rs").exists(), "{name} is in the list but not in src");
    }
}

#[test]
fn a_module_uses_only_what_stands_above_it() {
    let steps = steps();
    // What lib.rs re-exports, by the module it comes from.
    let lib = fs::read_to_string(src().join("lib.rs")).expect("src/lib.rs");
    let origin = |item: &str| {
        let lines = lib.lines().filter_map(|line| line.strip_prefix("pub use ")?.strip_suffix(';'));
        let found = lines.into_iter().find(|line| line.contains(item)).unwrap_or_else(|| panic!("crate::{item}?"));
        found.split("::").next().expect("a module").to_owned()
    };
    let mut files = Vec::new();
    rust_files(&src(), &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let user = module(&file);
        let Some(own) = place(&steps, &user) else { continue };
        for path in used(&fs::read_to_string(&file).expect("a file of src")) {
            let head = path.split("::").next().expect("a name");
            if head == "VERSION" {
                continue;
            }
            let path = if head.starts_with(char::is_uppercase) { origin(head) } else { path.clone() };
            match place(&steps, &path) {
                Some(there) if there > own => wrong.push(format!("{user} uses {path}, which stands below it")),
                Some(_) => {}
                None => wrong.push(format!("{user} uses {path}, which is not in the list")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
