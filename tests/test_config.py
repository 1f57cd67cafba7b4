from __future__ import annotations

from pathlib import Path

import pytest

from config import SettingError, read_settings

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
        ("DEMO_DATA", "perhaps"),
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
    [("ADMIN_EMAIL", "a@b", "ADMIN_PASSWORD"), ("ADMIN_PASSWORD", "long enough 1", "ADMIN_EMAIL")],
)
def test_half_an_administrator_is_refused(name: str, value: str, lacking: str) -> None:
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
