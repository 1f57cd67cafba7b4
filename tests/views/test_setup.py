from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from second_factors import set_up_at_login
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from conftest import Login, PanelClient
from factories import Factory
from models import Centre, Delivery, Department, DigestRecipient, Part, Staff, Subject
from models.digest import DeliveryKind
from models.essentials import seed_essentials
from models.organisation import Locale, Role
from views.setup_steps import Step

ZONE = "America/New_York"


@pytest.fixture
def seeded(app: Flask, db_session: Session) -> None:
    """Fill in what a release brings, so that the panel is one on its first day."""
    with app.app_context():
        from models import db

        seed_essentials()
        db.session.commit()
        db.session.remove()


@pytest.fixture
def boss(seeded: None, login: Login) -> PanelClient:
    """Log the first administrator in."""
    return login(Role.ADMINISTRATOR, password="x")


def save(client: PanelClient, form: str, **values: Any) -> Any:
    return client.post("/setup/save", data={"form": form, **values})


def named(session: Session, model: Any, name: str) -> Any:
    session.expire_all()
    return session.scalars(select(model).where(model.name == name, model.deleted_at.is_(None))).one()


def centre(session: Session) -> Centre:
    session.expire_all()
    return session.get_one(Centre, 1)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_nobody_but_an_administrator_sets_up(role: Role, login: Login) -> None:
    client = login(role)
    assert client.get("/setup/").status_code == 403
    for page in ("save", "step", "list", "invite"):
        assert client.post(f"/setup/{page}").status_code == 403
    assert "/setup/" not in client.get("/").text


def test_the_first_login_leads_to_the_assistant_and_the_next_ones_do_not(
    seeded: None, app: Flask, make: Factory, client: PanelClient
) -> None:
    from flask_security.utils import hash_password

    with app.app_context():
        secret = hash_password("a good sentence")
    for role in (Role.CLERK, Role.ADMINISTRATOR):
        person = make.staff(role, password=secret)
        make.session.query(Staff).where(Staff.id != person.id).update({"active": False})
        make.session.commit()
        browser = app.test_client()
        browser.post("/login", data={"email": person.email, "password": "a good sentence"})
        if role is Role.ADMINISTRATOR:
            set_up_at_login(app, browser)
        first = browser.get("/")
        assert first.status_code == (302 if role is Role.ADMINISTRATOR else 200)
        assert browser.get("/").status_code == 200
    assert first.headers["Location"] == "/setup/"


def test_steps_follow_from_the_records_and_from_what_was_said(
    boss: PanelClient, make: Factory, app: Flask, db_session: Session
) -> None:
    assert boss.get("/setup/").text.count("<small>Open</small>") == 6
    make.customer()
    make.staff(Role.CLERK)
    make.digest_recipient(named(db_session, Department, "生产部"))
    page = boss.get("/setup/").text
    assert page.count("<small>Done</small>") == 3
    assert boss.post("/setup/step", data={"step": "parts", "state": "skipped"}).status_code == 302
    page = boss.get("/setup/").text
    assert (page.count("<small>Skipped</small>"), page.count("<small>Open</small>")) == (1, 2)
    for step in ("centre", "subjects"):
        last = boss.post("/setup/step", data={"step": step, "state": "confirmed"})
    assert last.headers["Location"] == "/setup/"
    assert "Your centre is ready" in boss.get("/setup/").text


def test_a_chat_group_is_a_way_for_a_digest_as_an_address_is(
    boss: PanelClient, make: Factory, db_session: Session
) -> None:
    make.chat_group(named(db_session, Department, "生产部"))
    assert boss.get("/setup/").text.count("<small>Done</small>") == 1


@pytest.mark.parametrize(
    "data", [{"step": "x", "state": "skipped"}, {"step": "parts", "state": "x"}, {"step": "parts"}, {}]
)
def test_a_step_or_a_state_that_there_is_not_is_not_found(data: dict[str, str], boss: PanelClient) -> None:
    assert boss.post("/setup/step", data=data).status_code == 404
    assert boss.post("/setup/save", data={"form": "x"}).status_code == 404
    assert boss.post("/setup/list", data={"kind": "x", "action": "paste"}).status_code == 404
    assert boss.post("/setup/list", data={"kind": "staff", "action": "x"}).status_code == 404
    assert boss.get("/setup/?step=nonsense").status_code == 200


