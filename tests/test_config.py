from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from config import Environment, SettingError, read_settings

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"
COMPLETE = {
    "DATABASE_URL": "postgres://app:p@db/huisheng",
    "REDIS_URL": "redis://redis:6379/0",
    "SECRET_KEY": SECRET,
    "PASSWORD_SECRET": SECRET,
    "SECOND_FACTOR_SECRET": SECRET,
    "PUBLIC_URL": "https://service.example.com/",
    "MAIL_FROM": "service@example.com",
}


def key_pem(password: bytes | None = None) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    locked = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked).decode()


# RSA of 512 bits: anybody can work it out.
SHORT_KEY = """
-----BEGIN RSA PRIVATE KEY-----
MIIBOwIBAAJBAMKO2ahI2EEMRwqpTrKaIbqgoN/DGb8JoJJnzfb1gi06qEMp28RL
ckaYkaIFZR/9fPpYx/K768J7MMkuTyIhP0ECAwEAAQJBALRbGliPVrFOQVkXxFV6
3oOUPi3QPcDDmu+9fMhPpOJpHFri2KsKeLWv6dheYV9RNK479WJmFO+kO6jnuGa1
G8UCIQDtcXcK0n2SR8lPpU7YxZzFIxWgLnRRQ+TSlu1eJEQofwIhANHDYRQ/YR5H
U4FPit+cOWL9ghXpUjQ25+7SOnanwLg/AiAIEYn9CSgRN3VEypZCUXzBSi7q8Yks
VcVJzq0kPNFAGwIgSIitGxlHdfboE0D0Hpqg5XAP+Y+y00dhMB4WBU3AwHUCIQC6
q+fXqSbHDd8sQ0PhR5xP6QWPX0P06RvXowIiZVq96w==
-----END RSA PRIVATE KEY-----
"""


def test_a_key_may_come_on_one_line_and_never_shows() -> None:
    key = key_pem()
    given = {"DKIM_SELECTOR": "Panel2026", "DKIM_PRIVATE_KEY": key.replace("\n", "\\n")}
    settings = read_settings(COMPLETE | given)
    assert settings.dkim_private_key is not None
    assert settings.dkim_private_key.split() == key.split()
    assert settings.dkim_selector == "panel2026"
    assert "PRIVATE KEY" not in repr(settings)


def test_a_complete_environment_is_read() -> None:
    settings = read_settings(COMPLETE)
    assert settings.is_production
    assert settings.is_https
    assert settings.database_url == "postgresql+psycopg://app:p@db/huisheng"
    assert settings.migration_database_url == settings.database_url
    assert settings.public_url == "https://service.example.com"
    assert settings.public_host == "service.example.com"
    assert settings.timezone.key == "Asia/Shanghai"
    assert settings.smtp_url is None
    assert settings.demo_data is False


