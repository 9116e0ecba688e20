//! The languages in which Torwart speaks to people.

use std::fmt;

/// A language with a complete set of texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Lang {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// The language tag (RFC 5646), as in `lang` attributes and `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The language a tag or a POSIX locale names: `de`, `de-AT`, `de_DE.UTF-8`.
    ///
    /// ```
    /// use torwart_report::Lang;
    /// assert_eq!(Lang::from_tag("de_DE.UTF-8"), Some(Lang::De));
    /// assert_eq!(Lang::from_tag("fr"), None);
    /// ```
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_', '.']).next()?;
        Self::ALL.into_iter().find(|lang| lang.tag().eq_ignore_ascii_case(primary))
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The language for this client, `default` where it names none of ours.
pub fn choose_lang(accept_language: Option<&[u8]>, default: Lang) -> Lang {
    let value = accept_language.and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
    value.split(',').find_map(|item| Lang::from_tag(item.trim().split(';').next()?)).unwrap_or(default)
}