def test_who_sets_up_is_asked_for_the_own_name_that_the_address_only_stood_in_for(
    boss: PanelClient, db_session: Session
) -> None:
    assert boss.staff is not None
    db_session.get_one(Staff, boss.staff.id).name = boss.staff.email.partition("@")[0]
    db_session.commit()
    assert 'name="own_name" value=""' in boss.get("/setup/?step=centre").text
    assert save(boss, "centre", name="东方售后", timezone=ZONE, own_name=" ").status_code == 422
    assert save(boss, "centre", name="东方售后", timezone=ZONE, own_name="李建国").status_code == 302
    db_session.expire_all()
    assert db_session.get_one(Staff, boss.staff.id).name == "李建国"
    assert 'name="own_name" value="李建国"' in boss.get("/setup/?step=centre").text


def test_the_name_and_the_zone_are_set_and_shown_everywhere(boss: PanelClient, db_session: Session) -> None:
    saved = save(boss, "centre", name="东方售后", name_en="<b>East</b>", timezone=ZONE)
    assert saved.headers["Location"] == "/setup/?step=departments"
    row = centre(db_session)
    assert (row.name, row.name_en, row.timezone) == ("东方售后", "<b>East</b>", ZONE)
    page = boss.get("/setup/?step=centre").text
    assert "&lt;b&gt;East&lt;/b&gt;" in page
    assert f'value="{ZONE}" selected' in page
    assert save(boss, "centre", name="东方", name_en="", timezone=ZONE).status_code == 302
    assert centre(db_session).name_en is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": " ", "timezone": ZONE}, "Give the centre&#39;s name."),
        ({"name": "x" * 81, "timezone": ZONE}, "At most 80 characters."),
        ({"name": "x", "timezone": "Mars/Olympus"}, "Choose a time zone of the list."),
        ({"name": "x", "timezone": "../etc/passwd"}, "Choose a time zone of the list."),
        ({"name": "x"}, "Choose a time zone of the list."),
    ],
)
def test_a_bad_name_or_zone_is_said_and_what_was_typed_stays(
    values: dict[str, str], sentence: str, boss: PanelClient, db_session: Session
) -> None:
    answer = save(boss, "centre", name_en="Typed before", **values)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Typed before"' in answer.text
    assert centre(db_session).name is None


def digest_form(session: Session, **addresses: str) -> dict[str, str]:
    session.expire_all()
    form = {}
    for row in session.scalars(select(Department)):
        form[f"addresses-{row.id}"] = addresses.get(row.code, "")
        form |= {f"weekday-{row.id}": "3", f"hour-{row.id}": "17", f"gets-{row.id}": "on"}
    return form


def recipients(session: Session) -> set[str]:
    session.expire_all()
    statement = select(DigestRecipient.email).where(
        DigestRecipient.is_active, DigestRecipient.deleted_at.is_(None)
    )
    return set(session.scalars(statement))


def test_departments_get_their_day_and_their_addresses(boss: PanelClient, db_session: Session) -> None:
    form = digest_form(db_session, quality="A@x.cn；b@x.cn，  b@x.cn\nc@x.cn", sales="a@x.cn")
    sales = named(db_session, Department, "销售部")
    del form[f"gets-{sales.id}"]
    assert save(boss, "departments", **form).status_code == 302
    assert recipients(db_session) == {"a@x.cn", "b@x.cn", "c@x.cn"}
    quality = named(db_session, Department, "品质检验部")
    assert (quality.digest_weekday.value, quality.digest_hour, quality.gets_digest) == ("3", 17, True)
    assert not named(db_session, Department, "销售部").gets_digest
    # Who is taken out is gone like a record that was deleted; who unsubscribed comes back when typed again.
    stopped = db_session.scalars(select(DigestRecipient).where(DigestRecipient.email == "c@x.cn")).one()
    stopped.is_active = False
    db_session.commit()
    assert save(boss, "departments", **digest_form(db_session, quality="c@x.cn")).status_code == 302
    assert recipients(db_session) == {"c@x.cn"}
    assert "c@x.cn" in boss.get("/digest-recipient/").text
    assert "b@x.cn" not in boss.get("/digest-recipient/").text


