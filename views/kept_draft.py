"""What was filled in outlives an error: the page that tells of it carries the draft, and leads back."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

# The name under which a form says that it is only to be shown again, and nothing saved.
SHOW = "_draft"
_FORMS = frozenset({"create_view", "edit_view"})
_NOT_KEPT = frozenset({"csrf_token", SHOW})


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """The fields that were sent, as they were sent, and where they were to go."""

    address: str
    fields: tuple[tuple[str, str], ...]


def kept_draft() -> KeptDraft | None:
    """Return what this request would have saved; None where it is no record's form that was sent."""
    page = (request.endpoint or "").rpartition(".")[2]
    if request.method != "POST" or page not in _FORMS:
        return None
    fields = tuple((name, value) for name, value in request.form.items(multi=True) if name not in _NOT_KEPT)
    return KeptDraft(request.full_path.rstrip("?"), fields)


def is_only_shown() -> bool:
    """Tell whether the form comes back from a page that told of an error, to be looked at once more."""
    return SHOW in request.form
