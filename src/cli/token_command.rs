//! `--token-command`: a program of the operator's whose output is an access token.

use super::credentials;
use crate::{engine::PrintToken, partner_center::auth::AccessToken};
use std::{pin::Pin, process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

/// Longer than any sign-in helper takes that asks nobody.
const LONGEST: Duration = Duration::from_mins(2);
/// No token is a tenth as long.
const LARGEST: usize = 256 << 10;

/// A command line, for the shell.
#[derive(Debug)]
pub(super) struct TokenCommand(pub(super) String);

impl PrintToken for TokenCommand {
    fn print(&self) -> Pin<Box<dyn Future<Output = Result<AccessToken, String>> + Send + '_>> {
        Box::pin(self.run())
    }
}

impl TokenCommand {
    async fn run(&self) -> Result<AccessToken, String> {
        let mut command = Command::new("/bin/sh");
        // What it says to people goes where our own messages go.
        command.arg("-c").arg(&self.0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        command.kill_on_drop(true);
        // Our secrets are none of its business.
        for name in credentials::SECRETS {
            command.env_remove(name);
        }
        let failed = |why: String| format!("the token command {why}; run it by hand to see what it says");
        // Not `output()`, which would keep what it says to people.
        let ended = async { command.spawn()?.wait_with_output().await };
        let ended = match timeout(LONGEST, ended).await {
            Err(_elapsed) => return Err(failed(format!("did not end within {} s", LONGEST.as_secs()))),
            Ok(Err(error)) => return Err(failed(format!("cannot be run: {error}"))),
            Ok(Ok(ended)) => ended,
        };
        if !ended.status.success() {
            return Err(failed(format!("ended with {}", ended.status)));
        }
        if ended.stdout.len() > LARGEST {
            return Err(failed(format!("printed {} bytes, which is no token", ended.stdout.len())));
        }
        let text = String::from_utf8_lossy(&ended.stdout);
        AccessToken::new(&text, "--token-command")
            .map_err(|_not_a_token| failed("printed nothing, or something that is no token".to_owned()))
    }
}
