"""The screen of chat groups: what may be pasted, that it is never shown again, and what follows."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from made_digests import PAYLOAD, WEEK, put
from screens import create, edit, path
from sqlalchemy import select
from sqlalchemy.orm import Session

from chat_groups import wecom_address
from conftest import Login, PanelClient
from factories import Factory
from jobs.group_outbox import put_digest_to_group
from models import ChatGroup, Delivery, Department, Digest, acting_as, db, system_actor
from models.base import now
from models.digest import DeliveryKind, DeliveryState
from models.organisation import Locale, Role
from models.robot import Channel

ADDRESS = wecom_address(77)
KEY = ADDRESS.rpartition("=")[2]
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=" + "5e" * 32
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/693a91f6-7aac-4bc4-97a0-0ec2f1fa5aaa"
SECRET = "SEC0123456789abcdef"


@pytest.fixture
def department(make: Factory) -> Department:
    return make.department("quality-test", name="品质部", name_en="Quality")


@pytest.fixture
def boss(login: Login) -> PanelClient:
    return login(Role.ADMINISTRATOR)


def paste(client: PanelClient, department: Department, webhook: str, **fields: Any) -> Any:
    named = {"name": "品质群", "department_id": str(department.id)}
    return create(client, "chat_group", **named, webhook=webhook, **fields)


@pytest.mark.parametrize(
    ("webhook", "secret", "channel", "robot"),
    [
        (ADDRESS, "", Channel.WECOM, "qyapi.weixin.qq.com/…0000004d"),
        (f"  {DINGTALK} ", SECRET, Channel.DINGTALK, "oapi.dingtalk.com/…5e5e5e5e"),
        (FEISHU, "a-secret-of-feishu", Channel.FEISHU, "open.feishu.cn/…f1fa5aaa"),
    ],
)
def test_the_service_is_known_by_the_address(
    boss: PanelClient, department: Department, make: Factory, app: Flask,
    webhook: str, secret: str, channel: Channel, robot: str,
) -> None:  # fmt: skip
    assert paste(boss, department, webhook, signing_secret=secret).status_code == 302
    group = make.session.scalars(select(ChatGroup)).one()
    assert (group.channel, group.robot) == (channel, robot)
    assert webhook.strip() not in group.webhook
    with app.app_context():
        opened = group.open_robot()
    assert opened is not None
    assert (f"https://{opened.host}{opened.target}", opened.secret or "") == (webhook.strip(), secret)


@pytest.mark.parametrize(
    ("webhook", "secret", "said"),
    [
        ("https://hooks.example.com/x", "", "This is no robot of WeCom, DingTalk or Feishu: it begins with"),
        ("https://127.0.0.1/cgi-bin/webhook/send?key=x", "", "This is no robot of WeCom"),
        ("品质部的群", "", "This is no robot of WeCom"),
        ("https://[x", "", "This is no robot of WeCom"),
        (ADDRESS[:-3], "", "This is not the whole address of a WeCom robot."),
        (ADDRESS.replace("https", "http"), "", "This is not the whole address of a WeCom robot."),
        (DINGTALK[:-40] + "?", "", "This is not the whole address of a DingTalk robot."),
        (FEISHU.replace("/v2", ""), "", "This is not the whole address of a Feishu robot."),
        (ADDRESS, SECRET, "Robots of WeCom have no secret"),
        (DINGTALK, "0123456789abcdef", "This is no signing secret of DingTalk."),
        (FEISHU, "short", "This is no signing secret of Feishu."),
        ("", "", "Fill this in."),
    ],
)
def test_what_is_no_robot_is_said_at_its_field(
    boss: PanelClient, department: Department, make: Factory, webhook: str, secret: str, said: str
) -> None:
    answer = paste(boss, department, webhook, signing_secret=secret)
    assert answer.status_code == 422
    assert said in answer.text
    assert make.session.scalars(select(ChatGroup)).all() == []


def test_a_department_has_a_robot_once(boss: PanelClient, department: Department, make: Factory) -> None:
    make.chat_group(department, name="已有的群", webhook=ADDRESS)
    answer = paste(boss, department, f"{ADDRESS.partition('=')[0]}={KEY.upper()}")
    assert answer.status_code == 422
    assert "The department has this robot already: 已有的群." in answer.text
    assert paste(boss, make.department(), ADDRESS).status_code == 302


def test_what_is_kept_stays_until_another_is_pasted(
    boss: PanelClient, department: Department, make: Factory, app: Flask
) -> None:
    group = make.chat_group(department, webhook=DINGTALK, signing_secret=SECRET)
    kept = (group.webhook, group.signing_secret)
    assert edit(boss, "chat_group", group.id, name="另一个名字").status_code == 302
    make.session.expire_all()
    assert (group.name, group.webhook, group.signing_secret) == ("另一个名字", *kept)

    answer = edit(boss, "chat_group", group.id, signing_secret="SEC999999999999999")
    assert answer.status_code == 422
    assert "With another secret, paste the address again as well." in answer.text

    assert edit(boss, "chat_group", group.id, webhook=ADDRESS).status_code == 302
    make.session.expire_all()
    assert (group.channel, group.signing_secret) == (Channel.WECOM, None)


def test_address_and_secret_are_on_no_page(boss: PanelClient, department: Department, make: Factory) -> None:
    group = make.chat_group(department, name="品质群", webhook=DINGTALK, signing_secret=SECRET)
    edit(boss, "chat_group", group.id, webhook=ADDRESS)
    pages = (
        path("chat_group"),
        path("chat_group", "details", id=group.id),
        path("chat_group", "details", id=group.id, show="history"),
        path("chat_group", "edit", id=group.id),
        path("chat_group", "restore", id=group.id, at="2020-01-01T00:00"),
        path("chat_group", "export/csv"),
        f"/digest-settings/?department={department.id}",
        "/audit-log/?table=chat_group",
        "/search/?q=品质群",
        "/recycle-bin/",
    )
    hidden = (KEY, DINGTALK.rpartition("=")[2], SECRET, group.webhook, "gAAAAA")
    for address in pages:
        with boss.get(address) as answer:
            assert answer.status_code == 200, address
            assert not [held for held in hidden if held in answer.text], address


def test_the_page_of_a_message_shows_its_text_and_no_file(
    app: Flask, boss: PanelClient, department: Department, make: Factory
) -> None:
    made = put(app, make, department, [])
    group = make.chat_group(department, name="品质群", webhook=ADDRESS, locale=Locale.ENGLISH).id
    with app.app_context(), acting_as(system_actor("test")):
        digest, of_group = db.session.get_one(Digest, made.digest), db.session.get_one(ChatGroup, group)
        key = put_digest_to_group(digest, of_group).id
        db.session.commit()
    page = boss.get(f"/delivery/details/?id={key}")
    assert page.status_code == 200
    assert "WeCom qyapi.weixin.qq.com/…0000004d" in page.text
    assert "New complaints" in page.text
    assert PAYLOAD not in page.text
    assert "Download (.eml)" not in page.text
    assert not any(f"/{name}/" in page.text for name in ("unsubscribe", "point", "answer"))
    assert boss.get(f"/delivery/download?id={key}").status_code == 404
    assert boss.get(f"/delivery/message?id={key}").status_code == 404
    assert "品质群" in boss.get(f"/digest/details/?id={made.digest}").text
    assert boss.get(f"/digest/?week={WEEK}").status_code == 200


def test_a_digest_goes_by_hand_to_a_group_that_came_later_and_to_none_that_went(
    app: Flask, boss: PanelClient, department: Department, make: Factory, db_session: Session
) -> None:
    made = put(app, make, department, [])
    group = make.chat_group(department, name="后来的群", webhook=ADDRESS)
    page = f"/digest/details/?id={made.digest}"
    assert "Send to 后来的群" in boss.get(page).text
    sent = {"digest_id": str(made.digest), "group_id": str(group.id)}
    assert boss.post("/digest/send", data=sent).status_code == 302
    assert "It was just sent" in boss.post("/digest/send", data=sent, follow_redirects=True).text
    delivery = db_session.scalars(select(Delivery)).one()
    assert (delivery.channel, delivery.recipient_name) == (Channel.WECOM, "后来的群")
    assert "Send to 后来的群" not in boss.get(page).text

    group.deleted_at = now()
    db_session.commit()
    for address, name in (("/digest/send", "delivery_id"), ("/delivery/again", "id")):
        answer = boss.post(address, data={name: str(delivery.id), "copy": "2"}, follow_redirects=True)
        assert "This group gets no digest any more" in answer.text
    assert boss.post("/digest/send", data=sent).status_code == 404
    assert len(db_session.scalars(select(Delivery)).all()) == 1


def test_a_test_message_goes_to_the_group_and_leaves_the_settings_unsaved(
    boss: PanelClient, department: Department, make: Factory, db_session: Session
) -> None:
    group = make.chat_group(department, name="品质群", webhook=ADDRESS)
    foreign = make.chat_group()
    form = {
        "department": str(department.id), "version": str(department.version), "attaches_workbook": "1",
        "digest_weekday": "friday", "digest_hour": "9",
    }  # fmt: skip
    answer = boss.post("/digest-settings/test-group", data=form | {"group": str(group.id)})
    assert answer.status_code == 200
    assert "Outside production no group is written to" in answer.text
    delivery = db_session.scalars(select(Delivery)).one()
    assert (delivery.kind, delivery.state) == (DeliveryKind.TEST, DeliveryState.KEPT)
    assert delivery.subject == "[测试] 售后周报 · 品质部"
    db_session.expire_all()
    assert not department.attaches_workbook
    assert boss.post("/digest-settings/test-group", data=form | {"group": str(foreign.id)}).status_code == 404


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_nobody_but_an_administrator_sends_a_test(role: Role, login: Login, make: Factory) -> None:
    group = make.chat_group()
    sent = {"department": str(group.department_id), "group": str(group.id)}
    assert login(role).post("/digest-settings/test-group", data=sent).status_code == 403
