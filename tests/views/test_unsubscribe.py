"""The link by which a recipient stops getting a digest, as a person and as a mail program use it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Settings
from conftest import PanelClient
from factories import Factory
from models import AuditEntry, DigestRecipient
from models.mail_link import Subscription, read_unsubscribe_token, unsubscribe_url


@pytest.fixture
def recipient(make: Factory) -> DigestRecipient:
    return make.digest_recipient(make.department("quality", name="品质检验部"), email="zhang@example.com")


def link(settings: Settings, recipient: DigestRecipient) -> str:
    assert recipient.department_id is not None
    url = unsubscribe_url(settings, Subscription(recipient.department_id, recipient.email))
    return url.removeprefix(settings.public_url)


def test_opening_the_link_asks_and_changes_nothing(
    client: PanelClient, settings: Settings, recipient: DigestRecipient, db_session: Session
) -> None:
    page = client.get(link(settings, recipient))
    assert page.status_code == 200
    assert "zhang@example.com" in page.text
    assert "品质检验部" in page.text
    assert 'method="post"' in page.text
    db_session.refresh(recipient)
    assert recipient.is_active


def test_a_mail_program_s_post_without_cookie_or_token_stops_it(
    client: PanelClient, settings: Settings, recipient: DigestRecipient, db_session: Session
) -> None:
    answer = client.post(link(settings, recipient), data={"List-Unsubscribe": "One-Click"}, csrf=False)
    assert answer.status_code == 200
    db_session.refresh(recipient)
    assert not recipient.is_active
    assert recipient.version == 2
    found = select(AuditEntry).where(
        AuditEntry.table_name == "digest_recipient", AuditEntry.row_id == recipient.id
    )
    entry = db_session.scalars(found.order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.source, entry.changes) == ("unsubscribe", {"is_active": [True, False]})


def test_stopping_twice_changes_nothing_more(
    client: PanelClient, settings: Settings, recipient: DigestRecipient, db_session: Session
) -> None:
    for _ in range(2):
        assert client.post(link(settings, recipient), csrf=False).status_code == 200
    db_session.refresh(recipient)
    assert recipient.version == 2


def test_it_stops_this_department_s_digest_only(
    client: PanelClient, settings: Settings, recipient: DigestRecipient, make: Factory, db_session: Session
) -> None:
    other = make.digest_recipient(make.department(), email=recipient.email)
    client.post(link(settings, recipient), csrf=False)
    db_session.refresh(other)
    assert other.is_active


@pytest.mark.parametrize("token", ["x", "", "WzEsImEiXQ.bad-signature", "%00", "a" * 5000, "../login"])
def test_a_token_that_is_not_ours_is_not_found(client: PanelClient, token: str) -> None:
    assert client.get(f"/unsubscribe/{token}").status_code in (302, 404)
    assert client.post(f"/unsubscribe/{token}", csrf=False).status_code in (400, 404, 405)


def test_a_link_that_was_cut_off_says_what_to_do(client: PanelClient) -> None:
    assert "请从邮件里重新打开" in client.get("/unsubscribe/WzEsImEiXQ").text


def test_a_token_signed_for_something_else_is_refused(settings: Settings) -> None:
    from itsdangerous import URLSafeSerializer

    other = URLSafeSerializer(settings.secret_key, salt="another purpose").dumps([1, "a@example.com"])
    assert read_unsubscribe_token(settings, str(other)) is None
    odd = URLSafeSerializer(settings.secret_key, salt="unsubscribe").dumps("not two things")
    assert read_unsubscribe_token(settings, str(odd)) is None


def test_links_outlive_a_rotation_of_the_key(settings: Settings) -> None:
    subscription = Subscription(1, "a@example.com")
    token = unsubscribe_url(settings, subscription).rpartition("/")[2]
    rotated = replace(
        settings, secret_key=settings.secret_key[::-1], secret_key_fallbacks=(settings.secret_key,)
    )
    assert read_unsubscribe_token(rotated, token) == subscription
