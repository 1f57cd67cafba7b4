"""Where the demo's dealers stand: real provinces and cities, with the letters of their plates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A city, with the region that serves it and how its plates begin."""

    region: str
    province: str
    city: str
    plate: str


# Region -> province and its sign -> cities with their letter.
_CITIES = {
    "华东": {
        "江苏 苏": "徐州C 盐城J 宿迁N 淮安H",
        "安徽 皖": "阜阳K 亳州S 六安N",
        "山东 鲁": "临沂Q 菏泽R 济宁H 聊城P 潍坊G",
        "浙江 浙": "金华G 台州J",
        "江西 赣": "赣州B 上饶E",
        "福建 闽": "泉州C 漳州E",
    },
    "华北": {
        "河北 冀": "邢台E 邯郸D 保定F 沧州J 衡水T",
        "山西 晋": "长治D 运城M 临汾L",
        "内蒙古 蒙": "赤峰D",
    },
    "华中": {
        "河南 豫": "商丘N 周口P 南阳R 驻马店Q 新乡G",
        "湖北 鄂": "襄阳F 荆州D 黄冈J",
        "湖南 湘": "衡阳D 邵阳E 常德J",
    },
    "华南": {"广东 粤": "湛江G 茂名K", "广西 桂": "南宁A 玉林K", "海南 琼": "海口A"},
    "西南": {
        "四川 川": "绵阳B 南充R 达州S 宜宾Q",
        "重庆 渝": "万州F",
        "贵州 贵": "遵义C 毕节F",
        "云南 云": "曲靖D 昭通C",
    },
    "西北": {
        "陕西 陕": "渭南E 咸阳D 汉中F",
        "甘肃 甘": "天水E 庆阳M",
        "宁夏 宁": "吴忠C",
        "新疆 新": "喀什Q",
    },
    "东北": {"辽宁 辽": "锦州G 铁岭M", "吉林 吉": "四平C", "黑龙江 黑": "绥化M 齐齐哈尔B"},
}

REGIONS = tuple(_CITIES)
PLACES = tuple(
    Place(region, province.split()[0], city[:-1], province.split()[1] + city[-1])
    for region, provinces in _CITIES.items()
    for province, cities in provinces.items()
    for city in cities.split()
)
