//! Customers whose state is derived from nothing but their ID.
//!
//! The same ID gives the same state each time, on every machine, so that a rehearsal can be
//! repeated and talked about. About seven in ten have nothing in the way of a removal; the others
//! are spread over the reasons that there are. Of a hundred, one has a transfer to another partner that is
//! open, and two one that was completed; a third belong to a few indirect resellers. Dates lie either well in the past or well ahead, so
//! that the calendar does not change the state during the life of this program.

use super::scenario::{
    AzureSubscription, Customer, DelegatedAdmin, Direction, Entitlement, Order, Relationship, Reseller,
    Scheduled, Subscription, SubscriptionKind, Transfer, TransferLine,
};
use crate::domain::{Sha256, TenantId};
use serde_json::Map;

/// The ID of the `n`th generated customer.
pub fn generated_id(seed: u64, n: u32) -> TenantId {
    let digest = Sha256::of(&[b"simulated customer", &seed.to_be_bytes(), &n.to_be_bytes()]);
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(digest.as_bytes()) {
        *byte = *from;
    }
    TenantId::from_bytes(*uuid::Builder::from_random_bytes(bytes).as_uuid().as_bytes())
}

const FIRST: [&str; 16] = [
    "Alpine", "Amber", "Blue", "Coastal", "Copper", "Eastern", "Golden", "Granite", "Green", "Harbor",
    "Northern", "Olive", "Prairie", "River", "Silver", "Western",
];
const SECOND: [&str; 16] = [
    "Bakery", "Bikes", "Clinic", "Design", "Dental", "Farms", "Foods", "Freight", "Gardens", "Legal",
    "Motors", "Optics", "Print", "School", "Textiles", "Travel",
];

/// The name of a made-up customer.
pub fn synthetic_name(id: TenantId) -> String {
    let dice = Dice::of(id, "name");
    let (a, b) = (dice.number(2), dice.number(3));
    format!("{} {} {a:02X}{b:02X}", dice.pick(0, &FIRST), dice.pick(1, &SECOND))
}

/// The domain of a made-up customer.
pub fn synthetic_domain(id: TenantId) -> String {
    let compact = synthetic_name(id).to_lowercase().replace(' ', "");
    format!("{compact}.onmicrosoft.com")
}

/// What the partner is to a made-up customer; cheaper than [`customer`].
pub(super) fn relationship(id: TenantId, clean: bool) -> Relationship {
    match CustomerState::of(id, clean) {
        CustomerState::Advisor => Relationship::Advisor,
        CustomerState::Gone => Relationship::None,
        _ => Relationship::Reseller,
    }
}

/// A made-up customer in full, without name and domain.
pub(super) fn customer(id: TenantId, clean: bool) -> Customer {
    let mut customer = Customer::new(id);
    let state = CustomerState::of(id, clean);
    let dice = Dice::of(id, "what it has");
    customer.relationship = relationship(id, clean);
    let (subscriptions, entitlements) = (&mut customer.subscriptions, &mut customer.entitlements);
    match state {
        CustomerState::Advisor | CustomerState::Gone => {}
        CustomerState::Clean => match dice.number(0) % 6 {
            0 => {}
            1 => subscriptions.push(subscription(&dice, SubscriptionKind::Legacy, "suspended")),
            2 => subscriptions.push(subscription(&dice, SubscriptionKind::NewCommerce, "deleted")),
            3 => {
                subscriptions.push(subscription(&dice, SubscriptionKind::Legacy, "suspended"));
                subscriptions.push(subscription(&dice, SubscriptionKind::NewCommerce, "deleted"));
            }
            4 => entitlements.push(reserved_instance(&dice, &dice.past())),
            _ => entitlements.push(software(&dice, "cancelled")),
        },
        CustomerState::Active => subscriptions.push(active(&dice)),
        CustomerState::Pending => {
            subscriptions.push(subscription(&dice, SubscriptionKind::Legacy, "pending"));
        }
        CustomerState::Suspended => {
            subscriptions.push(subscription(&dice, SubscriptionKind::NewCommerce, "suspended"));
        }
        CustomerState::Unclear => {
            let status = if dice.number(6).is_multiple_of(2) { "disabled" } else { "expired" };
            subscriptions.push(subscription(&dice, SubscriptionKind::Legacy, status));
        }
        CustomerState::AzurePlan => subscriptions.push(azure_plan()),
        CustomerState::Reserved => entitlements.push(reserved_instance(&dice, &dice.ahead())),
        CustomerState::Savings => {
            subscriptions.push(subscription(&dice, SubscriptionKind::SavingsPlan, "active"));
        }
        CustomerState::Software => entitlements.push(software(&dice, "completed")),
        CustomerState::Marketplace => {
            subscriptions.push(subscription(&dice, SubscriptionKind::Marketplace, "active"));
        }
        CustomerState::Several => {
            subscriptions.push(subscription(&dice, SubscriptionKind::Legacy, "active"));
            subscriptions.push(subscription(&dice, SubscriptionKind::NewCommerce, "suspended"));
            entitlements.push(reserved_instance(&dice, &dice.ahead()));
            if dice.number(1).is_multiple_of(2) {
                entitlements.push(software(&dice, "completed"));
            }
        }
    }
    if !clean && customer.relationship == Relationship::Reseller {
        customer.transfers.extend(transfer(id, &customer.subscriptions));
        customer.reseller = reseller(id);
    }
    customer.delegated_admin = delegated_admin(id);
    customer
}

