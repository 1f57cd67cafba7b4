"""Every mail that the panel sends carries a signature which holds for what a mail server received."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask

from config import Settings
from factories import Factory
from jobs.mail_message import Mail
from jobs.outbox import Addressee, add_reminder_mail, put_account_mail, put_copy, put_digest
from jobs.sender_records import dkim_value
from jobs.signature import signing_key
from jobs.smtp import Verdict, send
from mail_server import Sink, mail_server
from models import Delivery, Department, Digest, db
from models.base import now
from models.digest import DeliveryKind
from models.digest_content import digest_content
from models.iso_week import IsoWeek
from models.organisation import Locale

WEEK = IsoWeek(2024, 10)
READER = Addressee("读者", "reader@example.com", Locale.CHINESE)
# Lines that begin with dots, blanks at their ends, and long ones: what is rewritten on the way.
TEXT = ".一行\n..\n \nend  \n" + "很长" * 300


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


RSA_KEY = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
ED25519_KEY = pem(ed25519.Ed25519PrivateKey.generate())


@pytest.fixture(params=[RSA_KEY, ED25519_KEY], ids=["rsa", "ed25519"])
def signing(request: pytest.FixtureRequest, in_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = replace(
        in_app.extensions["settings"],
        mail_from="service@mail.example.com",
        dkim_selector="panel",
        dkim_private_key=request.param,
    )
    monkeypatch.setitem(in_app.extensions, "settings", settings)
    return settings


def dns_of(settings: Settings) -> Callable[..., bytes | None]:
    assert settings.dkim_private_key is not None
    value = dkim_value(signing_key(settings.dkim_private_key)).encode()

    def ask(name: bytes, timeout: int = 5) -> bytes | None:
        return value if name == b"panel._domainkey.mail.example.com." else None

    return ask


def received(sink: Sink, settings: Settings, delivery: Delivery) -> bytes:
    """Send it as the worker does, and return what the server wrote down."""
    with mail_server(sink) as port:
        outcome = send(
            f"smtp://localhost:{port}", settings.mail_from, "reader@example.com", delivery.message, 10
        )
    assert outcome.verdict is Verdict.SENT
    return sink.messages()[-1].read_bytes()


def signature_of(message: bytes) -> dict[str, str]:
    (value,) = message_from_bytes(message).get_all("DKIM-Signature", [])
    parts = ("".join(part.split()).partition("=") for part in value.split(";"))
    return {name: text for name, _sign, text in parts}


def test_a_mail_is_verified_as_the_server_received_it_and_not_once_it_was_changed(
    signing: Settings, sink: Sink
) -> None:
    delivery = put_account_mail(Mail("主题", TEXT, f"<p>{TEXT}</p>"), READER)
    db.session.commit()
    taken = received(sink, signing, delivery)
    assert dkim.verify(taken, dnsfunc=dns_of(signing))
    for old, new in ((b"Subject: ", b"Subject: x"), (b"To: ", b"To: x"), (b"\r\n\r\n", b"\r\n\r\nx")):
        assert not dkim.verify(taken.replace(old, new), dnsfunc=dns_of(signing)), old
    assert not dkim.verify(b"From: Other <o@example.org>\r\n" + taken, dnsfunc=dns_of(signing))


def test_the_headers_of_a_digest_are_covered_and_the_signature_never_ends(
    signing: Settings, sink: Sink, make: Factory
) -> None:
    department = make.department(gets_digest=True)
    digest_id = make.digest(department).id
    digest = db.session.get_one(Digest, digest_id)
    own = db.session.get_one(Department, digest.department_id)
    digest.payload = digest_content(own, WEEK, signing.timezone, now())
    delivery = put_digest(digest, READER)
    db.session.commit()
    taken = received(sink, signing, delivery)
    assert taken == delivery.message
    assert dkim.verify(taken, dnsfunc=dns_of(signing))
    signature = signature_of(taken)
    assert (signature["d"], signature["s"]) == ("mail.example.com", "panel")
    assert "x" not in signature
    assert "l" not in signature
    assert {
        "from", "to", "subject", "date", "message-id", "reply-to", "list-id", "list-unsubscribe",
        "list-unsubscribe-post", "mime-version", "content-type",
    } <= set(signature["h"].split(":"))  # fmt: skip


def test_a_copy_sent_by_hand_is_signed_anew(signing: Settings, sink: Sink) -> None:
    delivery = add_reminder_mail(Mail("主题", TEXT), READER)
    db.session.flush()
    copy = put_copy(delivery, None)
    db.session.commit()
    taken = received(sink, signing, copy)
    assert dkim.verify(taken, dnsfunc=dns_of(signing))
    assert signature_of(taken) != signature_of(delivery.message)
    assert copy.kind is DeliveryKind.REMINDER


def test_without_a_key_nothing_is_signed(in_app: Flask) -> None:
    delivery = put_account_mail(Mail("主题", TEXT), READER)
    db.session.commit()
    assert b"DKIM-Signature" not in delivery.message
