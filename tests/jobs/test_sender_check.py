"""What is said of the sender's records: right, differs, missing, or that DNS did not answer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dns.message
import dns.resolver
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from config import Settings
from jobs import sender_check
from jobs.sender_check import DnsError, Verdict, asking_dns, check_sender
from jobs.sender_records import Objection, RecordKind, objections, spf_mechanism, wanted_records

KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=1024)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


@pytest.fixture
def sender(settings: Settings) -> Settings:
    return replace(
        settings,
        mail_from="service@after.maker.cn",
        smtp_url="smtps://service%40after.maker.cn:x@smtp.exmail.qq.com:465",
        dkim_selector="panel",
        dkim_private_key=KEY,
    )


def wanted(sender: Settings, kind: RecordKind) -> str:
    (value,) = (each.value for each in wanted_records(sender) if each.kind is kind)
    assert value is not None
    return value


def findings(sender: Settings, **answers: list[str]) -> dict[RecordKind, Verdict]:
    """Ask a DNS in which `answers` stand by the first label of the name; "after" are those of the domain."""

    def ask(name: str, kind: str) -> list[str]:
        return answers.get("mx" if kind == "MX" else name.replace(".", "_").replace("_dmarc", "dmarc"), [])

    return {kind: finding.verdict for kind, finding in check_sender(sender, ask).items()}


DOMAIN, SELECTOR, DMARC = "after_maker_cn", "panel__domainkey_after_maker_cn", "dmarc_after_maker_cn"


def test_the_records_as_the_page_shows_them_are_right(sender: Settings) -> None:
    records = {
        DOMAIN: ["other=1", wanted(sender, RecordKind.SPF)],
        SELECTOR: [wanted(sender, RecordKind.DKIM)],
        DMARC: [wanted(sender, RecordKind.DMARC)],
        "mx": ["10 mx.maker.cn."],
    }
    assert set(findings(sender, **records).values()) == {Verdict.RIGHT}
    assert set(findings(sender).values()) == {Verdict.MISSING}


@pytest.mark.parametrize(
    ("place", "kind", "answers", "verdict"),
    [
        (DOMAIN, RecordKind.SPF, ["v=spf1 +include:spf.mail.qq.com mx -all"], Verdict.RIGHT),
        (DOMAIN, RecordKind.SPF, ["v=spf1 mx -all"], Verdict.DIFFERS),
        (DOMAIN, RecordKind.SPF, ["v=spf1 include:spf.mail.qq.com ~all"] * 2, Verdict.DIFFERS),
        (DOMAIN, RecordKind.SPF, ["v=spf10 include:spf.mail.qq.com"], Verdict.MISSING),
        (SELECTOR, RecordKind.DKIM, ["v=DKIM1; k=rsa; p=another"], Verdict.DIFFERS),
        (SELECTOR, RecordKind.DKIM, ["v=DKIM1; p="], Verdict.DIFFERS),
        (DMARC, RecordKind.DMARC, ["v=DMARC1; p=reject; rua=mailto:x@maker.cn"], Verdict.RIGHT),
        (DMARC, RecordKind.DMARC, ["v=DMARC1; p=reject"], Verdict.DIFFERS),
        (DMARC, RecordKind.DMARC, ["v=DMARC1; p=maybe; rua=mailto:x@maker.cn"], Verdict.DIFFERS),
        ("dmarc_maker_cn", RecordKind.DMARC, ["v=DMARC1; p=none; rua=mailto:x@maker.cn"], Verdict.RIGHT),
        ("dmarc_cn", RecordKind.DMARC, ["v=DMARC1; p=none; rua=mailto:x@maker.cn"], Verdict.MISSING),
    ],
)
def test_what_was_found_decides(
    sender: Settings, place: str, kind: RecordKind, answers: list[str], verdict: Verdict
) -> None:
    assert findings(sender, **{place: answers})[kind] is verdict


def test_a_question_that_fails_takes_no_other_with_it(sender: Settings) -> None:
    def ask(name: str, kind: str) -> list[str]:
        if kind == "MX":
            return ["10 mx.maker.cn."]
        raise DnsError(name)

    found = check_sender(sender, ask)
    assert found[RecordKind.MX].verdict is Verdict.RIGHT
    assert {found[kind].verdict for kind in (RecordKind.SPF, RecordKind.DMARC)} == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("host", "mechanism"),
    [
        ("smtp.exmail.qq.com", "include:spf.mail.qq.com"),
        ("smtp.qiye.aliyun.com", "include:spf.qiye.aliyun.com"),
        ("mail.maker.cn", "a:mail.maker.cn"),
        ("notexmail.qq.com", "a:notexmail.qq.com"),
    ],
)
def test_spf_names_the_mail_server_or_what_its_provider_lists(
    sender: Settings, host: str, mechanism: str
) -> None:
    assert spf_mechanism(replace(sender, smtp_url=f"smtps://{host}")) == mechanism


def test_an_address_that_receivers_will_not_believe_is_named(sender: Settings) -> None:
    assert objections(sender) == []
    assert objections(replace(sender, mail_from="maker@qq.com")) == [Objection.FREE, Objection.OTHER_LOGIN]
    assert objections(replace(sender, mail_from="x@localhost.localdomain", smtp_url=None)) == [
        Objection.NOT_PUBLIC
    ]


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Run a name server on loopback that answers what stands in the dictionary; "silent" is not answered."""
    zone: dict[str, Any] = {}
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            raw, client = server.recvfrom(4096)
            if raw == b"end":
                return
            question = dns.message.from_wire(raw)
            name = question.question[0].name.to_text()
            if name == "silent.cn.":
                continue
            answer = dns.message.make_response(question)
            if name in zone:
                answer.answer = [dns.rrset.from_text(name, 60, "IN", *zone[name])]
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            server.sendto(answer.to_wire(), client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "Resolver", lambda: resolver)
    yield zone
    server.sendto(b"end", server.getsockname())
    thread.join()
    server.close()


def test_dns_is_asked_with_its_pieces_put_together(name_server: dict[str, Any]) -> None:
    name_server["maker.cn."] = ("TXT", '"v=spf1 " "-all"')
    name_server["mx.cn."] = ("MX", "10 mx.maker.cn.")
    ask = asking_dns()
    assert ask("maker.cn", "TXT") == ["v=spf1 -all"]
    assert ask("mx.cn", "MX") == ["10 mx.maker.cn."]
    assert ask("nothing.cn", "TXT") == []
    with pytest.raises(DnsError):
        ask("a..cn", "TXT")


def test_a_silent_name_server_costs_a_few_seconds_for_all_questions_together(
    name_server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_check, "ALL_SECONDS", 0.3)
    ask, begun = asking_dns(), time.monotonic()
    for _question in range(4):
        with pytest.raises(DnsError):
            ask("silent.cn", "TXT")
    assert time.monotonic() - begun < 2