/// What a made-up customer has granted the partner: most have one relationship in force, some a second one, some have not
/// answered yet, some none.
fn delegated_admin(id: TenantId) -> Vec<DelegatedAdmin> {
    let dice = Dice::of(id, "delegated administration");
    let roles = |all: &[&str]| all.iter().map(|role| (*role).to_owned()).collect();
    let helpdesk = || DelegatedAdmin {
        name: Some("Helpdesk".to_owned()),
        roles: roles(&["729827e3-9c14-49f7-bb1b-9608f156bbb8", "f2ef992c-3afb-46b9-b7cf-a126ee74c451"]),
        ends: Some(dice.ahead()),
        extends: dice.number(1).is_multiple_of(2),
        terminates_after_ms: u64::from(dice.number(2)) * 10,
        ..DelegatedAdmin::default()
    };
    let security = |status: &str| DelegatedAdmin {
        name: Some("Security operations".to_owned()),
        status: Some(status.to_owned()),
        roles: roles(&["194ae4cb-b126-40b2-bd5b-6091b380977d"]),
        ends: Some(dice.ahead()),
        ..DelegatedAdmin::default()
    };
    match dice.number(0) % 20 {
        0..=5 => Vec::new(),
        6..=14 => vec![helpdesk()],
        15..=16 => vec![helpdesk(), security("active")],
        17 => vec![helpdesk(), security("created")],
        18 => vec![helpdesk(), security("approvalPending")],
        _ => vec![security("terminated")],
    }
}

/// The indirect resellers of a partner with made-up customers: their MPN IDs and names.
const RESELLERS: [(&str, &str); 4] = [
    ("5200011", "Blue Harbor IT"),
    ("5200022", "Copperfield Systems"),
    ("5200033", "Northgate Computing"),
    ("5200044", "Willow & Partner"),
];

/// The indirect resellers of a partner with made-up customers.
pub(super) fn synthetic_resellers() -> Vec<Reseller> {
    let own = |(mpn_id, name): (&str, &str)| Reseller { mpn_id: mpn_id.to_owned(), name: name.to_owned() };
    RESELLERS.map(own).into()
}

/// The reseller of a third of the made-up customers; the first has the most.
fn reseller(id: TenantId) -> Option<String> {
    let place = match Dice::of(id, "reseller").number(0) {
        0..40 => 0,
        40..65 => 1,
        65..80 => 2,
        80..85 => 3,
        _ => return None,
    };
    RESELLERS.get(place).map(|(mpn_id, _)| (*mpn_id).to_owned())
}

/// The transfer of three in a hundred made-up customers: of one it is open, of two it was completed.
fn transfer(id: TenantId, of: &[Subscription]) -> Option<Transfer> {
    let dice = Dice::of(id, "transfer");
    let status = match (u32::from(dice.number(0)) << 8 | u32::from(dice.number(1))) * 1000 / 65_536 {
        0..10 => "Active",
        10..30 => "Complete",
        _ => return None,
    };
    let line = |name: Option<String>, quantity| TransferLine { name, quantity, ..TransferLine::default() };
    let of = of.iter().filter(|one| one.kind == SubscriptionKind::NewCommerce);
    let mut lines: Vec<_> = of.map(|one| line(one.name.clone(), one.quantity)).collect();
    if lines.is_empty() {
        lines.push(line(Some(dice.pick(2, &LICENCES).to_owned()), Some(u32::from(dice.number(3) % 60) + 1)));
    }
    let is_open = status == "Active";
    Some(Transfer {
        status: Some(status.to_owned()),
        direction: if dice.number(4) < 32 { Direction::Here } else { Direction::Away },
        partner: Some("Wide World Cloud Services".to_owned()),
        created: Some(dice.past()),
        expires: is_open.then(|| dice.ahead()),
        completed: (!is_open).then(|| dice.past()),
        lines: Some(lines),
        ..Transfer::default()
    })
}

