//! Splits Rust source into the tokens that the structure test needs.

/// What the test needs of Rust's tokens; comments are gone, literals have no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Mark(char),
    /// `::`
    Separator,
    Literal,
}

impl Token {
    pub(crate) fn is(&self, mark: char) -> bool {
        *self == Token::Mark(mark)
    }

    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// Splits source text into tokens.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut found = Vec::new();
    let mut index = 0;
    while index < chars.len() {
        let here = chars[index];
        if here == '/' && at(index + 1) == '/' {
            while index < chars.len() && chars[index] != '\n' {
                index += 1;
            }
        } else if here == '/' && at(index + 1) == '*' {
            index = after_comment(&chars, index);
        } else if here == '"' {
            index = after_string(&chars, index);
            found.push(Token::Literal);
        } else if here == '\'' {
            let is_char = at(index + 1) == '\\' || at(index + 2) == '\'';
            if is_char {
                found.push(Token::Literal);
                index = after_char(&chars, index);
            } else {
                // A lifetime, `'static` among them.
                index += 1;
                while at(index).is_alphanumeric() || at(index) == '_' {
                    index += 1;
                }
            }
        } else if here.is_alphanumeric() || here == '_' {
            let start = index;
            while at(index).is_alphanumeric() || at(index) == '_' {
                index += 1;
            }
            let word: String = chars[start..index].iter().collect();
            let is_prefix = matches!(word.as_str(), "r" | "b" | "c" | "br" | "cr");
            if is_prefix && at(index) == '"' {
                index = if word.ends_with('r') {
                    after_raw(&chars, index)
                } else {
                    after_string(&chars, index)
                };
                found.push(Token::Literal);
            } else if is_prefix && word.ends_with('r') && at(index) == '#' {
                if matches!(at(index + 1), '"' | '#') {
                    index = after_raw(&chars, index);
                    found.push(Token::Literal);
                } else {
                    // `r#type`: the word itself follows.
                    index += 1;
                }
            } else if word == "b" && at(index) == '\'' {
                index = after_char(&chars, index);
                found.push(Token::Literal);
            } else if here.is_ascii_digit() {
                found.push(Token::Literal);
            } else {
                found.push(Token::Word(word));
            }
        } else if here == ':' && at(index + 1) == ':' {
            found.push(Token::Separator);
            index += 2;
        } else {
            if !here.is_whitespace() {
                found.push(Token::Mark(here));
            }
            index += 1;
        }
    }
    found
}

fn after_comment(chars: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut index = start;
    while index < chars.len() {
        match (chars[index], chars.get(index + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                index += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                index += 2;
                if depth == 0 {
                    break;
                }
            }
            _ => index += 1,
        }
    }
    index
}

fn after_string(chars: &[char], start: usize) -> usize {
    let mut index = start + 1;
    while index < chars.len() && chars[index] != '"' {
        index += if chars[index] == '\\' { 2 } else { 1 };
    }
    index + 1
}

fn after_char(chars: &[char], start: usize) -> usize {
    let mut index = start + 1;
    while index < chars.len() && chars[index] != '\'' {
        index += if chars[index] == '\\' { 2 } else { 1 };
    }
    index + 1
}

/// `start` is at the first `#` or at the quote.
fn after_raw(chars: &[char], start: usize) -> usize {
    let hashes = chars[start..].iter().take_while(|c| **c == '#').count();
    let mut index = start + hashes + 1;
    while index < chars.len() {
        let end = &chars[index + 1..chars.len().min(index + 1 + hashes)];
        if chars[index] == '"' && end.len() == hashes && end.iter().all(|c| *c == '#') {
            break;
        }
        index += 1;
    }
    index + 1 + hashes
}
