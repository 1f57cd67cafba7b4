"""What goes wrong with the demo's vehicles and services, and how customers say it.

Signs in braces are slots that wording.py fills.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from jobs.demo.days import cold_season, wet_season
from models.complaint import Cause

PROBLEM, SERVICE, SALE = "problem", "service", "sale"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that customers complain about; `part` is None where no part is to blame."""

    subject: str
    part: str | None
    short: str
    weight: float
    says: tuple[str, ...]
    repair: str = ""
    cost: int = 0
    is_dangerous: bool = False
    cause: Cause = Cause.POOR_QUALITY
    season: Callable[[date], float] | None = None
    kind: str = PROBLEM


WATER_IN_CONTROLLER = Fault(
    "controller", "KP-02", "控制器进水", 3,
    (
        "{rain}控制器就报警，车子{stops}", "控制器里面进水了，拆开一看全是水珠，{stops}",
        "{rain}一拧转把没反应，师傅说是控制器进水烧了", "控制器密封圈没压好，{rain}就短路，保险都烧黑了",
        "洗车的时候溅了点水，控制器就坏了，{stops}", "{rain}仪表报控制器故障，推回家晾干了才{again}",
        "控制器插头那里有水，绿锈都长出来了，{stops}", "控制器进水短路，{loaded}走到半路{stops}",
    ),
    "更换控制器，重新打胶密封", 320, False, Cause.POOR_QUALITY, wet_season,
)  # fmt: skip

