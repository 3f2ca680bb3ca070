//! Questions as data, and who puts them to a person.

use std::io;

/// A page of the wizard: it begins with this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// From 1.
    pub(super) number: usize,
    /// How many there are.
    pub(super) of: usize,
    /// What it is about.
    pub(super) title: &'static str,
    /// What is settled so far: what, and the answer.
    pub(super) settled: Vec<(&'static str, String)>,
}

/// A choice among a few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Menu {
    /// The question.
    pub(super) prompt: String,
    /// What can be chosen.
    pub(super) items: Vec<String>,
    /// Which one Enter chooses, from 0.
    pub(super) default: usize,
}

/// A line to be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// The question.
    pub(super) prompt: String,
    /// What Enter alone means.
    pub(super) default: Option<String>,
}

/// What a person answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply<T> {
    /// This.
    Given(T),
    /// To be asked what came before.
    Back,
}

/// Why there are no more answers.
#[derive(Debug)]
pub(super) enum Stopped {
    /// A signal came, Ctrl-C mostly.
    Signal(u8),
    /// The person left.
    Left,
    /// The terminal does not work.
    Terminal(io::Error),
}

/// What an answer comes as.
pub(super) type PromptResult<T> = Result<Reply<T>, Stopped>;

/// Puts questions to a person.
pub(super) trait Prompt {
    /// Begins a page: what was on the screen goes.
    fn page(&mut self, page: &Page);

    /// Says something: a paragraph.
    fn tell(&mut self, text: &str);

    /// The same for lines that are copied as they are.
    fn show(&mut self, lines: &str);

    /// The index of what is chosen.
    fn choose(&mut self, menu: &Menu) -> PromptResult<usize>;

    /// What is typed, without blanks around it.
    fn ask(&mut self, field: &Field) -> PromptResult<String>;

    /// Fails if a signal came while something else was done.
    fn go_on(&mut self) -> Result<(), Stopped>;
}

/// A menu whose items stand for something.
#[derive(Debug, Clone)]
pub(super) struct Choice<T> {
    prompt: String,
    items: Vec<(String, T)>,
    default: usize,
}

impl<T: Clone + PartialEq> Choice<T> {
    pub(super) fn new(prompt: impl Into<String>) -> Self {
        Self {
            prompt: prompt.into(),
            items: Vec::new(),
            default: 0,
        }
    }

    /// One more item.
    pub(super) fn item(mut self, text: impl Into<String>, means: T) -> Self {
        self.items.push((text.into(), means));
        self
    }

    /// The same where it applies.
    pub(super) fn item_if(self, applies: bool, text: impl Into<String>, means: T) -> Self {
        if applies {
            self.item(text, means)
        } else {
            self
        }
    }

    /// Enter chooses this, if it is among them.
    pub(super) fn default(mut self, means: &T) -> Self {
        if let Some(at) = self.items.iter().position(|(_, item)| item == means) {
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
            Reply::Given(at) => self
                .items
                .get(at)
                .map_or(Reply::Back, |(_, means)| Reply::Given(means.clone())),
            Reply::Back => Reply::Back,
        })
    }
}

/// Asks for a line, with what Enter alone means.
pub(super) fn field(prompt: &mut dyn Prompt, prompt: &str, default: Option<String>) -> PromptResult<String> {
    prompt.ask(&Field {
        prompt: prompt.to_owned(),
        default,
    })
}
