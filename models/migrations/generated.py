"""What a generated revision lacks by nature, added to it."""

from __future__ import annotations

from typing import Any

from alembic.operations.ops import CreateTableOp, ExecuteSQLOp, MigrationScript
from sqlalchemy import ForeignKeyConstraint

from models import record_types
from models.migrations.rights import audit_trigger


def complete_revision(_context: Any, _revision: Any, scripts: list[MigrationScript]) -> None:
    """Put each new business table of a generated revision under audit, with its keys in place."""
    changes = scripts[0].upgrade_ops
    assert changes is not None
    records = {model.__tablename__ for model in record_types()}
    for change in [each for each in changes.ops if isinstance(each, CreateTableOp)]:
        for constraint in change.columns:
            if isinstance(constraint, ForeignKeyConstraint):
                # Only the first tables point at each other; left so, Alembic would drop the key unseen.
                constraint.use_alter = False
        if change.table_name in records:
            changes.ops.append(ExecuteSQLOp(audit_trigger(change.table_name)))
