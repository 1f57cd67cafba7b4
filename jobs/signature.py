"""Signing mails (DKIM, RFC 6376), so that receivers can tell ours from what others send in our name.

A mail is signed when it is put into the outbox: what is stored is what goes over the wire, at every try. So a
signature has no end of validity, and a key that is replaced stays in DNS until what waits has gone out.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from config import Settings

# Where a mail has them. RFC 8058 asks that both headers of one-click unsubscription be covered.
SIGNED_HEADERS = frozenset(
    {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "reply-to",
        "list-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "auto-submitted",
        "content-language",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    }
)
_FIELD = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key as the signing wants it, and its public part as DNS tells it."""

    algorithm: bytes
    private: bytes
    kind: str
    public: str


def signed(message: bytes, settings: Settings) -> bytes:
    """Return the message with a signature of the sender's domain; as it is where no key is set."""
    if settings.dkim_private_key is None or settings.dkim_selector is None:
        return message
    key = signing_key(settings.dkim_private_key)
    head = message.partition(b"\r\n\r\n")[0]
    present = [name for name in _FIELD.findall(head) if name.decode("ascii").lower() in SIGNED_HEADERS]
    signature: bytes = dkim.sign(
        message,
        settings.dkim_selector.encode("ascii"),
        settings.mail_domain.encode("ascii"),
        key.private,
        # Servers on the way may change blanks; what is read stays covered.
        canonicalize=(b"relaxed", b"relaxed"),
        signature_algorithm=key.algorithm,
        # Once more than there is of it: nobody adds a second sender.
        include_headers=[*present, b"from"],
    )
    return signature + message


@cache
def signing_key(pem: str) -> SigningKey:
    """Return the key that a checked setting holds."""
    key = load_pem_private_key(pem.encode("ascii"), password=None)
    if isinstance(key, Ed25519PrivateKey):
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        seed = base64.b64encode(key.private_bytes_raw())
        return SigningKey(b"ed25519-sha256", seed, "ed25519", base64.b64encode(public).decode("ascii"))
    assert isinstance(key, RSAPrivateKey)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(b"rsa-sha256", plain, "rsa", base64.b64encode(public).decode("ascii"))
