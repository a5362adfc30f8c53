//! Signs between a test and the programs that its agents run: empty files beside the checkout.

use std::fs;
use std::path::PathBuf;

use super::{Workspace, fake_agent, wait_until};

impl Workspace {
    /// A shell command that waits for a sign.
    pub(crate) fn awaits(&self, sign: &str) -> String {
        format!("'{}' 'await {}'", fake_agent().display(), self.sign(sign).display())
    }

    /// A shell command that gives a sign.
    pub(crate) fn gives(&self, sign: &str) -> String {
        format!(": > '{}'", self.sign(sign).display())
    }

    /// Gives a sign.
    pub(crate) fn give(&self, sign: &str) {
        fs::write(self.sign(sign), "").expect("write a file");
    }

    /// Waits for a sign.
    #[track_caller]
    pub(crate) fn wait_for_sign(&self, sign: &str) {
        wait_until(&format!("the sign {sign}"), || self.sign(sign).exists());
    }

    /// The file of a sign.
    pub(crate) fn sign(&self, sign: &str) -> PathBuf {
        self.outside().join(format!("sign-{sign}"))
    }
}
