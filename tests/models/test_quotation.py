from __future__ import annotations

from datetime import date
from itertools import count

import pytest

from models.masking import MASK, plain_text
from models.quotation import LONGEST, SHORTEST, Heard, choose, sentences

_ids = count(1)


def heard(text: str, product: str | None = None, on: date = date(2024, 3, 6), **attributes: object) -> Heard:
    key = next(_ids)
    return Heard(key, f"TS-{key}", on, text, product, attributes.pop("dealer_id", None), **attributes)


SYMPTOM = "行驶两个月后电机异响，上坡时明显抖动。"
DEMAND = "希望厂家尽快解决问题，给消费者一个说法！"


def test_the_sentence_with_the_symptom_is_chosen_over_demands() -> None:
    chosen = choose([heard(f"你好！{DEMAND}{SYMPTOM}要求赔偿损失，维护消费者权益。")], "电机")
    assert chosen is not None
    assert chosen.text == SYMPTOM


def test_a_list_is_read_point_by_point() -> None:
    found = sentences("1、电机异响；2、刹车失灵\n（3）充电器发热，")
    assert found == ["电机异响", "刹车失灵", "充电器发热"]


def test_too_short_too_long_and_mostly_masked_ones_are_not_quoted() -> None:
    assert choose([heard("没有进展")], "电机") is None
    assert choose([heard("")], "电机") is None
    assert choose([heard("13812345678，苏D12345，13912345678 谢谢，LSVAM4187C2184847")], "电机") is None
    long = choose([heard("车子" * 200)], "电机")
    assert long is None or len(long.text) <= LONGEST
    cut = choose([heard("行驶途中电机突然异响，" * 20)], "电机")
    assert cut is not None
    assert SHORTEST <= len(cut.text) <= LONGEST
    assert cut.text.endswith("…")


def test_the_latest_of_equals_is_chosen() -> None:
    older, newer = heard(SYMPTOM, on=date(2024, 3, 4)), heard(SYMPTOM, on=date(2024, 3, 9))
    chosen = choose([newer, older], "电机")
    assert chosen is not None
    assert chosen.source is newer


def test_quotations_come_from_different_products_dealers_and_never_say_the_same() -> None:
    first, second = heard(SYMPTOM, "HS-150"), heard("刹车片磨损严重，踩下去有异响。", "HS-200")
    chosen = choose([first, second], "", used_products=["HS-150"])
    assert chosen is not None
    assert chosen.source is second
    again = choose([first], "电机", used_texts=[SYMPTOM])
    assert again is None
    near, far = heard(SYMPTOM, dealer_id=1), heard(SYMPTOM.replace("两", "三"), dealer_id=2)
    other = choose([near, far], "电机", used_dealers=[1])
    assert other is not None
    assert other.source is far


def test_what_the_complaint_is_about_counts() -> None:
    chosen = choose(
        [
            heard("方向盘卡滞，转弯时异响，行驶20公里就出现。", fault="续航"),
            heard("电池续航衰减，只跑20公里就没电。", fault="续航"),
        ],
        "电池",
    )
    assert chosen is not None
    assert chosen.text.startswith("电池")


def test_a_grave_complaint_speaks_first() -> None:
    plain, grave = (
        heard("行驶中电机异响，速度上不去。"),
        heard("行驶中电机抖动，速度上不去。", is_grave=True, on=date(2024, 3, 4)),
    )
    chosen = choose([plain, grave], "电机")
    assert chosen is not None
    assert chosen.source is grave


def test_the_customers_name_is_masked() -> None:
    chosen = choose([heard("张伟明的车行驶2000公里后电机异响，无法启动。", names=("张伟明",))], "电机")
    assert chosen is not None
    assert chosen.text.startswith(MASK)
    assert "张伟明" not in chosen.text


def test_english_is_read_too() -> None:
    chosen = choose(
        [heard("Please refund me. The motor stalled twice on the highway after 300 km. I hope you answer.")],
        "Motor",
    )
    assert chosen is not None
    assert chosen.text == "The motor stalled twice on the highway after 300 km."


@pytest.mark.parametrize(
    "sentence",
    [
        "1.5万公里电机异响",
        "1．5万公里电机异响",
        "12:30左右突然断电",
        "2、3天后又漏油",
        "2024年买的车",
        "380公里后后桥漏油",
    ],
)
def test_a_figure_at_the_beginning_is_no_list_number(sentence: str) -> None:
    assert sentences(sentence) == [plain_text(sentence)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n。 ，，", []),
        ("漏油！！没人管？", ["漏油！", "没人管？"]),
        ("一、漏油\n二、异响", ["漏油", "异响"]),
        ("1，转向柱异响", ["转向柱异响"]),
        ("1. 漏油\n2) 异响\n3：生锈", ["漏油", "异响", "生锈"]),
        ("The motor broke. It is loud.", ["The motor broke.", "It is loud."]),
        ("胎压2.4，故障码P0420。", ["胎压2.4，故障码P0420。"]),
        ("……，、漏油", ["漏油"]),
    ],
)
def test_a_text_is_cut_into_its_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        # A symptom over none, a measure over none, safety over none.
        ("起步的时候电机异响并且明显抖动。", "起步的时候总觉得哪里不太对劲啊。"),
        ("行驶了大约35公里以后车子就没劲了。", "行驶了那么一小会儿车子就没劲了啊。"),
        ("正常使用当中电机一下子就失控了呀。", "正常使用当中电机一下子就没劲了呀。"),
        # What stands alone over what hangs on the sentence before.
        ("每次充电的时候插头旁边一直发热得很厉害。", "而且充电的时候插头旁边一直发热得很厉害。"),
        # What is whole over what had to be cut or masked; facts over demands.
        ("电机在上坡的时候一直会有很大的异响声。", "电机在上坡的时候会有很大的异响声" + "，真是的" * 30),
        ("电机在上坡的时候一直会有很大的异响声。", "电机在上坡的时候13812345678一直会有很大的异响声。"),
        ("电机在上坡的时候一直会有很大的异响声。", "电机在上坡的时候有很大的异响声，要求赔偿。"),
        ("电机在上坡的时候一直会有很大的异响声。", "电机异响。"),
    ],
)
def test_of_two_sentences_the_one_that_says_more_is_chosen(better: str, worse: str) -> None:
    # The worse one is the later one, which would win between equals.
    first, second = heard(better, on=date(2024, 3, 4)), heard(worse, on=date(2024, 3, 9))
    chosen = choose([first, second], "")
    assert chosen is not None
    assert chosen.source is first


@pytest.mark.parametrize(
    ("text", "is_fit"),
    [
        ("电" * (SHORTEST - 1), False),
        ("电" * SHORTEST, True),
        ("电" * LONGEST, True),
        ("1" * 7 + "电" * (SHORTEST - 1), False),
        ("苏D12345电机异响，13812345678说没有配件，LSVAM4187C2184847没人管", False),
        ("苏D12345的电机一直有异响，13812345678打过去也没人管", True),
    ],
)
def test_what_is_fit_to_be_quoted_has_enough_words_and_few_masks(text: str, is_fit: bool) -> None:
    assert (choose([heard(text)], "") is not None) == is_fit


def test_nobody_is_quoted_where_nobody_said_anything() -> None:
    assert choose([], "电机") is None


def test_a_product_or_dealer_quoted_before_is_quoted_again_where_there_is_no_other() -> None:
    only = heard(SYMPTOM, "HS-150", dealer_id=1)
    chosen = choose([only], "电机", used_products=["HS-150"], used_dealers=[1])
    assert chosen is not None
    assert chosen.source is only
