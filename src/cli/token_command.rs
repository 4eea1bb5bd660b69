//! `--token-command`: a program of the operator's whose output is an access token.

use super::{credentials, settings::program_of};
use crate::{engine::PrintToken, partner_center::auth::AccessToken, platform};
use secrecy::zeroize::Zeroizing;
use std::{io, pin::Pin, process::ExitStatus, process::Stdio, time::Duration};
use tokio::{io::AsyncReadExt as _, process::Child, time::sleep};

/// Longer than any sign-in helper takes that asks nobody.
const LONGEST: Duration = Duration::from_mins(2);
/// No token is a tenth as long.
const LARGEST: u64 = 64 << 10;

/// A command line, for the shell.
#[derive(Debug)]
pub(super) struct TokenCommand(pub(super) String);

impl PrintToken for TokenCommand {
    fn print(&self) -> Pin<Box<dyn Future<Output = Result<AccessToken, String>> + Send + '_>> {
        Box::pin(self.run(sleep(LONGEST)))
    }
}

impl TokenCommand {
    /// Runs it until `late` has come.
    async fn run(&self, late: impl Future<Output = ()>) -> Result<AccessToken, String> {
        let failed = |why: String| {
            let program = program_of(&self.0);
            format!("the token command `{program}` {why}; run it by hand to see what it says")
        };
        let mut child = self.spawn().map_err(|error| failed(format!("cannot be run: {error}")))?;
        let said = tokio::select! {
            said = listen(&mut child) => said.map_err(|error| format!("cannot be listened to: {error}")),
            () = late => Err(format!("did not end within {} s, and was killed", LONGEST.as_secs())),
        };
        let (printed, status) = match said {
            Ok((printed, Some(status))) => (printed, status),
            Ok((_, None)) => {
                end(&mut child).await;
                let text =
                    format!("printed more than {} KiB, which is no token, and was killed", LARGEST >> 10);
                return Err(failed(text));
            }
            Err(why) => {
                end(&mut child).await;
                return Err(failed(why));
            }
        };
        if !status.success() {
            return Err(failed(format!("ended with {status}")));
        }
        let text = Zeroizing::new(String::from_utf8_lossy(&printed).into_owned());
        AccessToken::new(&text, "--token-command")
            .map_err(|_not_a_token| failed("printed nothing, or something that is no token".to_owned()))
    }

    fn spawn(&self) -> io::Result<Child> {
        let mut command = platform::shell_command(&self.0);
        // What it says to people goes where our own messages go.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        command.kill_on_drop(true);
        // Our secrets are none of its business.
        for name in credentials::SECRETS {
            command.env_remove(name);
        }
        command.spawn()
    }
}

/// What it prints until it ends, and how it ended; not how, if it prints more than any token has.
async fn listen(child: &mut Child) -> io::Result<(Zeroizing<Vec<u8>>, Option<ExitStatus>)> {
    let mut printed = Zeroizing::new(Vec::new());
    if let Some(out) = child.stdout.take() {
        out.take(LARGEST + 1).read_to_end(&mut printed).await?;
    }
    if printed.len() as u64 > LARGEST {
        return Ok((printed, None));
    }
    Ok((printed, Some(child.wait().await?)))
}

/// Kills it, and leaves no dead process behind.
async fn end(child: &mut Child) {
    if let Err(error) = child.kill().await {
        tracing::warn!("the token command cannot be killed: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_command_prints_is_the_token() {
        let token = TokenCommand("echo a-token".to_owned()).run(std::future::pending()).await.unwrap();
        assert_eq!(token.secret.expose(), "a-token");
        let command = TokenCommand("no-such-program --secret x".to_owned());
        let error = command.run(std::future::pending()).await.unwrap_err();
        assert!(error.contains("`no-such-program …` ended with"), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_that_does_not_end_or_does_not_stop_is_killed_and_gone() {
        use rustix::process::{Pid, test_kill_process};
        use std::fs;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let shown = file.display();
        // The process that wrote its number there, as soon as it did.
        let pid = async || loop {
            let text = fs::read_to_string(&file).unwrap_or_default();
            match text.strip_suffix('\n').and_then(|number| number.parse().ok()).and_then(Pid::from_raw) {
                Some(pid) => return pid,
                None => tokio::task::yield_now().await,
            }
        };
        for (then, said) in [
            ("exec sleep 1000", "did not end within 120 s, and was killed"),
            ("exec >&-; exec sleep 1000", "did not end within 120 s, and was killed"),
            ("exec yes a-secret", "printed more than 64 KiB, which is no token, and was killed"),
        ] {
            let command = TokenCommand(format!("SECRET=x echo $$ > {shown}; {then}"));
            let is_late = said.starts_with("did");
            let late = async {
                pid().await;
                if !is_late {
                    std::future::pending::<()>().await;
                }
            };
            let error = command.run(late).await.unwrap_err();
            assert!(error.contains(said) && error.contains("`…`"), "{error}");
            assert!(!error.contains("a-secret") && !error.contains("SECRET"), "{error}");
            assert!(test_kill_process(pid().await).is_err(), "it is still there: {then}");
            fs::remove_file(&file).unwrap();
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_token_of_the_largest_size_is_taken() {
        let command = TokenCommand("head -c 65536 /dev/zero | tr '\\0' a".to_owned());
        let token = command.run(std::future::pending()).await.unwrap();
        assert_eq!(token.secret.expose().len(), 65536);
    }
}
