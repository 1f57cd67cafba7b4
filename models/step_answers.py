"""What the answers of a step must say beyond being there: rules that tie one to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from models.proposal import Remedy
from models.refused_step import RefusedStepError
from models.step_taken import Move

# Of answers from 1 to 5: who gives one of the first is not satisfied, who gives one of the last is.
_UNHAPPY_MOST, _HAPPY_LEAST = 2, 4
# What is worth something to the customer, so that the compensation rules can bound it.
_WORTH_SOMETHING = frozenset({Remedy.REFUND, Remedy.GOODS, Remedy.MONEY, Remedy.GIFT})


def check_answers(move: Move, given: Mapping[str, Any]) -> None:
    """Check what was given with a step.

    Raises:
        RefusedStepError: with the column where one answer does not fit another.
    """
    satisfaction = given.get("satisfaction")
    if move is Move.CONFIRM and satisfaction is not None and satisfaction <= _UNHAPPY_MOST:
        raise RefusedStepError(
            _("Who answers 1 or 2 is not satisfied: open it again, or correct the answer."), "satisfaction"
        )
    if move is Move.REJECT and satisfaction is not None and satisfaction >= _HAPPY_LEAST:
        raise RefusedStepError(
            _("Who answers 4 or 5 is satisfied: close it, or correct the answer."), "satisfaction"
        )
    if (
        move is Move.PROPOSE
        and _WORTH_SOMETHING & set(given.get("remedies") or ())
        and not given.get("value")
    ):
        raise RefusedStepError(
            _("Say what refund, goods, money and gifts are worth, so that it can be decided about."), "value"
        )
