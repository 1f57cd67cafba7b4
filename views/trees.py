"""Records that form a tree: the order in which a tree reads, and the refusal of circles."""

from __future__ import annotations

from collections.abc import Iterable

DEEPEST = 12


def tree_order(rows: Iterable[tuple[int, int | None]]) -> list[tuple[int, int]]:
    """Return (key, depth) in reading order for rows of (key, parent key) that are sorted among siblings.

    A row whose parent is not among them, or that stands in a circle, is read as a root, so none is lost.
    """
    children: dict[int | None, list[int]] = {}
    pairs = list(rows)
    known = {key for key, _parent in pairs}
    for key, parent in pairs:
        children.setdefault(parent if parent in known else None, []).append(key)
    ordered: list[tuple[int, int]] = []
    seen: set[int] = set()

    def read(key: int, depth: int) -> None:
        if key in seen:
            return
        seen.add(key)
        ordered.append((key, min(depth, DEEPEST)))
        for child in children.get(key, ()):
            read(child, depth + 1)

    for key in [*children.get(None, ()), *known]:
        read(key, 0)
    return ordered


def would_circle(parents: dict[int, int | None], key: int, new_parent: int | None) -> bool:
    """Tell whether `key` would stand under itself if it were moved under `new_parent`."""
    steps = 0
    while new_parent is not None and steps <= len(parents):
        if new_parent == key:
            return True
        new_parent = parents.get(new_parent)
        steps += 1
    return False
