from __future__ import annotations

import pytest

from models.masking import (
    MASK,
    mask,
    mask_email,
    mask_frame_number,
    mask_numbers,
    mask_phone,
    mask_plate,
    plain_text,
)


@pytest.mark.parametrize(
    "secret",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+86 138 1234 5678",
        "0086-13812345678",
        "１３８１２３４５６７８",
        "138　1234　5678",
        "１３８－１２３４－５６７８",
        "138．1234．5678",
        "138\u200b1234\u200b5678",
        "0519-88887777",
        "(010)62345678",
        "010 6234 5678",
        "400-810-0000",
        "4008100000",
        "+49 170 1234567",
        "(555) 123-4567",
        "苏D12345",
        "苏D·A1234",
        "京A D12345",
        "沪AD12345F",
        # New energy: six signs, the D or F of a small vehicle first, of a large one last.
        "苏AF12345",
        "粤B12345D",
        "苏ａＤ１２３４５",
        "lsvam4187c2184847",
        "粤B1234学",
        "LSVAM4187C2184847",
        "HS150-2024-000123",
        "LHS00000000001234",
        "320402199001011234",
        "32040219900101123X",
        "20240310233549544850",
        "zhang.san@example.com",
        "ＺＨＡＮＧ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "ｚｈａｎｇ＿ｓａｎ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "zhang_san+1@mail.example.com.cn",
        "https://example.com/x?id=1",
        "www.example.com/a",
    ],
)
@pytest.mark.parametrize("around", ["我的是{}，请联系", "电话：{}。", "{}", "a {} b"])
def test_what_names_a_person_or_vehicle_is_masked(secret: str, around: str) -> None:
    masked = mask(around.format(secret))
    assert MASK in masked
    digits = "".join(sign for sign in plain_text(secret) if sign.isdigit())
    assert not digits or digits[-4:] not in masked.replace(MASK, "")
    assert secret not in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("微信:zhangsan88 联系我", f"微信{MASK} 联系我"),
        ("加微信号 wx_12345 谢谢", f"加微信号{MASK} 谢谢"),
        ("我叫张伟明，车坏了", f"我叫{MASK}，车坏了"),
        ("王师傅说没配件", f"{MASK}师傅说没配件"),
        ("欧阳先生来电", f"{MASK}先生来电"),
        ("诸葛明经理同意了", f"{MASK}经理同意了"),
        ("销售李小姐答应过", f"销售{MASK}小姐答应过"),
        ("联系人：张三", f"联系人{MASK}"),
        ("姓名:李四 男", f"姓名{MASK} 男"),
        ("my name is John Smith and it broke", f"my name is {MASK} and it broke"),
        ("Mr Miller called", f"Mr {MASK} called"),
    ],
)
def test_names_are_masked_where_the_text_says_they_are_names(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_names_of_the_record_are_masked_wherever_they_stand() -> None:
    assert mask("欧阳修文的车，欧阳修文不满意", ["欧阳修文"]) == f"{MASK}的车，{MASK}不满意"
    assert mask("一辆车", ["一", None, ""]) == "一辆车"
    assert mask("张三丰来电，张三也来电", ["张三", "张三丰"]) == f"{MASK}来电，{MASK}也来电"


@pytest.mark.parametrize(
    "text",
    [
        "行驶35487公里后电机异响",
        "2024年3月10日购买，不到6个月",
        "20240310购买",
        "2017款 380TSI 自动四驱",
        "花了139800元",
        "故障码P0420，胎压2.4",
        "100km/h时抖动",
        "师傅说没问题",
        "高速上经理论速度120",
    ],
)
def test_figures_that_tell_about_the_fault_stay(text: str) -> None:
    assert mask(text) == text


def test_several_in_a_row_become_one_mask() -> None:
    assert mask("电话13812345678、13912345678 / 0519-88887777") == f"电话{MASK}"


def test_a_text_of_several_lines_becomes_one_without_invisible_signs() -> None:
    text = "电\u200b机\u2028异响\r\n\x00Ａ１\u202e"
    assert plain_text(text) == "电机 异响 A1"
    assert "\n" not in mask(text)


def test_the_signs_of_chinese_writing_stay_as_they_are() -> None:
    text = "控制器进水：该批次停用，这是什么质量？！（第２次）"
    assert plain_text(text) == "控制器进水：该批次停用，这是什么质量？！（第2次）"
    assert mask("车主：李明，电话：１３８１２３４５６７８") == f"车主：{MASK}，电话：{MASK}"


def test_a_mask_of_a_mask_is_the_same() -> None:
    once = mask("王师傅 13812345678 苏D12345")
    assert mask(once) == once


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138****5678"),
        ("+86 138-1234-5678", "138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
        ("0516-83123456", "051****3456"),
        ("(0516) 8312 3456", "051****3456"),
        ("83123456", "****456"),
        ("8312345", "****45"),
        ("110", "****"),
        ("138 1234 5678 / 13987654321 王师傅", "138****5678 / 139****4321 王师傅"),
        ("13812345678 13987654321", "138****5678 139****4321"),
    ],
)
def test_a_phone_keeps_its_begin_and_its_end(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("plate", "masked"),
    [
        ("苏C12312", "苏C···12"),
        ("苏C·D1234", "苏C···34"),
        ("苏 C 12345", "苏C···45"),
        ("AB12345", "···45"),
        ("12345", "···"),
    ],
)
def test_a_plate_keeps_where_it_is_from_and_its_end(plate: str, masked: str) -> None:
    assert mask_plate(plate) == masked


def test_a_frame_number_keeps_four_signs_and_a_short_one_none() -> None:
    assert mask_frame_number("LHS00000000000042") == "····0042"
    assert mask_frame_number("1234567") == "····"


def test_an_address_keeps_its_first_sign_and_where_it_is_kept() -> None:
    assert mask_email("wang@qq.com") == "w****@qq.com"
    assert mask_email("w@qq.com") == "****@qq.com"
    assert mask_email("wang") == "****"


def test_a_text_loses_only_the_kinds_that_are_asked_for() -> None:
    text = (
        "车架LHS00000000000042，车牌苏C12345，\n电话１３８１２３４５６７８，"
        "邮箱wang@qq.com，见TS-2026-000123，2024年3月批次"
    )
    assert mask_numbers(text, phones=True, plates=True, frame_numbers=True, emails=True) == (
        f"车架{MASK}，车牌{MASK}，\n电话{MASK}，邮箱{MASK}，见TS-2026-000123，2024年3月批次"
    )
    assert mask_numbers(text, phones=False, plates=True, frame_numbers=False, emails=False) == text.replace(
        "苏C12345", MASK
    )


def test_a_text_without_numbers_stays_as_it_is() -> None:
    text = "　电机  异响\r\n12 次"
    assert mask_numbers(text, phones=True, plates=True, frame_numbers=True, emails=True) == text
