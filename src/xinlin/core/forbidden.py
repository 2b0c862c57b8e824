"""What no rulebook may hold, score or offer: words, and the reason that each rests on.

The Chinese words are looked for anywhere in a label, the English ones as whole words of a label or a field code.
A word may be excused where the same label makes plain that something else is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from xinlin.core.values import Text

_ENGLISH_WORD = re.compile(r"[a-z]+")


@lru_cache(maxsize=4096)  # a rulebook's few thousand texts are each held against every matter
def _english_words(text: str) -> str:
    """The English words of a text, with a space before and after each."""
    return f" {' '.join(_ENGLISH_WORD.findall(text.lower()))} "


@dataclass(frozen=True)
class Forbidden:
    """A forbidden matter: its name, the reason, the words that give it away and the phrases that excuse them."""

    code: str
    name: Text
    reason: Text
    chinese: tuple[str, ...]
    english: tuple[str, ...]
    excused: tuple[str, ...] = ()

    def word_in(self, texts: Iterable[str]) -> str | None:
        """The first of the words that occurs in ``texts``, or None."""
        for text in texts:
            seen = text
            for phrase in self.excused:
                seen = seen.replace(phrase, "")
            for word in self.chinese:
                if word in seen:
                    return word
            words = _english_words(seen)
            for phrase in self.english:
                if _english_words(phrase) in words:
                    return phrase
        return None


def _by_law(what_zh: str, what_en: str) -> Text:
    return Text(
        zh=f"禁止归集自然人的{what_zh}（征信业管理条例第十四条；上海14、浙江14、山东42、河南45）",
        en=f"{what_en} of natural persons may never be collected (Credit Reporting Regulation, article 14; "
        "Shanghai 14, Zhejiang 14, Shandong 42, Henan 45)",
    )


DATA: tuple[Forbidden, ...] = (
    Forbidden(
        "religion",
        Text(zh="宗教信仰", en="religion"),
        _by_law("宗教信仰", "Religion"),
        ("宗教", "信仰", "教徒", "教派", "礼拜"),
        ("religion", "religious", "faith", "church", "mosque", "belief"),
    ),
    Forbidden(
        "genes",
        Text(zh="基因", en="genes"),
        _by_law("基因信息", "Genes"),
        ("基因", "遗传信息", "DNA"),
        ("gene", "genes", "genetic", "genome", "dna"),
    ),
    Forbidden(
        "biometrics",
        Text(zh="指纹、人脸等生物特征", en="fingerprints, faces and other biometrics"),
        _by_law("指纹等生物特征（并见个人信息保护法第二十八条）", "Fingerprints and other biometrics"),
        ("指纹", "人脸", "面部", "虹膜", "声纹", "掌纹", "步态"),
        ("fingerprint", "fingerprints", "face", "facial", "iris", "voiceprint", "palmprint", "gait", "biometric"),
    ),
    Forbidden(
        "blood",
        Text(zh="血型", en="blood type"),
        _by_law("血型", "Blood types"),
        ("血型", "献血", "造血干细胞", "骨髓"),
        ("blood", "marrow"),
    ),
    Forbidden(
        "health",
        Text(zh="疾病、病史", en="disease and medical history"),
        _by_law("疾病和病史信息", "Disease and medical history"),
        ("疾病", "病史", "病历", "诊断", "残疾", "精神障碍", "传染病", "就诊", "用药", "健康状况"),
        ("disease", "illness", "diagnosis", "medical", "disability", "health", "patient"),
    ),
    Forbidden(
        "opinions",
        Text(zh="言论、观点", en="opinions and speech"),
        Text(
            zh="言论和观点与信用无关，不得归集（国办发〔2020〕49号）",
            en="speech and opinions have nothing to do with credit and may not be collected (State Council 49/2020)",
        ),
        ("言论", "政治面貌", "政治观点", "网络发帖", "发帖", "舆情", "党员评议"),
        ("speech", "opinion", "opinions", "political", "online post", "online posts"),
    ),
    Forbidden(
        "petitions",
        Text(zh="信访、投诉、集会", en="petitions, complaints and assembly"),
        Text(
            zh="行使申诉、控告、集会等权利不得作为信用信息（宪法第三十五条、第四十一条）",
            en="using the rights to petition, complain and assemble is no credit information (Constitution 35 and 41)",
        ),
        ("信访", "上访", "越级走访", "进京走访", "集会", "游行", "示威", "投诉次数", "举报次数"),
        ("petition", "petitions", "petitioning", "assembly", "demonstrations", "protest", "protests"),
    ),
)
"""Data that no kind on natural persons may hold (DESIGN rights; 征信业管理条例 14)."""

CONSENTED = Forbidden(
    "consented",
    Text(zh="收入、资产、纳税数额", en="income, assets and tax paid"),
    Text(
        zh="自然人的收入、存款、有价证券、商业保险、不动产、纳税数额须经告知不利后果的书面同意，本平台不收"
        "（征信业管理条例第十四条；欠税是法定职责记录，不在此列）",
        en="a person's income, deposits, securities, insurance, property and tax paid need written consent after a warning; "
        "this platform does not take them (Credit Reporting Regulation 14; tax owed is another matter)",
    ),
    (
        *("收入", "工资", "存款", "有价证券", "股票", "商业保险", "保单", "不动产", "房产", "房屋产权"),
        *("纳税数额", "纳税额", "个人所得税额"),
    ),
    (
        *("income", "salary", "deposit", "deposits", "securities", "real estate", "house owned"),
        *("insurance policy", "tax paid"),
    ),
    excused=("违法收入", "非法收入", "不动产登记机构", "农民工工资", "拖欠工资", "欠薪"),
)
"""Data on persons that need written consent."""

PETTY = Forbidden(
    "petty",
    Text(zh="简易程序处罚、轻微自纠", en="penalties by simple procedure, minor acts put right"),
    Text(
        zh="对自然人适用简易程序的处罚和轻微且已自行纠正的行为不归集（河南13；山东13；上海9（4）；浙江11（2））",
        en="penalties on persons by simple procedure, and minor acts put right by themselves, are not collected "
        "(Henan 13; Shandong 13; Shanghai 9(4); Zhejiang 11(2))",
    ),
    ("简易程序", "当场处罚", "当场罚款", "轻微违法", "首违不罚", "违停贴条"),
    ("simple procedure", "on the spot fine", "minor act put right", "parking ticket"),
)
"""What is not kept against a person."""

PRIVATE_LIFE = Forbidden(
    "private_life",
    Text(zh="私人生活", en="private life"),
    Text(
        zh="重点职业人群只归集执业行为，不收私人生活（国办发〔2016〕98号；个人信息保护法第六条）",
        en="of the professions only professional acts are collected, nothing of private life (State Council 98/2016; PIPL 6)",
    ),
    (
        *(
            "婚姻",
            "配偶",
            "子女",
            "家庭",
            "父母",
            "亲属",
            "住址",
            "家庭地址",
            "籍贯",
            "民族",
            "消费",
            "购物",
            "出行",
            "行程",
        ),
        *("轨迹", "爱好", "交友", "社交", "通话", "聊天", "微信", "贷款", "负债", "车牌", "户籍", "生活"),
    ),
    (
        *(
            "marriage",
            "spouse",
            "children",
            "family",
            "parents",
            "relatives",
            "home address",
            "ethnicity",
            "consumption",
        ),
        *(
            "shopping",
            "travel",
            "trips",
            "hobby",
            "hobbies",
            "friends",
            "social",
            "calls",
            "chat",
            "loan",
            "loans",
            "debts",
        ),
    ),
)
"""What a kind on the professions may not hold."""

UNCONFIRMED = Forbidden(
    "unconfirmed",
    Text(zh="水电气暖、通讯、物业欠费", en="arrears of utilities, telephone and property management"),
    Text(
        zh="未经依法确认的公用事业、物业等欠费不得作为惩戒依据（河南27）",
        en="arrears of utilities and the like that no court has confirmed are no ground for anything (Henan 27)",
    ),
    (
        *("水费", "电费", "燃气费", "取暖费", "供暖费", "话费", "通讯费", "有线电视费", "网络费", "宽带费", "物业费"),
        *("欠缴物业", "公用事业欠费", "水电气"),
    ),
    ("water bill", "electricity bill", "gas bill", "heating bill", "telephone bill", "property fee", "utility arrears"),
)
"""What no negative kind may be about."""


def forbidden_column(headers: Iterable[str], occupational: bool = False) -> tuple[str, Forbidden] | None:
    """The first column of a file on persons that no kind may hold, with the matter; None where there is none.

    ``occupational``: the file is about professional acts, and may hold nothing of private life either.
    """
    for header in headers:
        for matter in (*DATA, PRIVATE_LIFE) if occupational else DATA:
            if matter.word_in([header]) is not None:
                return header, matter
    return None


_UNRELATED = Text(
    zh="与信用无关的因素不得用于评价（深圳经济特区社会信用条例第二十九条；洞头方案剔除职业、资产）",
    en="a factor that has nothing to do with credit may not be scored (Shenzhen 29; Dongtou took out occupation and assets)",
)

FACTORS: tuple[Forbidden, ...] = (
    *DATA,
    Forbidden("sex", Text(zh="性别", en="sex"), _UNRELATED, ("性别",), ("sex", "gender")),
    Forbidden(
        "age", Text(zh="年龄", en="age"), _UNRELATED, ("年龄", "出生日期", "出生年月"), ("age", "birth", "birthday")
    ),
    Forbidden(
        "occupation",
        Text(zh="职业、学历", en="occupation and education"),
        _UNRELATED,
        ("职业", "职务", "工作单位", "学历", "职称", "岗位"),
        ("occupation", "profession", "employer", "job", "education", "degree"),
        excused=("职业禁入", "职业道德"),
    ),
    Forbidden(
        "wealth",
        Text(zh="资产、收入", en="wealth and income"),
        Text(
            zh="收入、存款、有价证券、商业保险、不动产、纳税数额不得用于评分（征信业管理条例第十四条）",
            en="income, deposits, securities, insurance, property and tax paid may not be scored (article 14)",
        ),
        (
            "资产",
            "收入",
            "存款",
            "有价证券",
            "商业保险",
            "不动产",
            "房产",
            "纳税数额",
            "工资水平",
            "车辆价值",
            "注册资本",
        ),
        ("wealth", "asset", "assets", "income", "salary", "deposit", "deposits", "securities", "property", "capital"),
    ),
    Forbidden(
        "family",
        Text(zh="家庭", en="family"),
        Text(
            zh="任何人不因家庭成员的行为被评价",
            en="nobody is judged by what a member of the family does",
        ),
        ("家庭", "配偶", "子女", "父母", "亲属", "婚姻", "户主", "生育"),
        ("family", "spouse", "children", "parents", "relatives", "marital", "marriage", "household head"),
    ),
    Forbidden(
        "ethnicity",
        Text(zh="民族、籍贯", en="ethnicity and origin"),
        _UNRELATED,
        ("民族", "种族", "籍贯", "户籍"),
        ("ethnicity", "ethnic", "race", "origin"),
    ),
    Forbidden(
        "contacts", Text(zh="社会交往", en="contacts"), _UNRELATED, ("好友", "交往", "人脉"), ("friends", "contacts")
    ),
)
"""What no indicator may weigh."""

_RIGHT = Text(
    zh="基本公共服务和稀缺的公共排队不得按分值分配（发改委2019年7月18日：个人信用分不得限制基本公共服务）",
    en="a basic public service or a place in a scarce public queue may not go by score (NDRC, 18 July 2019)",
)

SERVICES: tuple[Forbidden, ...] = (
    Forbidden(
        "schooling",
        Text(zh="入学升学", en="schooling"),
        _RIGHT,
        ("入学", "升学", "就学", "择校", "学位", "入园", "转学", "中考", "高考"),
        ("school admission", "school place", "school places", "enrolment", "entrance exam"),
    ),
    Forbidden(
        "medical_care",
        Text(zh="就医", en="medical care"),
        _RIGHT,
        ("急诊", "急救", "挂号", "优先就诊", "优先就医", "床位", "手术排", "门诊", "疫苗接种"),
        (
            "emergency room",
            "emergency care",
            "hospital bed",
            "hospital queue",
            "outpatient",
            "doctor's queue",
            "vaccination",
        ),
    ),
    Forbidden(
        "justice",
        Text(zh="立案、诉讼", en="justice"),
        _RIGHT,
        ("立案", "诉讼", "仲裁优先", "报警", "出警"),
        ("court filing", "case filing", "police response"),
    ),
    Forbidden(
        "welfare",
        Text(zh="低保等社会保障", en="welfare"),
        _RIGHT,
        (
            "低保",
            "最低生活保障",
            "社会救助",
            "养老金",
            "失业金",
            "社保",
            "医保",
            "公租房",
            "廉租房",
            "保障房",
            "残疾人补贴",
        ),
        ("welfare", "pension", "social security", "social insurance", "public housing", "subsistence"),
    ),
    Forbidden(
        "utilities",
        Text(zh="水电气暖等基本供应", en="basic utilities"),
        _RIGHT,
        ("供水", "供电", "供气", "供暖", "落户", "户口", "身份证办理", "护照"),
        ("water supply", "power supply", "heating supply", "residence permit", "passport"),
    ),
    Forbidden(
        "queues",
        Text(zh="公共排队", en="public queues"),
        _RIGHT,
        ("插队", "优先排号", "摇号", "优先叫号", "优先办理", "优先受理", "绿色通道"),
        ("queue", "skip the line", "priority lane", "jump the line"),
    ),
)
"""What no offer may be."""

COLOURS = Forbidden(
    "colour",
    Text(zh="红黄等颜色", en="a colour of blame"),
    Text(zh="绿码只有“有”或“无”，没有其他颜色", en="a code is green or absent; no other colour exists"),
    ("红码", "黄码", "橙码", "灰码", "黑码", "红色", "黄色", "黑色"),
    ("red", "yellow", "orange", "amber", "grey", "gray", "black"),
)
"""What no mark may be."""
