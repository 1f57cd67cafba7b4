"""Amounts of money in forms."""

from __future__ import annotations

import re
from decimal import Decimal

from flask_babel import gettext as _

from views.fields import RecordField, clean_line

# One more than what a column of amounts holds.
LARGEST = Decimal(10) ** 10


class AmountField(RecordField):
    """An amount with at most two decimals, in the site's currency."""

    drawn_as = "amount"

    def parse(self, raw: str) -> Decimal | None:
        """Read an amount as people paste it: ¥1,280.50, １２８０元, 1280."""
        text = re.sub(r"[,，¥￥元\s]", "", clean_line(raw).replace("．", "."))
        if not text:
            return None
        if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,2})?", text):
            raise ValueError(_("Give an amount such as 1280.50."))
        amount = Decimal(text)
        if abs(amount) >= LARGEST:
            raise ValueError(_("This number is too large."))
        return amount

    def as_text(self, value: Decimal) -> str:
        """Return the amount with two decimals."""
        return f"{value:.2f}"
