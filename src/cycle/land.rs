//! **Landed**: the merge queue. Ready branches are merged one onto the other on top of the newest base, in the order in
//! which they came, the gates run on the whole row, and the base is moved to the longest row that is green
//! (`model::batch` says which rows to try).
//!
//! A branch that contradicts the base goes back to its author. One that contradicts only a branch before it, which
//! may yet be found red, waits for the next batch.

use super::case::Case;
use super::integrate::{MOST_MOVES, contradicts, must_yield, must_yield_in, result_of};
use super::memory;
use super::notes::Details;
use super::perform::{Infra, Performed};
use super::probe::{Until, is_red};
use super::publish::{Turn, newest, publish};
use super::rehearse::{Rehearsed, Said, rehearse_gate};
use super::vigil::reason_to_halt;
use super::{Bench, ReadyBranch, Workshop};
use crate::model::base_health::repairs;
use crate::model::batch::{Batch, Next};
use crate::model::config::{Config, VerifyMerged};
use crate::model::gate::Gate;
use crate::model::judgement::{Evidence, Judgement, deserves_a_second_try};
use crate::model::plan::{Event, Halt, Landing};
use crate::model::record::{StepName, StepResult};
use crate::model::task::TaskId;
use crate::os::git::{Merge, Oid};
use crate::os::journal::Who;
use crate::os::process::Mark;
use crate::os::stop::Stop;

/// What became of a branch.
pub enum Fate {
    /// Its cycle has ended.
    Ended {
        /// The task.
        id: TaskId,
        /// The worker in whose worktree the work was made.
        worker: String,
        /// How.
        performed: Performed,
    },
    /// It goes back to its author's worker, who has something more to do.
    GoesBack(Box<ReadyBranch>),
    /// It waits for the next batch.
    Waits(Box<ReadyBranch>),
}

/// A branch merged onto those before it.
struct Link {
    branch: Box<ReadyBranch>,
    commit: Oid,
    tree: Oid,
}

/// What the gates say of a row.
enum Word {
    Green,
    Red(String),
    Interrupted,
}

/// Lands a batch of branches, in this order of preference. `bench` is the queue's own worktree; `line` gives the
/// branches when it is our turn to move the base, so that all that came meanwhile are among them.
pub fn land(shop: &Workshop, bench: &mut Bench, line: impl FnOnce() -> Vec<Box<ReadyBranch>>) -> Vec<Fate> {
    let turn = Turn::take(shop);
    let mut batch = Batching { shop, bench, waiting: line(), fates: Vec::new() };
    let landed = match &turn {
        Ok(Some(turn)) => batch.run(turn),
        Ok(None) => {
            batch.settle_all(Event::Halted(Halt::Interrupted));
            Ok(())
        }
        Err(error) => Err(Infra(error.to_string())),
    };
    if let Err(Infra(reason)) = landed {
        for mut branch in std::mem::take(&mut batch.waiting) {
            branch.notes.because(reason.clone());
            batch.settle(branch, Event::Halted(Halt::Infra));
        }
    }
    let waiting = batch.waiting.into_iter().map(Fate::Waits);
    batch.fates.into_iter().chain(waiting).collect()
}

/// Ends the wait of branches for which there is no place to land, for this reason.
pub fn give_up(shop: &Workshop, branches: Vec<Box<ReadyBranch>>, reason: &str) -> Vec<Fate> {
    let give_up = |mut branch: Box<ReadyBranch>| {
        branch.notes.because(reason);
        settled(shop, branch, Event::Halted(Halt::Infra))
    };
    branches.into_iter().map(give_up).collect()
}

/// Tells the plan of a branch what came of it.
fn settled(shop: &Workshop, mut branch: Box<ReadyBranch>, event: Event) -> Fate {
    branch.conclude(shop, event, result_of(event));
    match branch.outcome() {
        Some(outcome) => {
            let (id, worker) = (branch.id().clone(), branch.worker().to_owned());
            Fate::Ended { id, worker, performed: branch.end(shop, outcome) }
        }
        None => Fate::GoesBack(branch),
    }
}

