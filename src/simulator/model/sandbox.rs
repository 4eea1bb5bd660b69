//! What only an integration sandbox does: it cancels orders, in their time, and deletes customers that
//! have none.

use super::super::scenario::{Order, Relationship};
use super::super::synthetic_customer;
use super::answers::{Body, DraftAnswer};
use super::customers::CurrentCustomer;
use super::endpoints::{field, is_word};
use super::service::{Model, Served, TruthChange, When};
use super::{Request, products};
use crate::domain::{Day, TenantId, Time};
use std::time::Duration;

/// An order that is older than this is not cancelled.
const OLDEST_DAYS: u16 = 60;
/// How old an order of the sandbox is if nothing else is said, in milliseconds: ten days.
const USUAL_AGE: i64 = 864_000_000;

impl Model {
    /// All orders of a customer. Those of a sandbox are young enough to be cancelled unless something else
    /// is said.
    pub(super) fn orders(&self, now: Time, customer: &CurrentCustomer<'_>) -> Vec<Order> {
        let mut orders = products::orders(&customer.details());
        if self.sandbox {
            let usual = Time::from_millis(now.as_millis() - USUAL_AGE).day();
            for order in &mut orders {
                if customer.as_written().is_none() {
                    synthetic_customer::in_sandbox(customer.id, order);
                }
                order.created.get_or_insert_with(|| usual.to_string());
            }
        }
        orders
    }

    /// Whether this order really is cancelled by now, at somebody's request.
    pub fn has_cancelled(&mut self, now: Time, customer: TenantId, order: &str) -> bool {
        self.settle(now);
        self.is_cancelled(now, customer, order)
    }

    /// Whether the cancellation of this order took place.
    pub(super) fn is_cancelled(&self, now: Time, customer: TenantId, order: &str) -> bool {
        self.cancellation(customer, order).is_some_and(|due| due <= now)
    }

    /// When the cancellation of this order takes place, if it was accepted.
    fn cancellation(&self, customer: TenantId, order: &str) -> Option<Time> {
        if self.cancelling.is_empty() {
            return None;
        }
        self.cancelling.get(&(customer, order.to_owned())).copied()
    }

    pub(super) fn delete(&mut self, now: Time, request: &Request, id: TenantId, when: When) -> Served {
        if !self.sandbox {
            return DraftAnswer::fault(400, 900_127, "The operation is not available in this environment.")
                .into();
        }
        let found = self.customers.find(id).filter(|customer| customer.relationship() != Relationship::None);
        let Some(customer) = found else {
            return DraftAnswer::fault(404, 60_003, "The tenant was not found.").into();
        };
        let living = self
            .orders(now, &customer)
            .into_iter()
            .find(|order| !is_cancelled_from_the_beginning(order) && !self.is_cancelled(now, id, &order.id));
        if let Some(living) = living {
            let text = format!("The order {} is not cancelled.", living.id);
            return DraftAnswer::fault(400, 800_036, text).into();
        }
        self.change(
            now,
            request,
            id,
            when,
            TruthChange::End { deleted: true },
            DraftAnswer::new(204, Body::Empty),
        )
    }

    pub(super) fn cancel_order(
        &mut self,
        now: Time,
        request: &Request,
        id: TenantId,
        wanted: &str,
        when: When,
    ) -> Served {
        let (orders, is_software) = match self.visible(now, id) {
            Ok((customer, _)) => (self.orders(now, &customer), is_software(&customer, wanted)),
            Err(refused) => return refused.into(),
        };
        let Some(order) = orders.into_iter().find(|order| order.id == wanted) else {
            return DraftAnswer::fault(404, 20_000, "The order was not found.").into();
        };
        let asks = field(&request.body, "status").is_some_and(|status| is_word(&status, "cancelled"));
        if !asks {
            return DraftAnswer::fault(400, 900_141, "The operation is not supported.").into();
        }
        if !self.sandbox && !is_software {
            return DraftAnswer::fault(403, 800_019, "Only software can be cancelled outside the sandbox.")
                .into();
        }
        if let Some(refused) = self.refuse_cancellation(now, id, &order) {
            return refused.into();
        }
        let takes = (!order.never_cancels).then(|| Duration::from_millis(order.cancels_after_ms));
        let answer = DraftAnswer::ok(products::order(id, &order, takes == Some(Duration::ZERO)));
        self.change(now, request, id, when, TruthChange::CancelOrder(wanted.to_owned(), takes), answer)
    }

    fn refuse_cancellation(&self, now: Time, id: TenantId, order: &Order) -> Option<DraftAnswer> {
        if let Some(code) = order.refuses {
            let status = if code == 800_077 { 403 } else { 400 };
            return Some(DraftAnswer::fault(status, code, "The order cannot be cancelled."));
        }
        let made = order.created.as_deref().and_then(Day::from_lenient);
        let is_too_old = self.sandbox && made.is_some_and(|made| made.plus_days(OLDEST_DAYS) < now.day());
        match self.cancellation(id, &order.id) {
            Some(due) if due > now => Some(DraftAnswer::fault(409, 800_060, "The order is in progress.")),
            None if !is_too_old && !is_cancelled_from_the_beginning(order) => None,
            _ => Some(DraftAnswer::fault(400, 800_061, "The order cannot be cancelled.")),
        }
    }
}

fn is_cancelled_from_the_beginning(order: &Order) -> bool {
    order.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("cancelled"))
}

/// Whether nothing but software comes from this order.
fn is_software(customer: &CurrentCustomer<'_>, order: &str) -> bool {
    let details = customer.details();
    let each = details.entitlements.iter().enumerate();
    let mut under = each.flat_map(|(i, e)| products::with_included(customer.id, &i.to_string(), None, e));
    under.all(|(of, e)| of != order || e.kind == "software")
}
