"""Masking: what would name a person or a vehicle is taken out of a text before it leaves the centre.

Inside it, phones, plates and frame numbers are masked one by one for readers who need not know them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MASK = "***"

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
# The commonest family names; before a form of address they make a person of the text.
_FAMILY = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_ADDRESSED = "先生|女士|小姐|太太|师傅|经理|总监|主任|店长|老板|主管|顾问|工程师|老师"

# Family names of two characters.
_COMPOUND = "欧阳|司马|上官|诸葛|司徒|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木"
# Full-width signs that join the digits of a number or the parts of an address; others, such as ：and ？, are
# how Chinese is written.
_WIDE_JOINTS = "＋－．＠＿"

# Not part of a longer run of letters or digits, which `\b` can't say beside Chinese characters.
_START, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_GAP = r"[ \-‐-―.·]{0,2}"

_DATE = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")

# A plate: province, letter, five or six signs, with a dot or a blank between.
_PLATE = re.compile(rf"[{_PROVINCES}]\s?[A-Za-z]\s?[·•.\-]?\s?[A-Za-z0-9]{{4,5}}[A-Za-z0-9挂学警港澳电]")
# Mobile numbers in groups, with or without the country's code.
_MOBILE = rf"(?<!\d)(?:\+?0{{0,2}}86{_GAP})?1[3-9]\d(?:{_GAP}\d){{8}}(?!\d)"
_PHONES = tuple(
    re.compile(pattern)
    for pattern in (
        _MOBILE,
        # Landlines and service numbers: 0519-8888 7777, (010)62345678, 400-810-0000.
        rf"[(]?(?<!\d)0\d{{2,3}}[)]?{_GAP}\d{{3,4}}{_GAP}\d{{4}}(?!\d)",
        rf"(?<!\d)[48]00{_GAP}\d{{3,4}}{_GAP}\d{{3,4}}(?!\d)",
        # Telephone numbers of other countries.
        r"(?<![\d+])\+\d{1,3}(?:[ \-.()]{0,2}\d){6,12}(?!\d)",
        r"[(]?(?<!\d)\d{3}[)]?[ \-.]\d{3}[ \-.]\d{4}(?!\d)",
    )
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_PATTERNS = (
    re.compile(r"https?://[^\s，。；）)]+|www\.[^\s，。；）)]+", re.IGNORECASE),
    _EMAIL,
    _PLATE,
    *_PHONES,
    # Messenger names, where they are given as such.
    re.compile(r"(?<=微信号)[:： ]{0,2}[\w\-]{5,}|(?<=微信)[:： ]{0,2}[A-Za-z][\w\-]{5,19}", re.ASCII),
    re.compile(r"(?<=QQ)[:： ]{0,2}\d{5,}"),
)
# Frame, identity, order and contract numbers: long runs with at least five digits in them.
_LONG_RUN = re.compile(rf"{_START}[0-9A-Za-z]+(?:[-_*]+[0-9A-Za-z]+)*{_END}")
_NAMED = re.compile(
    rf"(?!高速)(?:{_COMPOUND}|[{_FAMILY}])(?:[一-鿿]{{1,2}})?(?=(?:{_ADDRESSED}))"
    r"|(?<=我叫)[一-鿿]{2,3}|(?<=我是)[一-鿿]{2,3}(?=[，,。])|(?<=姓名)[:：]?[一-鿿]{2,3}|(?<=车主[:：])[一-鿿]{2,3}"
    r"|(?<=联系人)[:：]\s*[一-鿿]{2,3}"
    r"|(?<=\bMr )[A-Z]\w+|(?<=\bMr\. )[A-Z]\w+|(?<=\bMrs )[A-Z]\w+|(?<=\bMrs\. )[A-Z]\w+"
    r"|(?<=\bMs )[A-Z]\w+|(?<=\bMs\. )[A-Z]\w+|(?<=\bmy name is )[A-Z]\w+(?: [A-Z]\w+)?"
)
_REPEATED = re.compile(rf"{re.escape(MASK)}(?:[\s,，、/;；-]*{re.escape(MASK)})+")
_SHORT_RUN = 7
# In a cell of phones every run of digits is one; a mobile number ends where the next begins.
_PHONE_RUN = re.compile(rf"{_MOBILE}|[(]?\d(?:[ \-‐-―.·()]{{0,2}}\d)+")
_RECORD_NUMBER = re.compile(r"[A-Za-z]{2}-\d{4}-\d+")
# No phone, plate or frame number has fewer digits: most texts are done with one look.
_FEW_DIGITS = re.compile(r"(?:\d\D*){3}")


def plain_text(text: str) -> str:
    """Return `text` on one line, wide letters and digits as plain ones, without invisible signs."""
    normal = "".join(unicodedata.normalize("NFKC", sign) if _is_wide(sign) else sign for sign in text)
    kept = (" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp", "Zs") else sign for sign in normal)
    shown = "".join(sign for sign in kept if unicodedata.category(sign) not in ("Cf", "Cs", "Co"))
    return " ".join(shown.split())


def _is_wide(sign: str) -> bool:
    return ("０" <= sign <= "ｚ" and sign.isalnum()) or sign in _WIDE_JOINTS


def mask(text: str, names: Iterable[str | None] = ()) -> str:
    """Return `text` on one line without phones, plates, frame numbers, other long numbers and names.

    `names` are those known to stand in the record; a name of one character is too common to be looked for.
    """
    masked = plain_text(text)
    for name in sorted({plain_text(name) for name in names if name}, key=len, reverse=True):
        if len(name) > 1 and MASK not in name:
            masked = masked.replace(name, MASK)
    for pattern in _PATTERNS:
        masked = pattern.sub(MASK, masked)
    masked = _LONG_RUN.sub(lambda match: MASK if _is_identifying(match[0]) else match[0], masked)
    masked = _NAMED.sub(MASK, masked)
    return _REPEATED.sub(MASK, masked)


def _is_identifying(run: str) -> bool:
    if len(run) < _SHORT_RUN or _DATE.fullmatch(run):
        return False
    return sum(sign.isdigit() for sign in run) >= 5


def mask_phone(text: str) -> str:
    """Return a cell of phone numbers so that a caller's is recognised, but not learned: 138****5678."""
    return _PHONE_RUN.sub(lambda match: _mask_number(match[0]), plain_text(text))


