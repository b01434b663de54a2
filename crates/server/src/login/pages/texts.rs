//! The texts of one page: what the tenant wrote, else what the catalogue says.

use super::Scene;
use crate::messages::Arguments;
use crate::prompts::Screen;

/// The texts of one page.
pub(super) struct Texts<'a> {
    pub(super) scene: &'a Scene<'a>,
    screen: Screen,
    arguments: Arguments,
}

impl<'a> Texts<'a> {
    /// Of a screen; every text may use the names of the tenant and of the application.
    pub(super) fn new(scene: &'a Scene<'a>, screen: Screen, more: Arguments) -> Self {
        let tenant = scene.look.name.clone();
        let application = scene.application.filter(|name| !name.is_empty()).unwrap_or(&tenant).to_owned();
        let mut arguments = vec![("tenant", tenant), ("application", application)];
        arguments.extend(more);
        Self { scene, screen, arguments }
    }

    /// A text.
    pub(super) fn get(&self, message: &'static str) -> String {
        self.found(message, &self.arguments)
    }

    /// A text that needs more than the names.
    pub(super) fn filled(&self, message: &'static str, more: Arguments) -> String {
        let arguments: Arguments = self.arguments.iter().cloned().chain(more).collect();
        self.found(message, &arguments)
    }

    fn found(&self, message: &'static str, arguments: &Arguments) -> String {
        let Scene { look, language, .. } = self.scene;
        look.texts
            .find(&language.tag, self.screen, message, arguments)
            .unwrap_or_else(|| language.catalogue.text(message, arguments))
    }
}
