"""Signed links in mails: each is good for one purpose and one recipient, and needs no login."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from itsdangerous import BadSignature, URLSafeSerializer

from config import Settings


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a recipient gets: one department's digest, at one address."""

    department_id: int
    email: str


def unsubscribe_url(settings: Settings, subscription: Subscription) -> str:
    """Return the address under which a recipient stops getting the digest; it never expires, as laws ask."""
    token = _signer(settings, "unsubscribe").dumps([subscription.department_id, subscription.email])
    return f"{settings.public_url}/unsubscribe/{token}"


def read_unsubscribe_token(settings: Settings, token: str) -> Subscription | None:
    """Return what a token stands for; None when it is not one of ours."""
    try:
        department_id, email = _signer(settings, "unsubscribe").loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return Subscription(int(department_id), str(email))


def invitation_url(settings: Settings, staff_id: int, sent_at: datetime) -> str:
    """Return the address under which an invited person sets a password; it names that one mail."""
    token = _signer(settings, "invitation").dumps([staff_id, sent_at.isoformat()])
    return f"{settings.public_url}/invitation/{token}"


def read_invitation_token(settings: Settings, token: str) -> tuple[int, datetime] | None:
    """Return whose invitation a token stands for and when it was sent; None when it is not one of ours."""
    try:
        staff_id, sent_at = _signer(settings, "invitation").loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return int(staff_id), datetime.fromisoformat(sent_at)


def answer_url(settings: Settings, notice_id: int, told_at: datetime) -> str:
    """Return the address under which a department answers one notice; it names that one mail."""
    token = _signer(settings, "answer").dumps([notice_id, told_at.isoformat()])
    return f"{settings.public_url}/answer/{token}"


def read_answer_token(settings: Settings, token: str) -> tuple[int, datetime] | None:
    """Return which notice a token stands for and when it was told; None when it is not one of ours."""
    try:
        notice_id, told_at = _signer(settings, "answer").loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return int(notice_id), datetime.fromisoformat(told_at)


@dataclass(frozen=True, slots=True)
class PointLink:
    """One point of one digest, for one recipient."""

    digest_id: int
    point_key: str
    email: str
    expires_at: datetime

    @property
    def is_open(self) -> bool:
        """Tell whether the link still takes an answer."""
        return datetime.now(UTC) < self.expires_at


def point_url(settings: Settings, link: PointLink) -> str:
    """Return the address under which a recipient answers one point of a digest with a measure."""
    said = [link.digest_id, link.point_key, link.email, link.expires_at.isoformat(timespec="seconds")]
    return f"{settings.public_url}/point/{_signer(settings, 'point').dumps(said)}"


def read_point_token(settings: Settings, token: str) -> PointLink | None:
    """Return what a token stands for, past its time or not; None when it is not one of ours."""
    try:
        digest_id, key, email, expires_at = _signer(settings, "point").loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return PointLink(int(digest_id), str(key), str(email), datetime.fromisoformat(expires_at))


def _signer(settings: Settings, purpose: str) -> URLSafeSerializer:
    # The last key signs; links that an earlier one signed still work.
    return URLSafeSerializer([*settings.secret_key_fallbacks, settings.secret_key], salt=purpose)
