//! The frame that the pages of the settings share.
//!
//! Each page is with its slice. Must never hold more than the names of the tabs.

use super::shell::{Frame, Room};

/// A page of the settings; `current` is the end of its address, empty for the first.
pub fn frame(title: &str, current: &str) -> Frame {
    Frame::new(Room::Settings, title).tabs(
        Room::Settings.path(),
        &[
            ("", "General"),
            ("signing-keys", "Signing Keys"),
            ("encryption-keys", "Encryption Keys"),
            ("custom-domains", "Custom Domains"),
            ("members", "Tenant Members"),
            ("advanced", "Advanced"),
        ],
        current,
    )
}
