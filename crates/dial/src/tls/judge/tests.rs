//! Chains with one fault, with several, and with none.

use super::*;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, date_time_ymd,
};

const NOW: i64 = 1_790_000_000;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

fn authority(
    name: &str,
    above: Option<&Authority>,
    change: impl FnOnce(&mut CertificateParams),
) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    let made = match above {
        Some(above) => params.signed_by(&key, &above.issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    Authority { der: made.der().clone(), issuer: Issuer::new(params, key) }
}

fn leaf(issuer: Option<&Authority>, change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["web.example".to_owned()]).unwrap();
    change(&mut params);
    match issuer {
        Some(issuer) => params.signed_by(&key, &issuer.issuer).unwrap().der().clone(),
        None => params.self_signed(&key).unwrap().der().clone(),
    }
}

fn check(chain: &[&CertificateDer<'static>], trusted: &[&Authority], name: &str, expected: &[ChainFault]) {
    let chain: Vec<_> = chain.iter().map(|der| (*der).clone()).collect();
    let trust = Trust::of(trusted.iter().map(|authority| authority.der.clone()).collect());
    assert_eq!(verify(&chain, &trust, Some(name), NOW, &[]), expected);
}

#[test]
fn a_good_chain_has_no_fault() {
    let root = authority("root", None, |_| {});
    let between = authority("between", Some(&root), |_| {});
    check(&[&leaf(Some(&root), |_| {})], &[&root], "web.example", &[]);
    check(&[&leaf(Some(&between), |_| {}), &between.der], &[&root], "web.example", &[]);
    check(&[&leaf(Some(&between), |_| {})], &[&between], "web.example", &[]);
}

#[test]
fn every_fault_is_told_not_only_the_first() {
    let root = authority("root", None, |_| {});
    let bad = leaf(Some(&root), |params| {
        params.not_after = date_time_ymd(2021, 1, 1);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let issuer = "CN=root".to_owned();
    check(
        &[&bad],
        &[],
        "other.example",
        &[
            ChainFault::Expired(0),
            ChainFault::WrongName { has_common_name: false },
            ChainFault::NotForServers,
            ChainFault::UnknownIssuer { issuer, has_namesake: false },
        ],
    );
}

#[test]
fn a_start_to_come_is_told() {
    let root = authority("root", None, |_| {});
    let early = leaf(Some(&root), |params| params.not_before = date_time_ymd(2090, 1, 1));
    check(&[&early], &[&root], "web.example", &[ChainFault::NotYetValid(0)]);
}

#[test]
fn a_self_signed_certificate_is_a_fault_unless_it_is_trusted_itself() {
    let own = leaf(None, |_| {});
    check(&[&own], &[], "web.example", &[ChainFault::SelfSigned]);
    let trust = Trust::of(vec![own.clone()]);
    assert_eq!(verify(&[own], &trust, Some("web.example"), NOW, &[]), []);
}

#[test]
fn a_missing_intermediate_is_proven_by_having_it_from_elsewhere() {
    let root = authority("root", None, |_| {});
    let between = authority("between", Some(&root), |_| {});
    let chain = [leaf(Some(&between), |_| {})];
    let trust = Trust::of(vec![root.der.clone()]);
    let issuer = "CN=between".to_owned();
    assert_eq!(
        verify(&chain, &trust, Some("web.example"), NOW, std::slice::from_ref(&between.der)),
        [ChainFault::MissingIntermediate { issuer: issuer.clone(), url: None, is_proven: true }]
    );
    assert_eq!(
        verify(&chain, &trust, Some("web.example"), NOW, &[]),
        [ChainFault::UnknownIssuer { issuer, has_namesake: false }]
    );
}

#[test]
fn an_authority_of_the_same_name_with_a_new_key_is_recognised() {
    let old = authority("root", None, |_| {});
    let new = authority("root", None, |_| {});
    let issuer = "CN=root".to_owned();
    check(
        &[&leaf(Some(&new), |_| {})],
        &[&old],
        "web.example",
        &[ChainFault::UnknownIssuer { issuer, has_namesake: true }],
    );
}

#[test]
fn an_expired_authority_in_the_trust_file_is_told() {
    let root = authority("root", None, |params| params.not_after = date_time_ymd(2021, 1, 1));
    let expected = CertificateFacts::of(&root.der).unwrap();
    check(
        &[&leaf(Some(&root), |_| {})],
        &[&root],
        "web.example",
        &[ChainFault::TrustExpired(Box::new(expected))],
    );
}

#[test]
fn an_expired_intermediate_is_told_unless_another_way_is_valid() {
    let root = authority("root", None, |_| {});
    let between = authority("between", Some(&root), |params| params.not_after = date_time_ymd(2021, 1, 1));
    let server = leaf(Some(&between), |_| {});
    check(&[&server, &between.der], &[&root], "web.example", &[ChainFault::Expired(1)]);
    check(&[&server, &between.der], &[&root, &between], "web.example", &[ChainFault::Expired(1)]);
}

#[test]
fn garbage_is_unreadable() {
    let garbage = CertificateDer::from(vec![1, 2, 3]);
    check(&[&garbage], &[], "web.example", &[ChainFault::Unreadable]);
    check(&[], &[], "web.example", &[ChainFault::Unreadable]);
}
