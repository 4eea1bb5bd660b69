//! How a verification shows one thing that it looked at, and what it came to.

use super::printer::{Paint, Printer};
use crate::{
    audit::verify::{Check, Verdict},
    report::visible,
};

/// One check: a tick, or what is wrong.
pub(super) fn line(printer: &Printer, check: &Check) -> String {
    if check.is_fine() {
        return format!("{} {:<11} {}", printer.paint(Paint::Good, "✓"), check.name, visible(&check.subject));
    }
    let mark = printer.paint(Paint::Bad, "✗");
    let mut lines: Vec<String> = check
        .faults
        .iter()
        .map(|fault| format!("{mark} {:<11} {}", check.name, visible(&fault.described())))
        .collect();
    if check.more_faults > 0 {
        lines.push(format!("{mark} {:<11} and {} more", check.name, check.more_faults));
    }
    lines.join("\n")
}

/// What it came to, in a sentence.
pub(super) fn verdict_line(printer: &Printer, verdict: Verdict, sentence: &str) -> String {
    let paint = match verdict {
        Verdict::Proved => Paint::Good,
        Verdict::Altered => Paint::Bad,
        Verdict::EndUnproved => Paint::Care,
    };
    printer.paint(paint, &visible(sentence))
}
