//! Agents that are small shell scripts: what they are told lies in `$told`, what they say is what they print.

use super::Workspace;

/// Before the script: which session it is, and what it is told.
const HEAD: &str = r#"set -eu
session=none going_on=no
case "${1:-}" in
--begin) session=$2 ;;
--go-on) session=$2 going_on=yes ;;
esac
told=$(cat)
ready() { echo COMPLETE_AND_READY_FOR_MERGE; }
"#;

impl Workspace {
    /// An agent with sessions that is a shell script. `$session` is the session's name, `$going_on` whether it was
    /// begun before, `$told` the prompt; `ready` says the signal.
    pub(crate) fn author(&self, name: &str, script: &str) {
        let args =
            "session: {minted_by: us}\nargs: {new_session: [--begin, '{new_session}'], resume: [--go-on, '{session}']}";
        self.shell_agent(name, script, args);
    }

    /// The same, and it tells what its turn costs: `costs 0.5` says the signal, `costs 0.5 words` other words.
    pub(crate) fn dear(&self, name: &str, script: &str) {
        let keys = "session: {minted_by: us}\nargs: {new_session: [--begin, '{new_session}'], resume: [--go-on, '{session}']}\n\
                    output:\n  format: jsonl\n  rules:\n    - when: {/type: result}\n      set: {text: /text, cost_usd: /cost}\n      flag: done";
        let costs = "costs() { printf '{\"type\":\"result\",\"text\":\"%s\",\"cost\":%s}\\n' \
                     \"${2:-COMPLETE_AND_READY_FOR_MERGE}\" \"$1\"; }";
        self.shell_agent(name, &format!("{costs}\n{script}"), keys);
    }

    /// The same without sessions.
    pub(crate) fn forgetful(&self, name: &str, script: &str) {
        self.shell_agent(name, script, "");
    }

    fn shell_agent(&self, name: &str, script: &str, keys: &str) {
        let file = self.outside().join(format!("{name}.sh"));
        std::fs::write(&file, format!("{HEAD}{script}\n")).expect("write a script");
        let file = file.display();
        self.write(
            &format!("config/agents/{name}.yaml"),
            format!("argv: [sh, '{file}', '{{args}}']\ncompletion: signal\n{keys}\n"),
        );
    }
}
