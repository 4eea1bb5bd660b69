//! The promises that `.ci/mutants` takes out of the program, one at a time, to see that a test notices.

use crate::architecture::{code, sources};
use std::{fs, path::Path};

#[test]
fn each_stands_in_the_program_once_and_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("tests/mutants.txt")).unwrap();
    let rows: Vec<_> = table.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let program: String = sources(&root.join("src")).iter().map(|path| code(path)).collect();
    let asked = program.split("is_taken_out(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
    let mut asked: Vec<_> = asked.map(|rest| rest.split('"').next().unwrap()).collect();
    asked.sort_unstable();
    assert_eq!(asked, rows.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "what the table has, in order");
    assert!(asked.is_sorted_by(|one, next| one < next), "one of them stands there twice");

    let tests: String = sources(&root.join("tests")).iter().map(|path| code(path)).collect();
    for (name, arguments) in rows {
        let (all, path) = match arguments.split(' ').collect::<Vec<_>>()[..] {
            ["--test", "it", path] => (&tests, path),
            ["--lib", path] => (&program, path),
            _ => panic!("{name}: `{arguments}` names no test"),
        };
        let last = path.trim_end_matches("::").rsplit("::").next().unwrap();
        let is_there = ["fn", "mod"].iter().any(|what| all.contains(&format!("{what} {last}")));
        assert!(is_there, "{name}: there is no test `{path}`");
    }
}
