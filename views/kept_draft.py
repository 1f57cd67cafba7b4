"""What was filled in outlives an error: the page that tells of it carries the draft, and leads back."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from werkzeug.datastructures import MultiDict

# The name under which a form says that it is only to be shown again, and nothing saved.
SHOW = "_draft"
_FORMS = frozenset({"create_view", "edit_view", "change_view", "note_view", "step_view", "write_view"})
_NOT_KEPT = frozenset({"csrf_token", SHOW})


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """The fields that were sent, as they were sent, and where they were to go.

    `can_repeat` says that sending them again sends all there was: a file can't come back from a page.
    """

    address: str
    fields: tuple[tuple[str, str], ...]
    can_repeat: bool = True


def keeps_draft() -> bool:
    """Tell whether this request sends a form whose draft outlives an error."""
    return request.method == "POST" and (request.endpoint or "").rpartition(".")[2] in _FORMS


def kept_draft(sent: MultiDict[str, str] | None = None, *, can_repeat: bool = True) -> KeptDraft | None:
    """Return what this request would have saved; None where it is no record's form that was sent.

    `sent` are its fields where the request itself can't be asked for them any more.
    """
    if not keeps_draft():
        return None
    if sent is None:
        sent, can_repeat = request.form, not any(file.filename for file in request.files.values())
    fields = tuple((name, value) for name, value in sent.items(multi=True) if name not in _NOT_KEPT)
    return KeptDraft(request.full_path.rstrip("?"), fields, can_repeat)


def is_only_shown() -> bool:
    """Tell whether the form comes back from a page that told of an error, to be looked at once more."""
    return SHOW in request.form
