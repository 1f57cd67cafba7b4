"""Which masked values of a record this one answer shows whole, because its reader asked for them.

What was shown stays so on that page: its form carries a signed token for each value, for its person, record
and column, so that the field can be changed there and still stands whole if the form comes back with errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from config import Settings
from models import Record, current_actor
from models.need_to_know import masked_texts

if TYPE_CHECKING:
    from views.forms import RecordForm

# The name under which a form sends its tokens.
FIELD = "_revealed"
# As long as a login may live at most: a form left open still saves.
LASTS_SECONDS = 7 * 24 * 3600
TOKENS_MOST = 50


def reveal(row: Record, name: str) -> str:
    """Show a value of a row whole in this answer, and return the token by which a form keeps it so."""
    _revealed().add((row.__tablename__, row.id, name))
    return token_of(row, name)


def is_revealed(row: Any, name: str) -> bool:
    """Tell whether this answer shows the value whole, though it is masked for its reader."""
    return bool(_revealed()) and (row.__tablename__, row.id, name) in _revealed()


def take_tokens(row: Record) -> None:
    """Show whole in this answer what the form that was sent had whole; tokens of others count for nothing."""
    for token in request.form.getlist(FIELD)[:TOKENS_MOST]:
        try:
            who, table, key, name = _serializer().loads(token, max_age=LASTS_SECONDS)
        except (BadSignature, ValueError):
            continue
        if (who, table, key) == _place(row):
            _revealed().add((table, key, name))


def token_of(row: Record, name: str) -> str:
    """Return the token that says that who acts now was shown this value."""
    return str(_serializer().dumps([*_place(row), name]))


def mask_fields(form: RecordForm, row: Record) -> None:
    """Close the fields of a form whose value its reader can't read whole, unless that was shown before."""
    fields = {field.name: field for field in form.record_fields()}
    masked = masked_texts(row, fields)
    if masked and request.method == "POST":
        take_tokens(row)
    for name, text in masked.items():
        if is_revealed(row, name):
            fields[name].token = token_of(row, name)
        else:
            fields[name].mask(text)


def _place(row: Record) -> tuple[int | None, str, int]:
    actor = current_actor()
    return (actor.staff_id if actor else None, row.__tablename__, row.id)


def _revealed() -> set[tuple[str, int, str]]:
    kept: set[tuple[str, int, str]] = g.setdefault("revealed", set())
    return kept


def _serializer() -> URLSafeTimedSerializer:
    settings: Settings = current_app.extensions["settings"]
    return URLSafeTimedSerializer([*settings.secret_key_fallbacks, settings.secret_key], salt="revealed")
