//! `id_token_hint` (OpenID Connect Core section 3.1.2.1): an ID token of this tenant and this client.

use super::{Error, Known, Raw};
use crate::id_token::{self, Hint};

pub(super) fn check(raw: &Raw, known: &Known<'_>) -> Result<Option<Hint>, Error> {
    let Known { client, settings, ring, now } = *known;
    let hint = raw.text("id_token_hint");
    let hint = hint.map(|text| id_token::read_hint(text, ring, client, &settings.issuer, now));
    hint.transpose().map_err(|error| Error::InvalidRequest(error.to_string()))
}
