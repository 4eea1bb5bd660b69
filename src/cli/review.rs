//! `offboard review`.

use super::{
    args::{Common, ReviewOptions},
    exit::{Exit, Failure},
    printer::Printer,
    session,
    settings::{Paths, Typed},
    signals, verify,
};
use crate::review::{LogSession, Review};
use serde_json::json;
use std::sync::Arc;

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &ReviewOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let trust = verify::trust(&options.checkpoint, &options.key)?;
    let session = LogSession::open(&paths.audit_log, trust)?;
    // 122 random bits.
    let token = uuid::Uuid::new_v4().simple().to_string();
    session::block_on(async {
        let told = printer.clone();
        let tell = move |text: &str| told.warn(text);
        let review =
            Review::open(Arc::clone(&session), options.port, &token, tell).await.map_err(|error| {
                Failure::usage(format!(
                    "cannot listen on port {} of 127.0.0.1: {error}; choose another with `--port`",
                    options.port
                ))
            })?;
        let ended = signals::first();
        if printer.json {
            printer.data(&json!({ "address": review.url() }).to_string())?;
        } else {
            printer.data(&review.url())?;
        }
        printer.say(
            "Open this address in a browser on this machine; whoever has it can read the log while this runs. \
             Nothing is written. Ctrl-C ends it.",
        );
        ended.await;
        session.close();
        Ok(Exit::Done)
    })
}
