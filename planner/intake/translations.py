"""Headers in other languages, as lists kept by hand have them; compared as all aliases.

Only words that hardly stand for anything else: ``By`` is a city in Danish and a person in
English, so it is left out. Umlauts count both ways (``ä`` as ``ae`` and as ``a``).
English, and what tools export, is in `planner.intake.aliases`. To add a language, add a
block; a test sees to it that no header has two meanings.
"""
# ruff: noqa: RUF001 - Cyrillic letters are meant

from __future__ import annotations

from collections.abc import Mapping

#: Language -> meaning -> headers.
_BY_LANGUAGE: Mapping[str, Mapping[str, str]] = {
    "German": {
        "profile_url": "Profillink, LinkedIn-Link, LinkedIn Profil-URL, LinkedIn Profil "
        "Link, LinkedIn-Adresse, Link zum Profil, Profiladresse, Profil (LinkedIn)",
        "email": "Mailadresse, E-Mail (geschäftlich), geschäftliche E-Mail, E-Mail "
        "Adresse geschäftlich, Firmen-E-Mail, E-Mail beruflich, berufliche E-Mail",
        "personal_email": "private E-Mail, E-Mail (privat)",
        "first_name": "Rufname, Vornamen",
        "last_name": "Zuname, Nachnamen",
        "full_name": "Vor- und Nachname, Vorname Nachname, Vorname und Nachname, Name "
        "komplett, Kontaktname, Name des Kontakts, ganzer Name",
        "title": "Jobbezeichnung, Positionsbezeichnung, Berufstitel, Beruf, Rolle, "
        "Tätigkeit, aktuelle Position, Stellentitel, Job-Titel, Titel/Position",
        "company": "Arbeitgeber, aktuelles Unternehmen, Unternehmensname, "
        "Firmenbezeichnung, Name der Firma, Name des Unternehmens, Firma/Unternehmen, "
        "Unternehmen/Firma, aktueller Arbeitgeber, Betrieb",
        "location": "Bundesland",
        "country": "Staat",
        "company_domain": "Firmenwebseite, Unternehmenswebseite, Firmendomain, Webadresse",
        "industry": "Industrie, Wirtschaftszweig, Sektor, Branche/Industrie",
        "headcount": "Anzahl Mitarbeiter, Mitarbeiteranzahl, Firmengröße",
        "open_flag": "Open-Profil, ist offenes Profil, hat offenes Profil, Profil offen, "
        "offen für InMail, InMail kostenlos, Gratis-InMail, InMail gratis, freie "
        "InMail, kostenlose Nachricht, kostenlos anschreibbar",
        "premium_flag": "Premium-Konto, ist Premium, hat Premium",
        "degree": "Beziehungsgrad, Netzwerkgrad, Kontaktstufe, Verbindungsstufe, Grad "
        "der Verbindung, Grad, Vernetzung",
        "priority": "Wichtigkeit, Rang",
        "do_not_contact": "nicht anschreiben, Kontaktsperre, gesperrt, Sperrliste, nicht "
        "ansprechen, nicht mehr kontaktieren",
        "last_contacted_on": "kontaktiert am, angeschrieben am, zuletzt kontaktiert, "
        "letzte Kontaktaufnahme, letzte Nachricht",
    },
    "Dutch": {
        "profile_url": "LinkedIn-profiel, LinkedIn-link, profiellink, profiel-URL, link "
        "naar profiel",
        "email": "zakelijk e-mailadres, zakelijke e-mail, mailadres, emailadres",
        "last_name": "familienaam",
        "full_name": "naam contactpersoon, voor- en achternaam",
        "title": "functienaam, functieomschrijving, huidige functie, rol, beroep",
        "company": "werkgever, onderneming, naam bedrijf, organisatie, huidig bedrijf, "
        "naam organisatie, huidige werkgever",
        "location": "regio, provincie",
        "industry": "branche/sector, sector/branche",
        "headcount": "medewerkers, bedrijfsgrootte, aantal werknemers",
        "open_flag": "is open profiel, gratis InMail, open profiel ja/nee, InMail gratis",
        "degree": "graad van connectie, connectie graad, relatiegraad, netwerkgraad",
        "do_not_contact": "niet benaderen, niet meer contacteren",
        "last_contacted_on": "laatst gecontacteerd, gecontacteerd op, laatste contactdatum",
    },
    "French": {
        "profile_url": "lien vers le profil, profil LinkedIn (URL), adresse LinkedIn, "
        "lien du profil LinkedIn, URL du profil LinkedIn, URL profil",
        "email": "adresse électronique, adresse mail, e-mail professionnel, mail "
        "professionnel, email pro., adresse e-mail professionnelle",
        "first_name": "prénoms, prénom du contact",
        "last_name": "nom de famille du contact",
        "full_name": "prénom et nom, nom et prénom, nom prénom, prénom nom, nom du contact",
        "title": "intitulé de poste, poste actuel, poste occupé, fonction actuelle, "
        "métier, profession, rôle",
        "company": "entreprise actuelle, nom de société, raison sociale, employeur, nom "
        "de l'organisation, nom d'entreprise, société/entreprise",
        "location": "lieu de résidence, région",
        "industry": "secteur d'activité de l'entreprise, industrie/secteur, branche "
        "d'activité",
        "headcount": "nombre de salariés, nombre de collaborateurs",
        "open_flag": "profil open, profil ouvert ?, InMail offert, est un profil ouvert, "
        "message gratuit",
        "premium_flag": "est premium, abonné premium",
        "degree": "degré de relation LinkedIn, niveau de connexion",
        "priority": "niveau de priorité",
        "do_not_contact": "ne plus contacter, liste noire, exclu",
        "last_contacted_on": "contacté le, date du dernier contact, dernière prise de "
        "contact, date de contact",
    },
    "Spanish": {
        "profile_url": "URL de LinkedIn, enlace del perfil, enlace al perfil, enlace de "
        "perfil, URL de perfil, perfil LinkedIn (URL), enlace a LinkedIn",
        "email": "correo corporativo, correo profesional, correo de trabajo, correo "
        "electrónico corporativo, e-mail corporativo, dirección de correo",
        "first_name": "nombres, nombre de pila",
        "last_name": "primer apellido",
        "full_name": "nombre y apellidos, nombre y apellido, nombre del contacto, "
        "apellidos y nombre",
        "title": "puesto de trabajo, cargo actual, puesto actual, rol, profesión, "
        "ocupación",
        "company": "compañía, nombre de empresa, empresa actual, empleador, "
        "organización, nombre de la compañía, razón social",
        "location": "ubicación actual, región, provincia",
        "country": "país de residencia",
        "industry": "sector de actividad, rubro, industria/sector",
        "headcount": "tamaño de empresa, número de trabajadores",
        "open_flag": "perfil open, es perfil abierto, tiene perfil abierto, mensaje "
        "gratis, InMail gratis",
        "premium_flag": "es premium, usuario premium",
        "degree": "nivel de conexión, grado de relación",
        "priority": "nivel de prioridad",
        "do_not_contact": "no contactar más, lista negra, excluido",
        "last_contacted_on": "contactado el, fecha de contacto, fecha del último "
        "contacto, última comunicación",
    },
    "Portuguese": {
        "profile_url": "URL do LinkedIn, link do LinkedIn, link do perfil, perfil do "
        "LinkedIn, endereço do LinkedIn, URL do perfil do LinkedIn",
        "email": "e-mail profissional, e-mail corporativo, correio eletrónico, correio "
        "eletrônico, endereço de email, email corporativo, e-mail comercial, e-mail de "
        "trabalho",
        "personal_email": "e-mail pessoal, email pessoal",
        "first_name": "primeiros nomes, nome próprio",
        "last_name": "último sobrenome, nome de família",
        "full_name": "nome e sobrenome, nome e apelido, nome do contato, nome do contacto",
        "title": "cargo atual, posição, função, ocupação, profissão, cargo/função",
        "company": "companhia, empresa atual, nome da companhia, organização, razão "
        "social da empresa, empregador, nome da organização",
        "location": "localidade/região, cidade/estado, região",
        "country": "país de residência",
        "company_domain": "site da empresa, página web, domínio da empresa",
        "industry": "setor de atividade, ramo, ramo de atividade, indústria/setor",
        "headcount": "número de colaboradores, porte da empresa, tamanho da empresa",
        "open_flag": "perfil público aberto, é perfil aberto, tem perfil aberto, InMail "
        "grátis, mensagem gratuita",
        "premium_flag": "é premium, conta premium, assinante premium",
        "degree": "grau de relacionamento, nível de conexão, grau de ligação",
        "priority": "nível de prioridade do lead",
        "do_not_contact": "não contactar, não contatar mais, não abordar, excluído",
        "last_contacted_on": "último contato, contatado em, contactado em, data do "
        "último contato, data do último contacto, data de contato",
    },
    "Italian": {
        "profile_url": "profilo LinkedIn, URL profilo, URL del profilo, link LinkedIn, "
        "link profilo, link al profilo, URL profilo LinkedIn, indirizzo LinkedIn, "
        "collegamento LinkedIn",
        "email": "indirizzo e-mail, indirizzo email, posta elettronica, email aziendale, "
        "e-mail aziendale, email di lavoro, email lavorativa, indirizzo di posta "
        "elettronica",
        "personal_email": "email personale, e-mail personale, email privata",
        "first_name": "nome di battesimo, nome proprio",
        "last_name": "cognome, cognomi",
        "full_name": "nome e cognome, cognome e nome, nome cognome, nominativo, referente",
        "title": "ruolo, posizione, qualifica, mansione, posizione lavorativa, titolo di "
        "lavoro, ruolo aziendale, posizione attuale, ruolo attuale, titolo "
        "professionale, titolo, professione",
        "company": "azienda, società, ragione sociale, nome azienda, impresa, nome "
        "dell'azienda, nome società, azienda attuale, datore di lavoro, organizzazione, "
        "ditta, nome della società",
        "location": "regione, luogo, provincia/regione, posizione geografica",
        "country": "paese, nazione",
        "company_domain": "sito web, sito internet, sito, sito aziendale, dominio",
        "industry": "settore, settore industriale, settore di attività, comparto",
        "headcount": "numero di dipendenti, numero dipendenti, dipendenti, dimensione "
        "azienda, dimensioni azienda",
        "seniority": "livello di anzianità, anzianità",
        "open_flag": "profilo aperto, profilo open, InMail gratuita, InMail gratuite, "
        "messaggio gratuito, è profilo aperto, InMail gratis?",
        "premium_flag": "utente premium, profilo premium, è premium",
        "degree": "grado, grado di connessione, grado di contatto, livello di connessione",
        "priority": "priorità, livello di priorità, punteggio di priorità",
        "segment": "segmento cliente",
        "do_not_contact": "non contattare, da non contattare, lista nera, escluso, già "
        "cliente",
        "last_contacted_on": "ultimo contatto, contattato il, data ultimo contatto, data "
        "di contatto",
        "connected_on": "collegato dal, collegato il, connesso il",
    },
    "Polish": {
        "profile_url": "profil na LinkedIn, link do profilu, adres profilu, URL profilu, "
        "link LinkedIn, link do LinkedIn, link do profilu LinkedIn, adres LinkedIn",
        "email": "adres e-mail, adres email, e-mail służbowy, email służbowy, poczta "
        "elektroniczna, mail służbowy, adres mailowy",
        "personal_email": "email prywatny, e-mail prywatny",
        "first_name": "imię, imiona",
        "last_name": "nazwisko",
        "full_name": "imię i nazwisko, nazwisko i imię, osoba kontaktowa, pełne imię i "
        "nazwisko, imię nazwisko",
        "title": "stanowisko, stanowisko pracy, pozycja, tytuł zawodowy, obecne "
        "stanowisko, funkcja, nazwa stanowiska, rola, zawód",
        "company": "firma, nazwa firmy, przedsiębiorstwo, pracodawca, spółka, obecna "
        "firma, organizacja, nazwa przedsiębiorstwa, zakład pracy",
        "location": "lokalizacja, miejsce, województwo",
        "country": "kraj, państwo",
        "company_domain": "strona www, strona internetowa, strona firmowa, domena",
        "industry": "branża, sektor/branża, branża firmy",
        "headcount": "liczba pracowników, wielkość firmy, zatrudnienie",
        "open_flag": "otwarty profil, profil otwarty, darmowy InMail, bezpłatny InMail, "
        "darmowa wiadomość",
        "premium_flag": "konto premium, ma premium",
        "degree": "stopień kontaktu, stopień znajomości, stopień połączenia, poziom "
        "kontaktu, stopień",
        "priority": "priorytet",
        "segment": "segment klienta",
        "do_not_contact": "nie kontaktować, nie kontaktować się, czarna lista, "
        "wykluczony, zablokowany",
        "last_contacted_on": "ostatni kontakt, data ostatniego kontaktu, data kontaktu",
    },
    "Russian": {
        "profile_url": "ссылка на профиль, профиль LinkedIn, ссылка LinkedIn, ссылка на "
        "LinkedIn, профиль в LinkedIn, URL профиля, адрес профиля, линкедин, профиль "
        "линкедин, LinkedIn ссылка, ссылка на линкедин",
        "email": "почта, электронная почта, e-mail адрес, адрес электронной почты, "
        "рабочая почта, имейл, емейл, эл. почта, корпоративная почта, рабочий email",
        "personal_email": "личная почта, личный email",
        "first_name": "личное имя",
        "last_name": "фамилия",
        "full_name": "ФИО, имя и фамилия, фамилия и имя, полное имя, контактное лицо, "
        "фамилия имя, имя фамилия, ФИО контакта",
        "title": "должность, позиция, текущая должность, роль, профессия, название "
        "должности",
        "company": "компания, название компании, организация, место работы, "
        "работодатель, фирма, текущая компания, наименование компании, предприятие, "
        "название организации",
        "location": "местоположение, регион, локация, местонахождение, область",
        "country": "страна",
        "company_domain": "сайт, веб-сайт, сайт компании, домен",
        "industry": "отрасль, индустрия, сфера деятельности, сектор, отрасль компании",
        "headcount": "число сотрудников, количество сотрудников, размер компании, "
        "численность",
        "open_flag": "открытый профиль, профиль открыт, бесплатный InMail, бесплатное "
        "сообщение, InMail бесплатно, open профиль, бесплатный инмейл",
        "premium_flag": "премиум, премиум аккаунт, премиум-аккаунт, есть премиум",
        "degree": "степень контакта, степень связи, уровень связи, уровень контакта, "
        "круг контактов, степень знакомства, круг",
        "priority": "приоритет, важность",
        "segment": "сегмент",
        "do_not_contact": "не контактировать, не писать, не связываться, чёрный список, "
        "исключить, не беспокоить",
        "last_contacted_on": "последний контакт, дата последнего контакта, дата "
        "контакта, последняя активность",
    },
    "Finnish": {
        "profile_url": "LinkedIn-profiili, profiilin URL, profiilin osoite, linkki "
        "profiiliin, profiililinkki, LinkedIn-linkki, LinkedIn-osoite, "
        "LinkedIn-profiilin URL, profiili, LinkedIn-profiilin osoite",
        "email": "sähköposti, sähköpostiosoite, työsähköposti, s-posti, meili, "
        "sähköposti (työ)",
        "personal_email": "henkilökohtainen sähköposti, oma sähköposti",
        "first_name": "etunimi, etunimet, kutsumanimi",
        "last_name": "sukunimi",
        "full_name": "koko nimi, etunimi ja sukunimi, yhteyshenkilö, etu- ja sukunimi, "
        "henkilön nimi, sukunimi ja etunimi",
        "title": "titteli, tehtävänimike, asema, työnimike, tehtävä, nimike, nykyinen "
        "tehtävä, ammattinimike, rooli, virkanimike, ammatti",
        "company": "yritys, yhtiö, yrityksen nimi, työnantaja, organisaatio, nykyinen "
        "yritys, firman nimi, yhtiön nimi, nykyinen työnantaja",
        "location": "sijainti, alue, maakunta",
        "country": "maa",
        "company_domain": "kotisivu, kotisivut, verkkosivu, verkkosivut, verkkosivusto, "
        "verkkotunnus",
        "industry": "toimiala, ala, yrityksen toimiala",
        "headcount": "henkilöstömäärä, työntekijämäärä, henkilöstön määrä, yrityksen "
        "koko, työntekijöitä",
        "open_flag": "avoin profiili, avoin, ilmainen InMail, maksuton InMail, ilmainen "
        "viesti, onko avoin profiili, profiili avoin",
        "premium_flag": "premium-jäsen, premium-tili, onko premium",
        "degree": "yhteysaste, kontaktin aste, verkostoaste, yhteyden aste, "
        "kontaktiaste, aste",
        "priority": "prioriteetti, tärkeys, ensisijaisuus",
        "segment": "segmentti",
        "do_not_contact": "älä ota yhteyttä, ei saa kontaktoida, älä kontaktoi, "
        "kieltolista, estolista, markkinointikielto",
        "last_contacted_on": "viimeisin yhteydenotto, viimeksi kontaktoitu, kontaktoitu, "
        "edellinen yhteydenotto, viimeisin kontakti",
    },
    "Swedish": {
        "profile_url": "LinkedIn-profil, profillänk, LinkedIn-länk, länk till profil, "
        "profiladress, länk till LinkedIn",
        "email": "e-post, e-postadress, mejladress, mejl, e-post arbete, jobbmejl, "
        "epost, epostadress",
        "personal_email": "privat e-post",
        "first_name": "förnamn, tilltalsnamn",
        "last_name": "efternamn",
        "full_name": "fullständigt namn, hela namnet, för- och efternamn, kontaktperson, "
        "förnamn och efternamn",
        "title": "befattning, jobbtitel, arbetstitel, yrke, tjänst, nuvarande roll, "
        "yrkestitel",
        "company": "företag, företagsnamn, bolag, bolagsnamn, arbetsgivare, nuvarande "
        "företag, företagets namn",
        "location": "plats",
        "company_domain": "webbplats, hemsida, webbsida, domän",
        "industry": "bransch, näringsgren",
        "headcount": "antal anställda, anställda, företagsstorlek",
        "open_flag": "öppen profil, gratis meddelande, kostnadsfri InMail, har öppen "
        "profil",
        "premium_flag": "premiummedlem, har premium",
        "degree": "kontaktnivå, kontaktgrad, nätverksnivå, relationsgrad",
        "priority": "prioritet",
        "do_not_contact": "kontakta inte, kontakta ej, får ej kontaktas, spärrlista, "
        "spärrad",
        "last_contacted_on": "senaste kontakt, senast kontaktad, kontaktad den",
    },
    "Danish and Norwegian": {
        "profile_url": "link til profil, link til LinkedIn, profil-link, lenke til "
        "profil, LinkedIn-lenke, profillenke, LinkedIn-profilen, profillink LinkedIn",
        "email": "e-mailadresse, e-postadresse, mailadresse arbejde, arbejdsmail, "
        "arbeidsmail, e-post jobb",
        "first_name": "fornavn, fornavne",
        "last_name": "efternavn, etternavn",
        "full_name": "fulde navn, fuldt navn, fullt navn, navn og etternavn, fornavn og "
        "efternavn, for- og efternavn, for- og etternavn, kontaktnavn, hele navnet",
        "title": "stilling, stillingsbetegnelse, jobtitel, stillingstittel, tittel, "
        "nuværende stilling, nåværende stilling, rolle, yrkestittel, jobbtittel",
        "company": "virksomhed, virksomhedsnavn, firmanavn, virksomhet, selskab, "
        "selskap, bedrift, bedriftsnavn, arbejdsgiver, arbeidsgiver, arbejdsplads, "
        "arbeidsplass, selskapsnavn, organisasjon",
        "location": "sted, fylke",
        "company_domain": "hjemmeside, nettside, nettsted, webside, domæne, domene",
        "industry": "industri, brancheområde, bransje, næring",
        "headcount": "antal ansatte, antall ansatte, medarbejdere, virksomhedsstørrelse",
        "open_flag": "åben profil, åpen profil, har åben profil, har åpen profil, gratis "
        "besked, gratis melding",
        "premium_flag": "premium-medlem, premiumbruger, premiumbruker",
        "degree": "forbindelsesgrad, tilknytningsgrad, netværksgrad, nettverksgrad, "
        "kontaktniveau",
        "priority": "prioritering",
        "do_not_contact": "må ikke kontaktes, kontakt ikke, ikke kontakt, skal ikke "
        "kontaktes, sperret, spærret, skal ikke kontaktes igen",
        "last_contacted_on": "sidste kontakt, siste kontakt, senest kontaktet, sist "
        "kontaktet, kontaktet den",
    },
    "Turkish": {
        "profile_url": "LinkedIn profili, profil bağlantısı, profil linki, LinkedIn "
        "bağlantısı, LinkedIn adresi, profil adresi, LinkedIn linki, LinkedIn profil "
        "bağlantısı, LinkedIn profil linki",
        "email": "e-posta, e-posta adresi, eposta, iş e-postası, kurumsal e-posta, mail "
        "adresi, eposta adresi",
        "personal_email": "kişisel e-posta",
        "first_name": "adı",
        "last_name": "soyadı, soyad, soyisim, soy isim",
        "full_name": "ad soyad, adı soyadı, isim soyisim, tam ad, tam adı, ilgili kişi, "
        "adı ve soyadı, ad ve soyad",
        "title": "unvan, ünvan, unvanı, pozisyon, görev, görevi, iş unvanı, meslek, iş "
        "ünvanı, pozisyonu, mevcut pozisyon",
        "company": "şirket, şirket adı, firma adı, kurum, işveren, çalıştığı şirket, "
        "kuruluş, şirketi, şirket ismi, mevcut şirket",
        "location": "konum, bölge, konumu, lokasyon",
        "country": "ülke",
        "company_domain": "web sitesi, internet sitesi, alan adı",
        "industry": "sektör, endüstri, faaliyet alanı, sektörü",
        "headcount": "çalışan sayısı, şirket büyüklüğü",
        "open_flag": "açık profil, ücretsiz InMail, profil açık, açık profil mi, "
        "ücretsiz mesaj",
        "premium_flag": "premium üye, premium hesap",
        "degree": "bağlantı derecesi, derece, bağlantı düzeyi, ağ derecesi",
        "priority": "öncelik, önem",
        "do_not_contact": "iletişime geçme, iletişim kurma, kara liste, iletişime "
        "geçilmesin",
        "last_contacted_on": "son iletişim, son görüşme, son iletişim tarihi",
    },
    "Czech": {
        "profile_url": "profil na LinkedInu, odkaz na profil, odkaz LinkedIn, odkaz na "
        "LinkedIn, adresa profilu",
        "email": "e-mailová adresa, emailová adresa, pracovní e-mail, pracovní email, "
        "firemní e-mail, firemní email",
        "personal_email": "osobní e-mail, soukromý e-mail",
        "first_name": "křestní jméno",
        "last_name": "příjmení",
        "full_name": "jméno a příjmení, celé jméno, kontaktní osoba, příjmení a jméno, "
        "jméno příjmení",
        "title": "pozice, pracovní pozice, funkce, pracovní zařazení, současná pozice, "
        "název pozice, povolání",
        "company": "společnost, název firmy, název společnosti, zaměstnavatel, podnik, "
        "organizace, současná firma, jméno firmy",
        "location": "lokalita, místo",
        "country": "země",
        "company_domain": "webové stránky, webová stránka, doména",
        "industry": "odvětví, obor, sektor/obor, obor podnikání",
        "headcount": "počet zaměstnanců, velikost firmy",
        "open_flag": "otevřený profil, InMail zdarma, zpráva zdarma, profil otevřený",
        "premium_flag": "prémiový účet, premium účet",
        "degree": "stupeň spojení, stupeň kontaktu, stupeň, úroveň spojení, stupeň "
        "propojení",
        "priority": "důležitost, priorita",
        "do_not_contact": "nekontaktovat, neoslovovat, vyloučit, černá listina, "
        "blokovaný kontakt",
        "last_contacted_on": "poslední kontakt, datum posledního kontaktu, naposledy "
        "kontaktován",
    },
}
#: Words in cells, lower case; beside those of `planner.intake.values`.
YES = "kyllä, vero, sì, tak, prawda, да, верно, ano, pravda, evet, var, doğru, sand, sant"
NO = (
    "ei, falso, nie, fałsz, нет, ne, nepravda, hayır, hayir, yok, yanlış, nej, nei, falsk, "
    "usann, chiuso, gesloten, suljettu, zamknięty, закрыт, закрытый, stängd, lukket, "
    "kapalı, zavřený, uzavřený"
)
OPEN = (
    "aperto, avoin, otwarty, открыт, открытый, öppen, åben, åpen, açık, otevřený, offenes "
    "profil, profil ouvert, perfil abierto, perfil aberto, profilo aperto, avoin profiili, "
    "otwarty profil, открытый профиль, öppen profil, åben profil, åpen profil, "
    "açık profil, otevřený profil, open profiel, openprofiel"
)
#: What may stand behind the number of a degree: ``2. asteen kontakti``.
DEGREE = (
    "degree|grad[eoi]?s?|grau|niveau|graad|nivel|livello|aste|stopie|stopnia|уров|степен|"
    "круг|derece|stup|gradens|niv\u00e5"
)
UNKNOWN = (
    "sconosciuto, non disponibile, n.d., nieznane, nieznany, brak danych, неизвестно, "
    "ei tiedossa, tuntematon, okänd, okänt, ukendt, ukjent, bilinmiyor, neznámé, não sei"
)

