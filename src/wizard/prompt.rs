//! Questions as data, and the interface that asks them.

use std::io;

/// The head of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PromptPage {
    /// The step, from 1.
    pub(super) number: usize,
    /// The number of steps.
    pub(super) of: usize,
    /// The subject.
    pub(super) title: &'static str,
    /// Answers so far: label and answer.
    pub(super) answered: Vec<(&'static str, String)>,
}

/// A question with a few items to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Menu {
    pub(super) prompt: String,
    pub(super) items: Vec<String>,
    /// The index of the item that Enter chooses.
    pub(super) default: usize,
}

/// A question answered by a line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) prompt: String,
    /// The answer that Enter alone gives.
    pub(super) default: Option<String>,
}

/// The operator's reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PromptReply<T> {
    /// An answer.
    Given(T),
    /// Back to the previous question.
    Back,
}

/// Why there are no more replies.
#[derive(Debug)]
pub(super) enum Stopped {
    /// A signal, usually Ctrl-C.
    Signal(u8),
    /// The operator left.
    Left,
    /// The terminal failed.
    Terminal(io::Error),
}

/// The result of a question.
pub(super) type PromptResult<T> = Result<PromptReply<T>, Stopped>;

/// Asks the operator.
pub(super) trait Prompt {
    /// Rows of the screen.
    fn rows(&self) -> usize;

    /// Begins a page; the screen is cleared.
    fn page(&mut self, page: &PromptPage);

    /// Prints a paragraph, wrapped.
    fn paragraph(&mut self, text: &str);

    /// Prints lines that are copied as they are.
    fn verbatim(&mut self, lines: &str);

    /// Shows what is going on, in one line that the next text replaces.
    fn progress(&mut self, text: &str);

    /// Returns the index of the chosen item.
    fn choose(&mut self, menu: &Menu) -> PromptResult<usize>;

    /// Returns the typed line, trimmed.
    fn ask(&mut self, field: &Field) -> PromptResult<String>;

    /// Fails if a signal came while no question was open.
    fn check_signals(&mut self) -> Result<(), Stopped>;
}

/// A menu whose items have values.
#[derive(Debug, Clone)]
pub(super) struct MenuChoice<T> {
    prompt: String,
    items: Vec<(String, T)>,
    default: usize,
}

impl<T: Clone + PartialEq> MenuChoice<T> {
    pub(super) fn new(prompt: impl Into<String>) -> Self {
        Self {
            prompt: prompt.into(),
            items: Vec::new(),
            default: 0,
        }
    }

    /// Adds an item.
    pub(super) fn item(mut self, text: impl Into<String>, value: T) -> Self {
        self.items.push((text.into(), value));
        self
    }

    /// Adds an item if it applies.
    pub(super) fn item_if(self, applies: bool, text: impl Into<String>, value: T) -> Self {
        if applies {
            self.item(text, value)
        } else {
            self
        }
    }

    /// Makes this item the default, if it is in the menu.
    pub(super) fn default(mut self, value: &T) -> Self {
        if let Some(at) = self.items.iter().position(|(_, item)| item == value) {
            self.default = at;
        }
        self
    }

    /// Asks.
    pub(super) fn ask(self, prompt: &mut dyn Prompt) -> PromptResult<T> {
        let menu = Menu {
            prompt: self.prompt,
            items: self.items.iter().map(|(text, _)| text.clone()).collect(),
            default: self.default,
        };
        Ok(match prompt.choose(&menu)? {
            PromptReply::Given(at) => self.items.get(at).map_or(PromptReply::Back, |(_, value)| {
                PromptReply::Given(value.clone())
            }),
            PromptReply::Back => PromptReply::Back,
        })
    }
}

/// Asks for a line of text. `default`: the answer that Enter alone gives.
pub(super) fn ask_line(
    prompt: &mut dyn Prompt,
    question: &str,
    default: Option<String>,
) -> PromptResult<String> {
    prompt.ask(&Field {
        prompt: question.to_owned(),
        default,
    })
}
