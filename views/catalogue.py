"""Keep the catalogues in step with the sources.

`python -m views.catalogue` adds new messages, drops those that are gone, and lists what is left to do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po, write_po

from models.organisation import Locale
from views.translation import FOLDER

ROOT = Path(__file__).parents[1]
SOURCES = ("app.py", "config.py", "models", "views", "jobs")
# The messages of the sources are English already.
TRANSLATED = tuple(locale.value for locale in Locale if locale is not Locale.ENGLISH)
_KEYWORDS = DEFAULT_KEYWORDS | {
    "lazy_gettext": None,
    "_l": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}


def main() -> int:
    """Update every catalogue, print what is still to be translated, and return 1 if anything is."""
    template = extract_messages()
    open_messages = 0
    for locale in TRANSLATED:
        path = catalogue_path(locale)
        catalogue = read_catalogue(path, locale)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        write_catalogue(path, catalogue)
        missing = untranslated(catalogue)
        open_messages += len(missing)
        print(f"{path.relative_to(ROOT)}: {len(catalogue)} messages, {len(missing)} to translate")  # noqa: T201  # a command
        for message in missing:
            print(f"  {message.id!r}")  # noqa: T201  # a command
    return 1 if open_messages else 0


def extract_messages() -> Catalog:
    """Return the messages of all sources, in their order."""
    catalogue = Catalog(fuzzy=False)
    for path in _source_files():
        method = "python" if path.suffix == ".py" else "jinja2"
        options = {} if method == "python" else {"silent": "false", "trimmed": "true"}
        found = extract_from_file(method, path, _KEYWORDS, comment_tags=("Translators:",), options=options)
        for _line, message, comments, context in found:
            catalogue.add(
                message, None, [(str(path.relative_to(ROOT)), 0)], auto_comments=comments, context=context
            )
    return catalogue


def _source_files() -> Iterator[Path]:
    for source in SOURCES:
        path = ROOT / source
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (
            file
            for file in found
            if file.suffix == ".py" or ("templates" in file.parts and file.suffix in {".html", ".txt"})
        )


def catalogue_path(locale: str, domain: str = "messages") -> Path:
    """Return where a catalogue stands."""
    return FOLDER / locale / "LC_MESSAGES" / f"{domain}.po"


def read_catalogue(path: Path, locale: str) -> Catalog:
    """Return the catalogue in a file; an empty one where there is none yet."""
    if not path.exists():
        return Catalog(locale=locale, fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale=locale)


def write_catalogue(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue in the order of the sources, without what would change at each extraction."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        write_po(target, catalogue, width=110, omit_header=True, sort_by_file=True, include_lineno=False)


def untranslated(catalogue: Catalog) -> list[Message]:
    """Return the messages that say nothing yet, or are only guessed."""
    return [
        message for message in catalogue if message.id and (message.fuzzy or not all(strings_of(message)))
    ]


def strings_of(message: Message) -> tuple[str, ...]:
    """Return the translations of a message: one, or one for each plural form."""
    found = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return tuple(str(string or "") for string in found)


if __name__ == "__main__":
    sys.exit(main())
