"""Tests of the code itself: what must hold in every file, so that nobody has to remember it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import CreateTableOp, DowngradeOps, MigrationScript, UpgradeOps
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine

from config import _SETTINGS
from models import Base, Dealer, record_types
from models.actor import Actor
from models.labels import FIELD_LABELS, NEVER_SHOWN
from models.migrations.generated import complete_revision
from models.organisation import Role
from models.permissions import ACTIONS, PERMISSIONS, allows

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "views" / "templates"
SOURCES = sorted(
    path
    for folder in ("models", "jobs", "views")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
# Where SQL stands that the row limits don't reach, and why it may.
UNLIMITED = {
    "models/sql.py": "the listed module",
    "models/actor.py": "tells the audit trigger who acts; reads no table",
    "models/reading.py": "asks whether the transaction wrote; reads no table",
}
PYTHON = ("bin", "jobs", "models", "tests", "views")
# All that puts checks aside on a line, and the reason that follows.
ASIDE = re.compile(r"# (?:ruff: )?(?:noqa|type: ignore)\b.*?(?=  #(?! (?:noqa|type: ignore))| - |$)")
REASON = re.compile(r"(?:  # | - )\S")
MAXIMUM_LINES = 400
MAXIMUM_FUNCTION_LINES = 60


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


CORE = r"(select|update|delete|insert|join)"
# Calls that reach the database around the limits of the ORM session.
AROUND_THE_LIMITS = (
    r"\.(connection|exec_driver_sql|bulk_\w+)\(",
    r"\.execute\((sa\.)?text\(",
    rf"__table__\.{CORE}\(",
    rf"\b{CORE}\([^()]*__table__",
)


def unlimited_sql(tree: ast.AST, *, is_model: bool) -> Iterator[tuple[int, str]]:
    """Yield line and text of each statement that would bypass the limits of the ORM session."""
    names = {"insert"} if is_model else {"insert", "text"}
    for node in ast.walk(tree):
        source = ast.unparse(node) if isinstance(node, ast.Call | ast.ImportFrom) else ""
        if isinstance(node, ast.Call) and (
            any(re.search(pattern, source) for pattern in AROUND_THE_LIMITS) or updates_by_key(node)
        ):
            yield node.lineno, source
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            yield from ((node.lineno, source) for alias in node.names if alias.name in names)


def updates_by_key(call: ast.Call) -> bool:
    """Tell whether a call updates a list of rows by primary key."""
    return len(call.args) > 1 and ast.unparse(call.args[0]).startswith("update(")


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_sql_beyond_the_row_limits_stands_in_the_listed_module_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = list(unlimited_sql(tree, is_model=path.is_relative_to(ROOT / "models")))
    assert not found or relative(path) in UNLIMITED, found


@pytest.mark.parametrize(
    "source",
    [
        "db.session.connection().execute(q)",
        "db.session.execute(update(Dealer), [{'id': 1}])",
        "db.session.execute(text('x'))",
        "db.session.bulk_save_objects([])",
        "Dealer.__table__.update()",
        "from sqlalchemy import text",
    ],
)
def test_the_check_on_unlimited_sql_sees_it(source: str) -> None:
    assert list(unlimited_sql(ast.parse(source), is_model=False))


def test_each_check_that_is_put_aside_says_why() -> None:
    """A check may be put aside on a line with its reason beside it; two kinds have one reason."""
    silent = []
    for path in sorted(
        {*ROOT.glob("*.py"), *(each for name in PYTHON for each in (ROOT / name).rglob("*.py"))}
    ):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            aside = ASIDE.search(line)
            if aside and not REASON.match(line[aside.end() :]):
                silent.append(f"{relative(path)}:{number}: {line.strip()}")
    assert silent == []


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("f()  # NOQA: X1 - as documented", True),
        ("f()  # TYPE: IGNORE[arg]  # a file is one", True),
        ("f()  # TYPE: IGNORE[arg]  # NOQA: X1 - a proxy", True),
        ("f()  # NOQA: X1", False),
        ("f()  # NOQA: X1 - ", False),
        ("f()  # TYPE: IGNORE[arg]", False),
        ("f()  # TYPE: IGNORE[arg]  # NOQA: X1", False),
    ],
)
def test_the_check_on_reasons_sees_those_that_lack(line: str, is_told: bool) -> None:
    # Written large above, so that they are none themselves.
    small = line.lower()
    aside = ASIDE.search(small)
    assert aside is not None
    assert bool(REASON.match(small[aside.end() :])) is is_told


@pytest.mark.parametrize("path", [*SOURCES, ROOT / "app.py", ROOT / "config.py"], ids=relative)
def test_files_and_functions_stay_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= MAXIMUM_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= MAXIMUM_FUNCTION_LINES, f"{node.name}: {length} lines"


def test_the_migrations_make_the_tables_that_the_code_expects(app: Flask) -> None:
    engine = create_engine(app.extensions["settings"].migration_database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_a_generated_revision_has_the_keys_and_the_audit_of_a_new_table() -> None:
    changes = UpgradeOps([CreateTableOp.from_table(Dealer.__table__)])
    complete_revision(None, None, [MigrationScript("1", changes, DowngradeOps([]))])
    lines = render_python_code(changes)
    assert "['created_by_id'], ['staff.id']" in lines
    assert "use_alter" not in lines
    assert "CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON dealer" in lines


def test_there_is_one_last_migration() -> None:
    assert len(ScriptDirectory(str(ROOT / "models" / "migrations")).get_heads()) == 1


def test_every_column_has_a_label() -> None:
    columns = {
        column.key for model in record_types() for column in model.__mapper__.column_attrs
    }  # the attribute's name, which forms and lists use
    assert columns - NEVER_SHOWN <= set(FIELD_LABELS)


def test_every_record_type_stands_in_the_table_of_permissions() -> None:
    assert {model.__tablename__ for model in record_types()} <= set(PERMISSIONS)


@pytest.mark.parametrize("table", PERMISSIONS)
def test_the_auditor_reads_everything_and_changes_nothing(table: str) -> None:
    auditor = Actor(1, "request", frozenset({Role.AUDITOR.value}), None)
    allowed = {action for action in ACTIONS.values() if allows(auditor, table, action)}
    assert allowed == {"list", "read", "export"}


@pytest.mark.parametrize("table", PERMISSIONS)
def test_nobody_and_the_roleless_may_do_nothing(table: str) -> None:
    for action in ACTIONS.values():
        assert not allows(None, table, action)
        assert not allows(Actor(1, "request", frozenset(), frozenset()), table, action)


def test_the_readme_names_every_setting() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [s.variable for s in _SETTINGS.values() if f"`{s.variable}`" not in readme] == []


def test_nothing_at_the_root_that_is_not_needed() -> None:
    needed = {
        ".ci", ".git", ".gitignore", "CHANGELOG.md", "Procfile", "README.md", "app.py", "bin", "config.py",
        "docs", "jobs", "models", "pyproject.toml", "requirements.in", "requirements.txt", "tests", "views",
    }  # fmt: skip
    ignored = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    assert {path.name for path in ROOT.iterdir()} - ignored == needed


def test_mail_has_one_way_out() -> None:
    """Whatever the panel writes stands in the outbox first, and one job takes it from there to the server."""
    ways = {
        r"\bsmtplib\b": {"jobs/smtp.py"},
        r"from jobs\.smtp import .*\bsend\b": {"jobs/delivery.py"},
        r"(?<!class )\bDelivery\(": {"jobs/outbox.py", "jobs/group_outbox.py"},
        r"\brobots\.send\b": {"jobs/group_delivery.py"},
        r"\bhttp\.client\b|urllib\.request|urllib3|\bhttpx\b|import requests": {"jobs/robots.py"},
        r"flask_mail|sendmail|aiosmtp": set[str](),
    }
    for pattern, allowed in ways.items():
        found = {relative(path) for path in SOURCES if re.search(pattern, path.read_text("utf-8"))}
        assert found == allowed, pattern


def test_the_panel_fetches_from_others_in_one_place_that_looks_where_the_address_leads() -> None:
    clients = re.compile(
        r"^\s*(import|from) (http\.client|urllib\.request|urllib3|requests|httpx|aiohttp)\b", re.MULTILINE
    )
    found = {relative(path) for path in SOURCES if clients.search(path.read_text("utf-8"))}
    assert found == {"jobs/robots.py"}
    assert "public_route" in (ROOT / "jobs" / "robots.py").read_text("utf-8")


def test_the_time_zone_is_read_in_one_place() -> None:
    pattern = re.compile(r"settings\.timezone|\[.settings.\]\.timezone|BABEL_DEFAULT_TIMEZONE")
    readers = {relative(path) for path in SOURCES if pattern.search(path.read_text("utf-8"))}
    assert readers == {"models/centre.py"}


def test_a_form_that_is_held_back_says_why() -> None:
    """A script sends no form while the login has ended; the form must say so."""
    guarded = [path for path in TEMPLATES.rglob("*.html") if "data-guard" in path.read_text("utf-8")]
    assert len(guarded) > 5
    silent = [path.name for path in guarded if "why_held(" not in path.read_text("utf-8")]
    assert silent == []