def test_production_starts_with_nothing_missing() -> None:
    with pytest.raises(SettingError) as error:
        read_settings({})
    for name in COMPLETE:
        assert f"{name} is missing: give " in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://a/b"),
        ("DATABASE_URL", "nonsense"),
        ("REDIS_URL", "http://redis"),
        ("SMTP_URL", "mail.example.com"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY_FALLBACKS", f"{SECRET},short"),
        ("PASSWORD_SECRET", "change-me"),
        ("SECOND_FACTOR_SECRET", ""),
        ("PORT", "0"),
        ("PORT", "http"),
        ("PORT", "70000"),
        ("PUBLIC_URL", "service.example.com"),
        ("TIMEZONE", "Mars/Olympus"),
        ("TIMEZONE", "../etc/passwd"),
        ("MAIL_FROM", "nobody"),
        ("ADMIN_EMAIL", "a b@c"),
        ("ADMIN_PASSWORD", "short"),
        ("MAIL_ALLOW", "@example.com,colleague"),
        ("MAIL_ALLOW", "a@b c"),
        ("IMAP_URL", "imap://a:b@host/INBOX"),
        ("IMAP_URL", "imaps://a@host/INBOX"),
        ("IMAP_URL", "imaps://a:b@host:0"),
        ("DKIM_SELECTOR", "_panel"),
        ("DKIM_SELECTOR", "a..b"),
        ("DKIM_PRIVATE_KEY", "nonsense"),
        ("DKIM_PRIVATE_KEY", SHORT_KEY),
        ("DKIM_PRIVATE_KEY", key_pem(password=b"secret")),
        ("DEMO_DATA", "perhaps"),
        ("DEMO_SIZE", "half"),
        ("DEMO_SIZE", "250"),
        ("LOGIN_IDLE_HOURS", "0"),
        ("LOGIN_IDLE_HOURS", "half"),
        ("LOGIN_MAX_DAYS", "31"),
        ("STATEMENT_SECONDS", "none"),
        ("PROXY_COUNT", "-1"),
        ("ENVIRONMENT", "staging"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_never_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingError) as error:
        read_settings(COMPLETE | {name: value})
    (sentence,) = str(error.value).splitlines()
    assert sentence.startswith((f"{name} is wrong: give ", f"{name} is missing: give "))
    assert not value or value not in sentence.removeprefix(name)


def test_who_may_be_mailed_is_an_address_or_a_domain() -> None:
    settings = read_settings(COMPLETE | {"MAIL_ALLOW": "Me@example.com, @Example.org"})
    assert settings.mail_allow == ("me@example.com", "@example.org")


@pytest.mark.parametrize(
    ("name", "value", "lacking"),
    [
        ("ADMIN_EMAIL", "a@b", "ADMIN_PASSWORD"),
        ("ADMIN_PASSWORD", "long enough 1", "ADMIN_EMAIL"),
        ("DKIM_SELECTOR", "panel", "DKIM_PRIVATE_KEY"),
        ("DKIM_PRIVATE_KEY", key_pem(), "DKIM_SELECTOR"),
    ],
)
def test_half_of_what_belongs_together_is_refused(name: str, value: str, lacking: str) -> None:
    with pytest.raises(SettingError, match=f"^{lacking} is missing: give both"):
        read_settings(COMPLETE | {name: value})


def test_one_s_own_machine_needs_no_address() -> None:
    local = {k: v for k, v in COMPLETE.items() if k not in ("PUBLIC_URL", "MAIL_FROM")}
    settings = read_settings(local | {"ENVIRONMENT": "local", "PORT": "8123"})
    assert settings.public_url == "http://127.0.0.1:8123"
    assert settings.demo_data is True
    assert settings.local_dir == Path(".local")


def test_secrets_do_not_show() -> None:
    assert SECRET not in repr(read_settings(COMPLETE))
    assert "app:p@" not in repr(read_settings(COMPLETE))


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("DATABASE_URL", "postgres://h/d", "database_url", "postgresql+psycopg://h/d"),
        ("DATABASE_URL", "postgresql://u:p@h:5433/d", "database_url", "postgresql+psycopg://u:p@h:5433/d"),
        ("DATABASE_URL", "postgresql+psycopg://h/d", "database_url", "postgresql+psycopg://h/d"),
        (
            "MIGRATION_DATABASE_URL",
            "postgres://o@h/d",
            "migration_database_url",
            "postgresql+psycopg://o@h/d",
        ),
        ("REDIS_URL", "rediss://h:6380/1", "redis_url", "rediss://h:6380/1"),
        ("SMTP_URL", "smtps://u:p@h:465", "smtp_url", "smtps://u:p@h:465"),
        ("SMTP_URL", "   ", "smtp_url", None),
        ("PORT", "1", "port", 1),
        ("PORT", " 65535 ", "port", 65535),
        ("PORT", "", "port", 8000),
        ("PUBLIC_URL", "http://[::1]:8000", "public_url", "http://[::1]:8000"),
        ("PUBLIC_URL", "https://example.com//", "public_url", "https://example.com"),
        ("TIMEZONE", "Europe/Berlin", "timezone", ZoneInfo("Europe/Berlin")),
        (
            "SECRET_KEY_FALLBACKS",
            f" {SECRET}x , {SECRET}y ,",
            "secret_key_fallbacks",
            (f"{SECRET}x", f"{SECRET}y"),
        ),
        ("SECRET_KEY_FALLBACKS", ",", "secret_key_fallbacks", ()),
        ("MAIL_ALLOW", "", "mail_allow", ()),
        ("DEMO_SIZE", "7", "demo_size", 7),
        ("LOGIN_IDLE_HOURS", "", "login_idle", timedelta(hours=12)),
        ("LOGIN_IDLE_HOURS", "1", "login_idle", timedelta(hours=1)),
        ("LOGIN_MAX_DAYS", "", "login_lasts", timedelta(days=7)),
        ("STATEMENT_SECONDS", "", "statement_seconds", 5),
        ("LOGIN_MAX_DAYS", "30", "login_lasts", timedelta(days=30)),
        ("PROXY_COUNT", "", "proxy_count", 0),
        ("PROXY_COUNT", "2", "proxy_count", 2),
        ("DEMO_DATA", "YES", "demo_data", True),
        ("DEMO_DATA", "1", "demo_data", True),
        ("DEMO_DATA", "True", "demo_data", True),
        ("DEMO_DATA", "0", "demo_data", False),
        ("DEMO_DATA", "No", "demo_data", False),
        ("DEMO_DATA", "false", "demo_data", False),
        ("LOCAL_DIR", "/var/lib/panel", "local_dir", Path("/var/lib/panel")),
        ("ENVIRONMENT", "production", "environment", Environment.PRODUCTION),
        ("ENVIRONMENT", "", "environment", Environment.PRODUCTION),
    ],
)
def test_a_good_value_is_read_as_it_is_meant(name: str, value: str, attribute: str, expected: object) -> None:
    assert getattr(read_settings(COMPLETE | {name: value}), attribute) == expected


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com/panel",
        "https://example.com?x=1",
        "https://example.com/#top",
        "https://user:secret@example.com",
        "https://",
        "//example.com",
        "https://example.com:port",
        "ftp://example.com",
    ],
)
def test_an_address_that_the_panel_can_not_be_reached_by_is_refused(value: str) -> None:
    # The panel stands at the root of a host: links below a path would lead nowhere.
    with pytest.raises(SettingError, match="^PUBLIC_URL is wrong: give https://HOST"):
        read_settings(COMPLETE | {"PUBLIC_URL": value})


