"""Asking DNS whether it says of the sender what it must: a few questions, and not for long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.rdatatype
import dns.resolver
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from config import Settings
from jobs.sender_records import RecordKind, WantedRecord, spf_mechanism, wanted_records

QUESTION_SECONDS = 2.0
ALL_SECONDS = 8.0
# Of a foreign answer no more than this is shown.
LONGEST_FOUND, MOST_FOUND = 500, 5
# A policy of a parent domain counts as well: so many of them are asked.
PARENTS_MOST = 2

# Takes a name and a type; returns the answers as text, none where there is no such record.
Ask = Callable[[str, str], list[str]]


class DnsError(Exception):
    """DNS gave no answer, neither that there is a record nor that there is none."""


class Verdict(StrEnum):
    """What DNS says of a record."""

    RIGHT = "right"
    DIFFERS = "differs"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one record, and what is to be said about it."""

    verdict: Verdict
    found: list[str]
    why: LazyString | None = None


def check_sender(settings: Settings, ask: Ask) -> dict[RecordKind, Finding]:
    """Return by kind what DNS says; a question that failed is a finding as well."""
    return {record.kind: _finding(record, settings, ask) for record in wanted_records(settings)}


def _finding(record: WantedRecord, settings: Settings, ask: Ask) -> Finding:
    try:
        if record.kind is RecordKind.DMARC:
            return _dmarc(_policy(record.name, ask))
        answers = ask(record.name, record.type)
    except DnsError:
        return Finding(Verdict.UNKNOWN, [], _("DNS gave no answer. Try again in a minute."))
    if record.kind is RecordKind.SPF:
        return _spf(answers, spf_mechanism(settings))
    if record.kind is RecordKind.DKIM:
        return _dkim(answers, record.value)
    return Finding(Verdict.RIGHT if answers else Verdict.MISSING, _shown(answers))


def _spf(answers: list[str], mechanism: str | None) -> Finding:
    found = [text for text in answers if text.lower().split(" ")[0] == "v=spf1"]
    if not found:
        return Finding(Verdict.MISSING, [])
    if len(found) > 1:
        why = _("There is more than one SPF record; receivers then heed none. Make one of them.")
        return Finding(Verdict.DIFFERS, _shown(found), why)
    terms = {term.lstrip("+") for term in found[0].lower().split()}
    if mechanism is None or mechanism in terms:
        return Finding(Verdict.RIGHT, _shown(found))
    why = _(
        "Add “%(term)s” to the record that is there, before its end; never make a second one. If it lets the"
        " mail server in by another way, as your provider may tell you, it can stay.",
        term=mechanism,
    )
    return Finding(Verdict.DIFFERS, _shown(found), why)


def _dkim(answers: list[str], wanted: str | None) -> Finding:
    if wanted is None:
        return Finding(Verdict.MISSING, [], _("No key is set yet, so mails go out unsigned."))
    found = [text for text in answers if "p=" in text]
    if not found:
        return Finding(Verdict.MISSING, [])
    if any(_tags(text).get("p") == _tags(wanted)["p"] for text in found):
        return Finding(Verdict.RIGHT, _shown(found))
    why = _("The key in DNS is another one than the panel signs with, so every signature is wrong.")
    return Finding(Verdict.DIFFERS, _shown(found), why)


def _policy(name: str, ask: Ask) -> list[str]:
    """Return the DMARC policies that count for a domain: its own, else those of the next parent."""
    domain = name.partition(".")[2]
    for _step in range(PARENTS_MOST + 1):
        found = [text for text in ask(f"_dmarc.{domain}", "TXT") if text.upper().startswith("V=DMARC1")]
        domain = domain.partition(".")[2]
        if found or "." not in domain:
            return found
    return []


def _dmarc(found: list[str]) -> Finding:
    if not found:
        return Finding(Verdict.MISSING, [])
    tags = _tags(found[0])
    if len(found) > 1 or tags.get("p", "").lower() not in ("none", "quarantine", "reject"):
        why = _("Receivers heed just one record, with p=none, p=quarantine or p=reject.")
        return Finding(Verdict.DIFFERS, _shown(found), why)
    if "rua" not in tags:
        why = _("It works, but names no address for reports (rua): nobody learns what is refused.")
        return Finding(Verdict.DIFFERS, _shown(found), why)
    return Finding(Verdict.RIGHT, _shown(found))


def _tags(text: str) -> dict[str, str]:
    parts = ("".join(part.split()).partition("=") for part in text.split(";"))
    return {name.lower(): value for name, _sign, value in parts if name}


def _shown(answers: list[str]) -> list[str]:
    return [text[:LONGEST_FOUND] for text in answers[:MOST_FOUND]]


def asking_dns() -> Ask:
    """Return what asks this machine's name servers; all its questions together end after ALL_SECONDS."""
    ends_at = time.monotonic() + ALL_SECONDS

    def ask(name: str, kind: str) -> list[str]:
        left = min(QUESTION_SECONDS, ends_at - time.monotonic())
        if left <= 0:
            raise DnsError(name)
        try:
            answer = dns.resolver.Resolver().resolve(f"{name}.", kind, lifetime=left)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise DnsError(name) from error
        return [_text(each, kind) for each in answer]

    return ask


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        # Long ones come in pieces that belong together.
        pieces: tuple[bytes, ...] = getattr(record, "strings", ())
        return b"".join(pieces).decode("utf-8", "replace")
    return str(record)
