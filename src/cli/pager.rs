//! A long text on a terminal, a screen at a time.

use super::{
    exit::Failure,
    folding::{folded, shown_width},
    printer::{Printer, terminal_size},
};
use std::io;

/// Shows all of it; at the end of each screen it stops until somebody has read that.
pub(super) fn show(printer: &Printer, text: &str) -> Result<(), Failure> {
    let mut screens = of_this_terminal(text).into_iter().peekable();
    let mut is_read = true;
    while let Some(screen) = screens.next() {
        printer.data(&screen)?;
        if is_read && screens.peek().is_some() {
            is_read = pause(printer);
        }
    }
    Ok(())
}

/// Stops until somebody has read what is there. False if the rest is not to be stopped at.
pub(super) fn pause(printer: &Printer) -> bool {
    printer.ask("-- Enter: go on · q and Enter: to the end --");
    let mut line = String::new();
    io::stdin().read_line(&mut line).is_ok_and(|length| length > 0) && line.trim() != "q"
}

/// Whether it would scroll out of sight.
pub(super) fn is_longer_than_a_screen(text: &str) -> bool {
    of_this_terminal(text).len() > 1
}

fn of_this_terminal(text: &str) -> Vec<String> {
    let (height, width) = terminal_size(io::stdout());
    // The last line is where it stops.
    screens(&folded(text, width.max(1)), height.saturating_sub(2).max(1), width.max(1))
}

/// As many lines as fit, each counted as often as the terminal breaks it. A paragraph that fits a screen is on one.
fn screens(text: &str, height: usize, width: usize) -> Vec<String> {
    let (mut screens, mut screen, mut room) = (Vec::new(), Vec::new(), height);
    let lines: Vec<&str> = text.split('\n').collect();
    let takes = |line: &str| shown_width(line).div_ceil(width).max(1);
    let mut was_blank = true;
    for (at, line) in lines.iter().enumerate() {
        let paragraph = lines.iter().skip(at).take_while(|line| !line.is_empty());
        let whole: usize = if was_blank { paragraph.map(|line| takes(line)).sum() } else { 0 };
        let needs = if whole <= height { whole.max(takes(line)) } else { takes(line) };
        if needs > room && !screen.is_empty() {
            screens.push(std::mem::take(&mut screen).join("\n"));
            room = height;
        }
        screen.push(*line);
        room = room.saturating_sub(takes(line));
        was_blank = line.is_empty();
    }
    screens.push(screen.join("\n"));
    screens
}

#[cfg(test)]
mod tests {
    use super::screens;
    use proptest::prelude::*;

    #[test]
    fn a_screen_ends_before_it_scrolls() {
        assert_eq!(screens("a\nb\nc", 2, 80), ["a\nb", "c"]);
        // A line that the terminal breaks takes two.
        assert_eq!(screens("a\nbbb\nc", 2, 2), ["a", "bbb", "c"]);
        assert_eq!(screens("aaaa", 1, 2), ["aaaa"]);
        // What belongs together stays together, if a screen can hold it.
        assert_eq!(screens("a\n\nb\nc", 3, 80), ["a\n", "b\nc"]);
        assert_eq!(screens("a\n\nb\nc\nd\ne", 3, 80), ["a\n\nb", "c\nd\ne"]);
    }

    proptest! {
        #[test]
        fn no_line_is_lost(lines in prop::collection::vec("[a-z]{0,9}", 1..40), height in 1_usize..9, width in 1_usize..9) {
            let text = lines.join("\n");
            prop_assert_eq!(screens(&text, height, width).join("\n"), text);
        }
    }
}
