//! Counts the fields of structs.

use super::tokens::{Token, tokens};

/// Each struct with named fields, with the number of them.
pub(crate) fn field_counts(text: &str) -> Vec<(String, usize)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        if let [Token::Word(item), Token::Word(name)] = pair
            && item == "struct"
        {
            let body = tokens[index + 2..]
                .iter()
                .position(|token| ['{', ';', '('].iter().any(|mark| token.is(*mark)));
            let body = index + 2 + body.expect("a body");
            if tokens[body].is('{') {
                found.push((name.clone(), count(&tokens[body..])));
            }
        }
    }
    found
}

/// The colons at the top level of the braces that `tokens` begin with: each follows a field's name.
fn count(tokens: &[Token]) -> usize {
    let (mut depth, mut fields) = (0, 0);
    for token in tokens {
        match token {
            Token::Mark('{' | '(' | '[') => depth += 1,
            Token::Mark('}' | ')' | ']') => depth -= 1,
            Token::Mark(':') if depth == 1 => fields += 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    fields
}