def _mask_number(number: str) -> str:
    digits = [sign for sign in number if sign.isdigit()]
    if len(digits) < _SHORT_RUN:
        return "****"
    # The begin of a mobile number, with or without the country's code before it, or of an area code.
    begin = digits if digits[0] == "0" and digits[1] != "0" else digits[-11:]
    shown = begin[:3] if len(digits) >= 11 else []
    return "".join([*shown, "****", *digits[-4:][-(len(digits) // 2 - 1) :]])


def mask_plate(text: str) -> str:
    """Return a plate with where it is from and its last two signs: 苏C···12."""
    signs = [sign for sign in plain_text(text) if sign.isalnum()]
    if len(signs) < 6:
        return "···"
    return "".join([*(signs[:2] if signs[0] in _PROVINCES else ()), "···", *signs[-2:]])


def mask_frame_number(text: str) -> str:
    """Return a frame number with its last four signs: ····0042."""
    signs = plain_text(text)
    return "····" if len(signs) < 2 * 4 else f"····{signs[-4:]}"


def mask_email(text: str) -> str:
    """Return an e-mail address with its first sign and where it is kept: w****@qq.com."""
    local, at, host = plain_text(text).rpartition("@")
    return f"{local[:1] if len(local) > 2 else ''}****{at}{host}" if at else "****"


def mask_numbers(text: str, *, phones: bool, plates: bool, frame_numbers: bool, emails: bool) -> str:
    """Return a text, line by line, without what is of these kinds; as it is where none stands in it."""
    if not _FEW_DIGITS.search(text) and not (emails and "@" in text):
        return text
    lines = text.split("\n")
    masked = [
        _mask_line(plain_text(line), phones=phones, plates=plates, frame_numbers=frame_numbers, emails=emails)
        for line in lines
    ]
    changed = [each if each != plain_text(line) else line for line, each in zip(lines, masked, strict=True)]
    return "\n".join(changed)


def _mask_line(line: str, *, phones: bool, plates: bool, frame_numbers: bool, emails: bool) -> str:
    # An address before the digits in it.
    patterns = (*((_EMAIL,) if emails else ()), *(_PHONES if phones else ()), *((_PLATE,) if plates else ()))
    for pattern in patterns:
        line = pattern.sub(MASK, line)
    if frame_numbers:
        line = _LONG_RUN.sub(lambda match: MASK if _may_be_frame_number(match[0]) else match[0], line)
    return line


def _may_be_frame_number(run: str) -> bool:
    return _is_identifying(run) and not _RECORD_NUMBER.fullmatch(run)
