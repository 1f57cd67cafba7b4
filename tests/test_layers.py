"""The lowest layer, which import-linter can't see: it is a single module."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = {"app", "views", "jobs", "models", "config"}


def test_the_settings_import_nothing_of_ours() -> None:
    tree = ast.parse((ROOT / "config.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert "os" in names
    assert not OURS & {name.partition(".")[0] for name in names}
