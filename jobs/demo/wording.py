"""Customers' sentences: said in many ways, never twice the same."""

from __future__ import annotations

import random
import re

from jobs.demo.faults import PROBLEM, SALE, SERVICE, Fault

_OPENINGS = {
    PROBLEM: (
        "", "", "", "你好，", "师傅你好，", "喂，", "{model}，", "我这车{used}，", "我的{model}，", "这台{model}，", "跑了{mileage}公里，",
        "车子天天拉货，", "家里老人开的车，", "送快递用的车，", "保养一次没落下，", "邻居同款没事，我这台",
        "在你们网点买的车，", "进城卖菜用的，", "在工地上拉料，", "早上出门，", "昨天下午，", "前几天开始，", "上个月底起，",
    ),
    SERVICE: (
        "", "", "你好，", "我要反映一下，", "说起来就生气，", "本来不想打这个电话，", "{month}月{day}号去的，", "跑了{km}公里路过去，", "第{times}次打电话了，",
        "{model}在保修期里，", "为这事来回{times}趟，", "耽误我好几天活，", "家里就这一辆车，",
    ),
    SALE: (
        "", "", "你好，", "问一下，", "买车的时候讲得好好的，", "{month}月买的{model}，", "提车{days}了，", "收据还在我手上，", "当时有熟人在场，", "我在{dealer}买的车，",
        "合作社一次买了{times}台，",
    ),
}  # fmt: skip
_MIDDLE = {
    PROBLEM: (
        "", "", "", "跟{dealer}说了，让我再观察观察", "去{dealer}看了{times}次都说正常", "自己拧紧过螺丝，没用", "一开始没在意，现在越来越厉害",
        "{dealer}说没有配件", "换过一次，管了{days}", "同村{times}台车都这样", "打电话报修，说师傅排不开", "路上停了{times}回，都是叫人拖的",
        "耽误了一车货", "孩子上学都没法送", "每天少跑{times}趟活", "这两天不敢开了", "拍了视频，可以发给你们", "空车好点，一装货就犯",
        "师傅听了听说是通病", "查了{hours}个小时没查出来", "里程才{mileage}公里",
    ),
    SERVICE: (
        "", "", "问总部也是让等", "让我找{dealer}，{dealer}又让我找厂家", "当时还有别的客户在场", "微信发过去已读不回", "活都让别人接走了", "每次说法都不一样",
        "连句解释都没有", "我录了音", "单子还留着", "隔壁县的网点就不这样", "前后拖了{weeks}", "来回油钱都花了{yuan}", "这态度谁还敢买",
    ),
    SALE: (
        "", "", "去找他们说换了人不知道", "宣传单我还留着", "找经理，经理说活动结束了", "微信聊天记录都在", "介绍我买车的亲戚也没面子", "推来推去没人管",
        "发票和合同都在", "早知道就不买了", "{dealer}说要总部同意",
    ),
}  # fmt: skip
_ENDINGS = (
    "", "", "", "", "希望尽快给处理", "能不能派人来看看", "麻烦给个准话", "请给换新的", "要求按保修处理", "要是再修不好就退车", "请回个电话", "什么时候能解决",
    "别再拖了", "我要一个说法", "等你们电话", "再没人管我就去找市场监督局", "希望厂家重视", "别让老百姓寒心", "修好就行，别的不要求", "误工费怎么算",
)  # fmt: skip
_SLOTS = {
    "rain": ("下雨天", "过个水坑", "淋了一场雨", "一下雨", "雨天骑出去", "路上积水，蹚过去", "前天下大雨", "露天停一晚，雨后"),
    "stops": ("直接不走了", "趴在路上", "走不了", "半路熄火", "推着回来的", "叫人拖回来的", "一动不动", "停在马路中间"),
    "again": ("能走", "恢复", "能动", "有电", "好起来"),
    "loaded": ("拉货", "重载", "拉半车砖", "拉一车菜", "装满货", "拉八百斤粮食", "坐上两个人", "拉沙子"),
    "when": ("起步时", "加速时", "走起来", "松油门时", "爬坡时", "低速时", "热车以后", "早上冷车"),
    "road": ("减速带", "土路", "坑洼路", "石子路", "铁道口", "村口那段路"),
    "danger": ("太危险了", "差点出事", "吓出一身汗", "后面就是大车", "出了事谁负责", "幸好没伤到人", "现在不敢上路", "家里人都不让开了"),
    "dealer": ("经销商", "店里", "维修点", "网点", "县里的店", "卖车的", "服务站", "镇上的维修点"),
    "gift": ("雨棚", "备胎", "一套工具", "头盔和雨衣", "两桶机油", "货厢篷布"),
    "times": ("两", "三", "四", "五", "六"),
    "days": ("两天", "三天", "五天", "一个星期", "七八天", "十来天", "半个月", "20天"),
    "weeks": ("一个星期", "两个星期", "半个月", "三个星期", "一个月", "一个多月", "快两个月"),
    "temp": ("零下三", "零下五", "零下八", "零下十", "零下十二"),
    "part": (
        "控制器", "电机", "后桥油封", "前减震", "充电器", "仪表", "转把", "大灯", "刹车片", "差速器", "轮辋", "电门锁", "转换器", "钢板弹簧",
    ),
}  # fmt: skip
_DEMANDS = {
    PROBLEM: (
        "免费更换{part}",
        "上门维修",
        "保修更换",
        "查明原因",
        "换车",
        "退车退款",
        "修好并延长保修",
        "赔偿误工费{yuan}元",
        "先借一台代步车",
    ),
    SERVICE: (
        "赔礼道歉",
        "尽快发货",
        "换一家网点维修",
        "退还多收的{yuan}元",
        "给出准确时间",
        "处理当事人",
        "派厂家师傅来",
    ),
    SALE: ("兑现承诺", "补偿{yuan}元", "补发{gift}", "退车退款", "给书面答复", "退差价"),
}
# Least, one more than the most, and in steps of what.
_NUMBERS = {
    "km": (3, 12, 5), "mins": (1, 7, 5), "speed": (2, 5, 5), "hours": (2, 14, 1), "cm": (1, 9, 1),
    "yuan": (3, 60, 10), "month": (1, 13, 1), "day": (1, 29, 1), "mileage": (5, 90, 100),
}  # fmt: skip
_SLOT = re.compile(r"\{(\w+)\}")
_LONGEST, _SHORTEST = 120, 20


