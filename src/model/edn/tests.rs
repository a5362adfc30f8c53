use proptest::prelude::*;

use super::*;

fn one(text: &str) -> Edn {
    read(text).unwrap_or_else(|bad| panic!("{text}: line {}: {bad}", bad.line)).expect(text).0
}

fn key(name: &str) -> Edn {
    Edn::Keyword(name.to_owned())
}

fn text(text: &str) -> Edn {
    Edn::Text(text.to_owned())
}

fn int(number: &str) -> Edn {
    Edn::Number(number.to_owned())
}

#[test]
fn every_kind_of_value_is_read() {
    for (written, value) in [
        ("nil", Edn::Nil),
        ("true", Edn::Bool(true)),
        (":medium", key("medium")),
        (":task/id", key("task/id")),
        ("app.core/main", Edn::Symbol("app.core/main".into())),
        ("->", Edn::Symbol("->".into())),
        ("-", Edn::Symbol("-".into())),
        ("\\newline", Edn::Char('\n')),
        ("\\(", Edn::Char('(')),
        ("\\u00e9", Edn::Char('é')),
        ("(1, 2)", Edn::List(vec![int("1"), int("2")])),
        ("#{:a}", Edn::Set(vec![key("a")])),
        ("{:a [nil]}", Edn::Map(vec![(key("a"), Edn::Vector(vec![Edn::Nil]))])),
        ("#:task{:id 1 :x/y 2}", Edn::Map(vec![(key("task/id"), int("1")), (key("x/y"), int("2"))])),
        ("#inst \"2026-02-01\"", Edn::Tagged("inst".into(), Box::new(text("2026-02-01")))),
        ("#my/tag {}", Edn::Tagged("my/tag".into(), Box::new(Edn::Map(Vec::new())))),
        ("^{:doc 1} ^:x [1]", Edn::Vector(vec![int("1")])),
        ("; words\n#_{:gone \"(\"} #_ #_ 1 2 3", int("3")),
        ("\u{feff}{}", Edn::Map(Vec::new())),
        ("[a;b\n]", Edn::Vector(vec![Edn::Symbol("a".into())])),
    ] {
        assert_eq!(one(written), value, "{written}");
    }
}

#[test]
fn numbers_are_kept_as_they_were_written() {
    for (written, kept) in [
        ("0", "0"),
        ("+7", "7"),
        ("-42N", "-42"),
        ("99999999999999999999", "99999999999999999999"),
        ("1.5M", "1.5"),
        ("1e-3", "1e-3"),
        ("2/3", "2/3"),
        ("0x1F", "0x1F"),
        ("2r101", "2r101"),
        ("##-Inf", "##-Inf"),
    ] {
        assert_eq!(one(written), int(kept), "{written}");
    }
}

