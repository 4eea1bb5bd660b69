//! The services that requests go to. Each has an address and a token of its own; the gate and the records are the same.

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Partner Center's REST API.
    PartnerCenter,
    /// Microsoft Graph, where delegated administration is.
    Graph,
}

impl Service {
    /// Its name, for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PartnerCenter => "Partner Center",
            Self::Graph => "Microsoft Graph",
        }
    }
}
