"""Rights in words: what stands for each letter of models.permissions, and where it means something."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from models.organisation import Role
from models.permissions import ACTIONS, PERMISSIONS, letters
from views.record_type import RecordType


@dataclass(frozen=True, slots=True)
class Word:
    """What people call a right, and the sentence that explains it."""

    word: LazyString
    sentence: LazyString


WORDS: dict[str, Word] = {
    "l": Word(_("list"), _("find them in lists and by searching")),
    "r": Word(_("read"), _("open one, with its history and files")),
    "c": Word(_("enter"), _("enter new ones")),
    "e": Word(_("change"), _("change them, and write notes")),
    "d": Word(_("delete"), _("delete those on which nothing hangs")),
    "x": Word(_("export"), _("download them as a file")),
    "t": Word(_("act"), _("take the steps of a procedure: send, settle, invite")),
    "a": Word(_("decide"), _("approve, or give more than the rule allows")),
    "p": Word(_("disclose"), _("put together all that is kept about a person")),
    "z": Word(_("erase"), _("erase a person's data")),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A record type or page that rights are about, with the letters that mean something there."""

    table: str
    label: str
    letters: str
    is_record: bool


def subjects_of_rights() -> list[Subject]:
    """Return the record types, then the pages, in the order of the sidebar."""
    found = []
    for page in current_app.extensions["pages"]:
        is_record = isinstance(page, RecordType)
        known = ACTIONS if is_record else [key for key in ACTIONS if ACTIONS[key] in page.actions.values()]
        if page.permission in PERMISSIONS:
            found.append(Subject(page.permission, str(page.title), "".join(known), is_record))
    return sorted(found, key=lambda each: not each.is_record)


def words(subject: Subject, role: Role) -> list[LazyString]:
    """Return what a role may do there, in words; empty where it may do nothing."""
    return [WORDS[letter].word for letter in letters(role, subject.table) if letter in subject.letters]
