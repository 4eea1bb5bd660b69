//! The run that benchmarks carry out: a list of customers that may all go.

use offboard::{
    conduct::{ConsentAnswer, Decision, News, Operator, Phrase},
    domain::{Mode, Procedure, Sha256},
    engine::{Halt, Watch},
    input::{List, ListError, Options},
    partner_center::transport::Transport,
    record::{InputFile, Policy, Rules, Run, RunOpened},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, ready},
};

/// A run over so many customers of this partner, at this address and pace, in waves or not.
pub(crate) fn opened(
    url: &str,
    partner: &str,
    customers: usize,
    (rate, concurrency): (u32, u32),
    canary: u32,
) -> RunOpened {
    RunOpened {
        takes_back: None,
        rules: Rules::LATEST,
        version: "bench".into(),
        procedure: Procedure::RemoveRelationship,
        mode: Mode::Run,
        changes: true,
        applies: None,
        api_url: url.to_owned(),
        operator: "bench".into(),
        host: "host".into(),
        input: InputFile {
            file: "list".into(),
            sha256: Sha256::of(&[b"x"]),
            rows: u32::try_from(customers).unwrap_or(u32::MAX),
            columns: vec!["id".into()],
            reading: None,
        },
        ticket: None,
        reason: None,
        policy: Policy {
            rate,
            concurrency,
            settle_seconds: 60,
            stop_after_failures: 0,
            canary,
            max_removals: u32::MAX,
            max_share: 100,
            limit: None,
            approval_above: None,
            allow: vec![],
            protected: BTreeSet::new(),
            partner: partner.parse().ok(),
            sandbox: None,
            sandboxes: BTreeSet::new(),
            revoke_consent: BTreeSet::new(),
            order_timeout_seconds: None,
            only_reseller: BTreeSet::new(),
            suspend_legacy: false,
            allowed: BTreeSet::new(),
        },
        settings: BTreeMap::new(),
    }
}

/// The `n`th customer.
pub(crate) fn id(n: usize) -> String {
    format!("d0000000-0000-4000-8000-{n:012x}")
}

/// The list.
pub(crate) fn list(count: usize) -> Result<List, ListError> {
    let lines = (0..count).map(|n| id(n) + "\n");
    let text: String = std::iter::once("id\n".to_owned()).chain(lines).collect();
    List::from_bytes("list", text.into_bytes(), &Options::default())
}

/// Says yes to everything, and looks when the run has ended.
pub(crate) struct Yes<F>(pub(crate) F);

impl<F: FnMut(&Run)> Operator for Yes<F> {
    type Progress = ();

    fn name(&self) -> String {
        "bench".to_owned()
    }

    fn tell(&mut self, news: News<'_>, run: &Run) {
        if matches!(news, News::Ended(_)) {
            self.0(run);
        }
    }

    fn working<T: Transport>(&mut self, _: Watch<T>) {}

    fn confirm(
        &mut self,
        _: &Run,
        _: &Phrase,
        _: bool,
    ) -> impl Future<Output = Result<ConsentAnswer, Halt>> + use<F> {
        ready(Ok(ConsentAnswer::Given))
    }

    fn take_back(&mut self, _: &Run) -> impl Future<Output = Result<Decision, Halt>> + use<F> {
        ready(Ok(Decision::Nobody))
    }

    fn undecided(&self, _: &Run) -> Option<String> {
        None
    }

    fn can_resume(&self, _: &Run) -> bool {
        true
    }
}
