"""The one exception by which a procedure says no."""

from __future__ import annotations

from flask_babel import LazyString


class RefusedStepError(Exception):
    """Say to who tried why a step can't be taken; `field` is the column that it is about, None for none."""

    def __init__(self, sentence: LazyString | str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
