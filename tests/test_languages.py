"""Lists with headers and cells in other languages, and lists that lack a column."""
# ruff: noqa: RUF001 - Cyrillic letters are meant

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner.cli import inputs
from planner.domain import RawTable
from planner.errors import Issue
from planner.intake import columns, missing_columns, values
from planner.params import Parameters

#: First name, last name, company, title, profile, open, degree, priority, e-mail, industry.
MEANINGS = (
    "first_name",
    "last_name",
    "company",
    "title",
    "profile_url",
    "open_flag",
    "degree",
    "priority",
    "email",
    "industry",
)
HEADERS = {
    "Finnish": "Etunimi,Sukunimi,Yritys,Titteli,LinkedIn-profiili,Avoin profiili,"
    "Yhteysaste,Prioriteetti,Sähköposti,Toimiala",
    "Italian": "Nome,Cognome,Azienda,Ruolo,Profilo LinkedIn,Profilo aperto,"
    "Grado di collegamento,Priorità,Indirizzo e-mail,Settore",
    "Polish": "Imię,Nazwisko,Firma,Stanowisko,Profil na LinkedIn,Otwarty profil,"
    "Stopień kontaktu,Priorytet,Adres e-mail,Branża",
    "Russian": "Имя,Фамилия,Компания,Должность,Ссылка на профиль,Открытый профиль,"
    "Степень контакта,Приоритет,Электронная почта,Отрасль",
    "Portuguese": "Nome,Sobrenome,Empresa,Cargo atual,URL do LinkedIn,Perfil aberto,"
    "Grau de conexão,Prioridade,E-mail profissional,Setor",
    "German": "Vorname,Name,Arbeitgeber,Jobbezeichnung,Profillink,Kostenlose InMail,"
    "Kontaktgrad,Priorität,Geschäftliche E-Mail,Wirtschaftszweig",
    "Dutch": "Voornaam,Achternaam,Werkgever,Functienaam,LinkedIn-profiel,Open profiel,"
    "Netwerkgraad,Prioriteit,Zakelijk e-mailadres,Bedrijfstak",
    "French": "Prénom,Nom,Raison sociale,Intitulé de poste,Lien du profil LinkedIn,"
    "Profil ouvert,Degré de relation,Priorité,Adresse mail,Secteur d'activité",
    "Spanish": "Nombre,Apellidos,Compañía,Puesto actual,Enlace al perfil,Perfil abierto,"
    "Grado de conexión,Prioridad,Correo corporativo,Sector de actividad",
    "Swedish": "Förnamn,Efternamn,Företag,Befattning,Profillänk,Öppen profil,"
    "Kontaktnivå,Prioritet,E-postadress,Bransch",
    "Danish": "Fornavn,Efternavn,Virksomhed,Stilling,Link til profil,Åben profil,"
    "Forbindelsesgrad,Prioritet,E-mailadresse,Branche",
    "Norwegian": "FORNAVN,ETTERNAVN,ARBEIDSPLASS,STILLINGSTITTEL,LENKE TIL PROFIL,"
    "ÅPEN PROFIL,NETTVERKSGRAD,PRIORITET,E-POST,BRANSJE",
    "Turkish": "Ad,Soyad,Şirket,Unvan,Profil bağlantısı,Açık profil,Bağlantı derecesi,"
    "Öncelik,E-posta,Sektör",
    "Czech": "Jméno,Příjmení,Společnost,Pracovní pozice,Odkaz na profil,Otevřený profil,"
    "Stupeň spojení,Priorita,Pracovní e-mail,Odvětví",
}
ROWS = (
    ["Ada", "Example", "Acme", "CEO", "https://www.linkedin.com/in/ada-example-1"],
    ["Bo", "Muster", "Beta", "CTO", "https://www.linkedin.com/in/bo-muster-2"],
)
REST = (
    ["yes", "2nd", "A", "ada@example.com", "software"],
    ["no", "3rd", "B", "bo@example.org", "logistics"],
)


