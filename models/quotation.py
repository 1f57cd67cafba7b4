"""Choosing the one sentence of a customer that says most about a subject."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from models.masking import MASK, mask, plain_text

# Signs of a sentence that a reader takes in at one glance on a phone.
SHORTEST, LONGEST = 12, 72
_BEST = range(18, 56)
# Latin script takes about twice the signs for the same words.
_LATIN_FACTOR = 2

_SENTENCE_END = re.compile(
    r"(?<=[。！？!?；;])\s*|(?<=[a-z]\.)\s+|[\r\n]+|(?<!\d)(?=(?:[1-9]|[(（][1-9][)）])[、．]\D)"
)
_LEADING = re.compile(
    # Before a digit the sign is no list's: 1.5 km, 2、3 days, 12:30.
    r"^(?:[(（]?[0-9一二三四五六七八九十]{1,2}(?:[)）]|[、，,.．:：](?!\d))\s*)+|^[\s,，、。；;:：!！?？~～…\-\"”’]+"
)
_DANGLING = re.compile(
    r"^(?:所以|因此|但是?|而且|并且|然后|于是|另外|此外|同时|其次|再者|综上|因为|不过|况且|还有|后来|最后|总之)"
    r"|^[这那其它]"
    r"|^(?:and|but|so|then|it|this|that|because)\b",
    re.IGNORECASE,
)
# Demands, threats, law and manners: true, but they don't tell what is wrong.
_EMPTY_TALK = re.compile(
    r"希望|要求|请求|恳请|请.{0,6}(?:解决|处理|回复|重视)|投诉|维权|消费者|三包|权益|法律|诉求|赔偿|给.{0,4}说法|"
    r"谢谢|感谢|无语|垃圾|坑人|厂家(?:尽快|不)|没有?解决|未解决|没有?进展|hope|demand|thank|refund|unacceptable",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"\d+(?:\.\d+)?\s*(?:万?公里|km|公里|千米|迈|度|天|个?月|年|次|小时|分钟|毫米|mm|cm|伏|V|安|A|转|%|％|℃|升|L|米|处|个)",
    re.IGNORECASE,
)
_SYMPTOM = re.compile(
    r"异响|抖动|漏|断裂|开裂|裂|锈|卡|松|脱落|失灵|失效|故障灯|报警|黑屏|熄火|不(?:亮|动|转|着|启动|制冷|充电)|"
    r"无法|打不着|跳|顿挫|发热|冒烟|起火|烧|磨损|跑偏|变形|进水|起泡|鼓包|掉漆|充不|衰减|续航|刹车|异味|停(?:车|机)|"
    r"等了|拖|推诿|拒绝|未(?:告知|通知|到)|缺货|没货|noise|leak|crack|stall|fail|broke|rust|fire|shut|warning|brake",
    re.IGNORECASE,
)
_SAFETY = re.compile(r"高速|行驶(?:中|过程)|突然|失控|安全|起火|driving|highway|sudden", re.IGNORECASE)
_HAN = re.compile(r"[㐀-鿿]")


@dataclass(frozen=True, slots=True)
class Heard:
    """One complaint as far as a quotation needs it; `names` are masked where they occur."""

    complaint_id: int
    number: str
    on: date
    text: str
    product: str | None
    dealer_id: int | None
    fault: str | None = None
    names: tuple[str | None, ...] = ()
    is_grave: bool = False


@dataclass(frozen=True, slots=True)
class Quotation:
    """A masked sentence, and the complaint that it stands in."""

    text: str
    source: Heard


def choose(
    heard: Iterable[Heard],
    topic: str,
    used_products: Iterable[str] = (),
    used_dealers: Iterable[int] = (),
    used_texts: Iterable[str] = (),
) -> Quotation | None:
    """Return the sentence that says most about `topic`, None where none is fit to be quoted.

    Products, dealers and texts already quoted elsewhere count against a sentence, so that five quotations
    come from different corners.
    """
    products, dealers, texts = set(used_products), set(used_dealers), set(used_texts)
    best: tuple[float, date, int] | None = None
    chosen: Quotation | None = None
    for item in heard:
        bonus = 1.5 * item.is_grave - 1.5 * (item.product in products) - 1.5 * (item.dealer_id in dealers)
        for sentence in sentences(item.text):
            masked = mask(sentence, item.names)
            if masked in texts:
                continue
            about = _overlap(masked, f"{topic} {item.fault or ''}")
            rank = (_worth(masked) + bonus + about, item.on, item.complaint_id)
            if _fits(masked) and (best is None or rank > best):
                best, chosen = rank, Quotation(masked, item)
    return chosen


def sentences(text: str) -> Sequence[str]:
    """Return the sentences of `text`, without list numbers; one that is too long is cut at a comma."""
    found = []
    for raw in _SENTENCE_END.split(text):
        sentence = _LEADING.sub("", plain_text(raw)).rstrip("，,、;； ")
        if sentence:
            found.append(_shortened(sentence))
    return found


def _shortened(sentence: str) -> str:
    room = _room(sentence)
    if len(sentence) <= room:
        return sentence
    cut = max(sentence.rfind(sign, 0, room) for sign in "，,、 ")
    return sentence[: cut if cut > room // 2 else room - 1].rstrip("，,、 ") + "…"


def _room(sentence: str) -> int:
    return LONGEST if _HAN.search(sentence) else LONGEST * _LATIN_FACTOR


def _fits(sentence: str) -> bool:
    words = sentence.replace(MASK, "")
    return len(words) >= SHORTEST and len(sentence) <= _room(sentence) and sentence.count(MASK) <= 2


def _overlap(sentence: str, topic: str) -> float:
    """Count, up to three, the pairs of characters that the sentence shares with what it should be about."""
    pairs = {first + second for first, second in pairwise(topic) if " " not in (first, second)}
    return float(min(sum(pair in sentence for pair in pairs), 3))


def _worth(sentence: str) -> float:
    """Rank a sentence: symptom and measure count for it, empty talk and loose ends against it."""
    length = len(sentence) if _HAN.search(sentence) else len(sentence) // _LATIN_FACTOR
    worth = 2.0 if length in _BEST else 0.0
    worth += min(len(set(_SYMPTOM.findall(sentence))), 3) * 1.5
    worth += min(len(_MEASURE.findall(sentence)), 2) * 1.0
    worth += 1.0 if _SAFETY.search(sentence) else 0.0
    worth -= min(len(_EMPTY_TALK.findall(sentence)), 3) * 1.5
    worth -= 2.0 if _DANGLING.match(sentence) else 0.0
    worth -= 1.0 if sentence.endswith("…") else 0.0
    worth -= 1.0 * sentence.count(MASK)
    return worth