#[test]
fn escapes_in_texts_are_those_of_clojure() {
    for (written, meant) in [
        (r#""a\"b\\c\n\t\r\b\f""#, "a\"b\\c\n\t\r\u{8}\u{c}"),
        (r#""caf\u00e9""#, "café"),
        (r#""\ud83e\udd80""#, "🦀"),
        (r#""\101\0""#, "A\0"),
        ("\"two\nlines ; no comment\"", "two\nlines ; no comment"),
    ] {
        assert_eq!(one(written), text(meant), "{written}");
    }
}

#[test]
fn a_mistake_is_named_with_its_line() {
    for (written, line, says) in [
        ("{:a 1\n :b \"\\sigma\"}", 2, "`\\s` is no escape"),
        ("{:a \"x\n\n", 1, "never ends"),
        ("\n[1 2", 2, "never closed"),
        ("{:a\n [1 }", 2, "`]` does"),
        ("{:a 1\n :b}", 1, "`:b`, has no value"),
        ("{:a 1\n :a 2}", 1, "`:a` twice"),
        ("\n)", 2, "closes nothing"),
        ("[1.2.3]", 1, "no number"),
        ("[089]", 1, "no number"),
        (":", 1, "no keyword"),
        ("::own", 1, "no keyword"),
        ("\\nope", 1, "no character"),
        ("#\"a+\"", 1, "regular expression"),
        ("[@x]", 1, "code"),
        ("#_", 1, "nothing after it"),
        ("[#inst]", 1, "no value"),
        ("[#:a]", 1, "no map"),
        ("#:a [1]", 1, "stands before a map"),
        ("##Infinity", 1, "none of"),
        (r#""\ud83e""#, 1, "hexadecimal"),
    ] {
        let bad = read(written).expect_err(written);
        assert!(bad.line == line && bad.reason.contains(says), "{written}: line {}: {bad}", bad.line);
    }
}

#[test]
fn nothing_lies_deeper_than_the_bound_whatever_it_lies_in() {
    for nests in ["[", "(", "{", "#{", "#_ ", "^", "^:a ^", "#a ", "#:a ", "#:a{:b ", "{[", "#_ ^#a #:b ["] {
        let bad = read(&nests.repeat(200_000)).expect_err(nests);
        assert_eq!(bad.reason, "values lie deeper in each other than 64", "{nests}");
    }
    let many = "#_ 1 ".repeat(100_000) + &"^:a ".repeat(100_000) + "7";
    assert_eq!(one(&many), int("7"), "what stands beside each other is not deep");
}

#[test]
fn a_map_of_many_keys_is_read_at_once() {
    let keys: String = (0..118_000).map(|key| format!("{key} 0 ")).collect();
    let begun = std::time::Instant::now();
    assert!(matches!(one(&format!("{{{keys}}}")), Edn::Map(entries) if entries.len() == 118_000));
    let bad = read(&format!("{{{keys} 7 1}}")).unwrap_err();
    assert!(bad.reason.contains("`7` twice"), "{bad}");
    assert!(begun.elapsed().as_secs() < 20, "each key is compared with all others");
}

#[test]
fn only_the_first_value_is_read_and_what_follows_is_told() {
    assert_eq!(read("").unwrap(), None);
    assert_eq!(read(" ; words\n#_ 1").unwrap(), None);
    assert_eq!(read("1 ; the end\n").unwrap(), Some((int("1"), None)));
    assert_eq!(read("{}\n\n{\"").unwrap(), Some((Edn::Map(Vec::new()), Some(3))));
}

/// A value as EDN, with a blank or a comment wherever one may stand.
fn written(value: &Edn, blank: &str) -> String {
    let all = |values: &[Edn]| values.iter().map(|value| written(value, blank) + blank).collect::<String>();
    match value {
        Edn::Nil => "nil".to_owned(),
        Edn::Bool(truth) => truth.to_string(),
        Edn::Number(number) => number.clone(),
        Edn::Text(text) => format!("{:?}", Plain(text)),
        Edn::Char(char) => format!("\\u{:04x}", u32::from(*char)),
        Edn::Keyword(name) => format!(":{name}"),
        Edn::Symbol(name) => name.clone(),
        Edn::List(values) => format!("({blank}{})", all(values)),
        Edn::Vector(values) => format!("[{blank}{}]", all(values)),
        Edn::Set(values) => format!("#{{{}}}", all(values)),
        Edn::Map(entries) => {
            let entries: Vec<Edn> = entries.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect();
            format!("{{{}}}", all(&entries))
        }
        Edn::Tagged(tag, value) => format!("#{tag}{blank}{}", written(value, blank)),
    }
}

/// A text in quotes, with the escapes that it must have.
struct Plain<'a>(&'a str);

impl std::fmt::Debug for Plain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

fn values() -> impl Strategy<Value = Edn> {
    let name = "[a-m][a-z*+!?-]{0,6}";
    let leaf = prop_oneof![
        Just(Edn::Nil),
        any::<bool>().prop_map(Edn::Bool),
        any::<i64>().prop_map(|number| Edn::Number(number.to_string())),
        ".*".prop_map(Edn::Text),
        "[ -~]".prop_map(|text| Edn::Char(text.chars().next().unwrap())),
        (name, proptest::option::of(name)).prop_map(|(name, space)| {
            Edn::Keyword(space.map_or_else(|| name.clone(), |space| format!("{space}/{name}")))
        }),
        "[a-m][a-z.]{0,6}x".prop_map(Edn::Symbol),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let several = || proptest::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            several().prop_map(Edn::List),
            several().prop_map(Edn::Vector),
            several().prop_map(Edn::Set),
            several().prop_map(|values| {
                Edn::Map(values.into_iter().enumerate().map(|(at, value)| (int(&at.to_string()), value)).collect())
            }),
            (name, inner.clone()).prop_map(|(tag, value)| Edn::Tagged(tag, Box::new(value))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in values(), blank in "( |,|\n|; words\n|#_x ){1,3}") {
        // A comment that stands last would swallow what closes the value.
        let blank = format!(" {blank} ");
        prop_assert_eq!(one(&written(&value, &blank)), value);
    }

    #[test]
    fn whatever_the_text_a_mistake_has_a_line_of_it(text in "([\\[\\](){}\"\\\\#:;^_, \nau0-9/.]|.){0,60}") {
        if let Err(bad) = read(&text) {
            prop_assert!((1..=text.matches('\n').count() + 1).contains(&bad.line));
            prop_assert!(!bad.reason.is_empty());
        }
    }
}