struct Batching<'a> {
    shop: &'a Workshop,
    bench: &'a mut Bench,
    /// Of these nothing is decided yet.
    #[expect(clippy::vec_box, reason = "they move from list to list, and are large")]
    waiting: Vec<Box<ReadyBranch>>,
    fates: Vec<Fate>,
}

impl Batching<'_> {
    fn run(&mut self, _turn: &Turn<'_>) -> Result<(), Infra> {
        for _ in 0..MOST_MOVES {
            self.let_go_of_what_cannot_land();
            let tips = self.shop.sentry.tips(self.shop)?;
            let ground = newest(self.shop, &tips)?;
            let tip = ground.tip.clone();
            let mut row = self.line_up(&tip)?;
            if row.is_empty() {
                return Ok(());
            }
            let (green, blamed) = match self.decide(&mut row) {
                Ok(Some(decided)) => decided,
                Ok(None) => {
                    self.put_back(row);
                    self.settle_all(Event::Halted(Halt::Interrupted));
                    return Ok(());
                }
                Err(trouble) => {
                    self.put_back(row);
                    return Err(trouble);
                }
            };
            let after = row.split_off(green);
            if row.iter_mut().any(|link| !self.may_land(&mut link.branch)) {
                // What would be published now holds work that nobody wants any more, or that nobody has approved.
                self.put_back(row.into_iter().chain(after).collect());
                continue;
            }
            if let Some(last) = row.last() {
                let who = last.branch.notes.who.clone();
                let (commit, tree) = (last.commit.clone(), last.tree.clone());
                let landed = match publish(self.shop, &who, &tips, &ground, &commit) {
                    Ok(Some(landed)) => landed,
                    Ok(None) => {
                        self.put_back(row.into_iter().chain(after).collect());
                        continue;
                    }
                    Err(trouble) => {
                        self.put_back(row.into_iter().chain(after).collect());
                        return Err(trouble);
                    }
                };
                self.shop.judgements.note_published(&commit, &tree);
                for mut link in row {
                    link.branch.notes.reason = landed.sentence(&self.shop.base, &link.commit);
                    link.branch.notes.merged = Some(link.commit);
                    self.settle(link.branch, Event::Integrated(Landing::Published));
                }
            }
            if ground.is_join && green == 0 && blamed.is_some() && self.is_red_beneath(&tip, &after)? {
                // Known from now on, so that work goes on ahead of the base.
                self.put_back(after);
                continue;
            }
            self.blame(&tip, after, green, blamed)?;
            return Ok(());
        }
        Err(Infra(format!("{} moved {MOST_MOVES} times while the work was being merged", self.shop.base)))
    }

    /// Those whose task was taken away or has changed since it was approved, or whose run is to end.
    fn let_go_of_what_cannot_land(&mut self) {
        let shop = self.shop;
        for mut branch in std::mem::take(&mut self.waiting) {
            let halt = reason_to_halt(&shop.dirs, &shop.stop, branch.id());
            if let Some(halt) = halt {
                self.settle(branch, Event::Halted(halt));
            } else if !branch.is_still_approved(shop) {
                self.settle(branch, Event::Integrated(Landing::Changed));
            } else {
                self.waiting.push(branch);
            }
        }
    }

    fn may_land(&self, branch: &mut ReadyBranch) -> bool {
        let halt = reason_to_halt(&self.shop.dirs, &self.shop.stop, branch.id());
        halt.is_none() && branch.is_still_approved(self.shop)
    }

    /// Merges as many as go together one onto the other.
    fn line_up(&mut self, tip: &Oid) -> Result<Vec<Link>, Infra> {
        let mut row: Vec<Link> = Vec::new();
        let mut branches = std::mem::take(&mut self.waiting).into_iter();
        while let Some(mut branch) = branches.next() {
            let top = row.last().map_or(tip, |link| &link.commit).clone();
            let merged = branch.merge_onto(self.shop, &top);
            match merged {
                Ok(Merge::Clean { commit, tree, .. }) => match must_yield(self.shop, &mut branch.case) {
                    Ok(false) => row.push(Link { branch, commit, tree }),
                    Ok(true) => self.waiting.push(branch),
                    Err(trouble) => {
                        let rest = row.into_iter().map(|link| link.branch).chain([branch]).chain(branches);
                        self.waiting.extend(rest);
                        return Err(trouble);
                    }
                },
                // Against the base alone it is decided; against a branch that may not land it is not.
                Ok(Merge::NothingToDo) if row.is_empty() => {
                    branch.notes.because("the base holds all of this work already");
                    self.settle(branch, Event::Integrated(Landing::NothingNew));
                }
                Ok(Merge::Conflict { files, .. }) if row.is_empty() && must_yield_in(&mut branch.case, &files) => {
                    self.waiting.push(branch);
                }
                Ok(Merge::Conflict { files, text }) if row.is_empty() => {
                    let ReadyBranch { case, notes, .. } = &mut *branch;
                    let event = contradicts(self.shop, case, notes, tip.clone(), files, &text);
                    self.settle(branch, event);
                }
                Ok(Merge::NothingToDo | Merge::Conflict { .. }) => self.waiting.push(branch),
                Err(trouble) => {
                    let rest = row.into_iter().map(|link| link.branch).chain([branch]).chain(branches);
                    self.waiting.extend(rest);
                    return Err(trouble);
                }
            }
        }
        Ok(row)
    }

    /// Finds the longest row that may be published, and who is to blame that it is no longer one; `None`: the run ends.
    fn decide(&mut self, row: &mut [Link]) -> Result<Option<(usize, Option<String>)>, Infra> {
        let mut batch = Batch::new(row.len());
        let mut why = String::new();
        loop {
            match batch.next() {
                Next::Decided { publish, blame } => return Ok(Some((publish, blame.map(|_| why)))),
                Next::Verify(count) => match self.verify(&mut row[..count])? {
                    Word::Green => batch = batch.verified(count, true),
                    Word::Red(reason) => {
                        why = reason;
                        batch = batch.verified(count, false);
                    }
                    Word::Interrupted => return Ok(None),
                },
            }
        }
    }

    /// Runs the gates of all branches in the row on its last commit.
    fn verify(&mut self, row: &mut [Link]) -> Result<Word, Infra> {
        let shop = self.shop;
        let gates = gates_of(row.iter().map(|link| &link.branch.case));
        let Some(last) = row.last() else { return Ok(Word::Green) };
        let (commit, tree, settings) = (last.commit.clone(), last.tree.clone(), last.branch.case.settings.clone());
        let who = last.branch.notes.who.clone();
        let is_known = shop.judgements.is_green(&tree, &gates);
        let skips = match settings.config.integrate.verify {
            VerifyMerged::IfMoved => is_known,
            VerifyMerged::Always => false,
        };
        if gates.is_empty() || skips {
            return Ok(Word::Green);
        }
        self.bench.lend(shop)?;
        for (place, gate) in gates.iter().enumerate() {
            let mut said = self.run_gate(row, &settings.config, &commit, gate)?;
            let is_known_to_flake = shop.judgements.is_flaky(&gate.run);
            let evidence = Evidence { passed_on_this_tree: is_known, is_known_to_flake };
            if matches!(said, Said::Red(_)) && deserves_a_second_try(evidence) {
                said = self.run_gate(row, &settings.config, &commit, gate)?;
                if said == Said::Green {
                    let reason = "it failed in the merge queue, and succeeded when it was run again";
                    memory::tell_flake(shop, &who, &gate.run, &tree, reason)?;
                }
            }
            match said {
                Said::Green => {}
                Said::Red(reason) => {
                    let judgement = Judgement::Red { gate: gate.run.clone(), reason: reason.clone() };
                    self.remember(&tree, &gates, &settings.config.verify, judgement, Some(place))?;
                    return Ok(Word::Red(reason));
                }
                Said::CouldNotRun(reason) => return Err(Infra(reason)),
                Said::Interrupted => return Ok(Word::Interrupted),
            }
        }
        self.remember(&tree, &gates, &settings.config.verify, Judgement::Green, None)?;
        Ok(Word::Green)
    }

    /// Runs one gate, which is a step of every branch in the row.
    fn run_gate(&mut self, row: &mut [Link], config: &Config, commit: &Oid, gate: &Gate) -> Result<Said, Infra> {
        let shop = self.shop;
        let begin = |link: &mut Link| {
            let notes = &link.branch.notes;
            notes.step(&shop.journal, StepName::Verify, notes.round(StepName::Verify), None, Some(gate.run.clone()))
        };
        let begun: Vec<_> = row.iter_mut().map(begin).collect();
        let mut until = Until { stop: &shop.stop, at: Stop::Now };
        let ran = rehearse_gate(shop, config, self.bench, commit, gate, &Mark::new(), &mut until);
        let (result, log) = match &ran {
            Ok(Rehearsed { said: Said::Green, log, .. }) => (StepResult::Ok, Some(log.clone())),
            Ok(Rehearsed { said: Said::Red(_), log, .. }) => (StepResult::Failed, Some(log.clone())),
            Ok(Rehearsed { said: Said::CouldNotRun(_), log, .. }) => (StepResult::CouldNotRun, Some(log.clone())),
            Ok(Rehearsed { said: Said::Interrupted, log, .. }) => (StepResult::Interrupted, Some(log.clone())),
            Err(_) => (StepResult::CouldNotRun, None),
        };
        for (link, begun) in row.iter_mut().zip(begun) {
            let details = Details { log: log.clone(), ..Details::default() };
            link.branch.notes.end(&shop.journal, begun, result, details);
        }
        Ok(ran?.said)
    }

    fn remember(
        &self,
        tree: &Oid,
        gates: &[Gate],
        of_workspace: &[Gate],
        judgement: Judgement,
        failed: Option<usize>,
    ) -> Result<(), Infra> {
        let who = Who { worker: Some(self.bench.worker.clone()), ..Who::default() };
        let words = memory::words(gates, of_workspace, judgement, failed);
        Ok(memory::remember(self.shop, &who, tree, words)?)
    }

    /// The first of `rest` made the row red, for this reason if there is one; the others wait.
    fn blame(&mut self, tip: &Oid, rest: Vec<Link>, before: usize, reason: Option<String>) -> Result<(), Infra> {
        let mut rest = rest.into_iter();
        let (Some(reason), Some(mut bad)) = (reason, rest.next()) else { return Ok(()) };
        // In the order in which they came, before those that were set aside.
        self.put_back(rest.collect());
        // On the base alone, the base itself may be to blame.
        let is_base_red = before == 0 && self.is_base_red(tip, &bad.branch)?;
        let shop = self.shop;
        if is_base_red {
            bad.branch.notes.because(format!("nobody is to blame: the gates fail on {} itself", shop.base));
            self.settle(bad.branch, Event::Halted(Halt::BaseRed));
        } else {
            bad.branch.notes.because(format!("merged onto the newest {}: {reason}", shop.base));
            self.settle(bad.branch, Event::Integrated(Landing::Red));
        }
        Ok(())
    }

    fn is_red_beneath(&mut self, tip: &Oid, row: &[Link]) -> Result<bool, Infra> {
        row.first().map_or(Ok(false), |link| self.is_base_red(tip, &link.branch))
    }

    fn is_base_red(&mut self, tip: &Oid, branch: &ReadyBranch) -> Result<bool, Infra> {
        match repairs(branch.id()) {
            Some(_) => Ok(false),
            None => Ok(is_red(self.shop, self.bench, &branch.case.settings.config, tip)?),
        }
    }

    /// Back into the line, before those that were set aside after them.
    fn put_back(&mut self, row: Vec<Link>) {
        self.waiting.splice(0..0, row.into_iter().map(|link| link.branch));
    }

    fn settle_all(&mut self, event: Event) {
        for branch in std::mem::take(&mut self.waiting) {
            self.settle(branch, event);
        }
    }

    fn settle(&mut self, branch: Box<ReadyBranch>, event: Event) {
        self.fates.push(settled(self.shop, branch, event));
    }
}

/// The gates of several cases, each once, in the order in which the first that has it runs it.
fn gates_of<'a>(cases: impl Iterator<Item = &'a Case>) -> Vec<Gate> {
    let mut gates: Vec<Gate> = Vec::new();
    for gate in cases.flat_map(Case::gates) {
        if !gates.contains(gate) {
            gates.push(gate.clone());
        }
    }
    gates
}
