"""Every page that the panel has, found in its URL map, with records on it; and pages in particular states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, abort
from flask_security.recoverable import generate_reset_password_token
from flask_security.utils import hash_password
from playwright.sync_api import Page
from werkzeug.routing import Rule

from conftest import PanelClient
from factories import Factory
from jobs.digest import make as make_digest
from jobs.digest_points import points_of
from jobs.invitation import invite, link_of
from jobs.notices import link_of as notice_link
from models import Delivery, Digest, ImportRun, Invitation, acting_as, db, record_types, system_actor
from models.base import now
from models.complaint import Severity, Step
from models.digest import DeliveryKind, DeliveryState
from models.importing import ImportState
from models.iso_week import IsoWeek
from models.mail_link import PointLink, Subscription, point_url, unsubscribe_url
from models.organisation import Locale, Role
from models.permissions import MADE_BY_STEPS
from views.guide_pages import guide

LONG = "行驶两个月后电机异响严重，上坡无力，经销商拆检后更换控制器，仍未解决。" * 6
PREVIEW = {
    "new": 12,
    "changed": 3,
    "unchanged": 1,
    "rejected": 1,
    "repeated": 2,
    "encoding": "gb18030",
    "seconds": 0.4,
    "remarks": ["区域“东区”不在名单中。"],
    "header": ["编号", "名称"],
    "first": [[7, "“名称”为空。", ["K-7", ""]]],
}
# What answers with a file or with data for a script; everything else is a page.
NO_PAGES = {
    "static",
    "health",
    "ready",
    "waiting.index",
    "ajax_lookup",
    "attachment_view",
    "archive_pdf_view",
    "callers_view",
    "beside_view",
    "export",
    "download",
    "status",
    "rejected",
    "template",
    # These lead to the page of what was decided about.
    "step_view",
    "decide_view",
    # These lead on who has nothing to show or to set up there; the screens in particular states reach them.
    "code",
    "setup",
    # Drawn alike for every type that has it; the screens in particular states show it of one.
    "change_view",
    # Shown to nobody but who asked for the export.
    "export_run.details",
    # For who administers it is no choice.
    "remove_factor",
}
# What nobody may open of what the steps of a procedure write.
FORMS = ("create_view", "edit_view", "delete_view", "change_view", "restore_view")
PASSWORD = "a good long sentence"
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Screen:
    """Say where a page is, and what is done on it before it is looked at."""

    name: str
    address: str
    prepare: Callable[[Page], None] | None = None
    is_before_login: bool = False
    # As the reader gets it, where it was read already.
    html: str = ""


def furnish(app: Flask) -> dict[str, Arguments]:
    """Make records of every type and in every state; return what addresses need, by endpoint or blueprint."""
    with app.app_context(), acting_as(system_actor("test")):
        make = Factory(db.session())
        make.one_of_each()
        _make_complaints(make)
        _make_people_who_log_in(make)
        arguments: dict[str, Arguments] = {
            model.__tablename__: {"id": db.session.query(model.id).order_by(model.id).limit(1).scalar()}
            for model in record_types()
        }
        arguments |= _digest_arguments(app, make) | _import_arguments(make)
        db.session.remove()
    return arguments


def _make_people_who_log_in(make: Factory) -> None:
    password = hash_password(PASSWORD)
    make.second_factor(make.staff(Role.CLERK, email="with-code@example.com", password=password))
    make.staff(Role.ADMINISTRATOR, email="without-code@example.com", password=password)


def _make_complaints(make: Factory) -> None:
    """Make a complaint at each step and of each severity, the first one with all that can hang on one."""
    subject = make.subject(name="电机", departments=[make.department()])
    customer = make.customer(name="张三丰", address=LONG[:80])
    vehicle = make.vehicle(customer_id=customer.id)
    for step in Step:
        for severity in Severity:
            make.complaint(
                subject_id=subject.id,
                customer_id=customer.id,
                vehicle_id=vehicle.id,
                step=step,
                severity=severity,
                description=LONG,
            )
    first = make.complaint(subject_id=subject.id)
    first.description = LONG
    db.session.commit()
    note = make.note(first, body=LONG)
    make.attachment(note, file_name="照片.png", media_type="image/png")
    make.attachment(note)


def _digest_arguments(app: Flask, make: Factory) -> dict[str, Arguments]:
    department = make.department(name="品质部", name_en="Quality", gets_digest=True)
    recipient = make.digest_recipient(department, name="张经理")
    subject, in_the_week = make.subject(departments=[department]), datetime(2024, 3, 12, tzinfo=UTC)
    make.complaint(
        subject_id=subject.id, registered_at=in_the_week, severity=Severity.SEVERE, description=LONG
    )
    digest = db.session.get_one(Digest, make_digest(department.id, IsoWeek(2024, 11))[0])
    for number, state in enumerate(DeliveryState, start=2):
        make.delivery(digest, state=state, recipient=recipient.email, copy_number=number, answer="250 OK")
    make.delivery(kind=DeliveryKind.ACCOUNT)
    mail = db.session.query(Delivery.id).filter_by(digest_id=digest.id, copy_number=1).scalar()
    link = unsubscribe_url(app.extensions["settings"], Subscription(department.id, recipient.email))
    return {
        "digest": {"id": digest.id},
        "digest.index": {"week": "2024-W11"},
        "quality_meeting.index": {"week": "2024-W11"},
        "digest.message": {"id": mail},
        "delivery": {"id": mail},
        "unsubscribe.ask": {"token": link.rsplit("/", 1)[1]},
        "team.give_view": {"item": f"complaint:{make.complaint().id}"},
        "guide.page": {"page": next(iter(guide("en")))},
        "invitation.accept": {"token": _invitation_token(make)},
        "answer.answer": {"token": notice_link(make.notice()).rpartition("/")[2]},
        "point.answer": {"token": _point_token(app, make, digest)},
        "recycle_bin.record": {"type": "customer", "id": make.customer(deleted_at=now()).id},
        "security.reset_password": {"token": generate_reset_password_token(make.staff())},
    }


def _point_token(app: Flask, make: Factory, digest: Digest) -> str:
    key = points_of(digest.payload)[0].key
    make.measure(department_id=digest.department_id, digest_id=digest.id, point_key=key)
    link = PointLink(digest.id, key, "point@example.com", now() + timedelta(days=1))
    return point_url(app.extensions["settings"], link).rpartition("/")[2]


def _invitation_token(make: Factory) -> str:
    staff = make.staff(locale=Locale.CHINESE)
    invite(staff)
    db.session.commit()
    return link_of(db.session.get_one(Invitation, staff.id)).rsplit("/", 1)[1]


def _import_arguments(make: Factory) -> dict[str, Arguments]:
    runs = {}
    for state in ImportState:
        run = ImportRun(mapping="customers", file_name="客户名单.csv", file_sha256="0" * 64, state=state)
        run.problem = "文件里没有认得的列。" if state is ImportState.REFUSED else None
        run.preview = PREVIEW if state in (ImportState.CHECKED, ImportState.DONE) else None
        run.rejected, run.rows_rejected, run.started_at = b"a", 1, datetime(2026, 3, 2, tzinfo=UTC)
        db.session.add(run)
        db.session.commit()
        runs[state] = run.id
    return {
        "import_run": {"id": runs[ImportState.DONE]},
    } | {f"import_run.{state.value}": {"id": key} for state, key in runs.items()}


def every_page(
    app: Flask,
    arguments: dict[str, Arguments],
    locale: Locale = Locale.ENGLISH,
    choose: Callable[[Sequence[Screen]], Sequence[Screen]] = list,
) -> list[Screen]:
    """Return the pages of the URL map that `choose` wants; what does not open with `arguments` fails."""
    reader = administrator_client(app, locale)
    stranger = app.test_client()
    asked = [Screen(rule.endpoint, _address(app, rule, arguments)) for rule in _rules_of_pages(app)]
    found = []
    for screen in choose(asked):
        with stranger.get(screen.address) as answer:
            is_before_login = answer.status_code == 200 and answer.mimetype == "text/html"
        with reader.get(screen.address) as answer:
            # The login page leads on who is logged in already.
            assert answer.status_code == 200 or is_before_login, f"{screen}: {answer.status_code}"
            if answer.mimetype == "text/html":
                found.append(replace(screen, is_before_login=is_before_login, html=answer.text))
    return found


def _rules_of_pages(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        table, _dot, page = rule.endpoint.rpartition(".")
        is_page = "GET" in (rule.methods or ()) and not {page, rule.endpoint} & NO_PAGES
        if is_page and not (table in MADE_BY_STEPS and page in FORMS):
            yield rule


def _address(app: Flask, rule: Rule, arguments: dict[str, Arguments]) -> str:
    blueprint = rule.endpoint.partition(".")[0]
    given = arguments.get(rule.endpoint, arguments.get(blueprint, {}))
    assert rule.arguments <= set(given), f"say with which arguments {rule.endpoint} opens, in furnish()"
    with app.test_request_context():
        address: str = app.url_for(rule.endpoint, **given)
    return address


def administrator_client(app: Flask, locale: Locale = Locale.ENGLISH) -> PanelClient:
    """Return a client on which a new administrator is logged in."""
    client = app.test_client()
    assert isinstance(client, PanelClient)
    with app.app_context():
        make = Factory(db.session())
        staff = make.staff(Role.ADMINISTRATOR, locale=locale)
        client.log_in(staff, db.session())
        make.second_factor(staff)
        db.session.remove()
    return client


def special_screens(app: Flask, arguments: dict[str, Arguments]) -> list[Screen]:
    """Return pages in states that no address alone brings about."""
    complaint = arguments["complaint"]["id"]
    app.view_functions["security.static"] = _fail
    return [
        Screen("nothing matches", "/complaint/?search=nothing-of-this-kind"),
        Screen("a filtered list", "/complaint/?search=1&flt_severity=severe&sort=severity&desc=1"),
        Screen("several to change", f"/complaint/change/?id={complaint}&id={complaint + 1}"),
        Screen(
            "several changed meanwhile",
            f"/complaint/change/?id={complaint}&column=severity",
            send_late_several,
        ),
        Screen("several to delete", f"/complaint/delete/?id={complaint}&id={complaint + 1}"),
        Screen("a search", "/search/?q=张"),
        Screen("a search for nothing", "/search/?q=nothing-of-this-kind"),
        *(Screen(f"error {code}", f"/fs-static/{code}") for code in (400, 403, 404, 413, 429, 500)),
        Screen("an error for a stranger", "/no-such-page", is_before_login=True),
        *(
            Screen(
                f"an import, {state.value}",
                f"/import/details/?id={arguments[f'import_run.{state.value}']['id']}",
            )
            for state in ImportState
        ),
        *(Screen(f"the guide, {name}", f"/guide/{name}") for name in [*guide("en")][1:]),
        Screen("a filter", "/complaint/", lambda page: page.locator("details.filter summary").first.click()),
        Screen("what to export", "/complaint/", lambda page: page.locator(".export summary").click()),
        Screen("more filters", "/complaint/", lambda page: page.locator("details.more summary").click()),
        Screen("the person's menu", "/", lambda page: page.locator(".user-menu summary").click()),
        Screen("a form with errors", "/complaint/new/", send_empty),
        Screen("a form of staff with errors", "/staff/new/", send_empty),
        Screen("a conflict", f"/complaint/edit/?id={complaint}", send_late),
        Screen("a look-up", "/call-record/new/", look_up),
        Screen("a wrong password", "/login", log_in_wrongly, is_before_login=True),
        Screen("a code is asked for", "/login", log_in_with("with-code@example.com"), is_before_login=True),
        Screen("a code is a must", "/login", log_in_with("without-code@example.com"), is_before_login=True),
    ]


def _fail(filename: str) -> None:
    if filename == "500":
        raise ZeroDivisionError
    abort(int(filename))


def send_empty(page: Page) -> None:
    """Send a form in which nothing is filled in."""
    page.locator("form.record-form button.primary").click()
    page.locator("#problem").wait_for()


def send_late(page: Page) -> None:
    """Send a form for a record that somebody else has changed since."""
    page.locator("[name=phone]").fill("13900000731")
    page.locator("form.record-form [name=version]").evaluate("field => { field.value = '0'; }")
    page.locator("form.record-form button.primary").click()
    page.locator("#problem").wait_for()


def send_late_several(page: Page) -> None:
    """Change records of which somebody else has changed one since."""
    page.locator("select[name=severity]").select_option("minor")
    page.locator("[name=seen]").first.evaluate("field => { field.value = field.value.replace(/:.*/, ':0'); }")
    page.locator("form.record-form button.primary").click()
    page.locator("#problem").wait_for()


def look_up(page: Page) -> None:
    """Open the list of a field that searches."""
    page.locator("main [role=combobox]").first.click()
    page.locator("main [role=option]").first.wait_for()


def log_in_with(email: str) -> Callable[[Page], None]:
    """Return what gives the password of a person whose login is not complete by that."""

    def log_in(page: Page) -> None:
        page.locator("[name=email]").fill(email)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main form:not(.languages) button").click()
        page.locator("[name=code]").wait_for()

    return log_in


def log_in_wrongly(page: Page) -> None:
    """Try a password that is none."""
    page.locator("[name=email]").fill("nobody@example.com")
    page.locator("[name=password]").fill("a wrong password")
    page.locator("main form:not(.languages) button").click()
    page.locator("[role=alert]").wait_for()