_PLAIN = str.maketrans("äöüÄÖÜ", "aouAOU")

#: Words for *name* alone: the first, the last or the whole one, as the columns beside
#: it and the cells tell (`planner.intake.name_columns`).
BARE_NAMES = "namn, navn, nimi, ad, isim, jméno, имя"

#: Cities: a region is better where both are there.
CITIES = (
    "Wohnort, Arbeitsort, plaats, woonplaats, localité, località, città, sede, miasto, "
    "miejscowość, город, kaupunki, paikkakunta, kotipaikka, kommun, "
    "bostadsort, bosted, bopæl, poststed, kommune, şehir, město, bydliště"
)

#: Words of headers that may say that somebody was contacted or must not be.
CONTACTED = (
    "gesendet kontaktiert eingeladen geantwortet angeschrieben kunde bestandskunde envoyé "
    "contacté invité répondu enviado contactado contatado invitado convidado respondido "
    "inviato contattato invitato risposto cliente wysłano wysłane skontaktowano zaproszony "
    "klient отправлено отправлен приглашён приглашен ответил клиент lähetetty kontaktoitu "
    "kutsuttu vastannut asiakas skickat kontaktad inbjuden svarat kund sendt kontaktet "
    "inviteret invitert svaret gönderildi yanıtladı müşteri odesláno osloven pozván "
    "odpověděl zákazník verzonden gecontacteerd uitgenodigd geantwoord klant"
)

#: Of headers about a company, a sender or a search, as `aliases.words` splits them.
NOT_THE_LEAD = (
    "yritys yrityksen azienda aziendale firmy компания компании společnost společnosti "
    "şirket företag företagets virksomhed virksomhet bedrift selskab selskap società "
    "lähettäjä lähettäjän mittente nadawca nadawcy отправитель отправителя remetente "
    "gönderen avsändare afsender avsender odesílatel odesílatele absender expéditeur "
    "remitente afzender omistaja proprietario właściciel владелец hakutulos"
)


def headers(meaning: str) -> tuple[str, ...]:
    """Return the headers of all languages that have a meaning, with and without umlauts."""
    found: dict[str, None] = {}
    for by_meaning in _BY_LANGUAGE.values():
        for text in by_meaning.get(meaning, "").split(","):
            header = text.strip()
            if header:
                found.update(dict.fromkeys((header, header.translate(_PLAIN))))
    return tuple(found)
