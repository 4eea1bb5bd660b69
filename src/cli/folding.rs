//! Text as a terminal shows it without breaking a word: lines that are too wide go on in the next one.
//!
//! A command goes on after the mark of the shell in use, which takes what is copied from the screen. The lines of a signed head
//! stay as they are, since a copy of them must be one.

use crate::platform::goes_on;

/// From here on a column is too far to the right for the rest of its line to stand below it.
const FARTHEST: usize = 20;
/// Where a line goes on that has no column near enough.
const FURTHER: usize = 4;

/// The same text in lines of at most `width` characters, as far as its words allow.
pub(super) fn folded(text: &str, width: usize) -> String {
    text.split('\n').map(|line| folded_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn folded_line(line: &str, width: usize) -> String {
    let is_signature = line.starts_with("— ");
    if shown_width(line) <= width || is_signature {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    if line.trim_start().starts_with("offboard ") {
        return folded_command(line, width, indent + 2);
    }
    let hang = hang(line, indent).min(width / 2);
    let room = width - hang;
    let words = words(line, '`', room).into_iter().flat_map(|(gap, word)| parts(gap, word, room));
    laid_out(words, width, hang, "")
}

/// A command and, in parentheses, what it is for.
fn folded_command(line: &str, width: usize, hang: usize) -> String {
    let (command, why) = match line.split_once("  (") {
        Some((command, why)) => (command, format!("\n{}({why}", " ".repeat(hang))),
        None => (line, String::new()),
    };
    let command = if shown_width(command) <= width {
        command.to_owned()
    } else {
        laid_out(arguments(command).into_iter(), width, hang, goes_on())
    };
    format!("{command}{}", folded_why(&why, width))
}

fn folded_why(why: &str, width: usize) -> String {
    why.split('\n').map(|line| folded_line(line, width)).collect::<Vec<_>>().join("\n")
}

/// The words one after the other, each with the spaces before it; lines that go on end with `mark`.
fn laid_out(words: impl Iterator<Item = (usize, String)>, width: usize, hang: usize, mark: &str) -> String {
    let (mut text, mut at, mut is_first) = (String::new(), 0, true);
    for (gap, word) in words {
        let length = shown_width(&word);
        if is_first || at + gap + length + mark.len() <= width {
            text.push_str(&" ".repeat(gap));
            at += gap + length;
        } else {
            text.push_str(&format!("{mark}\n{}", " ".repeat(hang)));
            at = hang + length;
        }
        text.push_str(&word);
        is_first = false;
    }
    text
}

/// Below what a line goes on: its second column, or a little further than it begins.
fn hang(line: &str, indent: usize) -> usize {
    let Some(rest) = line.get(indent..) else { return indent };
    let Some(first) = rest.find("  ") else { return if indent == 0 { 0 } else { indent + 2 } };
    let (before, after) = rest.split_at_checked(first).unwrap_or((rest, ""));
    let column = indent + shown_width(before) + (after.len() - after.trim_start_matches(' ').len());
    if column <= FARTHEST { column } else { indent + FURTHER }
}

/// The words with the number of spaces before each. What stands between two `marks` is one word, if it fits in `room`.
fn words(line: &str, marks: char, room: usize) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut gap = 0;
    let mut quoted: Vec<(usize, String)> = Vec::new();
    for word in line.split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        let is_odd = word.matches(marks).count() % 2 == 1;
        let was_quoted = !quoted.is_empty();
        if was_quoted || is_odd {
            quoted.push((gap, word.to_owned()));
        } else {
            match words.last_mut().filter(|(_, before)| gap == 1 && belongs(before, word, room)) {
                Some((_, before)) => *before = format!("{before} {word}"),
                None => words.push((gap, word.to_owned())),
            }
        }
        if was_quoted && is_odd {
            words.extend(joined(std::mem::take(&mut quoted), room));
        }
        gap = 1;
    }
    words.extend(quoted);
    words
}

/// A number stays with its unit, and an ID with what it is called.
fn belongs(before: &str, word: &str, room: usize) -> bool {
    let bare = word.trim_end_matches([',', '.', ';', ':']);
    let is_id = matches!(bare.len(), 22 | 36)
        && bare.contains('-')
        && bare.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    let is_unit = bare == "ms" && before.chars().all(|c| c.is_ascii_digit());
    (is_id || is_unit) && !before.contains(' ') && shown_width(before) + 1 + shown_width(word) <= room
}

fn arguments(command: &str) -> Vec<(usize, String)> {
    let mut arguments: Vec<(usize, String)> = Vec::new();
    let mark = if command.contains('\'') { '\'' } else { '"' };
    // An option and its value stay together.
    for (gap, word) in words(command, mark, usize::MAX) {
        match arguments.last_mut() {
            Some((_, before))
                if before.starts_with("--") && !before.contains(' ') && !word.starts_with("--") =>
            {
                *before = format!("{before} {word}");
            }
            _ => arguments.push((gap, word)),
        }
    }
    arguments
}

fn joined(quoted: Vec<(usize, String)>, room: usize) -> Vec<(usize, String)> {
    let Some((gap, _)) = quoted.first().cloned() else { return quoted };
    let whole = quoted.iter().map(|(_, word)| word.as_str()).collect::<Vec<_>>().join(" ");
    if shown_width(&whole) <= room { vec![(gap, whole)] } else { quoted }
}

/// A URL that no line can hold, in parts that one can: IDs stand between slashes.
fn parts(gap: usize, word: String, room: usize) -> Vec<(usize, String)> {
    let scheme = word.find("://").map(|at| at + 3).filter(|_| shown_width(&word) > room);
    let Some(scheme) = scheme else { return vec![(gap, word)] };
    let mut parts = vec![(gap, String::new())];
    for (at, c) in word.char_indices() {
        if at >= scheme && matches!(c, '/' | '?' | '&') {
            parts.push((0, String::new()));
        }
        if let Some((_, part)) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

/// How many characters a terminal shows: colours are none.
pub(super) fn shown_width(text: &str) -> usize {
    let mut is_color = false;
    let shown = text.chars().filter(|c| {
        let was_color = is_color;
        is_color = *c == '\u{1b}' || is_color && *c != 'm';
        !was_color && !is_color
    });
    shown.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_goes_on_where_its_text_began() {
        let text = "error: give `--approver KEY` or more\n  limits     one two three four five";
        assert_eq!(
            folded(text, 26),
            "error: give\n`--approver KEY` or more\n  limits     one two three\n             four five"
        );
        assert_eq!(folded("\u{1b}[31merror:\u{1b}[0m short", 12), "\u{1b}[31merror:\u{1b}[0m short");
        let url = "2026 GET http://127.0.0.1/v1/customers/c0000000/subscriptions?a=b 1 ms";
        assert_eq!(
            folded(url, 40),
            "2026 GET http://127.0.0.1/v1/customers\n/c0000000/subscriptions?a=b 1 ms"
        );
    }

    #[test]
    fn an_id_stays_with_what_it_is_called() {
        let text = "    request 11111111-2222-4333-8444-555555555555 run 20261120-091530-7b1d0f, 12 ms";
        assert_eq!(
            folded(text, 52),
            "    request 11111111-2222-4333-8444-555555555555\n      run 20261120-091530-7b1d0f, 12 ms"
        );
        assert_eq!(folded("it took about 12 ms", 16), "it took about\n12 ms");
    }

    #[test]
    fn a_command_is_still_one_when_it_is_copied() {
        let text = "  offboard apply 'my plans/plan.json' --approval 'my plans/a.txt' --yes  (why, in words)";
        assert_eq!(
            folded(text, 40),
            format!(
                "  offboard apply 'my plans/plan.json'{}\n    --approval 'my plans/a.txt' --yes\n    (why, in words)",
                goes_on()
            )
        );
        let head = format!("— tester@desk {}", "A".repeat(99));
        assert_eq!(folded(&head, 40), head);
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_none_is_broken(text in "[a-z` ]{0,90}", width in 8_usize..60) {
            let shown = folded(&text, width);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&shown), words(&text));
            for line in shown.lines() {
                prop_assert!(line.trim_end().chars().count() <= width || words(line).len() <= 1, "{}", line);
            }
        }
    }
}
