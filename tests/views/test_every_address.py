"""Every address of the panel, found in its URL map: what each role gets there, what ids of others open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import String, Text, text
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

import embedded_services
from app import create_app
from config import Settings
from conftest import PanelClient, fresh_database
from factories import Factory
from models import Record, acting_as, db, record_types, system_actor
from models.actor import Actor
from models.base import Reach
from models.due_kinds import RULES
from models.organisation import Role
from models.permissions import ACTIONS, ALL_REGION_ROLES, MADE_BY_STEPS, letters
from views.forms import target_of
from views.page import Guarded, PageForAll
from views.record_type import RecordType

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Answered to who is not logged in yet; each guards itself and has tests of its own.
OPEN = {
    "static",
    "health",
    "ready",
    "language.choose_before_login",
    "unsubscribe.ask",
    "invitation.accept",
    "answer.answer",
    "point.answer",
}
# What takes no id of a record of its own type.
WITHOUT_ID = {"index_view", "create_view", "export", "ajax_lookup", "callers_view", "beside_view"}
READING = {"list", "read", "export"}
# Posts that change nothing, or only what is the reader's own.
# Changes nothing but the log of accesses, and shows what who reads the record may know.
HARMLESS_POSTS = {f"{model.__tablename__}.reveal_view" for model in record_types()}
# The log of everything, which those alone read who see all regions.
OF_ALL_REGIONS = {"audit_log"}
HIDDEN = "外区机密"
# An error is answered in a sentence then, without its page; what is shown is the same page.
BRIEF = {"Accept": "application/json"}
# No free text: numbers that the database draws, keys, phones.
_KEYS = {"number", "code", "frame_number", "plate_number", "phone", "name_sort", "phone_numbers", "email"}
LIMITED = [model for model in record_types() if model.reach is Reach.REGION]


@dataclass(frozen=True)
class Furnished:
    """An application of its own, a person of one region with all rights, and rows of two regions."""

    app: Flask
    client: PanelClient
    mine: dict[str, int]
    theirs: dict[str, int]
    note: int
    file: int


@pytest.fixture(scope="module")
def furnished(app: Flask, settings: Settings, engines: embedded_services.Postgres) -> Iterator[Furnished]:
    with fresh_database(settings, engines) as own, pytest.MonkeyPatch.context() as patch:
        # As if every role worked in one region: then nothing but the limits of rows hides the other's.
        patch.setattr("models.sight.ALL_REGION_ROLES", frozenset())
        panel = create_app(own)
        panel.test_client_class = PanelClient
        with panel.app_context(), acting_as(system_actor("test")):
            make = Factory(db.session())
            here, there = make.region(), make.region()
            mine = {model.__tablename__: make.record(model, region=here).id for model in record_types()}
            theirs = {model.__tablename__: _hidden(make, model, there) for model in LIMITED}
            note = make.note(db.session.get_one(LIMITED[0], theirs[LIMITED[0].__tablename__]), body=HIDDEN)
            file = make.attachment(note, file_name=f"{HIDDEN}.txt", content=HIDDEN.encode())
            client = panel.test_client()
            assert isinstance(client, PanelClient)
            client.log_in(make.staff(*Role, region=here), db.session())
            found = Furnished(panel, client, mine, theirs, note.id, file.id)
            db.session.remove()
        yield found
        with panel.app_context():
            db.engine.dispose()


def _hidden(make: Factory, model: type[Record], region: Any) -> int:
    """Make a record of another region with a mark in every free text."""
    row = make.record(model, region=region)
    for name, column in model.__mapper__.columns.items():
        if type(column.type) in (String, Text) and name not in _KEYS:
            setattr(row, name, HIDDEN)
    db.session.commit()
    return row.id


def rules(app: Flask) -> list[Rule]:
    """Return the rules whose answer depends on who asks."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in OPEN and not rule.endpoint.startswith(("security.", "second_factor."))
    ]


def page_behind(app: Flask, rule: Rule) -> Guarded:
    blueprint = rule.endpoint.partition(".")[0]
    pages = [*app.extensions["pages"], *(v for v in app.extensions["admin"][0]._views)]
    return next(page for page in pages if page.endpoint == blueprint)


def address(rule: Rule, **args: Any) -> str:
    values = {name: {"export_type": "csv"}.get(name, "1") for name in rule.arguments}
    built = rule.build(values | args)
    assert built
    return built[1]


def methods_of(app: Flask, rule: Rule) -> set[str]:
    return set().union(*(r.methods or set() for r in app.url_map.iter_rules() if r.rule == rule.rule))


