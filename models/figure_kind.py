"""The figures that the centre is held to: which there are, and what they have to reach."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _

from models.base import Labelled


class FigureKind(Labelled):
    """A share of cases that is measured against a target; the order is that of the digest."""

    SATISFACTION = "satisfaction", _("Satisfied with the service")
    FIRST_ANSWER = "first_answer", _("First answer in time")
    SAME_DAY_ANSWER = "same_day_answer", _("Customer told the same day of a decision")
    FOLLOW_UP = "follow_up", _("Follow-up rate within the warranty")
    CUSTOMER_FILE = "customer_file", _("Customer file complete within 2 days")
    SHIPPED_RIGHT = "shipped_right", _("Parts shipped right")
    RETURN_REPAIRS = "return_repairs", _("Return repair rate")
    CLAIMS_PASSED = "claims_passed", _("Dealers' warranty claims passed")
    SUPPLIER_CLAIMS_PASSED = "supplier_claims_passed", _("Claims on suppliers passed")


# In percent; a centre may set others (centre.figure_targets).
DEFAULT_TARGETS: Mapping[FigureKind, float] = {
    FigureKind.SATISFACTION: 98,
    FigureKind.FIRST_ANSWER: 100,
    FigureKind.SAME_DAY_ANSWER: 100,
    FigureKind.FOLLOW_UP: 100,
    FigureKind.CUSTOMER_FILE: 100,
    FigureKind.SHIPPED_RIGHT: 98,
    FigureKind.RETURN_REPAIRS: 2,
    FigureKind.CLAIMS_PASSED: 95,
    FigureKind.SUPPLIER_CLAIMS_PASSED: 95,
}
# Of these the fewer the better: the target must not be exceeded.
CEILINGS = frozenset({FigureKind.RETURN_REPAIRS})
# What a department is told of that nobody has chosen figures for.
USUAL_FIGURES = (FigureKind.SATISFACTION, FigureKind.FIRST_ANSWER)


def target_of(kind: FigureKind, chosen: Mapping[str, float]) -> float:
    """Return the target of a figure as a share from 0 to 1: the one `chosen` in percent, else the default."""
    return chosen.get(kind.value, DEFAULT_TARGETS[kind]) / 100
