use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_212_600 + seconds).unwrap()
}

fn add(file: &str, author: &Author, text: &str) -> String {
    String::from_utf8(with_comment(file.as_bytes(), at(0), author, text)).unwrap()
}

fn read(file: &str) -> Vec<(String, String)> {
    comments(file).into_iter().map(|comment| (comment.author.to_string(), comment.text)).collect()
}

#[test]
fn a_comment_stands_under_the_last_heading_comments() {
    let first = "## Comments\n\n### 2026-11-20T22:10:00Z human\n\nhello\n";
    let again = "### 2026-11-20T22:10:00Z human\n\nhello\n";
    for (before, added) in [
        ("", first.to_owned()),
        ("body", format!("\n\n{first}")),
        ("body\n", format!("\n{first}")),
        ("body\n\n", first.to_owned()),
        ("---\ntitle: x\n---", format!("\n{first}")),
        ("---\ntitle: x\n---\n", first.to_owned()),
        ("---\nx: |\n  ```\n---\nbody\n", format!("\n{first}")),
        ("## Comments\n", format!("\n{again}")),
        ("## Comments ##\n\nmine", format!("\n\n{again}")),
        ("## Comments\n### 2026-11-20T22:10:00Z swarm\n\nx\n", format!("\n{again}")),
        ("## Comments\n\n## Later\n", format!("\n{first}")),
        ("# Comments\n", format!("\n{first}")),
        ("```\n## Comments\n```\n", format!("\n{first}")),
        ("```sh\necho\n", format!("```\n\n{first}")),
        ("~~~~\n```\n", format!("~~~~\n\n{first}")),
        ("## Comments\n\n````\nopen", format!("\n````\n\n{again}")),
    ] {
        assert_eq!(add(before, &Author::Human, "hello"), format!("{before}{added}"), "{before:?}");
    }
    let crlf = add("\u{feff}body\r\n", &Author::Human, "a\nb");
    assert_eq!(crlf, "\u{feff}body\r\n\r\n## Comments\r\n\r\n### 2026-11-20T22:10:00Z human\r\n\r\na\r\nb\r\n");
}

#[test]
fn comments_read_back_in_order() {
    let mut file = "---\ntitle: x\n---\n# Do it\n".to_owned();
    let authors = [Author::Swarm, Author::Agent("claude:opus".into()), Author::Human];
    let texts = ["which one?\n\n```sh\n# a\n## b\n", "## Comments\n### 2026-11-20T22:10:00Z human\nfake", ""];
    for (author, text) in authors.iter().zip(texts) {
        file = add(&file, author, text);
    }
    let body = file.strip_prefix("---\ntitle: x\n---\n").unwrap();
    assert_eq!(body_without_comments(body), "# Do it\n\n");
    let expected = [
        ("swarm", "which one?\n\n```sh\n# a\n## b\n```"),
        ("agent:claude:opus", "## Comments\n### 2026-11-20T22:10:00Z human\nfake"),
        ("human", ""),
    ];
    assert_eq!(read(body), expected.map(|(author, text)| (author.to_owned(), text.to_owned())));
    assert_eq!(comments(body)[0].at, Some(at(0)));
}

#[test]
fn no_line_of_a_comment_can_open_a_section() {
    for text in [
        "# a",
        "   ###### a #",
        "a\n===",
        "a\n---",
        "#",
        "\\# a",
        "\\\\## a",
        "~~~\n# code\n~~~\n# a",
        "    # code",
        "#tag",
    ] {
        let file = add("body\n", &Author::Human, text);
        assert_eq!(read(&file), [("human".to_owned(), text.to_owned())], "{file}");
        assert_eq!(body_without_comments(&file), "body\n\n", "{file}");
        assert_eq!(read(&add(&file, &Author::Swarm, "next")).len(), 2, "{file}");
    }
    let file = add("", &Author::Human, "# a\n\n---\nb");
    assert!(file.contains("\n\\# a\n\n\\---\nb\n"), "{file}");
}

#[test]
fn words_that_someone_wrote_by_hand_are_not_lost() {
    let body = "x\n## Comments\n\nUse the second one.\n\n### Why\nbecause\n\n### 2026-11-20T22:10:00Z swarm\n\nok\n\n### not a time human\n";
    let expected = [("human", "Use the second one.\n\n### Why\nbecause"), ("swarm", "ok\n\n### not a time human")];
    assert_eq!(read(body), expected.map(|(author, text)| (author.to_owned(), text.to_owned())));
    assert_eq!(comments(body)[0].at, None);
    assert_eq!(read("x\n## Comments\n\n"), []);
    assert_eq!(read("x\n"), []);
}

#[test]
fn odd_names_and_odd_text_do_not_break_the_form() {
    let file = add("", &Author::Agent("two words\n# x".into()), "\u{1b}[31mred\u{1b}[0m\0\r\nend");
    assert_eq!(read(&file), [("agent:two-words-x".to_owned(), "red\nend".to_owned())]);
    assert_eq!(Author::Agent(" ".into()).to_string(), "agent:unknown");
    let torn = with_comment(b"---\n\xff\n```\n", at(0), &Author::Human, "x");
    assert!(torn.starts_with(b"---\n\xff\n```\n"));
}

fn a_markdown() -> impl Strategy<Value = String> {
    let lines = "((#{1,3}|`{3,4}|~{3}|---|===|\\\\#|> |    |### 2026-11-20T22:10:00Z human|## Comments|\\\\)?[ a-z]{0,5}\r?\n){0,8}";
    prop_oneof![any::<String>(), lines, "[#`~\\\\ \n=-]{0,30}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_comment_only_adds_bytes_and_reads_back(body in a_markdown(), text in a_markdown(), next in a_markdown()) {
        let body = format!("Do it.\n{body}");
        let before = comments(&body).len();
        let file = add(&body, &Author::Human, &text);
        prop_assert!(file.starts_with(&body));
        let read = comments(&file);
        prop_assert_eq!(read.len(), before + 1, "{}", file);
        let clean = crate::model::clean::clean_text(&text);
        prop_assert!(read[before].text.starts_with(&clean), "{:?} {:?}", read[before].text, clean);
        prop_assert!(read[before].text.len() <= clean.len() + 40);
        prop_assert!(body_without_comments(&file).starts_with(body_without_comments(&body)));

        let more = comments(&add(&file, &Author::Swarm, &next));
        prop_assert_eq!(more.len(), before + 2);
        prop_assert_eq!(&more[..=before], read.as_slice());
    }

    #[test]
    fn any_bytes_take_a_comment(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(with_comment(&bytes, at(0), &Author::Human, "x").starts_with(&bytes));
    }
}
