"""Names for people and firms that do not exist: short weighted lists written for this demo, and namesakes on purpose."""

from __future__ import annotations

from random import Random
from typing import Literal

SURNAMES: dict[str, int] = {
    "陈": 110, "林": 95, "王": 80, "李": 76, "张": 70, "黄": 62, "郑": 48, "吴": 46, "刘": 44, "叶": 40,
    "杨": 36, "周": 34, "许": 30, "徐": 28, "蔡": 27, "苏": 26, "洪": 24, "曾": 22, "赵": 21, "朱": 20,
    "胡": 20, "何": 19, "郭": 18, "高": 17, "罗": 17, "潘": 16, "谢": 16, "孙": 15, "马": 14, "庄": 14,
    "颜": 13, "邱": 13, "施": 12, "柯": 12, "甘": 10, "宋": 10, "唐": 10, "沈": 10, "韩": 9, "冯": 9,
    "董": 8, "方": 8, "余": 8, "金": 8, "戴": 7, "侯": 6, "程": 6, "姚": 6, "卢": 6, "傅": 5,
    "倪": 5, "温": 5, "章": 5, "翁": 4, "游": 4, "连": 4, "涂": 3, "简": 3, "单": 2, "仇": 2,
    "乜": 1, "亓": 1, "邸": 1,
}  # fmt: skip
"""Surname and weight: a coast-town mixture, not any register's counts."""

COMPOUND_SURNAMES = ("欧阳", "上官", "司徒", "诸葛", "夏侯", "尉迟")

GIVEN_OLD = "国建华明海福根水金宝德兴顺阿春秀兰英珠凤桂花娥琴妹月香玉素美芳荣庆祥财发富贵昌盛"
GIVEN_MIDDLE = "伟军勇强斌磊超波涛峰杰辉俊鹏飞敏静丽艳娟霞燕玲婷莉萍红雪慧洁琼颖丹蕾倩"
GIVEN_NEW = "梓轩宇浩博文睿泽子涵欣怡诗雨佳琪思辰沐宸奕一诺依可昕悦瑶语桐若汐屿澄帆舟渔礁岚"
RARE_CHARACTERS = "喆犇燚赟彧翀昇玥堃淼㛃䶮𬘭"
"""Characters that older encodings lack, or that people misread: files must carry them whole."""

HOMONYMS = ("林海燕", "陈伟", "张敏", "王建国", "李静", "黄海波", "郑秀兰", "叶晓明")
"""Very common full names: many unrelated people bear each."""

BRAND_FIRST = "澄屿汐岚舫沐绮翎瀚禾砚璞苒暮樾"
BRAND_SECOND = "沃帛霁珂闳桁斛籁缦硕澍弈蘅翮"
BRAND_THIRD = "亘舸嘉泽佑筑朔盈和启"

Era = Literal["old", "middle", "new"]


def era_of(birth_year: int) -> Era:
    """Which fashion in given names a birth year belongs to."""
    if birth_year < 1968:
        return "old"
    return "middle" if birth_year < 1998 else "new"


def _given(rng: Random, era: Era) -> str:
    stock = {"old": GIVEN_OLD, "middle": GIVEN_MIDDLE, "new": GIVEN_NEW}[era]
    length = 1 if rng.random() < {"old": 0.10, "middle": 0.30, "new": 0.08}[era] else 2
    characters = [rng.choice(stock) for _ in range(length)]
    if rng.random() < 0.006:
        characters[-1] = rng.choice(RARE_CHARACTERS)
    return "".join(characters)


def person_name(rng: Random, birth_year: int) -> str:
    """A full name: usually 2 or 3 characters, at times 4, a dotted one, a rare character, or one of the common namesakes."""
    chance = rng.random()
    if chance < 0.012:
        return rng.choice(HOMONYMS)
    if chance < 0.018:
        return rng.choice(COMPOUND_SURNAMES) + _given(rng, era_of(birth_year))
    if chance < 0.0195:
        return f"阿{rng.choice(GIVEN_MIDDLE)}古丽·买{rng.choice(GIVEN_OLD)}提"
    surname = rng.choices(tuple(SURNAMES), weights=tuple(SURNAMES.values()))[0]
    return surname + _given(rng, era_of(birth_year))


def brand(rng: Random) -> str:
    """An invented trade name of three characters that are no word together."""
    return rng.choice(BRAND_FIRST) + rng.choice(BRAND_SECOND) + rng.choice(BRAND_THIRD)
