"""The page of the sender: what must be in DNS, and what is there, for administrators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask

from conftest import Login
from models.organisation import Locale, Role
from views import sender

KEY = (
    ed25519.Ed25519PrivateKey.generate()
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


@pytest.fixture
def _set_up(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(
        app.extensions["settings"],
        mail_from="service@maker.cn",
        smtp_url="smtps://service%40maker.cn:hidden-word@mail.maker.cn",
        dkim_selector="panel",
        dkim_private_key=KEY,
    )
    monkeypatch.setitem(app.extensions, "settings", settings)


def page(html: str) -> str:
    main = BeautifulSoup(html, "html.parser").find("main")
    assert main is not None
    return main.get_text(" ", strip=True)


@pytest.mark.usefixtures("_set_up")
def test_the_records_stand_there_to_be_copied_and_no_secret_does(login: Login) -> None:
    html = login(Role.ADMINISTRATOR).get("/sender/").text
    copied = {button["data-copy"] for button in BeautifulSoup(html, "html.parser").select("[data-copy]")}
    assert {
        "service@maker.cn",
        "v=spf1 a:mail.maker.cn ~all",
        "panel._domainkey.maker.cn",
        "_dmarc.maker.cn",
        "v=DMARC1; p=none; rua=mailto:service@maker.cn",
    } <= copied
    assert any(str(text).startswith("v=DKIM1; k=ed25519; p=") for text in copied)
    assert "PRIVATE" not in html
    assert "hidden-word" not in html


@pytest.mark.usefixtures("_set_up")
def test_what_dns_says_is_shown_beside_it_as_text(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    def asking() -> Callable[[str, str], list[str]]:
        return lambda _name, kind: ["v=spf1 <script>x</script> -all"] if kind == "TXT" else ["10 mx."]

    monkeypatch.setattr(sender, "asking_dns", asking)
    client = login(Role.ADMINISTRATOR, locale=Locale.ENGLISH)
    html = client.post("/sender/check").text
    assert "<script>x" not in html
    assert "Found in DNS v=spf1 <script>x</script> -all" in page(html)
    assert "SPF: which servers may send for the domain Differs" in page(html)
    assert "DMARC: what receivers do with mail that passes neither Missing" in page(html)
    assert "MX: where answers and bounces go Right" in page(html)
    # Nothing of it is kept.
    assert "Differs" not in page(client.get("/sender/").text)


def test_a_sender_that_is_none_of_the_internet_is_not_asked_for(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login(Role.ADMINISTRATOR, locale=Locale.ENGLISH)
    assert "nobody can answer to it" in page(client.get("/sender/").text)
    assert 'action="/sender/check"' not in client.get("/sender/").text


def test_only_who_administers_asks(login: Login) -> None:
    assert login(Role.SUPERVISOR).get("/sender/").status_code == 403
    assert login(Role.AUDITOR).get("/sender/").status_code == 200
    assert login(Role.AUDITOR).post("/sender/check").status_code == 403
    assert login(Role.ADMINISTRATOR).get("/sender/check").status_code in {404, 405}
