//! Durations as people write them: `90`, `90s`, `5m`, `2h` or `1h30m`. Wherever one is taken, this reads it.

use super::{FILE, Picker};
use crate::cli::exit::Failure;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de};
use std::{fmt, ops::RangeInclusive, time::Duration};

/// The longest wait that can be asked for, in seconds: a day.
pub(super) const DAY: u32 = 86_400;

/// A duration of `offboard.toml`, as it stands there: a number of seconds, or a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrittenDuration(pub(super) String);

impl<'de> Deserialize<'de> for WrittenDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = WrittenDuration;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a duration, for example 90, \"5m\" or \"2h\"")
            }

            fn visit_i64<E>(self, seconds: i64) -> Result<WrittenDuration, E> {
                Ok(WrittenDuration(seconds.to_string()))
            }

            fn visit_u64<E>(self, seconds: u64) -> Result<WrittenDuration, E> {
                Ok(WrittenDuration(seconds.to_string()))
            }

            fn visit_str<E>(self, text: &str) -> Result<WrittenDuration, E> {
                Ok(WrittenDuration(text.to_owned()))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// Reads a duration. A number alone is one of seconds. `given` is how it was given, for whoever reads that it is none.
pub(in crate::cli) fn duration(given: &str, text: &str) -> Result<Duration, Failure> {
    let refused =
        || Failure::usage(format!("{given}: it is no duration; write, for example, `90`, `5m` or `2h`"));
    let text = text.trim();
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
        return text.parse().map(Duration::from_secs).map_err(|_too_large| refused());
    }
    let parsed: SignedDuration = text.parse().map_err(|_unreadable| refused())?;
    Duration::try_from(parsed).map_err(|_negative| refused())
}

impl Picker<'_> {
    /// A wait in whole seconds, on record as it was written. `range` is said in words.
    pub(super) fn seconds(
        &mut self,
        name: &str,
        typed: Option<&String>,
        file: Option<&WrittenDuration>,
        default: &str,
        (range, in_words): (RangeInclusive<u32>, &str),
    ) -> Result<u32, Failure> {
        let in_file = file.map(|written| written.0.clone());
        let given = match (typed, &in_file) {
            (None, Some(text)) => format!("`{FILE}`: `{name} = {text}`"),
            (typed, _) => {
                format!("`--{} {}`", name.replace('_', "-"), typed.map_or(default, String::as_str))
            }
        };
        let text = self.pick(name, typed.cloned(), in_file, default.to_owned(), String::clone);
        let duration = duration(&given, &text)?;
        let whole = Some(duration.as_secs()).filter(|_| duration.subsec_nanos() == 0);
        whole
            .and_then(|seconds| u32::try_from(seconds).ok())
            .filter(|seconds| range.contains(seconds))
            .ok_or_else(|| Failure::usage(format!("{given}: it can be {in_words}, in whole seconds")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read_and_nothing_else() {
        let second = |text: &str| duration("it", text).map(|duration| duration.as_secs());
        for (text, seconds) in [
            ("90", 90),
            ("0", 0),
            (" 90 ", 90),
            ("90s", 90),
            ("5m", 300),
            ("2h", 7200),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("1000000h", 3_600_000_000),
            ("1.5h", 5400),
        ] {
            assert_eq!(second(text).ok(), Some(seconds), "{text}");
        }
        for text in ["", " ", "5x", "soon", "-5", "-5m", "5 4", "99999999999999999999", "١"] {
            let refused = second(text).unwrap_err().text;
            assert!(
                refused.starts_with("it: it is no duration; write, for example, `90`"),
                "{text}: {refused}"
            );
        }
    }
}
