//! The programs: what they are called, which version is tested, and how each is told of the model server.

use serde_json::json;

use crate::harness::Workspace;

/// The agents whose own programs are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cli {
    Codex,
    Claude,
    Opencode,
    Gemini,
    Qwen,
}

impl Cli {
    /// All of them, the quick ones first.
    pub(crate) const ALL: [Self; 5] = [Self::Codex, Self::Claude, Self::Gemini, Self::Opencode, Self::Qwen];

    /// Its program, and the name of its description.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Codex => "codex",
            Self::Claude => "claude",
            Self::Opencode => "opencode",
            Self::Gemini => "gemini",
            Self::Qwen => "qwen",
        }
    }

    /// Its package in the npm registry. Without a version npm takes an older one where the machine's node is old.
    pub(crate) fn package(self) -> (&'static str, &'static str) {
        match self {
            Self::Codex => ("@openai/codex", "0.169.0"),
            Self::Claude => ("@anthropic-ai/claude-code", "2.1.328"),
            Self::Opencode => ("opencode-ai", "1.18.33"),
            Self::Gemini => ("@google/gemini-cli", "0.61.0"),
            Self::Qwen => ("@qwen-code/qwen-code", "0.15.10"),
        }
    }

    /// The provider that its description names.
    pub(crate) fn provider(self) -> &'static str {
        match self {
            Self::Codex => "openai",
            Self::Claude => "anthropic",
            Self::Opencode => "opencode",
            Self::Gemini => "google",
            Self::Qwen => "qwen",
        }
    }

    /// Whether it passes on when a limit ends. claude does so for subscriptions only, opencode when it has waited itself.
    pub(crate) fn tells_when_a_limit_ends(self) -> bool {
        match self {
            Self::Codex => true,
            Self::Claude | Self::Opencode | Self::Gemini | Self::Qwen => false,
        }
    }

    /// How many seconds it is silent at most while all is well, on a machine that does much else.
    pub(crate) fn longest_silence(self) -> u32 {
        match self {
            Self::Codex | Self::Claude | Self::Opencode | Self::Gemini => 6,
            Self::Qwen => 20,
        }
    }

    /// How many requests it makes for its own ends at the end of a session's second turn: qwen keeps a memory.
    pub(crate) fn asks_for_itself(self) -> u64 {
        match self {
            Self::Codex | Self::Claude | Self::Opencode | Self::Gemini => 0,
            Self::Qwen => 1,
        }
    }

    /// Why one of the tests cannot be passed with it.
    pub(crate) fn cannot(self, test: &str) -> Option<&'static str> {
        match self {
            Self::Qwen if test.contains("a_limit_in_the_middle") || test.contains("too_much_to_do") => {
                Some("it waits for its provider without a word")
            }
            Self::Codex | Self::Claude | Self::Opencode | Self::Gemini | Self::Qwen => None,
        }
    }

    /// How many requests of a session that is too long are refused before it gives up: claude asks for a summary, and for shorter ones.
    pub(crate) fn asks_in_vain(self) -> usize {
        match self {
            Self::Claude => 4,
            Self::Codex | Self::Opencode | Self::Gemini | Self::Qwen => 1,
        }
    }

    /// Whether it gets over a session that is too long by itself, here with a summary of one word.
    pub(crate) fn shortens_its_sessions(self) -> bool {
        match self {
            Self::Opencode => true,
            Self::Codex | Self::Claude | Self::Gemini | Self::Qwen => false,
        }
    }

    /// A model that it takes; the price of claude's is known to it.
    pub(crate) fn model(self) -> &'static str {
        match self {
            Self::Codex => "test-model",
            Self::Claude => "claude-sonnet-4-5",
            Self::Opencode => "loopback/test-model",
            Self::Gemini => "gemini-2.5-flash",
            Self::Qwen => "test-model",
        }
    }

    /// Whether it is known what its turns cost: two tell it, and the model of one has a price.
    pub(crate) fn knows_its_cost(self) -> bool {
        match self {
            Self::Claude | Self::Opencode | Self::Gemini => true,
            Self::Codex | Self::Qwen => false,
        }
    }

    /// How many bytes a command may print without a loss. gemini repeats them in one record and exits without waiting
    /// until that is read: what a pipe does not hold is lost, and with it all that follows.
    pub(crate) fn harmless_bytes(self) -> u32 {
        match self {
            Self::Codex | Self::Claude | Self::Opencode => 3_000_000,
            Self::Gemini | Self::Qwen => 700_000,
        }
    }

    /// Lets it find the model server at `url`, and nothing else.
    pub(crate) fn settle(self, w: Workspace, url: &str) -> Workspace {
        match self {
            Self::Codex => {
                let settings = format!(
                    "model_provider = \"loopback\"\n[model_providers.loopback]\nname = \"loopback\"\nbase_url = \"{url}/v1\"\n\
                     wire_api = \"responses\"\nenv_key = \"OPENAI_API_KEY\"\n"
                );
                write_home(&w, ".codex/config.toml", &settings);
                w.with_env("OPENAI_API_KEY", "none")
            }
            Self::Claude => w
                .with_env("ANTHROPIC_BASE_URL", url)
                .with_env("ANTHROPIC_API_KEY", "none")
                // The tests may run as root.
                .with_env("IS_SANDBOX", "1"),
            Self::Opencode => {
                let model = json!({
                    "name": "test", "tool_call": true, "limit": {"context": 200_000, "output": 8000},
                    "cost": {"input": 2, "output": 8, "cache_read": 0.5},
                });
                let settings = json!({
                    "autoupdate": false, "share": "disabled", "small_model": self.model(),
                    "provider": {"loopback": {
                        "npm": "@ai-sdk/openai-compatible", "name": "loopback",
                        "options": {"baseURL": format!("{url}/v1"), "apiKey": "none"},
                        "models": {"test-model": model},
                    }},
                });
                w.with_env("OPENCODE_CONFIG_CONTENT", settings.to_string())
            }
            Self::Gemini => {
                let settings = json!({
                    "security": {"auth": {"selectedType": "gemini-api-key"}},
                    "general": {"enableAutoUpdate": false},
                    "privacy": {"usageStatisticsEnabled": false},
                });
                write_home(&w, ".gemini/settings.json", &settings.to_string());
                w.with_env("GEMINI_API_KEY", "none").with_env("GOOGLE_GEMINI_BASE_URL", url)
            }
            Self::Qwen => {
                let settings =
                    json!({"security": {"auth": {"selectedType": "openai"}}, "general": {"disableAutoUpdate": true}});
                write_home(&w, ".qwen/settings.json", &settings.to_string());
                w.with_env("OPENAI_API_KEY", "none").with_env("OPENAI_BASE_URL", format!("{url}/qwen/v1"))
            }
        }
    }
}

/// Writes a file of the user's below his home.
fn write_home(w: &Workspace, path: &str, text: &str) {
    let path = w.outside().join("home").join(path);
    std::fs::create_dir_all(path.parent().expect("a path in the home")).expect("make a folder");
    std::fs::write(path, text).expect("write a file");
}
