//! What goes where: data to standard output, everything else to standard error.

use super::{
    args::{Color, Common, Output},
    exit::{Exit, Failure},
    folding::folded,
    terminal_escape,
};
use crate::{
    domain::is_taken_out,
    platform::{self, AsTerminal},
    report::{harmless_json, visible},
};
use std::{
    borrow::Cow,
    io::{self, IsTerminal as _, Write as _},
};

/// Knows how much is to be said, and how.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[derive(Clone, Debug)]
pub(super) struct Printer {
    pub(super) json: bool,
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    color: bool,
    interactive: bool,
    /// Whether a line is erased before another takes its place.
    erases: bool,
}

/// A colour, or rather what it says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Paint {
    Good,
    Care,
    Bad,
    Strong,
}

/// The end of what is in a colour.
const PLAIN: &str = "\u{1b}[0m";
/// All colours and their end.
const COLORS: [&str; 5] =
    [Paint::Good.code(), Paint::Care.code(), Paint::Bad.code(), Paint::Strong.code(), PLAIN];

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "\u{1b}[32m",
            Self::Care => "\u{1b}[33m",
            Self::Bad => "\u{1b}[31m",
            Self::Strong => "\u{1b}[1m",
        }
    }
}

impl Printer {
    pub(super) fn plain() -> Self {
        Self { json: false, quiet: false, verbose: false, color: false, interactive: false, erases: false }
    }

    pub(super) fn new(common: &Common) -> Self {
        let interactive = io::stderr().is_terminal();
        let wanted = common.color.unwrap_or(Color::Auto);
        // Some consoles obey nothing before they are asked to, colours that somebody insists on included.
        let is_obeyed = (interactive || wanted == Color::Always) && platform::obeys_escapes();
        let color = match wanted {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_obeyed && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        Self {
            json: common.output == Some(Output::Json),
            quiet: common.quiet,
            verbose: common.verbose,
            color,
            interactive,
            erases: interactive && is_obeyed,
        }
    }

    /// Whether a person sees standard error.
    pub(super) fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Data, with nothing in it that a terminal obeys but what this program means.
    pub(super) fn data(&self, text: &str) -> Result<(), Failure> {
        write_data(&if !self.json {
            self.harmless(text)
        } else if is_taken_out("json-that-moves-the-cursor") {
            text.into()
        } else {
            harmless_json(text)
        })
    }

    /// Data for people: at a terminal, no word of it is broken. A pipe gets it as it is.
    pub(super) fn show(&self, text: &str) -> Result<(), Failure> {
        if self.json || !io::stdout().is_terminal() {
            return self.data(text);
        }
        write_data(&folded(&self.harmless(text), terminal_size(io::stdout()).1))
    }

    /// A message for people.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            self.line(text);
        }
    }

    /// A question, or what is to be known before one is answered; also when quiet.
    pub(super) fn ask(&self, text: &str) {
        self.line(text);
    }

    /// A message that matters even when quiet.
    pub(super) fn warn(&self, text: &str) {
        let mark = self.paint(Paint::Care, "warning:");
        self.line(&format!("{mark} {text}"));
    }

    /// The text in a colour, if there are colours.
    pub(super) fn paint(&self, paint: Paint, text: &str) -> String {
        if self.color { format!("{}{text}{PLAIN}", paint.code()) } else { text.to_owned() }
    }

    fn harmless<'a>(&self, text: &'a str) -> Cow<'a, str> {
        terminal_escape::text(text, if self.color { &COLORS } else { &[] })
    }

    /// Says why a command failed.
    pub(super) fn failure(&self, failure: &Failure) -> Exit {
        let mark = self.paint(Paint::Bad, "error:");
        // The text may quote a file or the service: nothing in it may move the cursor.
        let lines: Vec<_> = failure.text.lines().map(visible).collect();
        self.line(&format!("{mark} {}", lines.join("\n")));
        failure.exit
    }

    /// What clap says of a command line: help is data, anything else a usage error, with what is advised.
    pub(super) fn usage(&self, error: &clap::Error, advice: Option<&str>) -> Exit {
        if error.use_stderr() {
            self.line(error.render().to_string().trim_end());
            if let Some(advice) = advice {
                self.line(&format!("{} {advice}", self.paint(Paint::Strong, "advice:")));
            }
            return Exit::Usage;
        }
        let shown = self.data(error.render().to_string().trim_end());
        shown.map_or_else(|failure| self.failure(&failure), |()| Exit::Done)
    }

    fn line(&self, text: &str) {
        // A progress bar may stand where the text begins; it is drawn again below.
        let begin = if self.erases { "\r\u{1b}[K" } else { "" };
        let mut text = self.harmless(text);
        if self.interactive {
            text = folded(&text, terminal_size(io::stderr()).1).into();
        }
        let mut err = io::stderr().lock();
        // If nobody can be told, there is nobody to tell.
        drop(writeln!(err, "{begin}{text}"));
    }
}

/// Writes this to standard output as it is.
fn write_data(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

/// Writes data to standard output as it is: it was made harmless where it was made.
pub(super) fn pass_on(data: &mut impl io::Read) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(io::copy(data, &mut out).and_then(|_| out.flush()))
}

/// How writing to standard output ended. A reader that went away is no fault.
fn written(ended: io::Result<()>) -> Result<(), Failure> {
    match ended {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::usage(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// How many lines this terminal has now, and how many characters in each; what is usual, if it does not say it.
pub(super) fn terminal_size(terminal: impl AsTerminal) -> (usize, usize) {
    let (columns, lines) = platform::terminal_size(terminal).unwrap_or((80, 24));
    (lines.into(), columns.into())
}