@pytest.mark.parametrize("wrong", ["nobody", "a@b", "a@x.cn b@@x.cn", "=cmd@x,<script>", "a@x.cn\x00b"])
def test_an_address_that_is_none_saves_nothing_and_stays_to_be_corrected(
    wrong: str, boss: PanelClient, db_session: Session
) -> None:
    answer = save(boss, "departments", **digest_form(db_session, quality=wrong, sales="good@x.cn"))
    assert answer.status_code == 422
    assert "No e-mail address" in answer.text
    assert "good@x.cn" in answer.text
    assert recipients(db_session) == set()
    assert named(db_session, Department, "品质检验部").digest_hour == 8


def test_a_nonsense_hour_is_refused(boss: PanelClient, db_session: Session) -> None:
    form = digest_form(db_session)
    key = next(name for name in form if name.startswith("hour-"))
    for wrong in ("24", "-1", "x", "٣"):
        assert save(boss, "departments", **(form | {key: wrong})).status_code == 422


def test_a_department_and_a_subject_are_added_in_place(boss: PanelClient, db_session: Session) -> None:
    added = save(boss, "departments", then="add", new_name="法务部", new_name_en="Legal")
    assert added.headers["Location"] == "/setup/?step=departments"
    assert named(db_session, Department, "法务部").name_en == "Legal"
    for wrong in ("法务部", "", "x" * 81):
        assert save(boss, "departments", then="add", new_name=wrong).status_code == 422
    parent = named(db_session, Subject, "电机")
    assert save(boss, "subjects", then="add", new_name="轮毂电机", new_parent=parent.id).status_code == 302
    assert named(db_session, Subject, "轮毂电机").parent_id == parent.id
    assert save(boss, "subjects", new_name="顶层", new_parent="99999999999999").status_code == 302
    assert named(db_session, Subject, "顶层").parent_id is None
    assert save(boss, "subjects", then="add", new_name=" ").status_code == 422
    assert Step.DEPARTMENTS.value not in centre(db_session).steps


@pytest.mark.parametrize("then", ["add", "mail"])
def test_what_was_typed_beside_a_new_entry_or_a_test_mail_is_saved_with_it(
    then: str, boss: PanelClient, db_session: Session
) -> None:
    form = digest_form(db_session)
    key = next(name for name in form if name.startswith("addresses-"))
    extra = {"new_name": "法务部"} if then == "add" else {}
    assert save(boss, "departments", then=then, **(form | {key: "typed@x.cn"} | extra)).status_code == 302
    db_session.expire_all()
    assert "typed@x.cn" in db_session.scalars(select(DigestRecipient.email)).all()


def test_a_refused_new_department_leaves_the_others_as_they_were_typed(
    boss: PanelClient, db_session: Session
) -> None:
    form = digest_form(db_session)
    key = next(name for name in form if name.startswith("addresses-"))
    answer = save(boss, "departments", then="add", new_name="生产部", **(form | {key: "typed@x.cn"}))
    assert answer.status_code == 422
    assert "typed@x.cn</textarea>" in answer.text
    assert answer.text.count("checked") == sum(name.startswith("gets-") for name in form)
    assert 'value="生产部"' in answer.text
    assert db_session.scalar(select(func.count(DigestRecipient.id))) == 0


def test_a_test_mail_goes_to_who_asks(boss: PanelClient, db_session: Session) -> None:
    answer = boss.post("/setup/save", data={"form": "departments", "then": "mail"}, follow_redirects=True)
    assert "Mails don&#39;t go out yet" in answer.text
    assert boss.staff is not None
    found = db_session.scalars(select(Delivery)).one()
    assert (found.recipient, found.subject) == (boss.staff.email, "Test mail")
    assert found.kind is DeliveryKind.TEST


