//! Names and passwords: the file of users, what a client sends (RFC 7617), and whether it is right.
//!
//! Hashes are those of bcrypt and Argon2, which are slow on purpose: [`Users::is_right`] takes a good part of a second
//! and belongs on a thread where that hurts nobody. It takes as long for a name that is not in the file, so that nobody
//! learns names from its time. Hashes that are fast to try (MD5, SHA-1, crypt) and plain passwords are refused.

use argon2::password_hash::{PasswordVerifier, phc::PasswordHash};
use base64::{
    Engine, alphabet, engine::DecodePaddingMode, engine::GeneralPurpose, engine::GeneralPurposeConfig,
};
use rustc_hash::FxHashMap;

/// The users of a file.
#[derive(Clone, Default)]
pub struct Users {
    hashes: FxHashMap<Box<str>, Box<str>>,
    /// The hash that is tried for names nobody has.
    stand_in: Box<str>,
}

/// What a client says about itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Vec<u8>,
}

/// A line of the file that is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongUser {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it; never what stands there.
    pub fault: UserFault,
}

/// What can be wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserFault {
    /// It is not `name:hash`.
    Form,
    /// The name stands in an earlier line as well.
    Twice,
    /// The password is plain, or its hash is too fast to be safe.
    Weak,
    /// The hash asks for so much time or memory that it would stop the gateway.
    Costly,
    /// The hash cannot be read.
    Hash,
}

impl std::fmt::Display for WrongUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fault = match self.fault {
            UserFault::Form => "not `name:hash`",
            UserFault::Twice => "the name stands there twice",
            UserFault::Weak => "no hash by bcrypt or Argon2; `htpasswd -B` makes one",
            UserFault::Costly => "the hash costs too much time or memory",
            UserFault::Hash => "the hash cannot be read",
        };
        write!(f, "line {}: {fault}", self.line)
    }
}

impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Users({})", self.hashes.len())
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl Users {
    /// Reads a file of users: `name:hash` per line, comments behind `#` at the start of a line.
    ///
    /// # Errors
    /// Every line that is wrong.
    pub fn parse(text: &str) -> Result<Self, Vec<WrongUser>> {
        let (mut users, mut wrong) = (Self::default(), Vec::new());
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fault = match line.split_once(':') {
                Some((name, hash)) if !name.is_empty() => match judge_hash(hash) {
                    Ok(()) if users.hashes.contains_key(name) => UserFault::Twice,
                    Ok(()) => {
                        users.hashes.insert(name.into(), hash.into());
                        if users.stand_in.is_empty() {
                            users.stand_in = hash.into();
                        }
                        continue;
                    }
                    Err(fault) => fault,
                },
                _ => UserFault::Form,
            };
            wrong.push(WrongUser { line: index + 1, fault });
        }
        if wrong.is_empty() { Ok(users) } else { Err(wrong) }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The hash of a name; a change of it makes an old password worthless.
    #[must_use]
    pub fn hash(&self, name: &str) -> Option<&str> {
        self.hashes.get(name).map(|hash| &**hash)
    }

    /// Whether name and password are right. Slow.
    #[must_use]
    pub fn is_right(&self, credentials: &Credentials) -> bool {
        let known = self.hash(&credentials.name);
        let matches = fits(known.unwrap_or(&self.stand_in), &credentials.password);
        known.is_some() && matches
    }
}

