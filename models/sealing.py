"""Keeping credentials of other services so that a copy of the database alone opens nothing."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from sqlalchemy import Text


class SealedText(Text):
    """A column whose attribute is set to plain text and holds it sealed; no screen shows either."""


def seal(text: str) -> str:
    """Return a text encrypted with a key of SECOND_FACTOR_SECRET, which never changes."""
    return _box(_secret()).encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str | None:
    """Return what was sealed; None where it was with another secret, as in a copy of the database."""
    try:
        return _box(_secret()).decrypt(sealed).decode()
    except InvalidToken:
        return None


def _secret() -> str:
    secret: str = current_app.extensions["settings"].second_factor_secret
    return secret


@lru_cache(maxsize=4)
def _box(secret: str) -> Fernet:
    # A key of its own: what seals here says nothing of how second factors are encrypted.
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"huisheng sealed text").derive(
        secret.encode()
    )
    return Fernet(urlsafe_b64encode(derived))