class Wording:
    """Say faults in words; a text that was said once is not said again."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._said: set[str] = set()

    def complaint(self, fault: Fault, model: str, months: int, mileage: int, part: str | None) -> str:
        """Return what a customer says about a fault, 20 to 120 characters long."""
        facts = {"model": model.partition(" ")[0], "used": _used(months), "mileage": f"{mileage}"}
        while True:
            text = self._text(fault, facts, part)
            if _SHORTEST <= len(text) <= _LONGEST and text not in self._said:
                self._said.add(text)
                return text

    def _text(self, fault: Fault, facts: dict[str, str], part: str | None) -> str:
        choose = self.chance.choice
        first = choose(_OPENINGS[fault.kind]) + choose(fault.says)
        parts = [first, choose(_MIDDLE[fault.kind]), choose(_MIDDLE[fault.kind]), choose(_ENDINGS)]
        if self.chance.random() < 0.5:
            parts.pop(2)
        if len(parts) == 4 and parts[1] == parts[2]:
            parts.pop(2)
        signs = choose(("，", "。", "，", "。", " ", "；"))
        text = signs.join(each for each in parts if each)
        return self.fill(text, facts, part) + choose(("。", "。", "。", "", "！", "！！"))

    def demand(self, fault: Fault, part: str | None) -> str:
        """Return what the customer asks for."""
        return self.fill(self.chance.choice(_DEMANDS[fault.kind]), {}, part)

    def fill(self, text: str, facts: dict[str, str], part: str | None) -> str:
        """Return `text` with its slots filled: `facts` of the vehicle where they are known, else at random."""
        return _SLOT.sub(lambda found: self._slot(found[1], facts, part), text)

    def _slot(self, name: str, facts: dict[str, str], part: str | None) -> str:
        if name in facts:
            return facts[name]
        if name == "part" and part:
            return part
        if name in _SLOTS:
            return self.chance.choice(_SLOTS[name])
        return self._number(name)

    def _number(self, name: str) -> str:
        least, most, step = _NUMBERS[name]
        return f"{self.chance.randrange(least, most) * step}"


def _used(months: int) -> str:
    if months < 1:
        return "买了不到一个月"
    if months < 12:
        return f"用了{months}个月" if months != 6 else "用了半年"
    return "用了一年多" if months < 24 else "用了两年"