/// An order of a made-up customer of the integration sandbox: most can be cancelled at once, some take their
/// time, some cannot be cancelled.
pub(super) fn in_sandbox(id: TenantId, order: &mut Order) {
    let dice = Dice::of(id, &order.id);
    match dice.number(0) % 16 {
        0 | 6 => order.created = Some(dice.past()),
        1 => order.refuses = Some(800_061),
        2..=5 => order.cancels_after_ms = 500 + u64::from(dice.number(1)) * 10,
        _ => {}
    }
}

/// What stands in the way of a made-up customer's removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CustomerState {
    Clean,
    Active,
    Pending,
    Suspended,
    Unclear,
    AzurePlan,
    Reserved,
    Savings,
    Software,
    Marketplace,
    Advisor,
    Gone,
    Several,
}

impl CustomerState {
    fn of(id: TenantId, clean: bool) -> Self {
        if clean {
            return Self::Clean;
        }
        let dice = Dice::of(id, "state");
        let thousand = (u32::from(dice.number(0)) << 8 | u32::from(dice.number(1))) * 1000 / 65_536;
        match thousand {
            0..700 => Self::Clean,
            700..760 => Self::Active,
            760..775 => Self::Pending,
            775..810 => Self::Suspended,
            810..820 => Self::Unclear,
            820..845 => Self::AzurePlan,
            845..875 => Self::Reserved,
            875..890 => Self::Savings,
            890..910 => Self::Software,
            910..930 => Self::Marketplace,
            930..950 => Self::Advisor,
            950..970 => Self::Gone,
            _ => Self::Several,
        }
    }
}

/// Bytes that depend only on an ID and on what they are for.
struct Dice(Sha256);

impl Dice {
    fn of(id: TenantId, purpose: &str) -> Self {
        Self(Sha256::of(&[purpose.as_bytes(), id.as_bytes()]))
    }

    fn number(&self, place: usize) -> u8 {
        self.0.as_bytes().get(place).copied().unwrap_or(0)
    }

    fn pick<'a>(&self, place: usize, from: &[&'a str; 16]) -> &'a str {
        from.get(usize::from(self.number(place) % 16)).copied().unwrap_or("")
    }

    /// A day between 2041 and 2044: the calendar will not catch up with it.
    fn ahead(&self) -> String {
        self.day(2041)
    }

    /// A day between 2020 and 2023.
    fn past(&self) -> String {
        self.day(2020)
    }

    fn day(&self, from_year: u16) -> String {
        let year = from_year + u16::from(self.number(8) % 4);
        format!("{year}-{:02}-{:02}", self.number(9) % 12 + 1, self.number(10) % 28 + 1)
    }
}

const LICENCES: [&str; 16] = [
    "Microsoft 365 Business Premium",
    "Microsoft 365 Business Standard",
    "Microsoft 365 Business Basic",
    "Microsoft 365 E3",
    "Microsoft 365 E5",
    "Microsoft 365 F3",
    "Office 365 E1",
    "Office 365 E3",
    "Exchange Online (Plan 1)",
    "Exchange Online (Plan 2)",
    "Power BI Pro",
    "Project Plan 3",
    "Visio Plan 2",
    "Microsoft Entra ID P1",
    "Intune Plan 1",
    "Dynamics 365 Sales Professional",
];

fn subscription(dice: &Dice, kind: SubscriptionKind, status: &str) -> Subscription {
    let name = match kind {
        SubscriptionKind::SavingsPlan => "Azure savings plan for compute, 3 years",
        SubscriptionKind::Marketplace => "Contoso Backup for Microsoft 365",
        _ => dice.pick(2, &LICENCES),
    };
    let is_over = match status {
        "deleted" => true,
        "suspended" => kind == SubscriptionKind::Legacy,
        _ => false,
    };
    Subscription {
        kind,
        status: Some(status.to_owned()),
        name: Some(name.to_owned()),
        quantity: Some(u32::from(dice.number(3) % 60) + 1),
        ends: Some(if is_over { dice.past() } else { dice.ahead() }),
        ..Subscription::default()
    }
}

