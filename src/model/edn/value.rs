//! What can stand in EDN.

/// A value, its parts in the order in which they were written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Edn {
    /// `nil`.
    Nil,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written, without the `N` or `M` that asks for one of any size: `3`, `-1.5e3`, `2/3`, `##Inf`.
    Number(String),
    /// A text, its escapes resolved.
    Text(String),
    /// A character such as `\a` or `\newline`.
    Char(char),
    /// A keyword without its colon; a namespace stands before a slash.
    Keyword(String),
    /// A name that is no keyword.
    Symbol(String),
    /// `( … )`.
    List(Vec<Edn>),
    /// `[ … ]`.
    Vector(Vec<Edn>),
    /// `#{ … }`.
    Set(Vec<Edn>),
    /// `{ … }`: keys with their values.
    Map(Vec<(Edn, Edn)>),
    /// `#tag value`: the tag without its `#`.
    Tagged(String, Box<Edn>),
}
