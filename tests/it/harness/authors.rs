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

/// Before the script of one that prints JSON: its records.
const RECORDS: &str = r#"
json() { printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'; }
record() { printf '{"type":"%s","text":"%s"}\n' "$1" "$(json "$2")"; }
say() { record message "$1"; }
tool() { record tool "$1"; }
end() { echo '{"type":"end"}'; }
fails() { printf '{"type":"error","status":%s,"text":"%s"%s}\n' "$1" "$(json "$2")" "${3:-}"; exit 1; }
"#;

/// How they are read.
const RULES: &str = "output:
  format: jsonl
  rules:
    - {when: {/type: message}, set: {text: /text}, flag: started}
    - {when: {/type: error}, set: {error.status: /status, error.message: /text, limit.reset_at: /reset}, flag: failed}
    - {when: {/type: end}, flag: done}";

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

    /// One without sessions that prints JSON, a record a line: `say` a message, of which the last is the final one,
    /// `tool` what a tool printed, `end` that the turn is over, `fails STATUS TEXT [MORE]` that it came to nothing.
    pub(crate) fn speaker(&self, name: &str, script: &str) {
        self.shell_agent(name, &format!("{RECORDS}{script}"), RULES);
    }

    /// The same with sessions that it names itself: `begin` tells the name of this one, `failed WORDS` why it comes to
    /// nothing, `waits WORDS` why it will ask its model again, `through` that it has got through, `tokens N` what the session
    /// has used.
    pub(crate) fn namer(&self, name: &str, script: &str) {
        let keys = "session: {minted_by: agent, resume_other_dir: true}\nargs: {resume: [--go-on, '{session}']}\n\
                    output:\n  format: jsonl\n  usage: {scope: session}\n  rules:\n\
                    \x20   - when: {/type: tokens}\n      set: {usage.input: /count, usage.output: /count}\n\
                    \x20   - when: {/type: begin}\n      set: {session: /id}\n      flag: started\n\
                    \x20   - when: {/type: failed}\n      set: {error.message: /text}\n      flag: failed\n\
                    \x20   - when: {/type: wait}\n      set: {retry.message: /text}\n\
                    \x20   - when: {/type: through}\n      clear: [retry]\n\
                    \x20   - when: {/type: result}\n      set: {text: /text}\n      flag: done";
        let begin = "begin() { test \"$session\" != none || session=s-$$; printf '{\"type\":\"begin\",\"id\":\"%s\"}\\n' \"$session\"; }\n\
                     say() { printf '{\"type\":\"result\",\"text\":\"%s\"}\\n' \"$1\"; }\n\
                     tokens() { printf '{\"type\":\"tokens\",\"count\":%s}\\n' \"$1\"; }\n\
                     waits() { printf '{\"type\":\"wait\",\"text\":\"%s\"}\\n' \"$1\"; }\n\
                     through() { printf '{\"type\":\"through\"}\\n'; }\n\
                     failed() { printf '{\"type\":\"failed\",\"text\":\"%s\"}\\n' \"$1\"; exit 1; }\n\
                     ready() { say COMPLETE_AND_READY_FOR_MERGE; }";
        self.shell_agent(name, &format!("{begin}\n{script}"), keys);
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
