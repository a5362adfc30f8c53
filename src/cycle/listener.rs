//! What is heard of an agent while its turn runs: the name of its session, that its provider answers, that it has said its
//! last word, that it waits.

use super::courtesy::Courtesy;
use super::mandate::Mandate;
use crate::model::agent::{TroubleKind, UsageFacts};
use crate::model::answer::{Reader, Waiting};
use crate::model::config::Limits;
use crate::os::clock;
use crate::os::dirs::Dirs;
use crate::os::journal::Who;
use crate::os::process::Verdict;

/// Listens to one turn.
pub(super) struct Listener<'a, 'b> {
    pub(super) reader: Reader,
    pub(super) courtesy: &'a mut Courtesy<'b>,
    pub(super) who: Who,
    pub(super) dirs: &'a Dirs,
    /// Whose turn it is.
    pub(super) agent: &'a str,
    /// The session's name, as far as it stands in the claim.
    pub(super) noted: Option<String>,
    /// The task goes on with that session later.
    pub(super) is_kept: bool,
    /// What its figures mean.
    pub(super) facts: &'a UsageFacts,
    pub(super) limits: &'a Limits,
}

impl Listener<'_, '_> {
    /// Takes what the agent printed, notes what must outlive this process, and says whether it may go on.
    pub(super) fn hear(&mut self, bytes: &[u8], mandate: &mut Mandate<'_>) -> Verdict {
        self.reader.feed(bytes);
        if self.reader.has_heard() {
            self.courtesy.heard(&self.who);
        }
        if self.is_kept {
            self.note_session(mandate);
        }
        if self.reader.is_final() {
            return Verdict::EndWithin(self.limits.grace);
        }
        match self.reader.waits() {
            Some(waiting) => self.bear(&waiting),
            None => Verdict::GoOn,
        }
    }

    /// Some agents make up the name: it must be known before the turn is over, should we die in the middle.
    fn note_session(&mut self, mandate: &mut Mandate<'_>) {
        if let Some(session) = self.reader.session().filter(|session| self.noted.as_deref() != Some(session)) {
            mandate.note_session(self.dirs, self.agent, session, self.facts);
            self.noted = Some(session.to_owned());
        }
    }

    /// How long an agent may wait by itself. A short limit, or a hiccup of the network, it gets over best alone; but a
    /// worker that sleeps for hours, or tries a login again that is refused, is of no use to anybody, and nobody else would
    /// know of the limit.
    fn bear(&self, waiting: &Waiting) -> Verdict {
        let here = clock::here();
        let ends = waiting.limit.and_then(|limit| limit.ends_at(&here));
        let is_long = ends.is_some_and(|ends| {
            ends > here.timestamp().saturating_add(self.limits.patience).unwrap_or(jiff::Timestamp::MAX)
        });
        match waiting.kind {
            TroubleKind::Auth => Verdict::EndWithin(self.limits.grace),
            TroubleKind::RateLimited | TroubleKind::NoCredit if is_long => Verdict::EndWithin(self.limits.grace),
            TroubleKind::RateLimited | TroubleKind::NoCredit | TroubleKind::Transient => {
                Verdict::EndWithin(self.limits.patience)
            }
            TroubleKind::BadSession
            | TroubleKind::TooLong
            | TroubleKind::Refused
            | TroubleKind::NoModel
            | TroubleKind::OwnLimit
            | TroubleKind::BadUsage
            | TroubleKind::Other => Verdict::GoOn,
        }
    }
}