def test_all_that_is_wrong_is_said_at_once_each_in_a_line_of_its_own() -> None:
    given = COMPLETE | {"PORT": "x", "TIMEZONE": "x", "SECRET_KEY": "", "MAIL_FROM": "x"}
    with pytest.raises(SettingError) as error:
        read_settings(given)
    said = {line.partition(" ")[0] for line in str(error.value).splitlines()}
    assert said == {"PORT", "TIMEZONE", "SECRET_KEY", "MAIL_FROM"}


@pytest.mark.parametrize("environment", ["production", "local", "test"])
@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PASSWORD_SECRET", "SECOND_FACTOR_SECRET"]
)
def test_no_environment_makes_up_an_engine_or_a_secret(environment: str, name: str) -> None:
    given = {key: value for key, value in COMPLETE.items() if key != name} | {"ENVIRONMENT": environment}
    with pytest.raises(SettingError, match=f"^{name} is missing"):
        read_settings(given)


@pytest.mark.parametrize(
    ("environment", "demo", "is_production"),
    [("production", False, True), ("local", True, False), ("test", True, False)],
)
def test_demo_data_is_never_filled_into_production_unasked(
    environment: str, demo: bool, is_production: bool
) -> None:
    settings = read_settings(COMPLETE | {"ENVIRONMENT": environment})
    assert (settings.demo_data, settings.is_production) == (demo, is_production)


@pytest.mark.parametrize(("url", "is_https"), [("http://a.example", False), ("https://a.example", True)])
def test_cookies_are_secure_where_people_come_over_tls(url: str, is_https: bool) -> None:
    assert read_settings(COMPLETE | {"PUBLIC_URL": url}).is_https is is_https


@pytest.mark.parametrize(
    ("url", "is_loopback"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:8000", True),
        ("https://127.0.0.1.evil.example", False),
        ("http://10.0.0.7", False),
    ],
)
def test_what_only_this_machine_reaches_is_told(url: str, is_loopback: bool) -> None:
    assert read_settings(COMPLETE | {"PUBLIC_URL": url}).is_loopback is is_loopback


@pytest.mark.parametrize(
    ("url", "count", "knows"),
    [("http://a.example", "0", True), ("https://a.example", "0", False), ("https://a.example", "1", True)],
)
def test_behind_a_proxy_that_is_not_named_addresses_are_not_those_of_people(
    url: str, count: str, knows: bool
) -> None:
    assert read_settings(COMPLETE | {"PUBLIC_URL": url, "PROXY_COUNT": count}).knows_addresses is knows
