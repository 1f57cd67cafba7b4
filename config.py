"""Typed settings, read once from the environment; a bad or missing value stops the start with its name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

MINIMUM_SECRET_LENGTH = 32


class SettingError(SystemExit):
    """Name every setting that is missing or wrong, and what is allowed; a terminal shows that alone."""


class Environment(StrEnum):
    """Say how strict the panel is; production is the default, so nothing is open by accident."""

    PRODUCTION = "production"
    LOCAL = "local"
    TEST = "test"


class LogFormat(StrEnum):
    """Say who reads what the panel tells of itself: programs, or a person at a terminal."""

    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold every setting of the panel; secrets are kept out of its repr."""

    environment: Environment
    database_url: str = field(repr=False)
    migration_database_url: str = field(repr=False)
    database_connections: int
    statement_seconds: int
    redis_url: str = field(repr=False)
    smtp_url: str | None = field(repr=False)
    secret_key: str = field(repr=False)
    secret_key_fallbacks: tuple[str, ...] = field(repr=False)
    password_secret: str = field(repr=False)
    second_factor_secret: str = field(repr=False)
    port: int
    public_url: str
    timezone: ZoneInfo
    local_dir: Path
    mail_from: str
    mail_allow: tuple[str, ...]
    imap_url: str | None = field(repr=False)
    dkim_selector: str | None
    dkim_private_key: str | None = field(repr=False)
    admin_email: str | None
    admin_password: str | None = field(repr=False)
    demo_data: bool
    demo_size: int
    login_idle: timedelta
    login_lasts: timedelta
    proxy_count: int
    log_format: LogFormat
    metrics_token: str | None = field(repr=False)

    @property
    def is_production(self) -> bool:
        """Tell whether real people get what the panel sends."""
        return self.environment is Environment.PRODUCTION

    @property
    def is_https(self) -> bool:
        """Tell whether people reach the panel over TLS, so that cookies may be marked Secure."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Tell whether the panel is reached from its own machine alone."""
        return urlsplit(self.public_url).hostname in ("localhost", "127.0.0.1", "::1")

    @property
    def knows_addresses(self) -> bool:
        """Tell whether requests come with the address of who sent them, rather than a proxy's.

        TLS ends before the panel: over https somebody stands in front.
        """
        return self.proxy_count > 0 or not self.is_https

    @property
    def mail_domain(self) -> str:
        """Return the domain of the sender, which answers for what the panel sends."""
        return self.mail_from.rpartition("@")[2].lower()

    @property
    def public_host(self) -> str:
        """Return host, with port if any, of the address under which people reach the panel."""
        return urlsplit(self.public_url).netloc


@dataclass(frozen=True, slots=True)
class _Setting:
    """Describe one setting: its variable, how its text is read, what is allowed, and its default."""

    variable: str
    convert: Callable[[str], Any]
    allowed: str
    default: str | None = None
    is_optional: bool = False


def _url(*schemes: str) -> Callable[[str], str]:
    def convert(raw: str) -> str:
        parts = urlsplit(raw)
        if parts.scheme not in schemes or not parts.hostname or parts.port == 0:
            raise ValueError(raw)
        return raw

    return convert


def _mailbox_url(raw: str) -> str:
    parts = urlsplit(_url("imaps")(raw))
    if not parts.username or not parts.password:
        raise ValueError
    return raw


def _public_url(raw: str) -> str:
    url = _url("http", "https")(raw).rstrip("/")
    # The panel stands at the root of its host: every link that it makes is host and path.
    if url != "{0.scheme}://{0.netloc}".format(urlsplit(url)) or "@" in url:
        raise ValueError
    return url


def _database_url(raw: str) -> str:
    # A PaaS hands out postgres://; SQLAlchemy wants to be told which driver.
    url = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", raw)
    return _url("postgresql+psycopg")(url)


def _secret(raw: str) -> str:
    if len(raw) < MINIMUM_SECRET_LENGTH or len(set(raw)) < 8:
        raise ValueError
    return raw