/// An active subscription: a few are of the old kind, and of the others most go on when their term ends,
/// whether somebody wanted it or not.
fn active(dice: &Dice) -> Subscription {
    let scheduled =
        |action: &str| Some(vec![Scheduled { action: action.to_owned(), schedule: None, on: None }]);
    let (auto_renew, scheduled) = match dice.number(6) % 8 {
        0 | 1 => return subscription(dice, SubscriptionKind::Legacy, "active"),
        2 => (true, None),
        3 | 4 => (true, scheduled("RenewToNewTerm")),
        5 => (true, scheduled("RenewToExtendedServiceTerm")),
        6 => (false, None),
        _ => (false, scheduled("Cancel")),
    };
    let new_commerce = subscription(dice, SubscriptionKind::NewCommerce, "active");
    Subscription { auto_renew: Some(auto_renew), scheduled, ..new_commerce }
}

fn azure_plan() -> Subscription {
    let production = AzureSubscription { name: "Production".to_owned(), status: "active".to_owned() };
    Subscription {
        kind: SubscriptionKind::AzurePlan,
        name: Some("Azure plan".to_owned()),
        azure: Some(vec![production]),
        ..Subscription::default()
    }
}

fn reserved_instance(dice: &Dice, expires: &str) -> Entitlement {
    let virtual_machines = serde_json::json!({ "reservationType": "virtualmachines" });
    Entitlement {
        kind: "reserved_instance".to_owned(),
        name: Some("Reserved VM instance, Standard_D4s_v5".to_owned()),
        quantity: Some(u32::from(dice.number(4) % 4) + 1),
        expires: Some(expires.to_owned()),
        with: Map::from_iter([("dynamicAttributes".to_owned(), virtual_machines)]),
        ..Entitlement::default()
    }
}

fn software(dice: &Dice, order_status: &str) -> Entitlement {
    Entitlement {
        kind: "software".to_owned(),
        name: Some("Windows Server 2022 Standard".to_owned()),
        quantity: Some(u32::from(dice.number(5) % 8) + 1),
        order_status: Some(order_status.to_owned()),
        ..Entitlement::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_always_gives_the_same_customer() {
        let id = generated_id(1, 0);
        assert_eq!(id, generated_id(1, 0));
        assert_ne!(id, generated_id(2, 0));
        assert_eq!(customer(id, false), customer(id, false));
        let known: TenantId = "0a0b0c0d-1111-4222-8333-444444444444".parse().unwrap();
        // These words are promised to whoever rehearsed before an update.
        assert_eq!(synthetic_name(known), "Coastal Bakery BAEF");
        assert_eq!(CustomerState::of(known, false), CustomerState::Reserved);
    }

    #[test]
    fn terms_end_in_every_way() {
        let mut seen = std::collections::BTreeSet::new();
        for n in 0..5000 {
            let id = generated_id(3, n);
            if CustomerState::of(id, false) == CustomerState::Active {
                let active = customer(id, false).subscriptions.remove(0);
                seen.insert(format!("{:?} {:?} {:?}", active.kind, active.auto_renew, active.scheduled));
            }
        }
        assert_eq!(seen.len(), 6, "{seen:?}");
    }

    #[test]
    fn a_few_have_a_transfer_and_a_third_a_reseller() {
        let (mut open, mut completed, mut resellers) = (0, 0, std::collections::BTreeMap::new());
        for n in 0..5000 {
            let id = generated_id(3, n);
            let customer = super::customer(id, false);
            for transfer in &customer.transfers {
                assert!(transfer.lines.as_ref().is_some_and(|lines| !lines.is_empty()));
                let is_open = transfer.status.as_deref() == Some("Active");
                *(if is_open { &mut open } else { &mut completed }) += 1;
            }
            *resellers.entry(customer.reseller).or_insert(0) += 1;
            let clean = super::customer(id, true);
            assert!(clean.transfers.is_empty() && clean.reseller.is_none());
        }
        assert!((30..80).contains(&open) && (60..140).contains(&completed), "{open} {completed}");
        assert!(resellers[&None] > 3000 && resellers.len() == 5, "{resellers:?}");
        let known = synthetic_resellers();
        assert!(resellers.keys().flatten().all(|id| known.iter().any(|reseller| reseller.mpn_id == *id)));
    }

    #[test]
    fn the_mix_is_realistic_and_every_state_occurs() {
        let mut seen = std::collections::BTreeMap::new();
        for n in 0..5000 {
            let id = generated_id(3, n);
            *seen.entry(format!("{:?}", CustomerState::of(id, false))).or_insert(0) += 1;
            assert_eq!(CustomerState::of(id, true), CustomerState::Clean);
            assert_eq!(customer(id, false).relationship, relationship(id, false));
        }
        assert_eq!(seen.len(), 13);
        assert!((3350..3650).contains(&seen["Clean"]), "{seen:?}");
        assert!(seen.values().all(|&count| count > 20), "{seen:?}");
    }
}
