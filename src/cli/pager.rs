//! A long text on a terminal, a screen at a time.

use super::{exit::Failure, printer::Printer};
use std::io;

/// What a terminal has that does not say it: lines, and characters in each.
const USUAL: (usize, usize) = (24, 80);

/// Shows all of it; at a terminal it stops at the end of each screen until somebody has read that.
pub(super) fn show(printer: &Printer, text: &str) -> Result<(), Failure> {
    let (height, width) = size();
    let mut screens = screens(text, height.saturating_sub(1).max(1), width.max(1)).into_iter().peekable();
    while let Some(screen) = screens.next() {
        printer.data(&screen)?;
        if screens.peek().is_some() {
            printer.ask("-- Enter: go on · q and Enter: to the end --");
            let mut line = String::new();
            let read = io::stdin().read_line(&mut line);
            if read.is_err() || read.is_ok_and(|length| length == 0) || line.trim() == "q" {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn size() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let size = size.filter(|size| size.ws_row > 0 && size.ws_col > 0);
    size.map_or(USUAL, |size| (size.ws_row.into(), size.ws_col.into()))
}

/// As many lines as fit, each counted as often as the terminal breaks it.
fn screens(text: &str, height: usize, width: usize) -> Vec<String> {
    let (mut screens, mut screen, mut room) = (Vec::new(), Vec::new(), height);
    for line in text.split('\n') {
        let takes = line.chars().count().div_ceil(width).max(1);
        if takes > room && !screen.is_empty() {
            screens.push(std::mem::take(&mut screen).join("\n"));
            room = height;
        }
        screen.push(line);
        room = room.saturating_sub(takes);
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
    }

    proptest! {
        #[test]
        fn no_line_is_lost(lines in prop::collection::vec("[a-z]{0,9}", 1..40), height in 1_usize..9, width in 1_usize..9) {
            let text = lines.join("\n");
            prop_assert_eq!(screens(&text, height, width).join("\n"), text);
        }
    }
}
