//! Properties of the help of every command.

use clap::Command;

use super::*;

/// The commands that help lists, built, so that global options are included.
fn commands() -> Vec<Command> {
    let mut program = Cli::command().term_width(80);
    program.build();
    let mut commands = vec![program.clone()];
    let visible = program.get_subcommands().filter(|it| !it.is_hide_set());
    commands.extend(visible.filter(|it| it.get_name() != "help").cloned());
    commands
}

#[test]
fn every_option_has_a_heading_and_the_global_ones_are_last() {
    for command in commands() {
        let name = command.get_name();
        for arg in command.get_opts() {
            let heading = arg.get_help_heading();
            assert!(heading.is_some(), "{name}: {} has no heading", arg.get_id());
        }
        let help = command.clone().render_help().to_string();
        let headings = help.lines().filter(|line| line.ends_with(':'));
        let headings: Vec<&str> = headings
            .filter(|line| line.chars().next().is_some_and(char::is_uppercase))
            .take_while(|line| !line.starts_with("Example"))
            .collect();
        assert_eq!(headings.last(), Some(&"Global options:"), "{name}\n{help}");
        assert!(!headings.contains(&"Options:"), "{name}\n{help}");
    }
}

#[test]
fn every_option_is_one_line_of_short_help_at_80_columns() {
    let mut problems = Vec::new();
    for mut command in commands() {
        let help = command.render_help().to_string();
        let name = command.get_name();
        let mut after_option = false;
        for line in help.lines().take_while(|line| !line.starts_with("Example")) {
            let text = line.trim_start();
            let indent = line.len() - text.len();
            let is_option = indent > 0 && text.starts_with('-');
            let is_continued = after_option && !is_option && indent > 0;
            let is_bare = is_option && !text.contains("  ");
            if line.chars().count() > 80 || is_continued || is_bare {
                problems.push(format!("{name}: {line}"));
            }
            after_option = is_option;
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_wrong_number_or_duration_is_answered_with_what_was_expected() {
    let mut checked = 0;
    for command in commands() {
        for arg in command.get_opts() {
            let names = arg.get_value_names().unwrap_or_default();
            let is_number = names
                .iter()
                .any(|name| ["N", "PORT", "YEAR", "DURATION"].contains(&name.as_str()));
            let Some(long) = arg.get_long().filter(|_| is_number) else {
                continue;
            };
            let option = format!("--{long}=x");
            let error = Cli::try_parse_from(["reflash", command.get_name(), &option])
                .err()
                .unwrap()
                .to_string();
            assert!(error.contains("expected a"), "{option}: {error}");
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked} options");
}

#[test]
fn every_command_has_an_example() {
    for mut command in commands() {
        let examples = command.get_after_help().map(ToString::to_string);
        let examples = examples.unwrap_or_default();
        let long = examples.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None);
        let help = command.render_long_help().to_string();
        let (_, example) = help.split_once("\nExample").unwrap_or_default();
        let name = command.get_name();
        assert!(example.contains("reflash "), "{name}\n{help}");
    }
}

#[test]
fn a_file_without_a_command_is_answered_with_the_commands_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my bundle.zip");
    let name = file.to_str().unwrap();
    let hint = |name: &str| {
        let error = Cli::try_parse_from(["reflash", name]).err().unwrap();
        commands_for_file(&error)
    };
    assert_eq!(hint(name), None, "it does not exist");
    std::fs::write(&file, "").unwrap();
    let hint = hint(name).unwrap();
    assert!(hint.contains(&format!("reflash verify '{name}'")), "{hint}");
}
