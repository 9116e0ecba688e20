//! Secrets: read from a file or the environment, never from the configuration itself, and shown nowhere.

use torwart_config::plan::Secret;
use torwart_web::Token;

/// Why there is no secret to be had. The secret itself is not in it.
#[derive(Debug)]
pub(crate) enum NoSecret {
    /// The file cannot be read.
    File(std::path::PathBuf, std::io::Error),
    /// The variable is not set.
    Unset(String),
    /// It is too short, or holds what cannot be sent.
    Unfit(String),
}

/// The token a plan points to.
pub(crate) fn token(secret: &Secret) -> Result<Token, NoSecret> {
    let (text, place) = match secret {
        Secret::File(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| NoSecret::File(file.clone(), error))?;
            (text, file.display().to_string())
        }
        Secret::Environment(name) => {
            let text = std::env::var(&**name).map_err(|_| NoSecret::Unset(name.to_string()))?;
            (text, format!("${name}"))
        }
    };
    let first = text.lines().next().unwrap_or_default().trim();
    Token::new(first).ok_or(NoSecret::Unfit(place))
}

/// The token for asking an admin address.
pub(crate) fn admin_token() -> Option<String> {
    std::env::var(ADMIN_TOKEN).ok().filter(|token| !token.is_empty())
}

/// Where the token is for a gateway without a file, and for those who ask one.
pub(crate) const ADMIN_TOKEN: &str = "TORWART_ADMIN_TOKEN";
