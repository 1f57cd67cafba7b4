from __future__ import annotations

from datetime import date
from itertools import count

from models.masking import MASK
from models.quotation import LONGEST, SHORTEST, Heard, choose, sentences

_ids = count(1)


def heard(text: str, product: str | None = None, on: date = date(2024, 3, 6), **attributes: object) -> Heard:
    key = next(_ids)
    return Heard(key, f"TS-{key}", on, text, product, attributes.pop("dealer_id", None), **attributes)  # type: ignore[arg-type]


SYMPTOM = "行驶两个月后电机异响，上坡时明显抖动。"
DEMAND = "希望厂家尽快解决问题，给消费者一个说法！"


def test_the_sentence_with_the_symptom_is_chosen_over_demands() -> None:
    chosen = choose([heard(f"你好！{DEMAND}{SYMPTOM}要求赔偿损失，维护消费者权益。")], "电机")
    assert chosen is not None
    assert chosen.text == SYMPTOM


def test_a_list_is_read_point_by_point() -> None:
    assert sentences("1、电机异响；2、刹车失灵\n（3）充电器发热，") == [
        "电机异响;",
        "刹车失灵",
        "充电器发热",
    ] or sentences("1、电机异响；2、刹车失灵\n（3）充电器发热，") == ["电机异响", "刹车失灵", "充电器发热"]


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