def may(page: Guarded, rule: Rule, role: Role) -> bool:
    """Tell what the table of rights says about a role and an endpoint."""
    action = page.actions.get(rule.endpoint.partition(".")[2])
    if action is None:
        return False
    if isinstance(page, PageForAll):
        return True
    if page.permission == "due":
        if action == "keep":
            return "e" in letters(role, "call_record")
        told = [{model.__tablename__ for model in each.shows} for each in RULES.values()]
        return any(all("l" in letters(role, table) for table in tables) for tables in told)
    if action == "restore":
        return "e" in letters(role, page.permission) and "t" in letters(role, "recycle_bin")
    return any(ACTIONS[letter] == action for letter in letters(role, page.permission))


@pytest.mark.parametrize("role", Role)
def test_each_role_gets_at_each_address_what_the_table_of_rights_says(
    role: Role, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Guarded, "_run_view", lambda *_args, **_kwargs: "opened")
    actor = Actor(1, "request", frozenset({role.value}), frozenset())
    wrong, asked = [], 0
    for rule in rules(app):
        page = page_behind(app, rule)
        for method in sorted(rule.methods or ()):
            if method in METHODS:
                asked += 1
                # Read, the address of a step leads to the complaint.
                is_led = rule.endpoint == "complaint.step_view" and method == "GET"
                may_read = is_led and "r" in letters(role, "complaint")
                expected = 200 if may_read or may(page, rule, role) else 403
                got = guarded(app, rule, method, actor)
                if got != expected:
                    wrong.append((rule.rule, method, got, expected))
    assert wrong == []
    assert asked > 200


def guarded(app: Flask, rule: Rule, method: str, actor: Actor) -> int:
    """Return the status with which the guard of an endpoint answers; 200 where it lets in."""
    with app.test_request_context(address(rule), method=method), acting_as(actor):
        try:
            answer = app.view_functions[rule.endpoint](**dict.fromkeys(rule.arguments, "1"))
        except HTTPException as error:
            return error.code or 500
    return answer.status_code if isinstance(answer, Response) else 200


