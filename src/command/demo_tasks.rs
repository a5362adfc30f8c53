//! The scratch repository of the demonstration and its tasks.

/// The task for one dish: its name, what is in it, and how long it takes, in seconds.
macro_rules! dish {
    ($name:literal, $ingredients:literal, $seconds:literal) => {
        concat!(
            "# ",
            $name,
            "\n\n```sh\nmkdir -p recipes\nsleep ",
            $seconds,
            "\n",
            "file=recipes/$SWARM_TASK.md\n",
            "printf '# %s\\n\\nTake %s.\\n' '",
            $name,
            "' '",
            $ingredients,
            "' > \"$file\"\n```\n"
        )
    };
}

/// What the repository holds at first.
pub(super) const FILES: [(&str, &str); 3] = [
    ("README.md", "# Cookbook\n\nOne file per dish in `recipes/`.\n"),
    (
        "check.sh",
        "#!/bin/sh\n# The gate: every recipe has a title, and none is unfinished.\nset -eu\n\
         for recipe in recipes/*.md; do\n\
         \x20   [ -e \"$recipe\" ] || continue\n\
         \x20   head -n 1 \"$recipe\" | grep -q '^# ' || { echo \"$recipe has no title\"; exit 1; }\n\
         \x20   if grep -n TODO \"$recipe\"; then echo \"$recipe is unfinished\"; exit 1; fi\n\
         done\n",
    ),
    (
        "config/swarm.yaml",
        "# The gate of the cookbook; one attempt is enough for a demonstration.\n\
         verify: [sh check.sh]\n\
         limits: {attempts: 1}\n",
    ),
];

/// A dozen tasks: eight dishes, three that build on them, and one that is left unfinished.
pub(super) const TASKS: [(&str, &str); 12] = [
    ("pancakes", dish!("Pancakes", "flour, milk, eggs", "0.4")),
    ("risotto", dish!("Risotto", "rice, stock, butter", "0.5")),
    ("dal", dish!("Dal", "lentils, turmeric, garlic", "0.3")),
    ("pho", dish!("Pho", "noodles, broth, star anise", "0.4")),
    ("borscht", dish!("Borscht", "beetroot, cabbage, dill", "0.2")),
    ("shakshuka", dish!("Shakshuka", "tomatoes, peppers, eggs", "0.3")),
    ("ramen", dish!("Ramen", "noodles, miso, scallions", "0.4")),
    ("tagine", dish!("Tagine", "apricots, chickpeas, cumin", "0.3")),
    (
        "soups",
        "---\ndepends_on: [pho, borscht, ramen]\n---\n# List the soups\n\n```sh\n\
         grep -l -e broth -e miso -e beetroot recipes/*.md > soups.txt\n```\n",
    ),
    (
        "index",
        "---\ndepends_on: [pancakes, risotto, dal, pho, borscht, shakshuka, ramen, tagine]\n---\n\
         # Write the index\n\n```sh\n\
         for recipe in recipes/*.md; do sed -n '1s/^# /- /p' \"$recipe\"; done > INDEX.md\n\
         git add INDEX.md\ngit commit -q -m 'Index all dishes by their titles'\n```\n",
    ),
    (
        "count",
        "---\ndepends_on: [index, soups]\npriority: 1\n---\n# Say in the README how many dishes there are\n\n```sh\n\
         echo \"$(wc -l < INDEX.md) dishes, $(wc -l < soups.txt) of them soups.\" >> README.md\n```\n",
    ),
    (
        "souffle",
        "# Soufflé, left unfinished: its gate fails\n\n```sh\nmkdir -p recipes\n\
         printf '# Soufflé\\n\\nTODO: how long?\\n' > recipes/souffle.md\n```\n",
    ),
];
