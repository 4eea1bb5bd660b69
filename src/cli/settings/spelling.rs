//! Names in `offboard.toml` that are none: which ones are near.

/// So many names, and one more, are all told.
const FEW: usize = 4;

/// What is said of an error in the file: an unknown name is told with the nearest one that is known.
pub(super) fn explained(message: &str) -> String {
    // Serde names the unknown one first, and then all that are known there.
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next().filter(|_| message.starts_with("unknown field"));
    let Some(unknown) = unknown else { return message.to_owned() };
    let known: Vec<&str> = names.collect();
    let then = match (nearest(unknown, &known), &*known) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, [few @ .., last]) if !few.is_empty() && few.len() <= FEW => {
            format!("there are `{}` and `{last}`", few.join("`, `"))
        }
        (None, _) => "settings have the names of options, with `_` for `-`, and what is decided about one list is said \
                      with the command alone"
            .to_owned(),
    };
    format!("there is no setting `{unknown}`; {then}")
}

/// The known name that is nearest, if no more than a third of its letters is wrong.
fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let unknown = unknown.to_lowercase().replace('-', "_");
    let far = |name: &&'a str| (strsim::damerau_levenshtein(&unknown, name), *name);
    let (wrong, name) = known.iter().map(far).min()?;
    (3 * wrong <= name.chars().count()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_near_is_suggested_and_no_other() {
        let known = ["max_removals", "max_share", "settle", "approval", "allow"];
        for (unknown, near) in [
            ("max_removal", Some("max_removals")),
            ("max-removals", Some("max_removals")),
            ("Max_Shares", Some("max_share")),
            ("setlte", Some("settle")),
            ("aproval", Some("approval")),
            ("sheet", None),
            ("access_token", None),
            ("", None),
        ] {
            assert_eq!(nearest(unknown, &known), near, "{unknown}");
        }
        assert_eq!(nearest("any", &[]), None);
    }

    #[test]
    fn what_is_no_unknown_name_is_said_as_it_is() {
        for message in ["invalid type: string `x`, expected u32", "", "unknown variant `a`, expected `b`"] {
            assert_eq!(explained(message), message);
        }
        assert_eq!(
            explained("unknown field `x`, expected `required_above` or `approvers`"),
            "there is no setting `x`; there are `required_above` and `approvers`"
        );
    }
}
