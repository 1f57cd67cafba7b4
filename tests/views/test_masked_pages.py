"""No page, hit, look-up or file gives a phone, plate or frame number to whom it does not concern.

In every column of every record type that may hold one stands one that is found nowhere else, now and before.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from screens import path, present_day
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from models import Record, record_types
from models.base import now
from models.labels import NEVER_SHOWN
from models.need_to_know import _free_texts
from models.organisation import Role
from models.permissions import SENSITIVE, Sensitive, letters, masked_columns, masked_kinds
from views import SCREENS
from views.forms import column_of, target_of

MASKED_FOR = (Role.QUALITY_ENGINEER, Role.WAREHOUSE_KEEPER, Role.AUDITOR)
# Those hold nothing but what their names say, lists of a few words, the point of a digest, or what is sealed.
PLAIN = NEVER_SHOWN | {"email", "code", "point_key", "webhook", "signing_secret"}
PARENTS = ("dealer", "customer", "vehicle", "service_receipt", "complaint")
# Every value that Planted.value() makes, wherever it stands.
PLANTED = re.compile(r"137000\d{5}|苏C\d{5}|LHSV00000000\d{5}|wang\.\d{5}@example\.cn")
VIEWS = {model.__tablename__: (view, model) for view, model in SCREENS}


@dataclass
class Planted:
    """A record of every type; `columns` are values that nobody else has, `texts` those within free texts."""

    rows: dict[str, Any] = field(default_factory=dict)
    columns: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[tuple[Sensitive, str]] = field(default_factory=list)
    serial: Iterator[int] = field(default_factory=lambda: itertools.count(10_000))

    def value(self, kind: Sensitive) -> str:
        number = next(self.serial)
        return {
            Sensitive.PHONE: f"137000{number}",
            Sensitive.PLATE: f"苏C{number}",
            Sensitive.FRAME_NUMBER: f"LHSV00000000{number}",
            Sensitive.EMAIL: f"wang.{number}@example.cn",
        }[kind]

    def text(self) -> str:
        values = {kind: self.value(kind) for kind in Sensitive}
        self.texts += values.items()
        return "电话" + "，".join(values.values())

    def texts_for(self, model: type[Record]) -> dict[str, str]:
        """Return a value for every column of the model in which such a number may stand."""
        table = model.__tablename__
        own = {name: self.value(kind) for name, kind in SENSITIVE.get(table, {}).items()}
        self.columns += [(table, name, value) for name, value in own.items()]
        return own | {name: self.text() for name in sorted(_free_texts(model) - PLAIN)}

    def forbidden_to(self, role: Role) -> set[str]:
        roles = frozenset({role.value})
        masked = masked_columns(roles)
        return {value for table, name, value in self.columns if name in masked.get(table, ())} | {
            value for kind, value in self.texts if kind in masked_kinds(roles)
        }


def plant(make: Factory, session: Session) -> Planted:
    """Make a record of each type with numbers wherever they may stand, and change them all once."""
    planted = Planted()
    models = {model.__tablename__: model for model in record_types()}
    happened: dict[str, Any] = {
        "registered_at": now(),
        "called_at": now(),
        "claimed_on": date(2026, 1, 2),
        "promised_until": present_day(),
        "handed_over_on": present_day(),
        "came_in_on": present_day(),
    }
    for table in (*PARENTS, *(table for table in models if table in VIEWS and table not in PARENTS)):
        model = models[table]
        names = {column.key for column in model.__mapper__.column_attrs}
        given = {f"{parent}_id": planted.rows[parent].id for parent in PARENTS if parent in planted.rows}
        attributes = {name: value for name, value in (given | happened).items() if name in names}
        row = planted.rows[table] = make.record(model, **attributes, **planted.texts_for(model))
        for name, value in planted.texts_for(model).items():
            setattr(row, name, value)
        session.add(row)
        session.commit()
        make.note(row, body=planted.text())
    return planted


def addresses(role: Role, rows: dict[str, Any]) -> Iterator[str]:
    """Yield every address by which a role reads records."""
    for table, row in rows.items():
        own = letters(role, table)
        view, model = VIEWS[table]
        pages = {"": "l", "details": "r", "edit": "e", "delete": "d", "export/csv": "x"}
        yield from (path(table, page, id=row.id) for page, letter in pages.items() if letter in own)
        if "r" in own and view.cards is not None:
            yield path(table, "details", id=row.id, show="timeline")
        if "r" in own:
            yield path(table, "details", id=row.id, show="history")
        if "l" in own:
            names = {*view.column_filters, *(name for part in view.form_sections for name in part.names)}
            yield from (
                path(table, "ajax/lookup", name=name)
                for name in sorted(names)
                if (target := target_of(model, name)) and column_of(model, name) is not None
                if not target.is_small
            )
    if role is Role.AUDITOR:
        yield from ("/audit-log/", "/audit-log/export/csv/")
    yield from ("/", "/due/?person=all", "/search/?q=电话", "/search/hits/?q=电话")


def addresses_of_deleted(role: Role, rows: dict[str, Any]) -> Iterator[str]:
    """Yield every address by which a role reads records that are deleted."""
    if "r" in letters(role, "recycle_bin"):
        for table, row in rows.items():
            yield from (f"/recycle-bin/?type={table}", f"/recycle-bin/record?type={table}&id={row.id}")
            yield f"/recycle-bin/?type={table}&q=电话"


def read(client: PanelClient, address: str) -> str:
    """Return what an address answers, signs that JSON writes otherwise as they are."""
    with client.get(address) as response:
        assert response.status_code == 200, address
        return json.dumps(response.json, ensure_ascii=False) if response.is_json else response.text


# What is masked for whom is held by tests/models/test_need_to_know.py; that each page asks it, by one role
# that reads every page, the log and the bin. The long run crawls for all of them.
@pytest.mark.parametrize(
    "role",
    [pytest.param(each, marks=[] if each is Role.AUDITOR else pytest.mark.faults) for each in MASKED_FOR],
)
def test_no_page_gives_what_is_masked_for_a_role(
    role: Role, make: Factory, db_session: Session, login: Login
) -> None:
    planted = plant(make, db_session)
    forbidden, client = planted.forbidden_to(role), login(role)
    found: dict[str, set[str]] = {}

    def crawl(wanted: Iterator[str]) -> int:
        seen = 0
        for address in wanted:
            text = read(client, address)
            found[address] = forbidden & set(PLANTED.findall(text))
            seen += text.count("137****")
        return seen

    seen = crawl(addresses(role, planted.rows))
    for row in planted.rows.values():
        row.deleted_at = now()
    db_session.commit()
    in_bin = crawl(addresses_of_deleted(role, planted.rows))
    assert not {address: values for address, values in found.items() if values}
    assert (in_bin > 0) is (role is Role.AUDITOR)
    assert len(forbidden) > 100
    assert all(PLANTED.fullmatch(value) for value in forbidden)
    assert seen > 10


def test_who_needs_them_reads_all_of_them(make: Factory, db_session: Session, login: Login) -> None:
    planted = plant(make, db_session)
    client = login(Role.ADMINISTRATOR)
    text = "".join(read(client, path(table, "details", id=row.id)) for table, row in planted.rows.items())
    shown = set(PLANTED.findall(text))
    assert not {value for _table, _name, value in planted.columns} - shown
    missing = {value for _kind, value in planted.texts} - shown
    # Columns that stand on no page.
    assert len(missing) < len(planted.texts) / 5
    assert "data-reveal" not in text
