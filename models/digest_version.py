"""Digests of earlier releases: their frozen payloads in the shape that is rendered today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# 1 held complaints and one figure; 2 also tasks, decisions, measures, warnings, shipments and calls.
VERSION = 2


def current_shape(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload of any version as one of this version; it says neither more nor less than it did."""
    if payload["version"] >= VERSION:
        needs = {"measures_late": 0, "measures_open": 0, **payload["needs_you"]}
        return {"workbook": None, "closed_loop": None, **payload, "needs_you": needs}
    needs, coverage = payload["needs_you"], payload["coverage"]
    return {
        **payload,
        "needs_you": {
            "measures_late": 0,
            "measures_open": 0,
            "tasks_late": 0,
            "tasks_open": 0,
            "decisions": 0,
            "urgent": needs["total"],
            "total": needs["total"],
            "items": [{"kind": "complaint", **item} for item in needs["items"]],
        },
        "is_demo": payload.get("is_demo", False),
        "warnings": [],
        "shipments": None,
        "closed_loop": None,
        "calls": None,
        "workbook": None,
        "figures": [_figure(figure) for figure in payload["figures"]],
        "coverage": {"silent": [], **coverage},
    }


def _figure(figure: Mapping[str, Any]) -> dict[str, Any]:
    total = figure["total"]
    return {
        "is_ceiling": False,
        "is_met": figure["met"] >= figure["target"] * total if total else None,
        **figure,
    }
