//! What a client's certificate says about its owner, and whether that is what a site wants to hear.

use torwart_config::plan::{SubjectPart, SubjectRule};
use x509_parser::prelude::{GeneralName, X509Certificate};

/// Whether a certificate fits any of these rules; without rules every one does.
pub(super) fn fits(rules: &[SubjectRule], certificate: &X509Certificate<'_>) -> bool {
    rules.is_empty() || rules.iter().any(|rule| fits_all(rule, certificate))
}

fn fits_all(rule: &SubjectRule, certificate: &X509Certificate<'_>) -> bool {
    rule.parts.iter().all(|(part, pattern)| said(*part, certificate).any(|text| matches(pattern, text)))
}

/// Everything a certificate says in this part.
fn said<'c>(
    part: SubjectPart,
    certificate: &'c X509Certificate<'_>,
) -> Box<dyn Iterator<Item = &'c str> + 'c> {
    let subject = certificate.subject();
    match part {
        SubjectPart::CommonName => Box::new(subject.iter_common_name().filter_map(|it| it.as_str().ok())),
        SubjectPart::Organization => Box::new(subject.iter_organization().filter_map(|it| it.as_str().ok())),
        SubjectPart::Unit => Box::new(subject.iter_organizational_unit().filter_map(|it| it.as_str().ok())),
        SubjectPart::Dns => Box::new(alternatives(certificate).filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(*name),
            _ => None,
        })),
        SubjectPart::Email => Box::new(alternatives(certificate).filter_map(|name| match name {
            GeneralName::RFC822Name(name) => Some(*name),
            _ => None,
        })),
        SubjectPart::Uri => Box::new(alternatives(certificate).filter_map(|name| match name {
            GeneralName::URI(name) => Some(*name),
            _ => None,
        })),
    }
}

fn alternatives<'c>(certificate: &'c X509Certificate<'_>) -> impl Iterator<Item = &'c GeneralName<'c>> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    extension.into_iter().flat_map(|extension| extension.value.general_names.iter())
}

/// `*` at the beginning or end stands for anything; the rest counts letter by letter.
fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(rest), Some(_)) => text.contains(rest.strip_suffix('*').unwrap_or(rest)),
        (Some(end), None) => text.ends_with(end),
        (None, Some(beginning)) => text.starts_with(beginning),
        (None, None) => text == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisks_stand_at_the_ends_only() {
        let cases = [
            ("alice", "alice", true),
            ("alice", "alice2", false),
            ("*", "", true),
            ("*.internal", "api.internal", true),
            ("*.internal", "internal", false),
            ("spiffe://shop/*", "spiffe://shop/web", true),
            ("*shop*", "my shop here", true),
            ("a*b", "axb", false),
            ("**", "x", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
