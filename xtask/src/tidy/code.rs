//! The code of a Rust source without its comments, strings and tests.

/// Blanks out comments, string and character literals and everything under `#[cfg(test)]`.
/// Line numbers stay as they are.
pub fn without_comments_and_tests(source: &str) -> String {
    without_tests(&without_comments(source))
}

/// The modules with files of their own that are compiled for tests only.
pub fn test_modules(source: &str) -> Vec<String> {
    without_comments(source)
        .split("#[cfg(test)]")
        .skip(1)
        .filter_map(|item| {
            let name = item.trim_start().strip_prefix("mod ")?.split_once(';')?.0;
            let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
            is_name.then(|| name.to_owned())
        })
        .collect()
}

fn without_comments(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while !rest.is_empty() {
        let skipped = literal_or_comment(rest);
        if skipped > 0 {
            blank(&rest[..skipped], &mut out);
            rest = &rest[skipped..];
            continue;
        }
        let next = rest.chars().next().expect("the rest is not empty");
        out.push(next);
        rest = &rest[next.len_utf8()..];
        // `r` and `b` at the end of a word do not start a literal.
        if next.is_alphanumeric() || next == '_' {
            let word = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            out.push_str(&rest[..word]);
            rest = &rest[word..];
        }
    }
    out
}

/// How many bytes at the start of `text` are a comment or a literal; 0 if none.
fn literal_or_comment(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |at| at + 2);
    }
    let head = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - head.len();
    if prefix > 1 {
        return 0;
    }
    if let Some(raw) = head.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = prefix + 1 + hashes + 1;
            return text[body..]
                .find(&end)
                .map_or(text.len(), |at| body + at + end.len());
        }
        return 0;
    }
    if head.starts_with('"') {
        return prefix + quoted(head, '"');
    }
    if head.starts_with('\'') && is_character(head) {
        return prefix + quoted(head, '\'');
    }
    0
}

/// A quote starts a character literal, not a lifetime, if another one closes it.
fn is_character(text: &str) -> bool {
    let mut characters = text.chars().skip(1);
    match characters.next() {
        Some('\\') => true,
        Some(_) => characters.next() == Some('\''),
        None => false,
    }
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn without_tests(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        let length = item(&rest[at..]);
        blank(&rest[at..at + length], &mut out);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out
}

/// Length of an item with its attributes: up to its closing brace, or its semicolon.
fn item(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn blank(text: &str, out: &mut String) {
    out.extend(text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
}

#[cfg(test)]
mod tests {
    use super::{test_modules, without_comments_and_tests};

    fn code(source: &str) -> String {
        let words: Vec<String> = without_comments_and_tests(source)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        words.join(" ")
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        assert_eq!(code("a(); // b.unwrap()\nc() /* d */;"), "a(); c() ;");
        assert_eq!(code(r#"f("x.unwrap() // \" y", 'z', '\'')"#), "f( , , )");
        assert_eq!(code("r#\"say \"hi\" now\"# + br\"x\" + b'\"'"), "+ +");
        assert_eq!(
            code("fn f<'a>(x: &'a str) { for_r\"\" }"),
            "fn f<'a>(x: &'a str) { for_r }"
        );
    }

    #[test]
    fn tests_are_no_code_and_lines_stay() {
        let source = "a();\n#[cfg(test)]\nmod tests {\n fn f() { g().unwrap() }\n}\nb();\n";
        assert_eq!(code(source), "a(); b();");
        let lines = without_comments_and_tests(source);
        assert_eq!(lines.lines().nth(5), Some("b();"));
        assert_eq!(code("#[cfg(test)]\nmod tests;\nb();"), "b();");
    }

    #[test]
    fn modules_of_tests_are_known() {
        let source = "mod a;\n#[cfg(test)]\nmod b;\n// #[cfg(test)] mod c;\n\
                      #[cfg(test)]\nmod d { fn f() { g(); } }\nmod e;\n";
        assert_eq!(test_modules(source), ["b"]);
    }
}
