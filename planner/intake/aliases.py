"""What a column can mean, and the headers that exports give it.

Headers are compared by `normalise`: case, spaces, punctuation, diacritics and camelCase
do not count. Recognition is exact after that, never by part of a word: ``Company
Linkedin Url`` must not pass for a person's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from planner.intake import translations

#: Words in front of a header that only say whose column it is.
PERSON_PREFIXES = ("lead", "contact", "person", "prospect", "member", "people", "candidate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One thing that a column can say about a lead.

    Parameters
    ----------
    name : str
        Key in `planner.domain.ColumnMapping`.
    description : str
        What the column holds, for people.
    aliases : tuple of str
        Headers in order of preference; compared by `normalise`.
    weak_aliases : tuple of str
        Headers that count only where no alias is present: other tools use them for
        other things.
    short_names : tuple of str
        Further names that ``--map`` accepts.
    is_personal : bool
        Whether ``Lead ...``, ``Contact ...`` may stand in front: not so for
        ``Contact Owner``, which is a CRM user, not a seat.
    """

    name: str
    description: str
    aliases: tuple[str, ...]
    weak_aliases: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    is_personal: bool = True


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _meaning(
    name: str,
    description: str,
    aliases: str,
    *,
    weak: str = "",
    short: str = "",
    personal: bool = True,
) -> Meaning:
    return Meaning(
        name=name,
        description=description,
        aliases=(*_words(aliases), *translations.headers(name)),
        weak_aliases=_words(weak),
        short_names=_words(short),
        is_personal=personal,
    )


#: Columns that say by their header what was done: *yes*, a count or a date in a cell.
DONE_HEADERS = (
    "sent, is sent, LI sent, LinkedIn sent, LI requested, LinkedIn requested, "
    "connection requested, contacted, is contacted, was contacted, already contacted, "
    "has been contacted, LI contacted, LinkedIn contacted, contacted already, invited, "
    "is invited, already invited, message sent, messages sent, LinkedIn message sent, "
    "messaged, InMail sent, InMails sent, connection request sent, connection sent, "
    "connect request sent, request sent, invite sent, invitation sent, "
    "LinkedIn invite sent, replied, is replied, has replied, replied to us, "
    "LinkedIn replied, answered, has answered, responded, has responded"
)
#: Columns that say who is a customer, if their cells are yes or no.
CUSTOMER_HEADERS = (
    "customer, is customer, is a customer, already customer, already a customer, "
    "existing customer, current customer, client, is client, is a client, "
    "already client, already a client, existing client, current client, Kunde, "
    "ist Kunde, Bestandskunde, cliente, es cliente, est client"
)


