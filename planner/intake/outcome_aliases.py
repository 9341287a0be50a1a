"""What a column of a file of outcomes can mean, and the headers that files give it."""

from __future__ import annotations

from planner.intake.aliases import Meaning


def _meaning(
    name: str, description: str, headers: str, *, weak: str = "", short: str = ""
) -> Meaning:
    def split(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())

    return Meaning(
        name=name,
        description=description,
        aliases=split(headers),
        weak_aliases=split(weak),
        short_names=split(short),
    )


#: What a column can say about an outcome, in the order in which people read about them.
MEANINGS: tuple[Meaning, ...] = (
    _meaning(
        "status",
        "what happened, in a word (sent, failed, replied, accepted, skipped, todo)",
        "status, outcome, result, task status, InMail status, message status, "
        "send status, sending status, delivery status, outreach status, campaign status, "
        "contact status, lead status, connection request status, invitation status, "
        "LinkedIn status, lead campaign status, sender status, outcome status, "
        "Ergebnis, Resultat, statut, etat, resultat, estado, resultado, esito, stato",
        weak="state, what happened",
    ),
    _meaning(
        "sent",
        "sent: yes, or the date",
        "sent, is sent, was sent, sent at, sent on, sent date, date sent, sent time, "
        "InMail sent, InMails sent, InMail sent at, InMail sent on, InMail date, "
        "message sent, messages sent, message sent at, message sent on, "
        "LinkedIn message sent, LinkedIn sent, LI sent, connection request sent, "
        "connection request sent at, connection request sent on, connection request date, "
        "connection sent, connect request sent, request sent, request sent at, "
        "invite sent, invitation sent, invitation sent at, invitation date, invited, "
        "invited at, invited on, invited date, date invited, contacted, contacted at, "
        "contacted on, date contacted, last action time, messaged, messaged at, "
        "gesendet, gesendet am, versendet, versendet am, verschickt, verschickt am, "
        "abgeschickt, kontaktiert, kontaktiert am, envoye, envoye le, date d'envoi, "
        "contacte le, enviado, enviado el, fecha de envio, contactado el, "
        "verzonden, verzonden op",
    ),
    _meaning(
        "failed",
        "failed: yes, or the date",
        "failed, is failed, has failed, failed at, failed on, failed date, failure date, "
        "date failed, fehlgeschlagen, fehlgeschlagen am, gescheitert, echoue, echoue le, "
        "echec, fallido, fallido el, mislukt",
    ),
    _meaning(
        "skipped",
        "skipped or canceled: yes, or the date",
        "skipped, is skipped, skipped at, skipped on, canceled, cancelled, canceled at, "
        "cancelled at, canceled on, cancelled on, uebersprungen, abgebrochen, annule, "
        "annule le, omitido, cancelado",
    ),
    _meaning(
        "replied",
        "replied: yes, the date, or the reply",
        "replied, is replied, has replied, replied at, replied on, replied date, "
        "date replied, reply date, reply at, replied to us, LinkedIn replied, reply, "
        "reply text, reply received, reply received at, answered, answered at, "
        "answered on, has answered, responded, has responded, responded at, "
        "responded on, response date, response, response received, geantwortet, "
        "geantwortet am, hat geantwortet, beantwortet, beantwortet am, Antwort, "
        "Antwort am, Antwortdatum, repondu, repondu le, a repondu, reponse, "
        "date de reponse, respondido, respondido el, respuesta, fecha de respuesta, "
        "beantwoord, beantwoord op",
    ),
    _meaning(
        "accepted",
        "connection request accepted: yes, or the date",
        "accepted, is accepted, accepted at, accepted on, accepted date, date accepted, "
        "acceptance date, connection accepted, connection accepted at, "
        "connection accepted on, connection request accepted, invitation accepted, "
        "invitation accepted at, invite accepted, request accepted, request accepted at, "
        "connected, connected at, connected on, connected since, connection date, "
        "date connected, angenommen, angenommen am, akzeptiert, akzeptiert am, vernetzt, "
        "vernetzt am, vernetzt seit, verbunden am, accepte, accepte le, connecte le, "
        "aceptado, aceptado el, conectado el, geaccepteerd, geaccepteerd op",
    ),
    _meaning(
        "happened_on",
        "when it happened",
        "happened on, happened at, executed at, executed on, done at, done on, "
        "completed at, finished at, outcome date, outcome at, status date, event date, "
        "event time, event at, occurred at, action date, action time, "
        "ausgefuehrt am, erledigt am, execute le, ejecutado el",
        weak="date, time, timestamp, datum, Zeit, Zeitpunkt, fecha, data, updated at, "
        "last updated",
        short="date",
    ),
    _meaning(
        "seat",
        "seat or sender that did it",
        "seat, seat id, seat_id, plan_seat, sender, sender id, plan_sender, sender name, "
        "sender label, sender profile, sender profile name, sender profile label, "
        "sender_profile_uuid, sender uuid, assigned seat, assigned sender, sent from, "
        "sent by, sending account, sender account, from account, Absender, Sitz, "
        "expediteur, remitente, emisor, afzender, mittente",
        short="sender",
    ),
    _meaning(
        "plan_route",
        "route that was planned or taken",
        "plan_route, route, sent as, way, Weg",
        short="route",
    ),
    _meaning(
        "step",
        "task, message or event that the row is about",
        "type, task type, step, step type, node type, action, action type, event, "
        "event name, event type, linkedin_type, LinkedIn message type, message type, "
        "activity type, last action taken, last action, channel, Aktion, "
        "Typ, Schritt, Kanal, canal, accion, tipo",
        short="type",
    ),
    _meaning(
        "credit_used",
        "whether the send used a credit (yes, no)",
        "credit used, used credit, used a credit, credits used, credit spent, "
        "credits spent, InMail credit used, InMail credits used, cost a credit, paid, "
        "is paid, credit consumed, Credit verbraucht, Guthaben verbraucht, "
        "credit utilise, credito usado",
    ),
    _meaning(
        "free",
        "whether the send was free (yes, no)",
        "free, is free, was free, sent free, free send, sent for free, kostenlos, "
        "gratuit, gratis, gratuito",
    ),
    _meaning(
        "credits",
        "balance of InMail credits that was seen",
        "credits, credits now, InMail credits, InMail credits now, credits left, "
        "InMail credits left, credits remaining, remaining credits, "
        "InMail credits remaining, remaining InMail credits, credit balance, "
        "InMail balance, balance, credits seen, balance seen, available credits, "
        "credits available, Guthaben, InMail-Guthaben, solde, creditos, saldo",
    ),
    _meaning(
        "seen_on",
        "when a balance or a flag was seen",
        "credits_as_of, credits as of, balance as of, balance date, credits date, as of, "
        "seen on, seen at, read on, looked up on, looked up at, checked on, checked at, "
        "date seen, date checked, last checked, last seen, gesehen am, zuletzt gesehen, "
        "geprueft am, nachgesehen am, abgerufen am, vu le, verifie le, visto el, "
        "verificado el, visto em, visto il, gezien op, bekeken op, "
        "exported on, exported at, export date, scraped at, scraped on, extracted at, "
        "enriched at, last enriched at, captured at, fetched at, Exportdatum, Stand, "
        "abgelesen am",
    ),
    _meaning(
        "error_text",
        "why it failed, in the file's words",
        "error message, error_msg, error text, error, errors, error details, "
        "error description, error reason, failed reason, failure reason, fail reason, "
        "fail_reason, reason of failure, failure message, failed because, "
        "failed reason code, failure code, Fehler, Fehlermeldung, Fehlertext, "
        "Fehlergrund, erreur, message d'erreur, raison de l'echec, mensaje de error, "
        "motivo del fallo",
        short="error",
    ),
    _meaning(
        "error_code",
        "GetSales' code of a failure",
        "automation_error_code, automation error, error code, error_code",
    ),
    _meaning(
        "plan_run", "run of the planner that the row is of", "plan_run, run, run id"
    ),
    _meaning(
        "lead_id",
        "key of the lead in this program's own files",
        "lead_id, lead id, plan lead id",
    ),
    _meaning(
        "stage",
        "pipeline stage (only a reply or an acceptance counts)",
        "pipeline stage, stage, pipeline stage name, Phase, etape, etapa",
    ),
)  # fmt: skip
