//! `swarm logs`: what agents and gates printed, oldest first. Which files those are, `printed` knows.

mod outputs;
mod printer;
mod rows;

use self::outputs::Outputs;
pub(super) use self::printer::Printer;
use self::rows::{Extent, Rows};
use super::add::parse_id;
use super::printed::{Of, find};
use super::{Desk, follow, picture};
use crate::cli::Logs;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::model::record::StepName;
use crate::model::yaml::nearest;
use crate::os::dirs::Dirs;
use crate::os::records::Records;
use crate::os::task_folder;

pub(super) fn run(desk: &Desk, words: &Logs) -> Result<Exit> {
    let dirs = desk.place_or_defaults()?.dirs;
    let step = words.step.as_deref().map(step).transpose()?;
    let mut records = Records::new(&dirs);
    let runs = records.run_ids();
    let of = whose(&dirs, &words.of)?;
    let asked: &[String] = match &of {
        Of::Task(_) => &runs,
        Of::Worker(_) => runs.last().map(std::slice::from_ref).unwrap_or_default(),
    };
    let logs = find(&mut records, &dirs, &of, asked, step);
    if logs.is_empty() && !words.follow {
        return Err(nothing(&dirs, &of, step));
    }
    let is_for_a_person = !words.raw && !desk.json();
    let rows = is_for_a_person.then(|| (rows(desk, words), Outputs::new(desk, dirs.root().to_owned())));
    let mut printer = Printer::new(desk, rows);
    let open = printer.print(&dirs, &logs)?;
    picture::tell_set_aside(desk, &records);
    if words.follow && open {
        follow::follow(desk, &dirs, &of, step, asked.last().map(String::as_str), &mut printer)?;
    }
    printer.finish()?;
    if printer.has_printed() { Ok(Exit::Done) } else { Err(nothing(&dirs, &of, step)) }
}

fn rows(desk: &Desk, words: &Logs) -> Rows {
    let extent = if words.whole { Extent::Whole } else { Extent::Line(None) };
    Rows { extent, with_results: desk.verbose() > 0 }
}

fn whose(dirs: &Dirs, text: &str) -> Result<Of> {
    let is_worker = text.strip_prefix('w').is_some_and(|number| {
        !number.is_empty() && number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    let id = parse_id(text)?;
    // A task may be called like a worker; it is there, so it is meant.
    if is_worker && task_folder::find(dirs, &id).is_none() { Ok(Of::Worker(text.to_owned())) } else { Ok(Of::Task(id)) }
}

fn nothing(dirs: &Dirs, of: &Of, step: Option<StepName>) -> Error {
    match of {
        Of::Task(id) => match (task_folder::find(dirs, id), step) {
            (Some(state), None) => Error::failed(format!("nothing has been printed for {id} yet; it is in {state}/")),
            (Some(_), Some(step)) => Error::failed(format!("{id} has no log of a step `{}` yet", step.as_str()))
                .hint(format!("`swarm show {id}` lists its steps")),
            (None, _) => Error::failed(format!("there is no task {id}, and no log of one"))
                .hint("`swarm list` shows the tasks, `swarm runs last --all` the newest cycles"),
        },
        Of::Worker(worker) => Error::failed(format!("{worker} has printed nothing of that in the newest run"))
            .hint("`swarm runs last --all` shows its cycles"),
    }
}

fn step(text: &str) -> Result<StepName> {
    if let Some(step) = StepName::ALL.into_iter().find(|step| step.as_str() == text) {
        return Ok(step);
    }
    let names = StepName::ALL.map(StepName::as_str);
    let error = Error::usage(format!("`{text}` is no step"));
    Err(match nearest(text, names) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("steps are {}", names.join(", "))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_step_is_named_with_the_nearest_one() {
        assert_eq!(step("verify").unwrap(), StepName::Verify);
        assert!(step("verfy").unwrap_err().next_move().unwrap().contains("`verify`"));
    }
}