def table(header: str, *rows: list[str]) -> RawTable:
    """Return a list with this header row."""
    frame = pd.DataFrame(rows, columns=header.split(","), dtype="str")
    return RawTable(
        file="leads.csv", frame=frame, rows=np.arange(2, 2 + len(rows)), sha256=""
    )


def meant(header: str, *rows: list[str]) -> dict[str, str]:
    """Return the meaning of each column that has one."""
    found, _ = columns.recognise(table(header, *rows), {})
    return {header: meaning for meaning, names in found.columns.items() for header in names}


def found(raw: RawTable, **overrides: str) -> list[Issue]:
    """Return what is missed in a list."""
    mapping, _ = columns.recognise(raw, overrides)
    return missing_columns.find(raw, mapping, overrides)


@pytest.mark.parametrize("language", HEADERS)
def test_a_list_in_another_language_is_understood(language: str) -> None:
    """Every column that decides a plan is recognised, and none is taken for another."""
    rows = [first + rest for first, rest in zip(ROWS, REST, strict=True)]
    header = HEADERS[language]
    assert meant(header, *rows) == dict(zip(header.split(","), MEANINGS, strict=True))


@pytest.mark.parametrize(
    ("header", "written"),
    [
        ("Sahkoposti", "email"),
        ("Tyonantaja", "company"),
        ("Foretag", "company"),
        ("Prenom et nom", "full_name"),
        ("ILGILI KISI", "full_name"),
        ("ŞİRKET ADI", "company"),
        ("Spolka", "company"),
        ("sito_web", "company_domain"),
        ("Сайт", "company_domain"),
    ],
)
def test_marks_and_case_do_not_count(header: str, written: str) -> None:
    """Headers typed without their marks, or in capitals, are the same headers."""
    assert meant(header, [""]) == {header: written}


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        # Beside one half of the name, a plain name is the other half ...
        ("Vorname,Name", ["Ada", "Example"], ["first_name", "last_name"]),
        ("Nome,Cognome", ["Ada", "Example"], ["first_name", "last_name"]),
        ("Cognome,Nome", ["Example", "Ada"], ["last_name", "first_name"]),
        # ... unless the cells say that it is the whole.
        ("First name,Name", ["Ada", "Ada Example"], ["first_name", "full_name"]),
        ("Sobrenome,Nome", ["Example", "Ada Example"], ["last_name", "full_name"]),
        # Alone, or beside both halves, it is the whole.
        ("Nome", ["Ada Example"], ["full_name"]),
        ("Nombre", ["Ada Example Muster"], ["full_name"]),
        ("Nombre", ["Ada"], ["first_name"]),
        ("Nom", ["Ada Example"], ["full_name"]),
        (
            "Name,First name,Last name",
            ["Ada Example", "Ada", "Example"],
            ["full_name", "first_name", "last_name"],
        ),
        # A better header for the whole name does not hide the half.
        (
            "Nome completo,Nome,Cognome",
            ["Ada Example", "Ada", "Example"],
            ["full_name", "first_name", "last_name"],
        ),
    ],
)
def test_a_plain_name_is_read_by_what_stands_beside_it(
    header: str, row: list[str], expected: list[str]
) -> None:
    """``Name`` is the part that no other column has, and the cells decide."""
    assert meant(header, row) == dict(zip(header.split(","), expected, strict=True))


@pytest.mark.parametrize(
    "header",
    [
        "By",  # a city in Danish
        "Post",
        "Stat",
        "Roll",
        "Yrityksen LinkedIn",
        "Владелец",
        "Responsabile",  # whoever owns the contact in a CRM is no seat
        "Data połączenia",  # of a call as well
        "Titel der Firma",
    ],
)
def test_words_that_may_stand_for_something_else_mean_nothing(header: str) -> None:
    """No header is taken for a lead's that another tool uses for another thing."""
    assert not meant(header, ["42"])


