"""What DNS must say of the sender's domain, so that receivers take the panel's mails for what they are."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from flask_babel import lazy_gettext as _

from config import Settings
from jobs.signature import SigningKey, signing_key
from models.base import Labelled

# Providers that send from other hosts than the one that takes our mail, and the name under which they list
# them: by the end of the host of SMTP_URL.
_SPF_OF_PROVIDERS = {
    "exmail.qq.com": "spf.mail.qq.com",
    "qiye.aliyun.com": "spf.qiye.aliyun.com",
    "dm.aliyun.com": "spf1.dm.aliyun.com",
    "smtpdm.aliyun.com": "spf1.dm.aliyun.com",
    "office365.com": "spf.protection.outlook.com",
    "gmail.com": "_spf.google.com",
}
# Whose DNS nobody but the provider changes.
_FREE_DOMAINS = frozenset(
    {"qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com", "sohu.com", "139.com", "189.cn"}
    | {"aliyun.com", "gmail.com", "outlook.com", "hotmail.com", "icloud.com", "yahoo.com"}
)
_NO_PUBLIC_ENDS = ("localhost", "localdomain", "local", "internal", "invalid", "test", "example")


class RecordKind(Labelled):
    """What is looked up of a sender, in the order in which it is told."""

    SPF = "spf", _("SPF: which servers may send for the domain")
    DKIM = "dkim", _("DKIM: the key with which the panel signs")
    DMARC = "dmarc", _("DMARC: what receivers do with mail that passes neither")
    MX = "mx", _("MX: where answers and bounces go")


@dataclass(frozen=True, slots=True)
class WantedRecord:
    """A record that DNS must have; `value` is None where the panel can't know it."""

    kind: RecordKind
    name: str
    type: str
    value: str | None


class Objection(Labelled):
    """What speaks against the address that mails come from."""

    NOT_PUBLIC = "not_public", _("The domain of MAIL_FROM is none of the internet: nobody can answer to it.")
    FREE = (
        "free",
        _(
            "The domain of MAIL_FROM belongs to a mail provider, so you can't set its DNS: receivers will"
            " take the panel's mails for forged. Use an address of your own domain."
        ),
    )
    OTHER_LOGIN = (
        "other_login",
        _(
            "The login of SMTP_URL is another address than MAIL_FROM; most providers in China refuse such"
            " mails (501, 553). Let both be the same."
        ),
    )


def objections(settings: Settings) -> list[Objection]:
    """Return what speaks against the sender's address, before anybody asks DNS."""
    found = []
    if not is_public(settings.mail_domain):
        found.append(Objection.NOT_PUBLIC)
    if settings.mail_domain in _FREE_DOMAINS:
        found.append(Objection.FREE)
    login = unquote(urlsplit(settings.smtp_url or "").username or "").lower()
    if "@" in login and login != settings.mail_from.lower():
        found.append(Objection.OTHER_LOGIN)
    return found


def is_public(domain: str) -> bool:
    """Tell whether a domain can stand in the internet's DNS."""
    return "." in domain and domain.rpartition(".")[2] not in _NO_PUBLIC_ENDS


def wanted_records(settings: Settings) -> list[WantedRecord]:
    """Return what DNS must have for this sender; without a key or mail server their records have no value."""
    domain, selector = settings.mail_domain, settings.dkim_selector
    key = signing_key(settings.dkim_private_key) if settings.dkim_private_key else None
    mechanism = spf_mechanism(settings)
    return [
        WantedRecord(RecordKind.SPF, domain, "TXT", f"v=spf1 {mechanism} ~all" if mechanism else None),
        WantedRecord(
            RecordKind.DKIM,
            f"{selector or 'SELECTOR'}._domainkey.{domain}",
            "TXT",
            dkim_value(key) if key else None,
        ),
        # Begins by watching: reports come, and nothing is lost while the rest is not right yet.
        WantedRecord(
            RecordKind.DMARC, f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:{settings.mail_from}"
        ),
        WantedRecord(RecordKind.MX, domain, "MX", None),
    ]


def spf_mechanism(settings: Settings) -> str | None:
    """Return what an SPF record must contain for the mail server; None where none is set."""
    host = (urlsplit(settings.smtp_url or "").hostname or "").lower()
    if not host:
        return None
    for end, listed in _SPF_OF_PROVIDERS.items():
        if host == end or host.endswith(f".{end}"):
            return f"include:{listed}"
    return f"a:{host}"


def dkim_value(key: SigningKey) -> str:
    """Return the record that tells receivers the public part of a key."""
    return f"v=DKIM1; k={key.kind}; p={key.public}"
