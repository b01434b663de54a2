//! What the pages say about new passwords: the rules of a connection, and what was wrong with one.

use super::pages::{Problem, Rule, RuleLine};
use crate::passwords::policy::{self, Characters, Weak};
use crate::users::UserError;

/// The rules as the pages list them, and whether the password keeps them if one was entered.
pub(super) fn lines(policy: &policy::Policy, password: Option<&str>) -> Vec<RuleLine> {
    policy.rules().iter().flat_map(|rule| lines_of(rule, password)).collect()
}

fn lines_of(rule: &policy::Rule, password: Option<&str>) -> Vec<RuleLine> {
    let number = |number: &usize| u32::try_from(*number).unwrap_or(u32::MAX);
    let kind = |kind: &Characters| RuleLine {
        met: password.map(|password| kind.in_text(password)),
        ..RuleLine::new(of_kind(*kind))
    };
    let each = |kinds: &[Characters]| kinds.iter().map(kind).collect();
    let line = |shown: Rule| RuleLine {
        met: password.map(|password| rule.kept_by(password)),
        ..RuleLine::new(shown)
    };
    match rule {
        policy::Rule::AtLeast(length) => vec![line(Rule::Length(number(length)))],
        policy::Rule::Contains(kinds) => each(kinds),
        policy::Rule::ContainsSome(count, kinds) => {
            vec![RuleLine { among: each(kinds), ..line(Rule::Among(number(count))) }]
        }
        policy::Rule::Identical(count) => vec![line(Rule::Repeats(number(count)))],
        // Said when it happens: hardly anybody comes near.
        policy::Rule::Sequential(_) | policy::Rule::MostBytes(_) => Vec::new(),
    }
}

fn of_kind(kind: Characters) -> Rule {
    match kind {
        Characters::Lower => Rule::Lower,
        Characters::Upper => Rule::Upper,
        Characters::Digits => Rule::Digit,
        Characters::Special => Rule::Special,
    }
}

/// What a refused account or password means on a page.
pub(super) fn problem(error: &UserError) -> Problem {
    match error {
        UserError::Weak(Weak::Strength(_)) | UserError::NoPassword(_) => Problem::PasswordWeak,
        UserError::Weak(Weak::Common) => Problem::PasswordCommon,
        UserError::Weak(Weak::Personal) => Problem::PasswordPersonal,
        UserError::Weak(Weak::Reused) => Problem::PasswordUsed,
        UserError::Exists | UserError::Refused(_) => Problem::SignupRefused,
        UserError::SignupDisabled => Problem::SignupDisabled,
        UserError::Pool(crate::passwords::PoolError::Full) => Problem::Busy,
        UserError::Pool(_) | UserError::Db(_) => {
            tracing::error!(%error, "an account could not be changed");
            Problem::Failure
        }
    }
}
