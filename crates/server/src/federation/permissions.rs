//! The permissions that connections of social providers are given as switches, and the scopes that they stand for.
//!
//! Switches of interfaces that their providers have switched off stand for nothing: a request with a scope that does not
//! exist is refused whole. Must never ask for a scope whose switch is not on.

use serde_json::{Map, Value};

use crate::connections::Strategy;

type Permissions = &'static [(&'static str, &'static str)];

const GITHUB: Permissions = &[
    ("admin_org", "admin:org"),
    ("admin_public_key", "admin:public_key"),
    ("admin_repo_hook", "admin:repo_hook"),
    ("delete_repo", "delete_repo"),
    ("email", "user:email"),
    ("follow", "user:follow"),
    ("gist", "gist"),
    ("notifications", "notifications"),
    ("public_repo", "public_repo"),
    ("read_org", "read:org"),
    ("read_public_key", "read:public_key"),
    ("read_repo_hook", "read:repo_hook"),
    ("read_user", "read:user"),
    ("repo", "repo"),
    ("repo_deployment", "repo_deployment"),
    ("repo_status", "repo:status"),
    ("write_org", "write:org"),
    ("write_public_key", "write:public_key"),
    ("write_repo_hook", "write:repo_hook"),
];

/// What stands before the names of Google's scopes.
const GOOGLE_SCOPES: &str = "https://www.googleapis.com/auth/";

/// Google's, without what stands before their names.
const GOOGLE: Permissions = &[
    ("adsense_management", "adsense"),
    ("analytics", "analytics.readonly"),
    ("blogger", "blogger"),
    ("calendar", "calendar"),
    ("calendar_addons_execute", "calendar.addons.execute"),
    ("calendar_events", "calendar.events"),
    ("calendar_events_readonly", "calendar.events.readonly"),
    ("calendar_settings_readonly", "calendar.settings.readonly"),
    ("contacts", "contacts"),
    ("contacts_new", "contacts"),
    ("contacts_other_readonly", "contacts.other.readonly"),
    ("contacts_readonly", "contacts.readonly"),
    ("content_api_for_shopping", "content"),
    ("directory_readonly", "directory.readonly"),
    ("drive", "drive"),
    ("drive_activity", "drive.activity"),
    ("drive_activity_readonly", "drive.activity.readonly"),
    ("drive_appdata", "drive.appdata"),
    ("drive_apps_readonly", "drive.apps.readonly"),
    ("drive_file", "drive.file"),
    ("drive_metadata", "drive.metadata"),
    ("drive_metadata_readonly", "drive.metadata.readonly"),
    ("drive_photos_readonly", "drive.photos.readonly"),
    ("drive_readonly", "drive.readonly"),
    ("drive_scripts", "drive.scripts"),
    ("gmail_compose", "gmail.compose"),
    ("gmail_insert", "gmail.insert"),
    ("gmail_labels", "gmail.labels"),
    ("gmail_metadata", "gmail.metadata"),
    ("gmail_modify", "gmail.modify"),
    ("gmail_readonly", "gmail.readonly"),
    ("gmail_send", "gmail.send"),
    ("gmail_settings_basic", "gmail.settings.basic"),
    ("gmail_settings_sharing", "gmail.settings.sharing"),
    ("google_books", "books"),
    ("google_cloud_storage", "devstorage.read_write"),
    ("google_drive", "drive"),
    ("google_drive_files", "drive.file"),
    ("tasks", "tasks"),
    ("tasks_readonly", "tasks.readonly"),
    ("webmaster_tools", "webmasters"),
    ("youtube", "youtube"),
    ("youtube_channelmemberships_creator", "youtube.channel-memberships.creator"),
    ("youtube_new", "youtube"),
    ("youtube_readonly", "youtube.readonly"),
    ("youtube_upload", "youtube.upload"),
    ("youtubepartner", "youtubepartner"),
];

/// The only scope of Google's whose name is an address of its own.
const ALL_MAIL: &str = "https://mail.google.com/";

/// Microsoft Graph's.
const MICROSOFT: Permissions = &[
    ("directory_accessasuser_all", "Directory.AccessAsUser.All"),
    ("directory_read_all", "Directory.Read.All"),
    ("directory_readwrite_all", "Directory.ReadWrite.All"),
    ("graph_calendars", "Calendars.Read"),
    ("graph_calendars_update", "Calendars.ReadWrite"),
    ("graph_contacts", "Contacts.Read"),
    ("graph_contacts_update", "Contacts.ReadWrite"),
    ("graph_device", "Device.Read"),
    ("graph_device_command", "Device.Command"),
    ("graph_emails", "Mail.Read"),
    ("graph_emails_update", "Mail.ReadWrite"),
    ("graph_files", "Files.Read"),
    ("graph_files_all", "Files.Read.All"),
    ("graph_files_all_update", "Files.ReadWrite.All"),
    ("graph_files_update", "Files.ReadWrite"),
    ("graph_notes", "Notes.Read"),
    ("graph_notes_create", "Notes.Create"),
    ("graph_notes_update", "Notes.ReadWrite"),
    ("graph_tasks", "Tasks.Read"),
    ("graph_tasks_update", "Tasks.ReadWrite"),
    ("graph_user", "User.Read"),
    ("graph_user_activity", "UserActivity.ReadWrite.CreatedByApp"),
    ("graph_user_update", "User.ReadWrite"),
    ("group_read_all", "Group.Read.All"),
    ("group_readwrite_all", "Group.ReadWrite.All"),
    ("mail_readwrite_all", "Mail.ReadWrite"),
    ("mail_send", "Mail.Send"),
    ("offline_access", "offline_access"),
    ("rolemanagement_read_all", "RoleManagement.Read.All"),
    ("rolemanagement_readwrite_directory", "RoleManagement.ReadWrite.Directory"),
    ("sites_read_all", "Sites.Read.All"),
    ("sites_readwrite_all", "Sites.ReadWrite.All"),
    ("team_readbasic_all", "Team.ReadBasic.All"),
    ("team_readwrite_all", "TeamSettings.ReadWrite.All"),
    ("user_read_all", "User.Read.All"),
    ("user_readbasic_all", "User.ReadBasic.All"),
];

/// The scopes whose switches are on among the options of a connection.
pub(super) fn wanted(strategy: Strategy, options: &Map<String, Value>) -> Vec<String> {
    let is_on = |name: &str| options.get(name) == Some(&Value::Bool(true));
    let (permissions, before) = match strategy {
        Strategy::GitHub => (GITHUB, ""),
        Strategy::GoogleOAuth2 => (GOOGLE, GOOGLE_SCOPES),
        Strategy::WindowsLive | Strategy::AzureAd => (MICROSOFT, ""),
        Strategy::Database
        | Strategy::Oidc
        | Strategy::Okta
        | Strategy::Apple
        | Strategy::OAuth2
        | Strategy::Samlp
        | Strategy::Adfs => (&[] as Permissions, ""),
    };
    let on = permissions.iter().filter(|(name, _)| is_on(name));
    let mut scopes: Vec<String> = on.map(|(_, scope)| [before, scope].concat()).collect();
    if strategy == Strategy::GoogleOAuth2 && (is_on("gmail") || is_on("gmail_new")) {
        scopes.push(ALL_MAIL.to_owned());
    }
    scopes
}
