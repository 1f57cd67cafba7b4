"""The second factor: one-time codes by the clock (TOTP, RFC 6238), and recovery codes for a lost phone."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from passlib.exc import TokenError
from passlib.totp import TOTP
from sqlalchemy import BigInteger, ForeignKey, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from config import Environment, Settings
from models.base import Base, db, now
from models.demo_record import has_demo_records
from models.organisation import Role, Staff

ISSUER = "Huisheng"
# How far the clock of a phone may be off: one step before and one after.
DRIFT_SECONDS = 30
CODES = 10
# Without signs that are taken for each other; 12 of them are 59 bits.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
GROUPS, GROUP_LENGTH = 3, 4


class SecondFactor(Base):
    """A person's key for one-time codes; the row is there once it was proved to work."""

    __tablename__ = "second_factor"

    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # Encrypted with SECOND_FACTOR_SECRET: a copy of the database makes no codes.
    secret: Mapped[str]
    # The step of the clock, of 30 seconds, whose code was used last: no code works twice.
    last_step: Mapped[int] = mapped_column(BigInteger)
    set_up_at: Mapped[datetime] = mapped_column(default=now)


class RecoveryCode(Base):
    """A code on paper that stands in once for one of the phone's."""

    __tablename__ = "recovery_code"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    # Keyed with SECOND_FACTOR_SECRET, and so not to be guessed from a copy of the database.
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None]


class Proof(StrEnum):
    """By what a person showed the second factor."""

    ONE_TIME_CODE = "one_time_code"
    RECOVERY_CODE = "recovery_code"


@lru_cache(maxsize=4)
def _factory(second_factor_secret: str) -> Any:
    return TOTP.using(issuer=ISSUER, secrets={"1": second_factor_secret})


def _totp(settings: Settings, secret: str) -> Any:
    return _factory(settings.second_factor_secret).from_source(secret)


def new_secret(settings: Settings) -> str:
    """Return a new key, encrypted; nobody's until `set_up` keeps it."""
    return str(_factory(settings.second_factor_secret).new().to_json(encrypt=True))


def key_text(settings: Settings, secret: str) -> str:
    """Return a key in groups of four, as people type it into an app."""
    return str(_totp(settings, secret).pretty_key(sep=" "))


def key_address(settings: Settings, secret: str, email: str) -> str:
    """Return the address that an app reads from a QR code."""
    return str(_totp(settings, secret).to_uri(email))


def plain_code(raw: str) -> str:
    """Return a code as it is compared: full-width signs as plain ones, in small letters, without gaps."""
    folded = unicodedata.normalize("NFKC", raw).casefold()
    return "".join(sign for sign in folded if sign.isascii() and sign.isalnum())


def matching_step(settings: Settings, secret: str, code: str) -> int | None:
    """Return of which step of the clock a code is, None where it is not of about now."""
    try:
        return int(_totp(settings, secret).match(plain_code(code), window=DRIFT_SECONDS).counter)
    except TokenError:
        return None


def must_have_second_factor(staff: Staff, settings: Settings) -> bool:
    """Tell whether a person may do nothing without a second factor: who administers real data."""
    if Role.ADMINISTRATOR.value not in staff.role_names:
        return False
    is_trial = settings.environment is Environment.LOCAL and settings.is_loopback and has_demo_records()
    return not is_trial


def set_up(settings: Settings, staff_id: int, secret: str, step: int) -> list[str]:
    """Keep a key whose code of `step` was just shown, in place of any other; return new recovery codes."""
    db.session.merge(SecondFactor(staff_id=staff_id, secret=secret, last_step=step, set_up_at=now()))
    db.session.flush()
    return make_recovery_codes(settings, staff_id)


def remove(staff_id: int) -> bool:
    """Remove a person's second factor with its recovery codes; False where there was none."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    removed: Any = db.session.execute(delete(SecondFactor).where(SecondFactor.staff_id == staff_id))
    return bool(removed.rowcount)


def make_recovery_codes(settings: Settings, staff_id: int) -> list[str]:
    """Put ten new recovery codes in the place of the old ones; return them, to be shown this once."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    codes = ["-".join(_group() for _ in range(GROUPS)) for _ in range(CODES)]
    db.session.add_all(
        RecoveryCode(staff_id=staff_id, code_hash=_code_hash(settings, plain_code(code))) for code in codes
    )
    db.session.flush()
    return codes


def recovery_codes_left(staff_id: int) -> int:
    """Return how many recovery codes of a person were not used."""
    left = select(func.count()).where(RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(left) or 0


def use_code(settings: Settings, staff_id: int, raw: str) -> Proof | None:
    """Use up what a person typed; None where it is wrong, or was used before.

    Of two requests with the same code one changes the row, and the other finds it changed.
    """
    if _use_one_time_code(settings, staff_id, raw):
        return Proof.ONE_TIME_CODE
    return Proof.RECOVERY_CODE if _use_recovery_code(settings, staff_id, raw) else None


def _use_one_time_code(settings: Settings, staff_id: int, code: str) -> bool:
    factor = db.session.get(SecondFactor, staff_id)
    step = None if factor is None else matching_step(settings, factor.secret, code)
    if step is None:
        return False
    used: Any = db.session.execute(
        update(SecondFactor)
        .where(SecondFactor.staff_id == staff_id, SecondFactor.last_step < step)
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )
    return bool(used.rowcount)


def _use_recovery_code(settings: Settings, staff_id: int, code: str) -> bool:
    used: Any = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == staff_id,
            RecoveryCode.code_hash == _code_hash(settings, plain_code(code)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .execution_options(synchronize_session=False)
    )
    return bool(used.rowcount)


def _group() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH))


def _code_hash(settings: Settings, code: str) -> str:
    return hmac.digest(settings.second_factor_secret.encode(), code.encode(), hashlib.sha256).hex()
