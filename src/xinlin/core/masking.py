"""Persons in texts that become public: their names, numbers and addresses are hidden (去标识化).

个人信息保护法 25, 51; 深圳经济特区社会信用条例 38 (what is public and holds personal data is de-identified). A text may name
people whom nobody entered as such; they are found by what stands around them. Hiding too much is a blemish, hiding too
little a wrong: in doubt a name is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from xinlin.core.people import mask_name
from xinlin.core.surnames import COMPOUND, SINGLE, surname_of

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_NUMBERS = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|[0-9]{15,19}|1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})(?![0-9A-Za-z])"
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·•]?[A-HJ-NP-Z0-9]{5,6}(?![A-Z0-9])"
)
_PASSPORT = re.compile(r"(?<![0-9A-Za-z])(?:[EGDSPH][0-9]{8}|E[A-Z][0-9]{7})(?![0-9A-Za-z])")

_ROLE_WORDS = (
    "法定代表人 负责人 经营者 业主 当事人 员工 职工 工人 驾驶员 "
    "驾驶人 司机 股东 委托代理人 代理人 联系人 投诉人 举报人 消费者 "
    "患者 被害人 受害人 死者 伤者 实际控制人 控制人 经理 总经理 店长 "
    "厂长 院长 校长 会计 出纳 财务 销售员 业务员 操作工 施工员 "
    "安全员 监护人 顾客 学员 学生 家长 居民 村民 个人 自然人 证人 "
    "签收人 开办者 承包人 违法行为人 嫌疑人 老板 从业人员 厨师 医师 "
    "护士 药师 教师 保安 "
)
_ROLES = tuple(_ROLE_WORDS.split())
_SURNAMES = "|".join(sorted(COMPOUND)) + "|[" + "".join(sorted(SINGLE)) + "]"
_NAME = rf"(?:{_SURNAMES})[{_HAN}·]{{1,3}}?"
_STOPS = '，,。；;：:、（()）\\s“”"《男女等的在于因与和及未已将为系是向从被对曾现经驾持'
_AFTER = rf"(?=[{_STOPS}]|$|擅自|本人|作为|使用|销售|经营|提供)"
_ORDINARY_WORDS = (
    "安全 高度 单位 车辆 明显 方式 方面 方法 任何 任务 任意 常年 常见 成立 成本 全部 全面 全体 关系 关于 平台 平时 时间 时候 "
    "万元 万余 水产 水电 金额 金属 文件 文书 房屋 房间 管理 管控 相关 从事 从业 应当 应急 支付 于是 后果 后续 乐于 党员 公司 "
    "公开 公示 公章 公安 强制 展开 代表 代理 利用 利益 别人 居民 都是 满足 通过 通知 广告 商品 商户 施工 温度 阳台 路段 路边 "
    "石材 陆续 连续 包括 包装 尚未 尚有 计算 计划 成员 花费 苗木 农药 农民 田地 江边 河道 林地 林木 白天 黄色 钱款 毛利 马上 "
    "和其 向其 祝愿 应有 麻醉 牙科 牛肉 羊肉 鱼类 米面 谷物 汤类 台账 项目 解除 解释 谈话 雷同 左侧 右侧 东侧 南侧 空气 能力 "
    "双方 承诺 承担 国家 广场 充分 容器 建筑 步行 冷冻 晚上 明知 符合 舒适 宁愿 盛装 池塘 古树 山体 井盖 暴力 习惯 权益 权利 "
    "种植 重大 重复 折价 过期 年龄 有关 有效 有害 有毒 于检 于当 于该 于此 "
)
_ORDINARY = frozenset(_ORDINARY_WORDS.split())
"""Words that begin with a character that is also a surname: 负责人高度重视 names nobody."""
_ROLE_BEFORE = re.compile(
    rf"((?:{'|'.join(sorted(_ROLES, key=len, reverse=True))})(?:姓名)?(?:为|是|系|[：:]|\s)?\s*)"
    rf"(?:({_NAME}){_AFTER}|((?:{_SURNAMES})[{_HAN}·]{{1,2}}))"
)
_TITLE_AFTER = re.compile(
    rf"({_NAME})(?=先生|女士|小姐|同志|（身份证|\(身份证|（公民身份|（男|（女|，男|，女|\(男|\(女|,男|,女)"
)
_LIST = re.compile(rf"({_NAME})((?:、{_NAME})+)(?=等?(?:[0-9一二三四五六七八九十两]+)?(?:人|名|位))")
_BUSINESS = "店厂行社部坊铺馆吧屋站场所室院园楼阁庄堂城苑居司队组会家中心公司超市摊点档批发酒商贸具材品吃厅房车业"
_WARE_WORDS = (
    "水产 小吃 烧烤 火锅 服装 建材 五金 百货 烟酒 美容 美发 养生 "
    "数码 家电 水果 蔬菜 副食 食杂 便利 快餐 早餐 海鲜 渔具 花卉 "
    "饰品 童装 窗帘 家纺 批发 "
)
_WARES = tuple(_WARE_WORDS.split())
_ADORNED = re.compile(r"^(?:个体工商户|个体户|经营者|业主)[：:\s（(]*|[（(]?(?:个体工商户|个体户|个体经营|个体)[)）]?$")


def mask_people(text: str, names: Iterable[str] = ()) -> str:
    """The text with persons hidden: ``names`` wherever they occur, and whoever its words name as a person.

    Numbers of documents of identity, telephone numbers, accounts, number plates and mail addresses go too.
    """
    for name in sorted({name.strip() for name in names if len(name.strip()) > 1}, key=len, reverse=True):
        text = text.replace(name, mask_name(name))
    for pattern in (_NUMBERS, _PASSPORT):
        text = pattern.sub(lambda found: found[0][:1] + "*" * (len(found[0]) - 1), text)
    text = _MAIL.sub("***@***", text)
    text = _PLATE.sub(lambda found: found[0][:2] + "*****", text)
    text = _LIST.sub(lambda found: "、".join(mask_name(part) for part in found[0].split("、")), text)
    text = _ROLE_BEFORE.sub(_after_role, text)
    return _TITLE_AFTER.sub(lambda found: mask_name(found[1]), text)


def _after_role(found: re.Match[str]) -> str:
    """A role with the name behind it hidden; an ordinary word behind it stays."""
    name = found[2] or found[3]
    return found[0] if name[:2] in _ORDINARY else found[1] + mask_name(name)


def looks_like_person(name: str) -> bool:
    """Whether the registered name of a sole trader (个体工商户) is but the name of the person.

    Two to four Han characters that begin with a surname and end with no word for a shop; the word 个体工商户 itself aside.
    """
    bare = _ADORNED.sub("", name.strip()).strip("（）() ")
    if not re.fullmatch(rf"[{_HAN}·]{{2,4}}", bare) or not surname_of(bare):
        return False
    return bare[1:2] != "记" and not bare.endswith((*_BUSINESS, *_WARES))


def trader_name(name: str) -> str:
    """How a sole trader is named in public: under the registered name, or masked where that is a person's."""
    if not looks_like_person(name):
        return name
    return mask_name(_ADORNED.sub("", name.strip()).strip("（）() ")) + "（个体工商户）"
