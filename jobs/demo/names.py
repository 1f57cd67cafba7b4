"""Invented people, shops and addresses, as they sound where such vehicles are sold."""

from __future__ import annotations

import random

from jobs.demo.places import Place

# The commonest family names of the mainland, with how many in a thousand people bear them.
_FAMILY = {
    "王": 72, "李": 71, "张": 68, "刘": 54, "陈": 45, "杨": 31, "黄": 23, "赵": 21, "吴": 20, "周": 19,
    "徐": 15, "孙": 14, "马": 13, "朱": 12, "胡": 12, "郭": 11, "何": 11, "林": 11, "高": 10, "罗": 9,
    "郑": 9, "梁": 8, "谢": 7, "宋": 7, "唐": 7, "许": 6, "韩": 6, "邓": 6, "冯": 6, "曹": 6, "彭": 5,
    "曾": 5, "肖": 5, "田": 5, "董": 5, "潘": 5, "袁": 5, "蔡": 5, "蒋": 4, "余": 4, "于": 4, "杜": 4,
    "叶": 4, "程": 4, "魏": 4, "苏": 4, "吕": 4, "丁": 4, "任": 4, "卢": 4, "姚": 4, "沈": 4, "钟": 4,
    "姜": 4, "崔": 3, "谭": 3, "陆": 3, "范": 3, "汪": 3, "廖": 3, "石": 3, "金": 3, "韦": 3, "贾": 3,
    "夏": 3, "付": 3, "方": 3, "邹": 3, "熊": 3, "白": 3, "孟": 3, "秦": 3, "邱": 3, "侯": 2, "江": 2,
    "尹": 2, "薛": 2, "闫": 2, "段": 2, "雷": 2, "龙": 2, "黎": 2, "史": 2, "陶": 2, "贺": 2, "毛": 2,
    "郝": 2, "顾": 2, "龚": 2, "邵": 2, "万": 2, "覃": 2, "武": 2, "钱": 2, "戴": 2, "严": 2, "莫": 2,
    "孔": 2, "向": 2, "常": 2, "欧阳": 1,
}  # fmt: skip
_FAMILY_NAMES, _FAMILY_WEIGHTS = tuple(_FAMILY), tuple(_FAMILY.values())
_MAN_FIRST = "建国永志海文德明振兴长保春庆玉宏世晓俊立学正福光新家少东金云"
_MAN_LAST = "军强平伟林华明峰成刚涛生勇波龙国民祥义才山辉斌友贵良胜安利东"
_WOMAN_FIRST = "秀桂玉春红丽小凤晓淑美金雪翠海彩云爱素艳"
_WOMAN_LAST = "英兰芳梅珍霞荣琴莲红娟敏玲华香燕萍霞丽云"
_SINGLE = "军伟强磊洋勇杰涛超明刚平辉鹏斌波峰亮丽艳娟霞敏静玲红燕"

_SHOPS = [
    "宏达",
    "顺发",
    "鑫源",
    "众诚",
    "永盛",
    "金轮",
    "远航",
    "联众",
    "兴农",
    "恒通",
    "利民",
    "惠农",
    "飞驰",
    "广源",
    "福运",
    "安顺",
    "瑞丰",
    "长兴",
    "百顺",
    "亨达",
]
_SHOP_ENDS = (
    "三轮车行",
    "电动车经营部",
    "车业有限公司",
    "电动三轮车专卖店",
    "农机车辆销售中心",
    "车辆销售有限公司",
)
_ROADS = [
    "人民路",
    "建设路",
    "解放路",
    "新华街",
    "工业路",
    "东环路",
    "西环路",
    "和平路",
    "幸福街",
    "迎宾大道",
    "文化路",
    "农贸街",
    "车站路",
    "黄河路",
    "振兴路",
]
_TOWNS = [
    "城关镇",
    "大王镇",
    "双桥镇",
    "龙泉镇",
    "青山镇",
    "新集镇",
    "柳河镇",
    "石桥镇",
    "高庙镇",
    "三合镇",
    "太平镇",
    "白沙镇",
    "永安镇",
    "黄庄镇",
]
_VILLAGE_ENDS = ("庄", "集", "楼", "营", "家沟", "家湾", "寨", "家坝", "屯", "桥")
_FIRMS = (
    "速递服务部", "果蔬批发行", "环卫保洁有限公司", "建材经营部", "水果合作社", "物业服务有限公司",
    "桶装水配送站", "废旧物资回收站", "养殖专业合作社", "家具配送中心",
)  # fmt: skip


def person(chance: random.Random) -> str:
    """Return a name: family names as common as they are, given names of one or two characters."""
    family = chance.choices(_FAMILY_NAMES, _FAMILY_WEIGHTS)[0]
    kind = chance.random()
    if kind < 0.14:
        return family + chance.choice(_SINGLE)
    if kind < 0.72:
        return family + chance.choice(_MAN_FIRST) + chance.choice(_MAN_LAST)
    return family + chance.choice(_WOMAN_FIRST) + chance.choice(_WOMAN_LAST)


def phone(serial: int) -> str:
    """Return a number in the form of a mobile one, of the 170-0000 block, which is nobody's."""
    return f"1700000{serial * 7919 % 10_000:04}"


def firm(chance: random.Random, place: Place) -> str:
    """Return the name of a company or co-operative that owns some vehicles."""
    return f"{place.city}{chance.choice(_SHOPS)}{chance.choice(_FIRMS)}"


def shop(chance: random.Random, place: Place) -> str:
    """Return the name of a dealer."""
    return f"{place.city}{chance.choice(_SHOPS)}{chance.choice(_SHOP_ENDS)}"


def street(chance: random.Random, place: Place) -> str:
    """Return an address in the city."""
    return f"{_home(place)}{chance.choice(_ROADS)}{chance.randrange(1, 420)}号"


def address(chance: random.Random, place: Place) -> str:
    """Return where a customer lives: more often in a village than in the city."""
    if chance.random() < 0.35:
        return f"{street(chance, place)}{chance.choice(('', '', f'小区{chance.randrange(1, 30)}栋'))}"
    village = chance.choice(_FAMILY_NAMES[:60]) + chance.choice(_VILLAGE_ENDS)
    return f"{_home(place)}{chance.choice(_TOWNS)}{village}村{chance.randrange(1, 16)}组"


def _home(place: Place) -> str:
    if place.province == "重庆":
        return f"重庆市{place.city}区"
    ends = {"内蒙古": "自治区", "广西": "壮族自治区", "宁夏": "回族自治区", "新疆": "维吾尔自治区"}
    kind = "地区" if place.city == "喀什" else "市"
    return f"{place.province}{ends.get(place.province, '省')}{place.city}{kind}"
