//! Folders that a service copies to other machines, and back.
//!
//! Such a service takes files apart from those beside them, at moments of its own, and may put an older copy in their
//! place; a database that is written meanwhile is lost. They are known by what the services themselves say (variables
//! of `OneDrive`, the file of Dropbox) and by the names that they give to folders in a home directory.

use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Variables that `OneDrive` sets for whoever is signed in to it.
const VARIABLES: [&str; 3] = ["OneDrive", "OneDriveCommercial", "OneDriveConsumer"];
/// Folders in a home directory, and whose they are.
const IN_HOME: [(&[&str], &str); 6] = [
    (&["Library", "Mobile Documents"], "iCloud"),
    (&["Library", "CloudStorage"], "a cloud service"),
    (&["iCloudDrive"], "iCloud"),
    (&["Dropbox"], "Dropbox"),
    (&["OneDrive"], "OneDrive"),
    (&["Google Drive"], "Google Drive"),
];
/// How the first folder below a home directory begins when a service keeps several.
const BEGINNINGS: [(&str, &str); 2] = [("OneDrive - ", "OneDrive"), ("Dropbox (", "Dropbox")];

/// The folders that this user's services synchronise.
#[derive(Debug, Default)]
pub(super) struct Services {
    home: Option<PathBuf>,
    /// A folder, and whose it is.
    roots: Vec<(PathBuf, &'static str)>,
}

impl Services {
    /// What is known of the services of whoever runs this.
    pub(super) fn of_this_user() -> Self {
        let variables = VARIABLES.iter().filter_map(env::var_os).map(|root| (root.into(), "OneDrive"));
        let mut roots: Vec<(PathBuf, &'static str)> = variables.collect();
        let home = env::home_dir();
        let places = [
            home.as_ref().map(|home| home.join(".dropbox")),
            env::var_os("LOCALAPPDATA").map(|data| Path::new(&data).join("Dropbox")),
            env::var_os("APPDATA").map(|data| Path::new(&data).join("Dropbox")),
        ];
        for place in places.into_iter().flatten() {
            let text = fs::read_to_string(place.join("info.json")).unwrap_or_default();
            roots.extend(of_dropbox(&text).into_iter().map(|root| (root, "Dropbox")));
        }
        // Compared with a folder that has every link followed.
        let known = |path: PathBuf| super::canonical(&path).unwrap_or(path);
        Self {
            home: home.map(known),
            roots: roots.into_iter().map(|(root, service)| (known(root), service)).collect(),
        }
    }

    /// Whoever synchronises this folder.
    pub(super) fn synchronise(&self, folder: &Path) -> Option<&'static str> {
        if let Some((_, service)) = self.roots.iter().find(|(root, _)| below(folder, root).is_some()) {
            return Some(service);
        }
        let within = below(folder, self.home.as_ref()?)?;
        let by_name = IN_HOME.iter().find(|(path, _)| {
            within.len() >= path.len() && path.iter().zip(&within).all(|(a, b)| a.eq_ignore_ascii_case(b))
        });
        let first = within.first()?;
        let by_beginning = || BEGINNINGS.iter().find(|(beginning, _)| first.starts_with(beginning));
        by_name.map(|(_, service)| *service).or_else(|| by_beginning().map(|(_, service)| *service))
    }
}

/// The names of the folders that lead from `root` to `folder`, if it is the same or below; capitals make no difference,
/// as on the drives of those who use such services.
fn below(folder: &Path, root: &Path) -> Option<Vec<String>> {
    let names = |path: &Path| -> Vec<String> {
        path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let (names, root) = (names(folder), names(root));
    let is_below = !root.is_empty()
        && names.len() >= root.len()
        && names.iter().zip(&root).all(|(a, b)| a.to_lowercase() == b.to_lowercase());
    is_below.then(|| names.into_iter().skip(root.len()).collect())
}

/// The folders in Dropbox's own file: an object for each account, with its `path`.
fn of_dropbox(text: &str) -> Vec<PathBuf> {
    let Ok(Value::Object(accounts)) = serde_json::from_str(text) else { return Vec::new() };
    accounts.values().filter_map(|account| account.get("path")?.as_str().map(PathBuf::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_known_by_what_services_say_and_by_their_names() {
        let services = Services {
            home: Some("/Users/dana".into()),
            roots: vec![("/mnt/team/OneDrive - Contoso".into(), "OneDrive")],
        };
        for (folder, service) in [
            ("/mnt/team/OneDrive - Contoso", Some("OneDrive")),
            ("/mnt/team/onedrive - contoso/logs", Some("OneDrive")),
            ("/mnt/team/OneDrive - Contoso too", None),
            ("/Users/dana/OneDrive - Fabrikam/logs", Some("OneDrive")),
            ("/Users/dana/Library/Mobile Documents/com~apple~CloudDocs/x", Some("iCloud")),
            ("/Users/dana/Library/CloudStorage/GoogleDrive-d@x.example/My Drive", Some("a cloud service")),
            ("/Users/dana/Library/Application Support/offboard", None),
            ("/Users/dana/dropbox", Some("Dropbox")),
            ("/Users/dana/Dropbox (Fabrikam)/logs", Some("Dropbox")),
            ("/Users/dana/work/Dropbox", None),
            ("/Users/dana", None),
            ("/Users/eve/Dropbox", None),
            ("/srv/Dropbox", None),
        ] {
            assert_eq!(services.synchronise(Path::new(folder)), service, "{folder}");
        }
        assert_eq!(Services::default().synchronise(Path::new("/")), None);
    }

    #[test]
    fn dropbox_says_where_its_folders_are() {
        let text =
            r#"{"personal": {"path": "D:\\Dropbox", "host": 1}, "business": {"path": "/b"}, "odd": 3}"#;
        let found: Vec<_> = of_dropbox(text);
        assert!(
            found.len() == 2 && ["/b", "D:\\Dropbox"].iter().all(|path| found.contains(&path.into())),
            "{found:?}"
        );
        assert!(of_dropbox("").is_empty() && of_dropbox("[1]").is_empty());
    }
}
