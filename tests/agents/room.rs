//! The room in which they work: what the user has set up for himself stays outside, and git keeps to itself.

use std::fs;

use serde_json::json;

use crate::cli::Cli;
use crate::scene::Scene;
use crate::server::{run, say};
use crate::work::{COMMIT, READY, is_merged};

/// Has the user's own settings of the agent leave this sign.
fn set_up(scene: &Scene, sign: &str) {
    let home = scene.w.outside().join("home");
    let (path, text) = match scene.cli {
        Cli::Claude => {
            let hook = json!([{"hooks": [{"type": "command", "command": format!("touch '{sign}'")}]}]);
            (".claude/settings.json", json!({"hooks": {"SessionStart": hook, "Stop": hook}}).to_string())
        }
        Cli::Codex => {
            let path = home.join(".codex/config.toml");
            let settings = fs::read_to_string(path).expect("read the settings");
            (".codex/config.toml", format!("notify = [\"touch\", \"{sign}\"]\n{settings}"))
        }
        Cli::Gemini => (".gemini/extensions/mine/gemini-extension.json", extension(sign)),
        Cli::Qwen => (".qwen/extensions/mine/qwen-extension.json", extension(sign)),
        Cli::Opencode => {
            let plugin = "export const P = async () => { require('fs').writeFileSync('SIGN', ''); return {} }\n";
            (".config/opencode/plugins/mine.js", plugin.replace("SIGN", sign))
        }
    };
    let path = home.join(path);
    fs::create_dir_all(path.parent().expect("a path in the home")).expect("make a folder");
    fs::write(path, text).expect("write a file");
}

/// An extension whose server leaves the sign.
fn extension(sign: &str) -> String {
    let server = json!({"one": {"command": "touch", "args": [sign]}});
    json!({"name": "mine", "version": "1.0.0", "mcpServers": server}).to_string()
}

pub(crate) fn what_the_user_has_set_up_for_himself_does_not_run(scene: &Scene) {
    let sign = scene.w.outside().join("sign");
    set_up(scene, sign.to_str().expect("a plain path"));
    scene.drain([run(COMMIT), say(READY)]).code(0);
    is_merged(scene);
    assert!(!sign.exists(), "it has run");
}

pub(crate) fn its_git_pushes_nothing_and_moves_nothing_of_the_swarms(scene: &Scene) {
    let bare = scene.w.outside().join("far.git");
    let bare = bare.to_str().expect("a plain path");
    scene.w.git(["init", "-q", "--bare", bare]);
    scene.w.git(["remote", "add", "origin", bare]);
    let tries = "! git push -q --no-verify origin HEAD:refs/heads/x && ! git update-ref refs/swarm/ahead/trunk HEAD";
    scene.drain([run(&format!("{COMMIT} && {tries} && echo kept > kept.txt")), say(READY)]).code(0);
    is_merged(scene);
    scene.w.base().has("kept.txt");
    assert_eq!(scene.w.git(["-C", bare, "for-each-ref"]), "");
}
