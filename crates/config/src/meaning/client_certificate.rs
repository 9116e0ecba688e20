//! Which clients may come in by their certificate.

use std::sync::Arc;

use super::{Build, shared};
use crate::{
    file::{At, Group},
    plan::{ClientCertificate, SubjectPart, SubjectRule},
};

/// Reads `client_certificate` of a site.
pub(super) fn rule(build: &mut Build<'_>, group: &Group) -> Option<Arc<ClientCertificate>> {
    let group = group.group("client_certificate")?;
    let ca = group.text("ca")?;
    Some(Arc::new(ClientCertificate {
        ca: build.file(&ca),
        revoked: group.text("crl").map(|crl| build.file(&crl)),
        is_required: group.switch("required") != Some(false),
        subjects: group.texts("subjects").filter_map(|text| subject(build, &text)).collect(),
    }))
}

/// `O=Shop, OU=Staff`: all parts have to fit. A text without a part's name is a common name.
fn subject(build: &mut Build<'_>, text: &At<&str>) -> Option<SubjectRule> {
    let parts = text.value.split(',').map(|part| {
        let part = part.trim();
        let (name, value) = part.split_once('=').unwrap_or(("CN", part));
        let value = value.trim();
        Some((SubjectPart::from_name(name.trim())?, shared(value))).filter(|_| !value.is_empty())
    });
    let parts: Option<Vec<_>> = parts.collect();
    if parts.is_none() {
        build.complaints.error(text.place, "bad_subject").text("value", text.value);
    }
    Some(SubjectRule { parts: parts? })
}