FAULTS = (
    WATER_IN_CONTROLLER,
    Fault("controller", "KP-02", "控制器过热保护", 3, (
        "控制器烫得不能摸，{loaded}爬坡就断电", "跑{km}公里控制器就过热保护，歇{mins}分钟才能走",
        "控制器里有股糊味，加速一顿一顿的", "控制器换过一个，{weeks}又烧了", "{loaded}起步时控制器嗡嗡响，然后就没电了",
        "控制器坏了以后倒档和前进档分不清，吓人", "转把拧到底只能跑{speed}码，师傅说控制器限流了"),
        "更换控制器，检查电机相线", 320),
    Fault("motor", "KP-01", "电机异响", 6, (
        "电机{when}有异响，像石头在里面滚", "电机嗡嗡响，{loaded}上坡没劲", "起步的时候电机咔咔响，{speed}码以上更明显",
        "电机轴承响，{dealer}给打了黄油，{days}又响", "电机声音越来越大，坐车上都震手", "倒车的时候电机哒哒哒地响，前进又好一点"),
        "更换电机轴承", 180),
    Fault("motor", "KP-01", "电机过热无力", 4, (
        "电机烫手，跑{km}公里就没劲", "{loaded}爬坡电机发烫，闻到焦味", "电机霍尔坏了，一走一抖，{stops}",
        "新车电机没力气，空车还行，{loaded}连桥都上不去", "电机进过一次水，现在一抖一抖的，{speed}码都跑不到"),
        "更换电机总成", 860),
    Fault("rear_axle", "KP-03", "后桥漏油", 5, (
        "后桥漏油，轮毂边上全是油", "后桥油封漏油，刹车片都浸透了", "停一晚上后桥下面就是一摊油",
        "后桥换了油封，{days}又漏", "后桥壳有砂眼，一直渗油，擦了又有", "左边半轴油封漏油，甩得轮胎上都是"),
        "更换后桥油封，补加齿轮油", 120),
    Fault("rear_axle", "KP-03", "后桥异响", 3, (
        "后桥{when}呜呜响，{loaded}更响", "松油门的时候后桥有撞击声", "后桥齿轮打坏了，{loaded}走到半路{stops}",
        "半轴断了，轮子差点掉下来，{danger}"), "更换主减速齿轮", 420),
    Fault("differential", "KP-04", "差速器打齿", 4, (
        "转弯的时候差速器咔咔响，{loaded}更厉害", "差速器打齿了，一边轮子不转", "差速器换了{weeks}又响，{dealer}说都这样",
        "过{road}一颠差速器就咣当一声", "差速器里倒出来的油全是铁屑"), "更换差速器总成", 380),
    Fault("frame", "KP-05", "车架焊缝开裂", 3, (
        "车架大梁焊口开裂，{loaded}更不敢跑，{danger}", "货厢和车架连接的地方裂了{cm}公分",
        "车架前叉根部焊缝裂了，补焊过一次又裂", "座桶下面的横梁断了，才{used}", "后减震支座从车架上撕下来了，{danger}",
        "车架锈穿了一个洞，油漆太薄"), "补焊加固车架", 200, True),
    Fault("front_shock_absorber", "KP-06", "前减震漏油", 4, (
        "前减震漏油，过{road}硬邦邦的", "前减震过减速带当当响", "左边前减震弯了，方向往一边跑",
        "两根前减震都漏油，{used}就这样", "前减震没有回弹，手震得发麻", "换的前减震比原来的短一截，车头低着"),
        "更换前减震器", 160),
    Fault("wheel_rim", "KP-07", "轮辋焊合开裂", 3, (
        "轮辋焊缝开裂，天天早上要打气", "后轮轮辋裂了{cm}公分，{danger}", "钢圈焊口漏气，补胎的说不是轮胎的事",
        "轮辋偏摆，{speed}码就晃", "轮辋螺丝孔磨成椭圆了，{loaded}轮子晃得厉害"), "更换轮辋焊合件", 140, True),
    Fault("battery", "BT-01", "电池续航衰减", 8, (
        "电池{used}就跑不远了，充满只能跑{km}公里", "天一冷电池就不行，早上满格，{km}公里就报警",
        "一组电池里有两块鼓包", "充一晚上电，{loaded}跑{km}公里就没电", "电池掉电快，表上还有两格突然就没了",
        "说好跑八十公里，现在{km}公里都悬", "电池充不进电，充电器一直红灯", "换了一块电池，{weeks}另外几块也不行了"),
        "检测电池组，更换单体电池", 260, False, Cause.POOR_QUALITY, cold_season),
    Fault("battery", "BT-02", "锂电池保护板断电", 3, (
        "锂电池跑着跑着保护板断电，{stops}", "锂电池低温充不进去，{temp}度就罢工", "锂电池通讯故障，仪表不显示电量",
        "锂电池用了{used}只剩一半电", "锂电池仓锁不住，过{road}就松"), "更换保护板，刷新程序", 480, False,
        Cause.POOR_QUALITY, cold_season),
    Fault("charger", "CH-01", "充电器不充电", 4, (
        "充电器不转灯，充了{hours}个小时还是红灯", "充电器烫得厉害，外壳都变形了，{danger}", "充电器风扇不转，有糊味",
        "充电器一插上家里就跳闸", "原装充电器坏了，{dealer}说不在保修里"), "更换充电器", 130),
    Fault("brakes", "BR-01", "制动力不足", 5, (
        "刹车不灵，{loaded}下坡根本刹不住，{danger}", "后刹抱死，轮毂冒烟", "刹车片{used}就磨到铁了，吱吱响",
        "刹车踩到底才有一点，调了{times}次没用", "下雨天刹车打滑，{danger}", "手刹拉满了车还往后溜"),
        "更换制动蹄片，调整间隙", 90, True),
    Fault("brakes", "BR-02", "刹车拉线断", 2, (
        "刹车拉线断了，幸亏车速慢，{danger}", "刹车线生锈卡住，捏下去不回", "脚刹拉杆掉了，开口销没装"),
        "更换刹车拉线", 45, True),
    Fault("steering", "ST-01", "方向沉重跑偏", 3, (
        "方向沉，转弯要用很大劲", "方向把往左偏，直路上要一直掰着", "方向柱轴承松了，{speed}码就摆头，{danger}",
        "方向把立管螺丝滑丝，拧不紧", "打方向有咯噔声，{road}上更响"), "更换方向柱轴承，调整前束", 110, True),
    Fault("suspension", "SP-01", "钢板弹簧断裂", 3, (
        "后钢板断了一片，{loaded}才{used}", "钢板弹簧吊耳响得烦人", "后钢板塌了，货厢歪一边", "钢板骑马螺栓断了两根，{danger}"),
        "更换钢板弹簧总成", 220),
    Fault("wheels", "WH-01", "轮胎早期磨损", 2, (
        "外胎{used}就磨平了，一边吃胎", "轮胎起包，{danger}", "轮胎老跑气，气门嘴漏", "备胎和车上的胎型号不一样，装不上"),
        "更换外胎，四轮校正", 150),
    Fault("electrics", "LT-01", "大灯不亮", 3, (
        "大灯不亮，晚上没法出车", "大灯进水起雾，照不远", "转向灯一边快一边慢，换了灯泡也不行", "喇叭不响，下雨天更不响"),
        "更换大灯总成", 60),
    Fault("electrics", "HN-01", "线束磨损短路", 4, (
        "线束磨破皮短路冒烟，{danger}", "整车突然断电，晃一晃电门才{again}", "座位下面那捆线老化，一碰就断电",
        "线束插头松，过{road}就熄火", "保险丝{weeks}烧了{times}个，查不出原因"), "修复主线束，重新固定", 150, True),
    Fault("electrics", "IN-01", "仪表不显示", 3, (
        "仪表黑屏，不知道还有多少电", "仪表里程数乱跳", "仪表进了水汽看不清", "仪表电量显示不准，两格突然没电"),
        "更换仪表总成", 120),
    Fault("electrics", "CV-01", "转换器烧坏", 2, (
        "转换器烧了，灯和喇叭都没有", "直流转换器{used}坏了{times}个", "转换器发烫，一股塑料味"), "更换直流转换器", 75),
    Fault("accessories", "TH-01", "转把失灵", 3, (
        "转把不回位，松手车还往前冲，{danger}", "转把拧一点就窜，不好控制", "转把接触不良，{when}一顿一顿"),
        "更换转把", 40, True),
    Fault("body", "BD-01", "货厢挡板变形", 3, (
        "货厢后挡板锁扣坏了，{loaded}怕掉货", "货厢底板{used}就锈穿了", "驾驶棚漏雨，座位全湿", "车门关不严，{road}上哗啦哗啦响",
        "油漆一层层掉，看着像旧车"), "整形并更换锁扣", 70),
    Fault("parts_shortage", None, "配件缺货", 6, (
        "{dealer}说{part}没货，等了{days}还没到", "{part}缺货，问总部也没有准日子，车一直停着", "等{part}等了{weeks}，天天打电话都是在途",
        "网点连个{part}都没有，要我自己去县里买", "说好{days}到的{part}，现在又说厂里没排产"), kind=SERVICE, cause=Cause.OTHER),
    Fault("parts_wrong", None, "配件发错", 2, (
        "发来的{part}型号不对，装不上", "{part}发成左边的了，要的是右边", "寄来的{part}是旧款，接头不一样"), kind=SERVICE,
        cause=Cause.OTHER),
    Fault("service_attitude", None, "服务态度差", 4, (
        "去{dealer}修车，师傅爱搭不理，说我不会开", "{dealer}老板说话很冲，让我有本事去告", "打了{times}次电话都没人接，接了就挂",
        "答应上门，等了{days}没人来，电话也不回", "接待的小姑娘说保修不归她管，把我晾了半天", "修完车问句为什么，师傅把工具一摔"),
        kind=SERVICE, cause=Cause.POOR_SERVICE),
    Fault("service_skill", None, "修不好", 4, (
        "同一个毛病在{dealer}修了{times}次还没好", "越修越坏，原来只是响，现在走不了", "师傅换了{part}，{days}又犯，说查不出来",
        "装回去少了{times}个螺丝，自己在地上找到的", "把线接反了，仪表烧了还说是我弄的"), kind=SERVICE, cause=Cause.POOR_SERVICE),
    Fault("service_charges", None, "乱收费", 3, (
        "保修期里还收我{yuan}块工时费，不给单子", "换个{part}要{yuan}，网上才一半", "上门费说好不要，来了又收{yuan}",
        "{dealer}保养收了{yuan}，就看了看轮胎"), kind=SERVICE, cause=Cause.POOR_SERVICE),
    Fault("service_process", None, "处理拖延", 4, (
        "报修{days}了没人联系", "车放在{dealer}{weeks}，问就是在等", "保修单填了{times}遍，还说材料不全", "说拍照发过去就行，发了{days}没下文"),
        kind=SERVICE, cause=Cause.POOR_SERVICE),
    Fault("broken_promise", None, "承诺不兑现", 4, (
        "买车时说送{gift}，到现在没给", "说续航八十公里，实际{km}公里不到，销售不认", "答应两次免费保养，去了要收{yuan}",
        "说好三天上牌，{weeks}了牌还没下来", "旧车折价说好{yuan}，提车时又少了一半"), kind=SALE, cause=Cause.OVERSOLD),
    Fault("misleading_sale", None, "宣传不实", 2, (
        "宣传页写锂电，提回来是铅酸", "说是新车，里程表上已经{km}公里", "说能拉一吨，{loaded}就趴窝", "样车有雨棚，我的车没有，说要加{yuan}"),
        kind=SALE, cause=Cause.OVERSOLD),
    Fault("price", None, "降价", 1.5, (
        "刚买{days}就降{yuan}，心里不舒服", "同村人比我晚买{weeks}便宜{yuan}"), kind=SALE, cause=Cause.OTHER),
    Fault("shipping_damage", None, "运输划伤", 2, (
        "车到的时候右护板有划伤，漆磕掉一块", "前挡泥板裂了，包装都是破的", "运来的{part}外壳摔裂了", "货厢角撞瘪了，物流不认"),
        kind=SALE, cause=Cause.TRANSPORT),
    Fault("shipping_delay", None, "发货延误", 2, (
        "交了订金{weeks}车还没到", "说{days}到货，一拖再拖", "农忙等着用，车在路上走了{days}"), kind=SALE, cause=Cause.OTHER),
    Fault("other", None, "手续问题", 1.5, (
        "合格证上的车架号印错一位，上不了牌", "说明书是别的车型的", "发票抬头开错了，{dealer}不给换", "钥匙只给了一把，说另一把丢了"),
        kind=SALE, cause=Cause.OTHER),
)  # fmt: skip