def _list_of(convert: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    return lambda raw: tuple(convert(part.strip()) for part in raw.split(",") if part.strip())


def _timezone(raw: str) -> ZoneInfo:
    try:
        return ZoneInfo(raw)
    except (KeyError, OSError) as error:
        raise ValueError(raw) from error


def _flag(raw: str) -> bool:
    if raw.lower() in ("1", "yes", "true"):
        return True
    if raw.lower() in ("0", "no", "false"):
        return False
    raise ValueError(raw)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def convert(raw: str) -> int:
        if not least <= int(raw) <= most:
            raise ValueError(raw)
        return int(raw)

    return convert


def _email(raw: str) -> str:
    if not re.fullmatch(r'[^@\s<>"]+@[^@\s<>"]+', raw):
        raise ValueError(raw)
    return raw


def _allowed(raw: str) -> str:
    if not re.fullmatch(r'[^@\s<>"]*@[^@\s<>"]+', raw):
        raise ValueError(raw)
    return raw.lower()


def _selector(raw: str) -> str:
    label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    if not re.fullmatch(rf"{label}(\.{label})*", raw.lower()):
        raise ValueError(raw)
    return raw.lower()


def _signing_key(raw: str) -> str:
    # Where a setting is one line, its line ends are written out.
    pem = raw.replace("\\n", "\n") + "\n"
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError from error
    # Receivers take no shorter ones (RFC 8301).
    if not isinstance(key, Ed25519PrivateKey) and not (
        isinstance(key, RSAPrivateKey) and key.key_size >= 1024
    ):
        raise ValueError
    return pem


def _password(raw: str) -> str:
    if len(raw) < 10:
        raise ValueError
    return raw


_DATABASE = "postgresql://USER:PASSWORD@HOST:PORT/NAME"
_SECRET = f"at least {MINIMUM_SECRET_LENGTH} random characters"

_SETTINGS = {
    "environment": _Setting("ENVIRONMENT", Environment, "production, local or test", "production"),
    "database_url": _Setting("DATABASE_URL", _database_url, _DATABASE),
    "migration_database_url": _Setting(
        "MIGRATION_DATABASE_URL", _database_url, f"{_DATABASE} of the tables' owner", is_optional=True
    ),
    "database_connections": _Setting(
        "DATABASE_CONNECTIONS", _whole(1, 100), "a whole number from 1 to 100", "15"
    ),
    "statement_seconds": _Setting(
        "STATEMENT_SECONDS", _whole(1, 600), "a whole number of seconds from 1 to 600", "5"
    ),
    "redis_url": _Setting("REDIS_URL", _url("redis", "rediss"), "redis://HOST:PORT/NUMBER"),
    "smtp_url": _Setting(
        "SMTP_URL",
        _url("smtp", "smtps"),
        "smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://USER:PASSWORD@HOST:465 (TLS)",
        is_optional=True,
    ),
    "imap_url": _Setting(
        "IMAP_URL",
        _mailbox_url,
        "imaps://USER:PASSWORD@HOST:993/FOLDER (@ and : of user and password as %40 and %3A)",
        is_optional=True,
    ),
    "secret_key": _Setting("SECRET_KEY", _secret, _SECRET),
    "secret_key_fallbacks": _Setting(
        "SECRET_KEY_FALLBACKS", _list_of(_secret), "earlier values of SECRET_KEY, separated by commas", ""
    ),
    "password_secret": _Setting("PASSWORD_SECRET", _secret, f"{_SECRET}; it must never change"),
    "second_factor_secret": _Setting("SECOND_FACTOR_SECRET", _secret, f"{_SECRET}; it must never change"),
    "port": _Setting("PORT", _whole(1, 65535), "a port from 1 to 65535", "8000"),
    "public_url": _Setting("PUBLIC_URL", _public_url, "https://HOST, as people reach the panel"),
    "timezone": _Setting("TIMEZONE", _timezone, "a zone such as Asia/Shanghai", "Asia/Shanghai"),
    "local_dir": _Setting("LOCAL_DIR", Path, "a folder", ".local"),
    "mail_from": _Setting("MAIL_FROM", _email, "an address such as service@example.com"),
    "mail_allow": _Setting(
        "MAIL_ALLOW", _list_of(_allowed), "addresses or @domains, separated by commas", ""
    ),
    "dkim_selector": _Setting(
        "DKIM_SELECTOR", _selector, "the name of the key in DNS, such as panel2026", is_optional=True
    ),
    "dkim_private_key": _Setting(
        "DKIM_PRIVATE_KEY",
        _signing_key,
        "a private key as PEM text without a password: RSA of at least 1024 bits, better 2048, or Ed25519",
        is_optional=True,
    ),
    "admin_email": _Setting("ADMIN_EMAIL", _email, "an e-mail address", is_optional=True),
    "admin_password": _Setting("ADMIN_PASSWORD", _password, "at least 10 characters", is_optional=True),
    "demo_data": _Setting("DEMO_DATA", _flag, "0 or 1", "0"),
    "demo_size": _Setting("DEMO_SIZE", _whole(1, 100), "a whole number of percent from 1 to 100", "100"),
    "login_idle": _Setting(
        "LOGIN_IDLE_HOURS",
        lambda raw: timedelta(hours=_whole(1, 168)(raw)),
        "a whole number of hours from 1 to 168",
        "12",
    ),
    "login_lasts": _Setting(
        "LOGIN_MAX_DAYS",
        lambda raw: timedelta(days=_whole(1, 30)(raw)),
        "a whole number of days from 1 to 30",
        "7",
    ),
    "proxy_count": _Setting("PROXY_COUNT", _whole(0, 9), "a whole number from 0 to 9", "0"),
    "log_format": _Setting("LOG_FORMAT", LogFormat, "json or text", "json"),
    "metrics_token": _Setting("METRICS_TOKEN", _secret, _SECRET, is_optional=True),
}

# What a first start on one's own machine, or in a test, may go without.
_LOCAL_DEFAULTS = {"MAIL_FROM": "huisheng@localhost.localdomain", "DEMO_DATA": "1"}


def _defaults_of(given: Mapping[str, str]) -> dict[str, str]:
    environment = given.get("ENVIRONMENT")
    if environment not in ("local", "test"):
        return {}
    log_format = LogFormat.TEXT if environment == "local" else LogFormat.JSON
    address = f"http://127.0.0.1:{given.get('PORT', '8000')}"
    return {"PUBLIC_URL": address, "LOG_FORMAT": log_format.value, **_LOCAL_DEFAULTS}


# What is of use together only.
_PAIRS = (("admin_email", "admin_password"), ("dkim_selector", "dkim_private_key"))


def _half_given(values: Mapping[str, Any]) -> Iterator[str]:
    for pair in _PAIRS:
        first, second = (_SETTINGS[name].variable for name in pair)
        given = [bool(values[name]) for name in pair]
        if given[0] != given[1]:
            lacking = second if given[0] else first
            yield f"{lacking} is missing: give both {first} and {second}, or neither."


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings found in `environ`.

    Raises:
        SettingError: with one sentence for each setting that is missing or wrong.
    """
    given = {name: value.strip() for name, value in environ.items() if value.strip()}
    given = _defaults_of(given) | given
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, setting in _SETTINGS.items():
        raw = given.get(setting.variable) or setting.default
        if raw is None:
            values[name] = None
            if not setting.is_optional:
                problems.append(f"{setting.variable} is missing: give {setting.allowed}.")
            continue
        try:
            values[name] = setting.convert(raw)
        except ValueError:
            problems.append(f"{setting.variable} is wrong: give {setting.allowed}.")
    if not problems:
        problems = list(_half_given(values))
    if problems:
        raise SettingError("\n".join(problems))
    # One role only, as some services give, must do for both; the log says what is then lacking.
    values["migration_database_url"] = values["migration_database_url"] or values["database_url"]
    return Settings(**values)
