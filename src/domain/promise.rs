//! What the program promises, and how a test takes one promise away.

/// Whether this promise is taken out of the program, to see that a test notices (`.ci/mutants`).
///
/// Only a build with the feature `fail-points` asks, once, what the environment variable `FAILPOINTS` says.
#[cfg(feature = "fail-points")]
pub(crate) fn is_taken_out(promise: &str) -> bool {
    static READ: std::sync::Once = std::sync::Once::new();
    // Who drops the scenario takes it back.
    READ.call_once(|| std::mem::forget(fail::FailScenario::setup()));
    fail::fail_point!(promise, |_| true);
    false
}

/// Never: every promise is kept.
#[cfg(not(feature = "fail-points"))]
pub(crate) const fn is_taken_out(_promise: &str) -> bool {
    false
}

#[cfg(all(feature = "fail-points", not(debug_assertions)))]
compile_error!("`fail-points` is for tests: what is released keeps its promises");