#: Every meaning, in the order in which people read about them.
MEANINGS: tuple[Meaning, ...] = (
    _meaning(
        "profile_url",
        "LinkedIn profile of the lead (/in/...)",
        "Linkedin URL Public, defaultProfileUrl, LinkedIn public URL, public profile URL, "
        "public URL, LinkedIn URL, LinkedIn profile URL, LinkedIn profile, LinkedIn link, "
        "LinkedIn profile link, LinkedIn, LinkedIn contact profile URL, profile URL, "
        "profile link, li profile URL, LinkedIn person URL, LinkedIn URL Unique ID, "
        "LinkedIn member URL, LinkedIn account, profil LinkedIn, URL LinkedIn, "
        "lien LinkedIn, LinkedIn-Profil, LinkedIn-URL, perfil LinkedIn, "
        "perfil de LinkedIn, "
        "enlace LinkedIn, LinkedIn profiel, enlace de LinkedIn, lien du profil, "
        "lien profil LinkedIn, URL du profil, URL del perfil, URL do perfil, Profil-URL, "
        "LinkedIn profile page, social LinkedIn, LinkedIn address, LI URL, "
        "primary LinkedIn, cleaned LinkedIn URL, LinkedIn ID URL, public profile, "
        "LinkedIn contato, invitee profile URL, LinkedIn bio",
        weak="URL, profile, link, person URL, lead URL, contact URL, person, profil, "
        "perfil, profiel, lien, LinkedIn ID or URL, website LinkedIn, profiles, "
        "LinkedIn profiles, LinkedIn URLs, URLs, links, LinkedIn unique URL",
        short="url, linkedin",
    ),
    _meaning(
        "sales_navigator_url",
        "Sales Navigator page of the lead (/sales/lead/...)",
        "Sales Navigator URL, Sales Navigator profile URL, Sales Nav URL, salesnav URL, "
        "Sales Navigator link, Sales Nav link, Sales Nav profile URL, "
        "LinkedIn Sales Navigator URL, LinkedIn Sales Nav URL, Sales Navigator profile, "
        "Sales Navigator lead URL, Sales URL, Sales profile URL, LinkedIn Sales URL, "
        "linkedinSalesProfileUrl, Sales Navigator lead link, sales profile",
        weak="Sales Navigator, salesnav, Sales Nav",
        short="sales_url, salesnav_url",
    ),
    _meaning(
        "sales_navigator_id",
        "id of the lead in Sales Navigator (ACw...)",
        "Sales Navigator ID, Sales Nav ID, sn_id, vmid, Sales Navigator profile ID, "
        "salesnav ID, Sales Navigator lead ID, sales_profile_id, LinkedIn Sales ID, "
        "sn hash ID",
        short="salesnav_id, sn_id",
    ),
    _meaning(
        "linkedin_id",
        "opaque LinkedIn id of the lead (ACo...)",
        "LinkedIn ID, ln_id, LinkedIn profile ID, li_profile_id, linkedin_unique_id, "
        "LinkedIn unique ID, LinkedIn internal ID, provider ID, LinkedIn hash, "
        "profile URN, entity URN, member hash, LinkedIn provider ID, profileEntityUrn, "
        "hash ID, LinkedIn identifier",
        weak="profile ID, LinkedIn lead ID, LinkedIn contact ID, hash",
        short="id",
    ),
    _meaning(
        "member_id",
        "numeric LinkedIn member id",
        "member ID, LinkedIn member ID, member URN, object URN, LinkedIn member URN, "
        "LinkedIn membership ID, member identifier, LinkedIn numeric ID, uid LinkedIn, "
        "LinkedIn UID, numeric member ID",
        short="member",
        personal=False,
    ),
    _meaning(
        "public_slug",
        "handle at the end of the public profile URL",
        "LinkedIn nickname, public identifier, public slug, LinkedIn handle, "
        "LinkedIn username, LinkedIn slug, linkedin_profile_handle, vanity name, "
        "LinkedIn public identifier, public ID, LinkedIn public ID, profile handle, "
        "LinkedIn vanity, linkedin_profile_slug, LinkedIn vanity name",
        weak="handle, slug, nickname, vanity, linkedin_user",
        short="slug, handle",
    ),
    _meaning(
        "getsales_uuid",
        "System UUID of the contact in GetSales",
        "System UUID, getsales UUID, GetSales ID, lead UUID, contact UUID",
        weak="UUID",
        short="uuid",
        personal=False,
    ),
    _meaning(
        "email",
        "work e-mail",
        "work email, professional email, business email, pro email, corporate email, "
        "email, email address, e-mail, e-mail address, work e-mail, "
        "primary email, email 1, email1, main email, found email, verified email, "
        "emails, email work, work email address, business email address, mail, "
        "E-Mail-Adresse, E-Mail geschaeftlich, adresse email, adresse e-mail, courriel, "
        "email professionnel, mail pro, correo, correo electronico, "
        "direccion de correo electronico, e-mailadres, endereco de e-mail, "
        "email profissional, email comercial, email address 1, best email, "
        "most probable email, "
        "emails/0/email",
        short="mail",
    ),
    _meaning(
        "personal_email",
        "private e-mail",
        "personal email, perso email, private email, home email, personal email address, "
        "personal e-mail, email personal, email personnel, email perso, email privat, "
        "secondary email, email 2, email2, personal emails, gmail",
    ),
    _meaning(
        "first_name",
        "given name",
        "first name, given name, forename, firstname, fname, Vorname, prenom, nombre, "
        "voornaam, primeiro nome, first, name first, primer nombre, given names",
        short="first",
    ),
    _meaning(
        "last_name",
        "family name",
        "last name, surname, family name, lastname, lname, Nachname, Familienname, "
        "nom de famille, apellido, apellidos, achternaam, sobrenome, apelido, last, "
        "name last, ultimo nome",
        weak="nom",
        short="last, surname",
    ),
    _meaning(
        "full_name",
        "whole name in one cell",
        "full name, complete name, nom complet, vollstaendiger Name, "
        "nombre completo, volledige naam, nome completo, person name, lead name, "
        "contact name, prospect name, profile name, LinkedIn name, member name, "
        "candidate name, display name, employee name, Ansprechpartner, "
        "Ansprechpartnerin, Kontaktperson, contactpersoon, interlocuteur",
        weak="name, naam, nome, fullname raw, " + translations.BARE_NAMES,
        short="name",
    ),
    _meaning(
        "title",
        "present position",
        "job title, current job, current job title, current title, position, "
        "current position, lead position, job position, job role, "
        "Position/Titel, Berufsbezeichnung, Jobtitel, Stellenbezeichnung, Funktion, "
        "poste, intitule du poste, fonction, titre, titre du poste, cargo, puesto, "
        "functie, functietitel, titulo, job, current role, linkedinJobTitle, "
        "LinkedIn job title, current positions, current_position_title, Stelle, "
        "current_company_position, "
        "currentPosition/0/position, currentPositions/0/title, experience/0/position, "
        "title, role",
        short="position",
    ),
    _meaning(
        "headline",
        "line under the name on the profile",
        "headline, profile headline, LinkedIn headline, occupation, sub title, tagline, "
        "linkedin_headline, bio headline, profile title, Slogan, titre du profil, "
        "lk_headline",
        weak="subtitle, description headline",
    ),
    _meaning(
        "company",
        "present employer",
        "company, company name, current company, current company name, organization, "
        "organization name, organisation, employer, account name, lead company, "
        "lead company name, current organization, Firma, Firmenname, Unternehmen, "
        "entreprise, nom de l'entreprise, nom entreprise, societe, nom de la societe, "
        "empresa, nombre de la empresa, nome da empresa, bedrijf, bedrijfsnaam, "
        "linkedinCompanyName, current employer, companies, business name, "
        "organisation name, current_company_title, nome empresa, associated company, "
        "currentPosition/0/companyName, currentPositions/0/companyName, "
        "experience/0/companyName",
        weak="Company Name for Emails, cleaned company name, account, "
        "normalized company name, casual company name",
        short="employer",
    ),
    _meaning(
        "company_id",
        "numeric LinkedIn id of the company",
        "company ID, LinkedIn company ID, Company LinkedIn ID, li_company_id, "
        "current company ID, organization LinkedIn ID, company URN, "
        "linkedinCompanyId, company_linkedin_uid, linkedin_company_urn",
    ),
    _meaning(
        "company_url",
        "LinkedIn page of the company",
        "regularCompanyUrl, Company LinkedIn URL, company URL, "
        "Company Linkedin URL Unique ID, Company Linkedin URL Public, Company LinkedIn, "
        "LinkedIn company URL, company LinkedIn link, li_company_url, "
        "organization LinkedIn URL, lead company URL, company profile URL, "
        "company LinkedIn page, company LinkedIn profile, linkedinCompanyUrl, "
        "linkedinCompanySlug, account LinkedIn URL, company link, company profile, "
        "current company URL, company LinkedIn ID URL, "
        "LinkedIn company profile URL, company LinkedIn profile public, "
        "company_linkedin_profile_url, company page",
        short="company_linkedin",
    ),
    _meaning(
        "company_domain",
        "internet domain of the company",
        "company domain, company website, company website URL, website, website URL, "
        "domain, email domain, company web, corporate website, organization website, "
        "organization domain, primary domain, organization website URL, web site, "
        "Webseite, Internetseite, site web, site internet, sitio web, site, "
        "company domain name, domain name, company website domain, websites, "
        "corporate domain, company site, associated company domain",
        weak="web, web page",
        short="domain, website",
    ),
    _meaning(
        "location",
        "where the lead is",
        "location, person location, lead location, geo, geography, current location, "
        "profile location, LinkedIn location, region, raw address, Standort, Ort, "
        "localisation, lieu, ubicacion, localidad, locatie, localizacao, "
        "location name, geo region, linkedinProfileLocation, area, "
        "location/linkedinText, contact location",
        weak="local, city, Location City, state, Location State, address, Stadt, ville, "
        "ciudad, cidade, stad, " + translations.CITIES,
    ),
    _meaning(
        "country",
        "country of the lead",
        "country, Location Country, person country, lead country, country name, Land, "
        "pays, pais, country code, location country name, country of residence, "
        "contact country, country/region, country or region",
    ),
    _meaning(
        "industry",
        "industry of the lead or the company",
        "industry, person industry, lead industry, company industry, linkedin industry, "
        "organization industry, Branche, secteur, secteur d'activite, industrie, sector, "
        "setor, industria, bedrijfstak, company industries, industries, "
        "current company industry, account industry, company primary industry, "
        "primary industry",
    ),
    _meaning(
        "seniority",
        "level of the position",
        "seniority, seniority level, job seniority, job level, management level, "
        "Karrierestufe, hierarchieebene, niveau hierarchique, senioridad, anciennete, "
        "person seniority, job title level, nivel",
        weak="level",
    ),
    _meaning(
        "headcount",
        "number of employees of the company",
        "headcount, company headcount, # employees, number of employees, num employees, "
        "employees, employee count, company size, company employee range, "
        "company employees range, company employee exact count, company employee count, "
        "employees count, company staff count, company employees, employee range, "
        "estimated num employees, Mitarbeiterzahl, Mitarbeiter, Unternehmensgroesse, "
        "effectif, effectifs, nombre d'employes, taille de l'entreprise, "
        "numero de empleados, empleados, tamano de la empresa, aantal medewerkers, "
        "numero de funcionarios, company headcount range, organization size, "
        "company employees count, size, company_size_range, staff count, "
        "employee headcount, no. of employees, n funcionarios",
    ),
    _meaning(
        "open_flag",
        "Open Profile: anyone may message the lead free (yes, no, blank = unknown)",
        "isOpenLink, openLink, Is Open Profile, open profile, has open profile, "
        "free InMail, open InMail, is open, free InMails, InMail open, is open link, "
        "openProfileStatus, LinkedIn open profile, open link profile, open to InMail, "
        "is open to inmail, is open profile LinkedIn, badges open link, "
        "open profile status, has open link, free message, "
        "free messaging, can message free, open profile?, profil ouvert, "
        "offenes Profil, perfil abierto, perfil aberto, openprofiel, open profiel, "
        "InMail gratuit, kostenlose InMail, InMail gratuito",
        weak="open",
        short="open",
    ),
    _meaning(
        "premium_flag",
        "Premium member (yes, no, blank = unknown)",
        "isPremium, has premium, premium, LinkedIn premium, premium account, "
        "premium member, is premium member, premium profile, premium user, "
        "is LinkedIn premium, is premium LinkedIn, badges premium, compte premium, "
        "Premium-Mitglied, cuenta premium",
        short="premium",
    ),
    _meaning(
        "degree",
        "distance from the seat that made the export (1st, 2nd, 3rd)",
        "connection degree, degree, network distance, degree of connection, "
        "connection level, distance, LinkedIn degree, connection distance, "
        "connection type, relationship degree, Kontaktgrad, Kontakt-Grad, "
        "Verbindungsgrad, Vernetzungsgrad, degre de connexion, grado de conexion, "
        "grado di collegamento, verbindingsgraad, connectiegraad, "
        "niveau de relation, degre, degre de relation, grado, grado de contacto, "
        "graad, grau, grau de conexao, member distance",
        weak="connection, relation, relationship, relationships",
    ),
    _meaning(
        "priority",
        "how much the team wants this lead (0 to 100, or A, B, C, D)",
        "priority, prio, lead priority, priority score, lead score, fit score, ICP score, "
        "Prioritaet, priorite, prioridad, prioriteit, prioridade, contact priority, "
        "lead grade",
        weak="tier, ranking score",
        personal=False,
    ),
    _meaning(
        "segment",
        "the team's own segment",
        "segment, segment name, segmentation, segmento, lead segment, persona, "
        "buyer persona, ICP segment, customer segment",
        personal=False,
    ),
    _meaning(
        "owner",
        "seat or sender that must send",
        "owner, seat, seat id, seat_id, assigned seat, assigned sender, owner seat, "
        "sender, plan sender, plan_sender, plan_seat, must send from, Absender, "
        "Besitzer, Verantwortlich, Inhaber, Zust\u00e4ndig",
        short="seat",
        personal=False,
    ),
    _meaning(
        "group",
        "only seats of this group may send",
        "group, groups, seat group, seat groups, sender group, Gruppe, groupe, grupo, "
        "groep, plan_group",
        personal=False,
    ),
    _meaning(
        "do_not_contact",
        "must not be contacted (yes, no)",
        "do not contact, DNC, do_not_contact, blacklisted, blacklist, opt out, opted out, "
        "unsubscribed, excluded, exclude, do not message, suppressed, suppress, "
        "is blacklisted, no contact, nicht kontaktieren, "
        "ne pas contacter, no contactar, niet contacteren, nao contatar, optout, "
        "never contact, do not reach out, " + CUSTOMER_HEADERS,
        short="dnc",
    ),
    _meaning(
        "last_contacted_on",
        "date of the last touch",
        "last contacted on, last contacted, last contacted at, last contact, "
        "last contact date, last contacted date, contacted on, contacted at, "
        "last action time, last touch, last outreach, last outreach date, date contacted, "
        "last message sent at, last message date, last messaged, message sent at, "
        "letzter Kontakt, dernier contact, ultimo contacto, laatste contact, "
        "date last contacted, date of last contact, last activity date, sent at, sent on, "
        "last contacted time, invitation sent at, connection request sent at, "
        "invited date, invited on, invited at, date invited, invitation date, sent date, "
        "date sent, connection request date, InMail sent at, InMail date, "
        "last sent message send at iso, invited date iso",
        short="contacted, last_contact",
    ),
    _meaning(
        "contact_status",
        "what was done or answered so far",
        "contact status, last action taken, sender status, lead status, outreach status, "
        "campaign status, message status, InMail status, last action, "
        "LinkedIn status, connection request status, "
        "lead campaign status, prospect status, lifecycle stage, " + DONE_HEADERS,
        weak="pipeline stage, Stage",
        personal=False,
        short="status",
    ),
    _meaning(
        "exported_on",
        "when the row was exported or scraped",
        "timestamp, exported on, exported at, export date, scraped at, scraped on, "
        "scrape date, scraping date, scan time, extracted at, extraction date, "
        "date scraped, date exported, scraped date, enriched at, enrichment date, "
        "last scraped, last enriched at, time stamp, captured at, fetched at, "
        "Exportdatum, date d'export, date d'extraction, extracted on",
        weak="updated at, last updated, last updated at, created at, date added, added at, "
        "added on, created on, created date, date created, created time",
        personal=False,
    ),
    _meaning(
        "scraped_by",
        "seat that made the export",
        "scraped by, exported by, export seat, scraping seat, extracted by, source seat, "
        "scraper, exported from, scraped from seat, export account, "
        "search account profile name",
        personal=False,
    ),
    _meaning(
        "matches_filters",
        "whether the row matches the search (Evaboot)",
        "matches filters, match filters, matching filters, matches filter, "
        "filters match, matches search, matches_all_filters",
    ),
    _meaning(
        "inmail_restriction",
        "why the lead cannot be sent an InMail (NO_RESTRICTION if it can)",
        "inmail restriction, InMail restrictions, inmailRestriction",
    ),
    _meaning(
        "inmail_flag",
        "whether the lead accepts InMails",
        "can send inmail, can_send_inmail, canSendInmail, accepts inmail, inmail allowed, "
        "inmail enabled",
    ),
    _meaning(
        "tags",
        "labels of the lead",
        "tags, tag, labels, label, lead tags, contact tags, etiquettes, etiquetas, "
        "Schlagworte, Schlagwoerter, my tags",
    ),
    _meaning(
        "list",
        "list that the lead is in",
        "list, lists, list name, lead list, audience, audience name, Liste, lista, lijst, "
        "list names, contact list, lead list name, source list",
        personal=False,
    ),
    _meaning(
        "connected_on",
        "date since when the lead is a connection (so the degree is 1st)",
        "connected on, connected at, connection date, connected date, connected since, "
        "connectedAt, date connected, connectionSince, verbunden am, connecte le, "
        "conectado el, is relationship, is connected, is connection, already connected",
        personal=False,
    ),
    _meaning(
        "failure_reason",
        "why a send failed",
        "failed reason code, failed reason, failure reason, error code, fail reason, "
        "error message, failure code, error_msg",
        weak="error",
        personal=False,
    ),
)