def test_who_is_told_of_a_subject_is_ticked_and_inherited(boss: PanelClient, db_session: Session) -> None:
    frame, motor = named(db_session, Subject, "车架"), named(db_session, Subject, "电机")
    sales = named(db_session, Department, "销售部")
    page = boss.get("/setup/?step=subjects").text
    row = page[page.index(f'name="name-{frame.id}"') : page.index(f'name="gone-{frame.id}"')]
    assert (row.count('class="inherited"'), row.count("checked")) == (3, 0)
    form = MultiDict(
        [("form", "subjects"), (f"name-{frame.id}", "车架 <i>"), (f"told-{frame.id}", str(sales.id))]
        + [(f"told-{frame.id}", wrong) for wrong in ("x", "999999999", "-1", "9" * 30)]
        + [(f"name-{motor.id}", motor.name)]
    )
    version = frame.version
    assert boss.post("/setup/save", data=form).status_code == 302
    changed = named(db_session, Subject, "车架 <i>")
    assert [each.name for each in changed.departments] == ["销售部"]
    assert changed.version == version + 1
    # All ticks gone: those of the subject above count again.
    assert named(db_session, Subject, "电机").departments == []
    # What the page did not send stays as it was.
    assert len(named(db_session, Subject, "控制器").departments) == 4
    assert "车架 &lt;i&gt;" in boss.get("/setup/?step=subjects").text


def test_a_subject_that_is_used_is_not_taken_out(
    boss: PanelClient, make: Factory, db_session: Session
) -> None:
    used, unused = named(db_session, Subject, "电机"), named(db_session, Subject, "充电器")
    make.complaint(subject_id=used.id)
    form = {f"name-{used.id}": "电机", f"gone-{used.id}": "on"}
    answer = save(boss, "subjects", **form)
    assert answer.status_code == 422
    assert "Still used" in answer.text
    assert named(db_session, Subject, "电机")
    form = {f"name-{unused.id}": "充电器", f"gone-{unused.id}": "on"}
    assert save(boss, "subjects", **form).status_code == 302
    db_session.expire_all()
    assert db_session.get_one(Subject, unused.id).deleted_at is not None


def test_a_blank_name_of_a_subject_is_refused(boss: PanelClient, db_session: Session) -> None:
    key = named(db_session, Subject, "电机").id
    for wrong in (" ", "x" * 81):
        assert save(boss, "subjects", **{f"name-{key}": wrong}).status_code == 422


def test_parts_that_lose_their_tick_are_watched_no_longer(boss: PanelClient, db_session: Session) -> None:
    motor = named(db_session, Part, "电机")
    assert save(boss, "key-parts", key=motor.id).status_code == 302
    db_session.expire_all()
    watched = select(func.count(Part.id)).where(Part.is_key_part)
    assert db_session.scalar(watched) == 1
    assert centre(db_session).steps == {"parts": "confirmed"}


def test_the_last_step_leads_to_the_import_with_its_kind_chosen(boss: PanelClient, make: Factory) -> None:
    make.customer()
    page = boss.get("/setup/?step=customers").text
    assert "<strong>1</strong>" in page
    assert "/import/template?mapping=customers&amp;locale=zh_Hans_CN" in page
    assert "/import/?mapping=customers" in page
    assert '<option value="customers" selected>' in boss.get("/import/?mapping=customers").text


@pytest.mark.parametrize("step", list(Step))
def test_every_step_is_there_in_chinese_too(step: Step, seeded: None, login: Login) -> None:
    client = login(Role.ADMINISTRATOR, locale=Locale.CHINESE)
    page = client.get(f"/setup/?step={step.value}")
    assert page.status_code == 200
    assert 'aria-current="step"' in page.text
    assert "中心设置" in page.text


@pytest.mark.parametrize("step", [Step.CENTRE, Step.SUBJECTS])
def test_the_panel_says_what_lacks_and_not_the_browser_in_its_own_language(
    step: Step, seeded: None, login: Login
) -> None:
    page = login(Role.ADMINISTRATOR).get(f"/setup/?step={step.value}").text
    (form,) = (each for each in re.findall(r"<form.*?</form>", page, re.DOTALL) if " required" in each)
    assert " novalidate>" in form
