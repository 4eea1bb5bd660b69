//! Whose account the sign-in is for, for commands that read all of a partner's customers.

use super::exit::{Exit, Failure};
use crate::{
    domain::TenantId, engine::StandaloneSession, partner_center::transport::Transport, record::Partner,
    report::visible,
};

/// Signs in, and says whose account that is. It must be the one that `--partner-tenant` names, if it names one.
pub(super) async fn signed_in<T: Transport>(
    visit: &StandaloneSession<T>,
    wanted: Option<TenantId>,
) -> Result<Partner, Failure> {
    visit.sign_in().await?;
    let found = visit.identify().await?.partner;
    if wanted.is_some_and(|wanted| wanted != found.tenant_id) {
        let text = format!(
            "the account is {} ({}), not the one that `--partner-tenant` names; nothing was written",
            visible(&found.name),
            found.tenant_id
        );
        return Err(Failure::new(Exit::Guard, text));
    }
    Ok(found)
}