/// What an `Authorization` field says, if it is of the scheme `Basic`.
#[must_use]
pub fn credentials(field: &[u8]) -> Option<Credentials> {
    let (scheme, token) = field.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = BASE64.decode(token.trim_ascii()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let (name, password) = decoded.split_at(colon);
    let password = password.get(1..)?;
    if decoded.len() > LONGEST || decoded.contains(&0) {
        return None;
    }
    Some(Credentials { name: std::str::from_utf8(name).ok()?.to_owned(), password: password.to_vec() })
}

fn is_bcrypt(hash: &str) -> bool {
    ["$2a$", "$2b$", "$2x$", "$2y$"].iter().any(|start| hash.starts_with(start))
}

fn judge_hash(hash: &str) -> Result<(), UserFault> {
    if is_bcrypt(hash) {
        let parts: bcrypt::HashParts = hash.parse().map_err(|_| UserFault::Hash)?;
        return if parts.get_cost() <= MOST_ROUNDS { Ok(()) } else { Err(UserFault::Costly) };
    }
    if !hash.starts_with("$argon2") {
        return Err(UserFault::Weak);
    }
    let parsed = PasswordHash::new(hash).map_err(|_| UserFault::Hash)?;
    let params = argon2::Params::try_from(&parsed).map_err(|_| UserFault::Hash)?;
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    if params.m_cost() > MOST_KIBIBYTES || work > 4 * u64::from(MOST_KIBIBYTES) {
        return Err(UserFault::Costly);
    }
    Ok(())
}

fn fits(hash: &str, password: &[u8]) -> bool {
    if is_bcrypt(hash) {
        return bcrypt::verify(password, hash).unwrap_or(false);
    }
    PasswordHash::new(hash)
        .is_ok_and(|hash| argon2::Argon2::default().verify_password(password, &hash).is_ok())
}

/// With padding or without, as clients send it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longer names and passwords are no people's.
const LONGEST: usize = 1024;

/// 2^14 rounds take about a second.
const MOST_ROUNDS: u32 = 14;

/// What one check of Argon2 may fill.
const MOST_KIBIBYTES: u32 = 128 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(text: &str) -> Option<Credentials> {
        credentials(text.as_bytes())
    }

    fn basic(name: &str, password: &str) -> Credentials {
        Credentials { name: name.to_owned(), password: password.as_bytes().to_vec() }
    }

    #[test]
    fn the_right_password_and_no_other_is_right() {
        let bcrypt = bcrypt::hash_with_salt("secret", 4, *b"0123456789abcdef").expect("can be hashed");
        let bcrypt = bcrypt.format_for_version(bcrypt::Version::TwoY);
        // `echo -n passwort | argon2 saltsaltsalt -id -m 8 -t 1 -p 1`, in the form of PHC strings.
        let argon2 = {
            use argon2::password_hash::CustomizedPasswordHasher;
            let params = argon2::Params::new(64, 1, 1, None).expect("small");
            argon2::Argon2::default()
                .hash_password_with_params(b"passwort", b"saltsaltsalt", params)
                .expect("can be hashed")
                .to_string()
        };
        let users = Users::parse(&format!("# staff\nanna:{bcrypt}\n\nbert:{argon2}\r\n")).expect("is a file");
        assert_eq!(users.len(), 2);
        assert!(users.is_right(&basic("anna", "secret")));
        assert!(users.is_right(&basic("bert", "passwort")));
        for wrong in
            [("anna", "Secret"), ("anna", ""), ("bert", "secret"), ("carl", "secret"), ("", "secret")]
        {
            assert!(!users.is_right(&basic(wrong.0, wrong.1)), "{wrong:?}");
        }
        assert!(!format!("{users:?}{:?}", basic("anna", "secret")).contains("secret"));
    }

    #[test]
    fn weak_costly_and_broken_lines_are_told_and_never_cited() {
        let costly = "$2y$20$MDEyMzQ1Njc4OWFiY2RlZu7W0Pq9vB4Zq1z1y6rVZJ8yWbqXo8n6G";
        let text = format!(
            "a:plain\nb:{{SHA}}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nc:$apr1$x$y\nno colon\n:x\nd:{costly}\ne:$2y$10$short\nf:$argon2id$v=19$m=9999999,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
        );
        let wrong = Users::parse(&text).expect_err("every line is wrong");
        let faults: Vec<_> = wrong.iter().map(|wrong| wrong.fault).collect();
        use UserFault::{Costly, Form, Hash, Weak};
        assert_eq!(faults, [Weak, Weak, Weak, Form, Form, Costly, Hash, Costly]);
        assert!(wrong.iter().all(|wrong| !wrong.to_string().contains("plain")));
    }

    #[test]
    fn credentials_are_read_as_clients_send_them() {
        assert_eq!(sent("Basic YW5uYTpzZWNyZXQ="), Some(basic("anna", "secret")));
        assert_eq!(sent("bAsIc   YW5uYTpzZWNyZXQ"), Some(basic("anna", "secret")));
        assert_eq!(sent("Basic YTpiOmM="), Some(basic("a", "b:c")));
        for none in [
            "",
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic YW5uYQ==",
            "Bearer YW5uYTpzZWNyZXQ=",
            "Basic AGE6Yg==",
        ] {
            assert_eq!(sent(none), None, "{none}");
        }
        assert_eq!(sent(&format!("Basic {}", BASE64.encode(format!("a:{}", "x".repeat(5000))))), None);
    }

    #[test]
    fn nobody_gets_in_where_nobody_is_listed() {
        let users = Users::parse("# nobody yet\n").expect("is a file");
        assert!(users.is_empty() && !users.is_right(&basic("", "")));
    }

    proptest! {
        #[test]
        fn no_field_and_no_file_panics(field in proptest::collection::vec(any::<u8>(), 0..80), text in "[ -~\n]{0,120}") {
            let _ = credentials(&field);
            let _ = Users::parse(&text);
        }
    }
}
