//! Prompts as parts of the templates here, where they can be used.

use std::path::PathBuf;

use super::plan::{Plan, bytes, put};
use super::source::Source;
use crate::error::Result;
use crate::model::import::oompa::{
    Kind, LARGEST, PLACES, Place, Remark, Room, Setup, expand, template_with, translate,
};
use crate::model::prompt::Prompts;
use crate::os::agents::PROMPTS;
use crate::os::dirs::Dirs;

/// Where oompa keeps prompts that come with it, and which those are.
const BUNDLED: (&str, [&str; 6]) =
    ("config/prompts/", ["worker.md", "executor.md", "planner.md", "reviewer.md", "engineer.md", "cto.md"]);

/// Plans the prompts of all who have any.
pub(super) fn plan(setup: &Setup, source: &Source, dirs: &Dirs, plan: &mut Plan) -> Result<()> {
    // A template here may have the name of one of theirs.
    let is_theirs = |path: &str| source.text(path).ok().flatten().is_some_and(|text| !is_template(&text));
    let theirs: Vec<String> =
        BUNDLED.1.iter().map(|name| format!("{}{name}", BUNDLED.0)).filter(|path| is_theirs(path)).collect();
    let is_own = |path: &str| !is_bundled(path) || theirs.iter().any(|known| known == path);
    for place in PLACES {
        let name = place.name();
        for path in setup.prompts(place, &|path| !is_own(path)).all() {
            let reason = format!("it comes with oompa; the template `{name}` takes its place");
            plan.remarks.push(Remark::new(Kind::NoCounterpart, path, reason));
        }
        let shared = setup.prompts(place, &is_own);
        for path in &shared.partial {
            let reason =
                format!("only some who are told the template `{name}` have it, and there is one for all of them");
            plan.remarks.push(Remark::new(Kind::NoCounterpart, path, reason));
        }
        let mut words = Vec::new();
        let mut room = Room::default();
        for path in &shared.common {
            words.extend(words_of(path, place, &mut room, source, plan));
        }
        if !words.is_empty() {
            put_part(place, &words.join("\n\n"), &shared.common.join(", "), dirs, plan)?;
            for who in shared.without {
                let reason = format!("no prompt of its own, so it is told those of the others: the template `{name}`");
                plan.remarks.push(Remark::new(Kind::Look, source.settings().unwrap_or_default(), reason).about(who));
            }
        }
    }
    Ok(())
}

/// Whether a text is a template here: oompa's tokens have no blanks in their braces.
fn is_template(text: &str) -> bool {
    text.contains("{%") || text.contains("{{ ")
}

/// Whether it is a prompt that comes with oompa and is found there when a project has none of that name.
fn is_bundled(path: &str) -> bool {
    path.strip_prefix(BUNDLED.0).is_some_and(|name| BUNDLED.1.contains(&name))
}

/// The translated words of a prompt; `None` where there are none.
fn words_of(path: &str, place: Place, room: &mut Room, source: &Source, plan: &mut Plan) -> Option<String> {
    let mut unreadable = Vec::new();
    let mut read = |path: &str| match source.text(path) {
        Ok(text) => text,
        Err(remark) => {
            unreadable.push(remark);
            None
        }
    };
    let expanded = expand(path, &mut read, room);
    if expanded == Ok(None) && unreadable.is_empty() {
        plan.remarks.push(Remark::new(Kind::Refused, path, "is not there"));
    }
    plan.remarks.extend(unreadable);
    let expanded = match expanded {
        Ok(expanded) => expanded?,
        Err(too_much) => {
            plan.remarks.push(Remark::new(Kind::Refused, path, format!("it is left out: {too_much}")));
            return None;
        }
    };
    for missing in &expanded.missing {
        let reason = "the included file is not there, or files include each other in a circle";
        plan.remarks.push(Remark::new(Kind::Look, path, reason).about(missing));
    }
    let translated = translate(&expanded, place);
    plan.remarks.extend(translated.remarks);
    Some(translated.text).filter(|text| !text.is_empty())
}

/// Plans the part and the template that includes it; none of the two where the template is somebody's own.
fn put_part(place: Place, words: &str, from: &str, dirs: &Dirs, plan: &mut Plan) -> Result<()> {
    let Some((name, built_in)) = PROMPTS.into_iter().find(|(name, _)| *name == place.name()) else { return Ok(()) };
    let part = place.part();
    let text = format!("{words}\n");
    if text.len() > LARGEST {
        let reason = format!("it cannot be made a part of the template `{name}`: translated, it is larger than 1 MiB");
        plan.remarks.push(Remark::new(Kind::Refused, from, reason));
        return Ok(());
    }
    let template = template_with(built_in, &part);
    let mut prompts = Prompts::default();
    for (name, text) in PROMPTS {
        prompts.put(name, text);
    }
    prompts.put(part.as_str(), text.as_str());
    prompts.put(name, template.as_str());
    if let Err(bad) = prompts.check() {
        plan.remarks
            .push(Remark::new(Kind::Refused, from, format!("it cannot be made a template: {bad}")).at(bad.line));
        return Ok(());
    }
    let path = file(dirs, name);
    let theirs = bytes(&path)?;
    let is_usable = |theirs: &[u8]| theirs == built_in.as_bytes() || theirs == template.as_bytes();
    if theirs.as_deref().is_some_and(|theirs| !is_usable(theirs)) {
        let reason = format!("it is not used: config/prompts/{name}.md is there, and is not as `swarm init` writes it");
        plan.remarks.push(Remark::new(Kind::NoCounterpart, from, reason));
        return Ok(());
    }
    put(plan, dirs, file(dirs, &part), &text, from, &[])?;
    put(plan, dirs, path, &template, from, &[built_in.as_bytes().to_vec()])
}

/// Both programs look for prompts in `config/prompts/`: names those that would be taken for templates here.
pub(super) fn look_at_those_in_the_way(dirs: &Dirs, plan: &mut Plan) -> Result<()> {
    for (name, _) in PROMPTS {
        let Some(theirs) = bytes(&file(dirs, name))? else { continue };
        let text = String::from_utf8_lossy(&theirs);
        if !is_template(&text) {
            let reason = "it is no template of swarm's but is taken for one, and tells an agent nothing of its task: move \
                          it (git mv config/prompts prompts), name its new place in oompa.json, and import again";
            plan.remarks.push(Remark::new(Kind::Look, &format!("config/prompts/{name}.md"), reason));
        }
    }
    Ok(())
}

fn file(dirs: &Dirs, name: &str) -> PathBuf {
    dirs.root().join("config/prompts").join(format!("{name}.md"))
}
