"""Revision 0002 on a database that was in use before it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask_migrate import upgrade
from sqlalchemy import Connection, create_engine, make_url, text

import embedded_services
from app import create_app
from config import Settings
from conftest import superuser
from models import db
from models.pinyin import pinyin_key


@pytest.fixture
def older(settings: Settings, engines: embedded_services.Postgres) -> Iterator[tuple[Settings, Connection]]:
    """Return settings with a database as the first revision made it, and a connection of its owner."""
    name = f"older_{secrets.token_hex(6)}"

    def in_it(url: str) -> str:
        return make_url(url).set(database=name).render_as_string(hide_password=False)

    with superuser(engines) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} OWNER huisheng_owner")
    own = replace(
        settings,
        database_url=in_it(settings.database_url),
        migration_database_url=in_it(settings.migration_database_url),
    )
    migrate(own, "0001")
    engine = create_engine(own.migration_database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield own, connection
    engine.dispose()
    with superuser(engines) as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def migrate(settings: Settings, revision: str) -> None:
    application = create_app(settings)
    with application.app_context():
        upgrade(revision=revision)
        db.engine.dispose()


def test_texts_of_models_become_records_and_nothing_is_lost(
    older: tuple[Settings, Connection],
) -> None:
    settings, owner = older
    for at, (model, kind, warranty) in enumerate(
        [
            ("HS-150", "cargo", "2027-01-01"),
            ("HS-150 ", "cargo", None),
            ("HS-150", "express", None),
            ("  ", "other", None),
            ("快递厢", "express", None),
        ]
    ):
        owner.execute(
            text(
                "INSERT INTO vehicle (frame_number, model, kind, sold_on, warranty_until, deleted_at)"
                " VALUES (:frame, :model, :kind, '2026-01-01', :warranty, :deleted)"
            ),
            {"frame": f"F{at}", "model": model, "kind": kind, "warranty": warranty,
             "deleted": "2026-02-01" if model == "快递厢" else None},
        )  # fmt: skip
    before = owner.execute(text("SELECT count(*) FROM audit_entry")).scalar_one()

    migrate(settings, "head")

    rows = owner.execute(
        text(
            "SELECT frame_number, code, name, product_model.kind, warranty_until::text, vehicle.version"
            " FROM vehicle JOIN product_model ON product_model.id = product_model_id ORDER BY frame_number"
        )
    ).all()
    assert [tuple(row) for row in rows] == [
        ("F0", "HS-150", "HS-150", "cargo", "2027-01-01", 1),
        ("F1", "HS-150", "HS-150", "cargo", None, 1),
        ("F2", "HS-150", "HS-150", "cargo", None, 1),
        ("F3", "-", "-", "other", None, 1),
        ("F4", "快递厢", "快递厢", "express", None, 1),
    ]
    # Three product models came into being; nobody changed a vehicle.
    after = owner.execute(text("SELECT table_name FROM audit_entry ORDER BY id")).scalars().all()
    assert after[before:] == ["product_model"] * 3


def test_names_and_phones_get_their_keys_and_the_audit_goes_on(older: tuple[Settings, Connection]) -> None:
    settings, owner = older
    owner.execute(
        text("INSERT INTO customer (name, phone) VALUES ('张三', '１３９ 0000 0731'), ('李四', NULL)")
    )
    owner.execute(text("INSERT INTO region (name) VALUES ('重庆')"))
    before = owner.execute(text("SELECT count(*) FROM audit_entry")).scalar_one()

    migrate(settings, "head")

    rows = owner.execute(text("SELECT name, name_sort, phone_numbers FROM customer ORDER BY name_sort")).all()
    assert [tuple(row) for row in rows] == [
        ("李四", pinyin_key("李四"), []),
        ("张三", pinyin_key("张三"), ["13900000731"]),
    ]
    assert owner.execute(text("SELECT name_sort FROM region")).scalar_one() == pinyin_key("重庆")
    assert owner.execute(text("SELECT count(*) FROM audit_entry")).scalar_one() == before
    owner.execute(text("UPDATE customer SET phone = '1', phone_numbers = '{1}' WHERE name = '张三'"))
    changes = owner.execute(text("SELECT changes FROM audit_entry ORDER BY id DESC LIMIT 1")).scalar_one()
    assert list(changes) == ["phone"]