#: Meaning by name.
MEANING_BY_NAME = MappingProxyType({meaning.name: meaning for meaning in MEANINGS})

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[^\w#]+|_+")
#: Letters that decompose to nothing under NFKD; umlauts are also written ae, oe, ue.
_LETTERS = str.maketrans({
    "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "\u0131": "i",
    "Ø": "O", "Æ": "Ae", "Œ": "Oe", "Ł": "L",
})  # fmt: skip
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


@lru_cache(maxsize=65_536)
def words(header: str) -> tuple[str, ...]:
    """Split a header into lower-case words without diacritics or punctuation."""
    text = unicodedata.normalize("NFC", header).translate(_UMLAUTS).translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(char for char in text if not unicodedata.combining(char))
    parts = _NOT_WORD.split(text)
    return tuple(word.lower() for part in parts for word in _CAMEL.split(part) if word)


def normalise(header: str) -> str:
    """Return the header as headers are compared: ``Free InMail?`` -> ``freeinmail``."""
    return "".join(words(header))


@cache
def lead_headers() -> frozenset[str]:
    """Return every header that a lead export may have, normalised."""
    keys = set()
    for meaning in MEANINGS:
        for alias in (*meaning.aliases, *meaning.weak_aliases):
            keys.add(normalise(alias))
    return frozenset(keys)


def without_prefix(header: str) -> str:
    """Return the normalised header without a leading ``Lead``, ``Contact`` ...; or ""."""
    parts = words(header)
    if len(parts) > 1 and parts[0] in PERSON_PREFIXES:
        return "".join(parts[1:])
    key = "".join(parts)
    for prefix in PERSON_PREFIXES:
        if key.startswith(prefix) and len(key) > len(prefix) + 2:
            return key[len(prefix) :]
    return ""


def is_known(header: str, known: Collection[str]) -> bool:
    """Whether a cell reads like one of the `known` (normalised) headers."""
    if len(header) > 60:
        return False
    return normalise(header) in known or without_prefix(header) in known