def test_a_senders_profile_is_not_the_leads_in_any_language() -> None:
    """A column of a sender's or a company's profiles is not recognised by its cells."""
    for header in ("Lähettäjän profiili", "Mittente", "Отправитель", "Firmy (profil)"):
        assert not meant(header, ["https://www.linkedin.com/in/ada-example-1"])


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("Kyllä", "Ei"),
        ("Sì", "No"),
        ("Tak", "Nie"),
        ("Да", "Нет"),
        ("Sim", "Não"),
        ("Evet", "HAYIR"),
        ("Ano", "Ne"),
        ("Ja", "Nej"),
        ("Ja", "Nei"),
        ("Otwarty profil", "Zamknięty"),
    ],
)
def test_yes_and_no_in_other_languages(yes: str, no: str) -> None:
    """Flags are read where the headers are."""
    flags, unreadable = values.flags(np.array([yes, no], dtype=object))
    assert flags.tolist() == [1, 0]
    assert not unreadable.any()


def test_degrees_in_other_languages() -> None:
    """Ordinals are read with whatever stands behind their number, and nothing else is."""
    said = ["2. asteen kontakti", "2° livello", "3-й", "1:a", "2ª", "2. derece", "3º grau+"]
    degrees, unreadable = values.degrees(np.array([*said, "2b", "BSc"], dtype=object))
    assert degrees.tolist() == [2, 2, 3, 1, 2, 2, 3, 0, 0]
    assert unreadable.tolist() == [False] * 7 + [True] * 2
    assert meant("Степень связи", ["2-я"], ["3-я"]) == {"Степень связи": "degree"}


def test_a_list_without_a_company_is_warned_of_once() -> None:
    """The finding says what does not apply and how to name the column."""
    raw = table("LinkedIn,Kiinteä", [ROWS[0][4], "Acme"], [ROWS[1][4], "Beta"])
    company, flag = found(raw)
    assert (company.code, company.severity, company.file) == (
        "no-company-column",
        "warning",
        "leads.csv",
    )
    assert "max_new_leads_per_company, one_seat_per_company" in company.message
    assert "--map company=HEADER" in company.message
    # No column may be the missing one, so most tools' lists get a note only.
    assert (flag.code, flag.severity) == ("no-open-flag-column", "note")


def test_a_column_that_may_be_the_missing_flag_is_named() -> None:
    """A column of yes and no under an unknown header turns the note into a warning."""
    raw = table("LinkedIn,Yritys,Ilmaiseksi", [ROWS[0][4], "Acme", "kyllä"])
    (flag,) = found(raw)
    assert flag.severity == "warning"
    assert "'Ilmaiseksi'" in flag.message
    assert "--map open=HEADER" in flag.message


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("LinkedIn,Company,Is Open Profile", [ROWS[0][4], "Acme", "yes"]),
        ("LinkedIn,Company Domain,Open", [ROWS[0][4], "acme.example", "no"]),
        # Connections get messages, which no flag makes cheaper.
        ("URL,Company,Connected On", [ROWS[0][4], "Acme", "16 Mar 2025"]),
    ],
)
def test_nothing_is_missed_where_the_columns_are(header: str, row: list[str]) -> None:
    """A list that says both, or needs no flag, has no finding."""
    assert not found(table(header, row))


def test_what_the_user_says_is_in_no_column_is_not_missed() -> None:
    """``--map company=`` is an answer; naming a column that another file has is none."""
    raw = table("LinkedIn,Open", [ROWS[0][4], "yes"])
    assert not found(raw, company="")
    assert [issue.code for issue in found(raw, company="Firma")] == ["no-company-column"]


def test_findings_about_missing_columns_reach_the_plan(tmp_path: Path) -> None:
    """Reading leads gives the finding once per file, and none for exclusion lists."""
    lists = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path in lists:
        path.write_text(f"LinkedIn\n{ROWS[0][4]}\n{ROWS[1][4]}\n", encoding="utf-8")
    excluded = tmp_path / "excluded.csv"
    excluded.write_text("LinkedIn\nhttps://www.linkedin.com/in/x-1\n", encoding="utf-8")
    options = inputs.LeadOptions(leads=list(map(str, lists)), exclude=[str(excluded)])
    leads, _, _ = inputs.load_leads(options, Parameters(), as_of=dt.date(2026, 11, 23))
    files = [issue.file for issue in leads.issues if issue.code == "no-company-column"]
    assert sorted(files) == sorted(map(str, lists))
