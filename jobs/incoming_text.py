"""Words out of a mail that anybody can have written: whatever is wrong with it, what comes out is text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from html.parser import HTMLParser

from jobs.mail_message import one_line

BODY_MOST = 20_000
FILES_MOST, FILE_NAME_MOST = 20, 200
# Programs in China write the older names, and mean the largest of them.
_LARGER = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030"}
_NO_TEXT = frozenset({"script", "style", "head", "title"})
_LINE_ENDS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "blockquote", "table", "hr"})


def header_text(message: Message, name: str, most: int) -> str:
    """Return a header in plain words, on one line and cut; empty where it is missing."""
    raw = message.get(name)
    if raw is None:
        return ""
    try:
        parts = decode_header(raw)
    except (HeaderParseError, ValueError):
        return clean(one_line(str(raw)))[:most]
    words = "".join(
        part if isinstance(part, str) else decoded(part, charset or "ascii") for part, charset in parts
    )
    return clean(one_line(words))[:most]


def decoded(raw: bytes, charset: str) -> str:
    """Return bytes as text, by the charset that they claim, else by the likeliest."""
    claimed = _LARGER.get(charset.lower(), charset)
    for each in (claimed, "utf-8", "gb18030"):
        try:
            return raw.decode(each)
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1")


def clean(text: str) -> str:
    """Return text that the database can hold: no NUL, no control signs, no half characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in whole if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))


def body_text(message: Message) -> str:
    """Return the text of a mail: its plain part, else the words of its page; empty where it has neither."""
    plain = next(_leaves(message, "text/plain"), None)
    if plain is not None:
        return part_text(plain)
    page = next(_leaves(message, "text/html"), None)
    return words_of_page(part_text(page)) if page is not None else ""


def all_text(message: Message) -> str:
    """Return every text of a mail, one after the other, those of pages as words."""
    plain = [part_text(part) for part in _leaves(message, "text/plain")]
    pages = [words_of_page(part_text(part)) for part in _leaves(message, "text/html")]
    return "\n".join((*plain, *pages))


def part_text(part: Message) -> str:
    """Return the text of one part."""
    raw = part.get_payload(decode=True)
    return clean(decoded(raw, part.get_content_charset() or "utf-8")) if isinstance(raw, bytes) else ""


def file_names(message: Message) -> list[str]:
    """Return the names of what hangs on a mail."""
    found = (_file_name(part) for part in message.walk() if not part.is_multipart())
    return [name for name in found if name][:FILES_MOST]


def _file_name(part: Message) -> str:
    name = part.get_filename()
    if name is None:
        return ""
    holder = Message()
    holder["name"] = name
    return header_text(holder, "name", FILE_NAME_MOST)


def _leaves(message: Message, kind: str) -> Iterator[Message]:
    """Yield the parts of a kind that are meant to be read, without those of a mail within the mail."""
    if message.get_content_type() == "message/rfc822":
        return
    if message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _leaves(part, kind)
    elif message.get_content_type() == kind and message.get_content_disposition() != "attachment":
        yield message


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._left_out = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as called
        self._left_out += tag in _NO_TEXT
        if tag in _LINE_ENDS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._left_out = max(0, self._left_out - (tag in _NO_TEXT))

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self.found.append(" ".join(data.split()) if data.strip() else " ")


def words_of_page(html: str) -> str:
    """Return what a page says, without anything of how it looks or does."""
    words = _Words()
    words.feed(html)
    words.close()
    lines = (" ".join(line.split()) for line in "".join(words.found).split("\n"))
    return "\n".join(line for line in lines if line)
