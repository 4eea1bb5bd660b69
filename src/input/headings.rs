//! How the columns of a list may be headed: in this program's own words, as the services' tools write them, and as
//! the portal does in the languages that it speaks.

use super::text::is_blank;
use std::{collections::HashSet, sync::LazyLock};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Holds {
    Id,
    Name,
    Domain,
}

type Headings = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// Each line: a language or a tool, and how it heads the ID, the name and the domain. What is written in different
/// ways is compared as [`plain`] has it.
const HEADINGS: &[Headings] = &[
    (
        "this program",
        &["customer tenant id", "tenant id", "customer id", "microsoft id", "id"],
        &["customer name", "company name", "name", "customer"],
        &["domain", "primary domain", "primary domain name", "default domain"],
    ),
    (
        "PowerShell, Graph, reconciliation files",
        &[],
        &["display name", "customer company name"],
        &["default domain name", "customer domain name", "customer domain", "domain name"],
    ),
    (
        "German",
        &["Microsoft-ID"],
        &["Firmenname", "Name des Unternehmens"],
        &["Primärer Domänenname", "Primäre Domäne"],
    ),
    (
        "French",
        &["ID Microsoft", "Identifiant Microsoft"],
        &["Nom de la société", "Nom de société", "Nom de l’entreprise"],
        &["Nom de domaine principal", "Domaine principal"],
    ),
    (
        "Dutch",
        &["Microsoft-id"],
        &["Bedrijfsnaam", "Naam van bedrijf"],
        &["Primaire domeinnaam", "Primair domein"],
    ),
    (
        "Spanish",
        &["Id. de Microsoft", "Identificador de Microsoft"],
        &["Nombre de la compañía", "Nombre de compañía", "Nombre de la empresa", "Nombre de empresa"],
        &["Nombre de dominio principal", "Nombre de dominio primario", "Dominio principal"],
    ),
    (
        "Italian",
        &["ID Microsoft"],
        &["Nome società", "Nome della società", "Ragione sociale", "Nome azienda"],
        &[
            "Nome di dominio primario",
            "Nome dominio primario",
            "Nome di dominio principale",
            "Dominio primario",
        ],
    ),
    (
        "Portuguese",
        &["ID da Microsoft", "ID Microsoft"],
        &["Nome da empresa", "Nome da companhia"],
        &[
            "Nome de domínio primário",
            "Nome do domínio primário",
            "Nome de domínio principal",
            "Domínio primário",
        ],
    ),
    (
        "Japanese",
        &["Microsoft ID"],
        &["会社名", "会社の名前"],
        &["プライマリ ドメイン名", "プライマリ ドメイン"],
    ),
    (
        "Korean",
        &["Microsoft ID"],
        &["회사 이름", "회사명"],
        &["주 도메인 이름", "기본 도메인 이름", "주 도메인"],
    ),
    ("Chinese, simplified", &["Microsoft ID"], &["公司名称"], &["主域名", "主要域名"]),
    (
        "Chinese, traditional",
        &["Microsoft 識別碼", "Microsoft ID"],
        &["公司名稱"],
        &["主要網域名稱", "主網域名稱", "主域名"],
    ),
    (
        "Polish",
        &["Identyfikator Microsoft", "Identyfikator firmy Microsoft"],
        &["Nazwa firmy"],
        &["Nazwa domeny podstawowej", "Podstawowa nazwa domeny", "Domena podstawowa"],
    ),
    (
        "Czech",
        &["ID Microsoftu", "ID Microsoft"],
        &["Název společnosti", "Název firmy"],
        &["Název primární domény", "Primární název domény", "Primární doména"],
    ),
    ("Turkish", &["Microsoft Kimliği"], &["Şirket adı"], &["Birincil etki alanı adı", "Birincil etki alanı"]),
];

/// All of them, as [`plain`] has them.
static KNOWN: LazyLock<HashSet<(String, Holds)>> = LazyLock::new(|| {
    let all = HEADINGS.iter().flat_map(|(_, ids, names, domains)| {
        [(ids, Holds::Id), (names, Holds::Name), (domains, Holds::Domain)]
    });
    all.flat_map(|(headings, holds)| headings.iter().map(move |heading| (plain(heading), holds))).collect()
});

/// Whether a heading, as [`plain`] has it, is one of those for this.
pub(super) fn is_one(heading: &str, holds: Holds) -> bool {
    KNOWN.contains(&(heading.to_owned(), holds))
}

/// A heading without what people write in different ways: case, blanks, hyphens, underscores, full stops, and the
/// marks on letters, which one keyboard types and another does not.
pub(super) fn plain(heading: &str) -> String {
    let ignored = |c: char| {
        is_blank(c)
            || is_combining_mark(c)
            || matches!(c, '-' | '_' | '.' | '\'' | '’' | '\u{2010}'..='\u{2015}')
    };
    let letters = heading.nfkd().filter(|c| !ignored(*c)).flat_map(char::to_lowercase);
    // Turkish has an i without a dot; a capital I loses its own where nobody says that it is Turkish.
    letters.filter(|c| !is_combining_mark(*c)).map(|c| if c == 'ı' { 'i' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_the_same_however_it_is_typed() {
        for (a, b) in [
            ("Primärer Domänenname", "PRIMARER_DOMANEN-NAME"),
            ("Société", "Socie\u{301}te\u{301}"),
            ("Şirket adı", "ŞİRKET ADI"),
            ("プライマリ ドメイン名", "ﾌﾟﾗｲﾏﾘﾄﾞﾒｲﾝ名"),
            ("회사 이름", "회사이름"),
            ("defaultDomainName", "Default domain name"),
        ] {
            assert_eq!(plain(a), plain(b));
        }
        assert_ne!(plain("公司名称"), plain("公司名稱"));
    }

    #[test]
    fn no_heading_stands_for_two_things() {
        for (_, ids, names, domains) in HEADINGS {
            for (all, holds) in [(ids, Holds::Id), (names, Holds::Name), (domains, Holds::Domain)] {
                for heading in *all {
                    let found: Vec<_> = [Holds::Id, Holds::Name, Holds::Domain]
                        .into_iter()
                        .filter(|one| is_one(&plain(heading), *one))
                        .collect();
                    assert_eq!(found, [holds], "{heading}");
                }
            }
        }
    }

    #[test]
    fn every_language_of_the_portal_is_there() {
        assert_eq!(HEADINGS.len(), 2 + 13);
        assert!(
            HEADINGS
                .iter()
                .skip(2)
                .all(|(_, ids, names, domains)| ![ids, names, domains].iter().any(|all| all.is_empty()))
        );
    }
}
