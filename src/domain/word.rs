//! Types whose values are words: stored, shown and typed by one name each.

/// Gives a type with `ALL` and `as_str` everything else that goes by the name: display, parsing, and the form in JSON. An
/// unknown word in a record is told apart from a broken one by serde's own error for it.
macro_rules! word {
    ($type:ident, $what:literal) => {
        impl $type {
            /// The one with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == name)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::from_name(text).ok_or_else(|| format!(concat!("`{}` is no ", $what), text))
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct WordVisitor;

                impl serde::de::Visitor<'_> for WordVisitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("the name of a ", $what))
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$type, E> {
                        <$type>::from_name(name).ok_or_else(|| E::unknown_variant(name, &[]))
                    }
                }

                deserializer.deserialize_str(WordVisitor)
            }
        }
    };
}

pub(super) use word;