def test_each_method_that_an_address_does_not_know_is_refused(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    for rule in rules(app):
        known = methods_of(app, rule)
        for method in set(METHODS) - known:
            with pytest.raises(MethodNotAllowed):
                adapter.match(address(rule), method=method)


def test_what_only_takes_posts_asks_for_more_than_the_right_to_read(app: Flask) -> None:
    for rule in rules(app):
        page = page_behind(app, rule)
        if "GET" not in (rule.methods or ()) and not isinstance(page, PageForAll):
            action = page.actions.get(rule.endpoint.partition(".")[2])
            assert action not in READING or rule.endpoint in HARMLESS_POSTS, rule.endpoint


def test_an_endpoint_that_no_view_names_is_open_to_nobody(app: Flask) -> None:
    for rule in rules(app):
        page = page_behind(app, rule)
        name = rule.endpoint.partition(".")[2]
        if page.actions.get(name) is None:
            assert not any(may(page, rule, role) for role in Role), rule.endpoint


def snapshot(furnished: Furnished) -> list[Any]:
    """Return all rows of the other region, whole."""
    with furnished.app.app_context(), acting_as(system_actor("test")):
        kept = [
            db.session.execute(
                text(f"SELECT t::text FROM {model.__tablename__} t WHERE id = :id"),
                {"id": furnished.theirs[model.__tablename__]},
            ).scalar()
            for model in LIMITED
        ]
        notes = db.session.execute(text("SELECT count(*) FROM note WHERE deleted_at IS NULL")).scalar()
        db.session.remove()
    return [*kept, notes]


def test_an_id_of_another_region_opens_and_changes_nothing_at_any_address(furnished: Furnished) -> None:
    before = snapshot(furnished)
    opened, asked = [], 0
    for rule, method, url, data in swapped(furnished):
        with furnished.client.open(url, method=method, data=data, headers=BRIEF) as answer:
            is_shown = HIDDEN.encode() in answer.get_data()
        asked += 1
        if is_shown or answer.status_code >= 500 or (must_be_404(rule) and answer.status_code != 404):
            opened.append((method, url, answer.status_code, is_shown))
    assert opened == []
    assert snapshot(furnished) == before
    assert asked > 15 * len(LIMITED)


def takes_id(rule: Rule) -> bool:
    return rule.endpoint.partition(".")[2] not in WITHOUT_ID


def must_be_404(rule: Rule) -> bool:
    """Tell whether an address leads to one record of a type that is limited to a region."""
    table = rule.endpoint.partition(".")[0]
    # What steps of a procedure write is changed by nobody, wherever it lies.
    return table in {model.__tablename__ for model in LIMITED} - MADE_BY_STEPS and takes_id(rule)


def swapped(furnished: Furnished) -> Iterator[tuple[Rule, str, str, dict[str, Any] | None]]:
    """Yield each address with ids of the other region wherever it takes one."""
    for rule in rules(furnished.app):
        page = page_behind(furnished.app, rule)
        table = page.permission
        ids = {"id": furnished.theirs[table]} if table in furnished.theirs else {}
        if isinstance(page, RecordType) and rule.endpoint.endswith(".ajax_lookup"):
            yield from _lookups(furnished, rule, page)
            continue
        if table in OF_ALL_REGIONS:
            readers = {role.value for role in Role if letters(role, table)}
            assert readers <= ALL_REGION_ROLES
            continue
        if isinstance(page, RecordType) and not ids:
            # Types that everybody sees have no rows of another region.
            continue
        # Pages that know no type of their own get the key of a hidden record too.
        given = (ids or {"id": furnished.theirs["complaint"]}) | {
            "file": furnished.file,
            "note": furnished.note,
        }
        query = "&".join(f"{key}={value}" for key, value in given.items())
        for method in sorted(set(METHODS) & (rule.methods or set())):
            data = {**given, "version": "1", "name": "改", "body": "改"}
            yield rule, method, f"{address(rule)}?{query}", data if method == "POST" else None


def _lookups(
    furnished: Furnished, rule: Rule, page: RecordType
) -> Iterator[tuple[Rule, str, str, dict[str, Any] | None]]:
    for name in page.form_names:
        target = target_of(page.model, name)
        if target in LIMITED and target is not None and not target.is_small:
            key = furnished.theirs[target.__tablename__]
            for query in (f"id={key}", f"query={HIDDEN}"):
                yield rule, "GET", f"{address(rule)}?name={name}&{query}", None


def test_a_file_of_another_regions_record_is_not_sent_with_an_own_one(furnished: Furnished) -> None:
    table = LIMITED[0].__tablename__
    url = f"/{table.replace('_', '-')}/attachment/?id={furnished.mine[table]}&file={furnished.file}"
    assert furnished.client.get(url).status_code == 404


def test_an_own_row_and_anothers_in_one_deletion_leave_the_others(furnished: Furnished) -> None:
    before = snapshot(furnished)
    for table, key in furnished.theirs.items():
        if table in MADE_BY_STEPS:
            continue
        url = f"/{table.replace('_', '-')}/delete/"
        with furnished.client.post(url, data={"id": [furnished.mine[table], key]}) as answer:
            assert answer.status_code in (302, 409), table
            assert HIDDEN not in answer.text
    assert snapshot(furnished) == before


@pytest.mark.parametrize("key", ["abc", "999999999999"])
def test_an_id_that_is_none_is_no_error_of_the_panel_at_any_address(furnished: Furnished, key: str) -> None:
    failed = []
    for rule in rules(furnished.app):
        if not takes_id(rule) and key != "abc":
            continue
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        with furnished.client.open(
            f"{address(rule)}?id={key}",
            method=method,
            data={"id": key} if method == "POST" else None,
            headers=BRIEF,
        ) as answer:
            if answer.status_code >= 500:
                failed.append((method, rule.rule, answer.status_code))
    assert failed == []


def test_no_address_takes_a_post_without_a_token(furnished: Furnished) -> None:
    taken, asked = [], 0
    for rule in rules(furnished.app):
        if "POST" in (rule.methods or ()):
            asked += 1
            with furnished.client.post(address(rule), csrf=False, headers=BRIEF) as answer:
                if answer.status_code != 400:
                    taken.append((rule.rule, answer.status_code))
    assert taken == []
    assert asked > 2 * len(LIMITED)


def test_reading_any_address_changes_no_row(furnished: Furnished) -> None:
    before = changes(furnished)
    for rule in rules(furnished.app):
        key = furnished.mine.get(rule.endpoint.partition(".")[0], 1)
        if "GET" in (rule.methods or ()):
            furnished.client.get(f"{address(rule)}?id={key}", headers=BRIEF).close()
    assert changes(furnished) == before


def changes(furnished: Furnished) -> int:
    """Return how many changes of rows are on record; each table has a trigger for it."""
    with furnished.app.app_context(), acting_as(system_actor("test")):
        number = db.session.execute(text("SELECT count(*) FROM audit_entry")).scalar_one()
        db.session.remove()
    return int(number)


@pytest.mark.parametrize("trick", ["{}?x=/login", "{}?next=/static/", "/{}", "/login/..{}", "%2f{}", "{}%2f"])
def test_no_way_of_writing_an_address_opens_it_to_a_stranger(furnished: Furnished, trick: str) -> None:
    stranger, opened = furnished.app.test_client(), []
    for rule in rules(furnished.app):
        with stranger.get(trick.format(address(rule)), headers=BRIEF) as answer:
            if answer.status_code < 300:
                opened.append(rule.rule)
    assert opened == []
