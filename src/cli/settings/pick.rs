//! Where each value comes from: option, environment, `offboard.toml`, default, in this order.

use super::Typed;
use crate::record::Setting;
use std::{collections::BTreeMap, fmt::Display, path::PathBuf};

/// Picks each value and remembers where it came from.
pub(super) struct Picker<'a> {
    pub(super) typed: &'a Typed,
    pub(super) recorded: BTreeMap<String, Setting>,
}

impl Picker<'_> {
    /// `shown` is how the value is recorded.
    pub(super) fn pick<T>(
        &mut self,
        name: &str,
        typed: Option<T>,
        file: Option<T>,
        default: T,
        shown: impl Fn(&T) -> String,
    ) -> T {
        let (value, origin) = match (typed, file) {
            (Some(value), _) => (value, self.typed.origin(name)),
            (None, Some(value)) => (value, "file"),
            (None, None) => (default, "default"),
        };
        let setting = Setting { value: shown(&value), origin: origin.to_owned() };
        self.recorded.insert(name.to_owned(), setting);
        value
    }

    pub(super) fn number(&mut self, name: &str, typed: Option<u32>, file: Option<u32>, default: u32) -> u32 {
        self.pick(name, typed, file, default, ToString::to_string)
    }

    pub(super) fn path(
        &mut self,
        name: &str,
        typed: Option<&PathBuf>,
        file: Option<PathBuf>,
        default: &str,
    ) -> PathBuf {
        self.pick(name, typed.cloned(), file, PathBuf::from(default), |path| path.display().to_string())
    }

    /// A value that need not be given.
    pub(super) fn optional<T: Clone + Display>(
        &mut self,
        name: &str,
        typed: Option<T>,
        file: Option<T>,
    ) -> Option<T> {
        let shown = |value: &Option<T>| value.as_ref().map(ToString::to_string).unwrap_or_default();
        self.pick(name, typed.map(Some), file.map(Some), None, shown)
    }
}
