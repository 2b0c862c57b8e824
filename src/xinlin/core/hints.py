"""Hints: what a delivery's sender should know though its rows were taken (报送提示)."""

from __future__ import annotations

from typing import Any

from xinlin.core.readings import printable
from xinlin.core.values import Problem, Text


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


_CHECK = _text("请核对来源表", "Check the source table")
_NOTHING = _text("无需处理", "Nothing to do")
_AS_UTF8 = _text("请以 UTF-8 重新导出", "Export it again as UTF-8")

_HINTS: dict[str, tuple[Text, Text]] = {
    "absent": (
        _text("选填项写的是“无”一类的字样，按未填处理", "An optional cell says N/A or the like; taken as not given"),
        _NOTHING,
    ),
    "foreign_currency": (
        _text("金额为外币，未折算，按未填处理", "A foreign currency is not converted; taken as not given"),
        _text("如需入库，请填人民币金额", "Give renminbi if it is to be kept"),
    ),
    "region_not_a_code": (
        _text("不是行政区划代码，按未填处理", "Not a division code; taken as not given"),
        _text("请填六位行政区划代码", "Give the six-digit division code"),
    ),
    "region_unknown_code": (
        _text("行政区划代码从未有过，按未填处理", "There never was such a division; taken as not given"),
        _text("请对照来源核对", "Compare with the source"),
    ),
    "region_lapsed": (
        _text(
            "行政区划代码在记录当年不在有效期内，按原样保存",
            "The division did not stand in the year of the record; kept as written",
        ),
        _text("如有所示的后继代码，请核对后更正来源", "Check the successor shown, if any, and correct the source"),
    ),
    "industry_other_edition": (
        _text(
            "行业代码不属于记录当日的国民经济行业分类版本，按原样保存",
            "The industry code is of another edition than that of the record's day; kept as written",
        ),
        _text("请注明所用的版本，或改用当日的版本", "Name the edition, or use the code of that day"),
    ),
    "assertion_maximum": (
        _text(
            "这次报送超出了目录规定的常见范围，已照常入库",
            "More than the catalogue expects of one delivery; taken all the same",
        ),
        _text("请核对文件是否重复或混入其他数据", "Check whether rows are doubled or do not belong here"),
    ),
    "corrected": (
        _text(
            "与已有记录是同一事实、内容有变，新的一行更正了旧的一行",
            "The same fact with other details; the new row corrects the older one",
        ),
        _NOTHING,
    ),
    "older_version": (
        _text("与已被更正的旧版本相同，没有改回", "Equal to a version corrected since; it was not brought back"),
        _text("如确应改回，请在页面说明后由信用中心办理", "Tell the credit centre if it should be brought back"),
    ),
    "answers": (
        _text(
            "这些行是更正后送回的退回行，原来的退回行随之了结",
            "These rows are refused ones that came back corrected; the rows refused before are closed with them",
        ),
        _NOTHING,
    ),
    "handle_unknown": (
        _text(
            "退回行编号不认得、不属于本部门的这类数据，或在表中出现两次；按新的一行处理",
            "The handle names no refused row of this department and kind, or stands twice; taken as a new row",
        ),
        _text("如确为退回行，请从批次页面重新下载退回行", "Download the refused rows again if it is one"),
    ),
    "details_changed": (
        _text(
            "名单条目的内容有变，存为新版本，旧版本保留可查",
            "Details of a list entry changed; kept as a new version, the older one stays",
        ),
        _NOTHING,
    ),
    "details_held": (
        _text(
            "条目正在异议、已修复，或已由决定移出名单：这一行的内容没有采用",
            "The entry is under objection, repaired, or was taken off by a decision; what the row says was not taken over",
        ),
        _text(
            "异议办结后再报送；已移出的，须有另一份决定文书才能重新列入",
            "Send it again once the objection is closed; what was taken off comes back only by another decision",
        ),
    ),
    "region_unknown": (
        _text(
            "号码校验位正确，但出生当年的区划表里没有前六位",
            "The check digit fits, but the first six digits were no division then",
        ),
        _text("请对照原始证件", "Compare with the original document"),
    ),
    "per_unit": (
        _text("金额后的计价单位（如 /支）未入库", "The unit behind the price (such as each) is not kept"),
        _NOTHING,
    ),
    "leftover_column": (
        _text("这一列没有对应的信息项，未入库", "No field takes this column; it is not kept"),
        _text("如应入库，请在列映射中指定", "Name its field in the column mapping if it should be kept"),
    ),
    "column_unnamed": (
        _text(
            "这一列在表头里没有列名，未入库（“列 4”即左起第四列）",
            "This column has no name in the header; it is not kept (“列 4” is the fourth from the left)",
        ),
        _text(
            "如应入库，请在表头补上列名后重报，或在列映射中指定",
            "If it should be kept, write its name in the header and send the file again, or name its field in the mapping",
        ),
    ),
    "column_twice": (
        _text("这一列与前面的列对应同一信息项，未使用", "An earlier column fits the same field; this one is not used"),
        _CHECK,
    ),
    "field_without_column": (
        _text("必填信息项没有对应的列", "A required field has no column"),
        _text("请指定列映射", "Name its column in the mapping"),
    ),
    "mapping_used": (_text("沿用已保存的列映射", "A kept column mapping was used"), _NOTHING),
    "second_sheet": (
        _text("另一张工作表没有读取", "Another sheet was not read"),
        _text(
            "如需报送，请按旁边的按钮；系统报送时在读取方式中指明这张工作表",
            "If it is meant, press the button beside it; a system names this sheet as the one to read",
        ),
    ),
    "sheet_joined": (
        _text(
            "这张工作表的表头相同，已接着读取；所示为其各行在本批次中的行号",
            "This sheet has the same header and was read on; shown are the numbers that its rows have in the delivery",
        ),
        _text("如不应报送，请删除后重报", "Delete it and send the file again if it is not meant"),
    ),
    "list_waits": (
        _text(
            "这张表可能也是名单的一部分，收到时没有一并读取；名单里缺的条目等它并入后才结束",
            "This table may be a part of the list and was not read with it; the entries that are missing end once it was added",
        ),
        _text(
            "请把这张表并入名单；不属于名单的，请确认名单已经齐全",
            "Add the table to the list; if it is no part of it, confirm that the list is whole",
        ),
    ),
    "hidden_sheet": (
        _text("隐藏的工作表没有读取", "A hidden sheet was not read"),
        _text("请删除或另行报送", "Delete it, or send it as its own file"),
    ),
    "hidden_rows": (
        _text("工作表里有隐藏的行，已一并读取", "The sheet has hidden rows; they were read like the others"),
        _text("如不应报送，请删除后重报", "Delete them and send it again if they are not meant"),
    ),
    "hidden_columns": (
        _text("工作表里有隐藏的列，已一并读取", "The sheet has hidden columns; they were read like the others"),
        _text("如不应报送，请删除后重报", "Delete them and send it again if they are not meant"),
    ),
    "formula_errors": (
        _text(
            "工作表里有单元格显示为错误（如 #DIV/0!、#N/A），按空白读取",
            "Cells of the sheet show an error (#DIV/0!, #N/A …) and were read as empty ones",
        ),
        _text("请改正公式，粘贴为数值后重报", "Mend the formulas, paste them as values and send it again"),
    ),
    "second_table": (
        _text("文件里另有一组数据没有读取", "The file holds another set of rows, which was not read"),
        _text("如应读取，请在读取方式中选择它，或另行报送", "Choose it as the table to read, or send it by itself"),
    ),
    "member_not_read": (
        _text("压缩包里的这份文件不是数据表，没有读取", "This file in the archive is no table and was not read"),
        _text(
            "数据请另行报送；文书、图片请作为证据文件上传",
            "Send data by itself; upload documents and pictures as evidence",
        ),
    ),
    "member_rows": (
        _text("压缩包里这份文件的各行在本批次中的行号", "The numbers that the rows of this file have in the delivery"),
        _NOTHING,
    ),
    "note_row": (
        _text("合计、说明或填表人一类的行，不算数据行", "A total, a note, or who filled it in; not a row of data"),
        _text("如其实是数据，请改正后重报", "Correct it and send it again if it is data after all"),
    ),
    "header_again": (
        _text("表头在这里重复出现，不算数据行", "The header comes once more; not a row of data"),
        _NOTHING,
    ),
    "header_moved": (
        _text(
            "表头在这里重复出现，列的次序不同；以下各行按列名对应",
            "The header comes once more in another order; the rows below go by the names of their columns",
        ),
        _CHECK,
    ),
    "head_row": (
        _text(
            "表头下的列号、英文列名或填写要求，不算数据行",
            "Numbers of columns, their names in another language, or what to fill in; not a row of data",
        ),
        _text("如其实是数据，请改正后重报", "Correct it and send it again if it is data after all"),
    ),
    "no_rows": (
        _text("表头之下没有一行数据", "There is no row of data below the header"),
        _text(
            "请核对是否发错了文件；确无数据的，无需再报",
            "See whether it is the right file; if there was nothing to send, all is well",
        ),
    ),
    "title_rows": (_text("表头上方有标题行", "Title lines above the header"), _NOTHING),
    "stray_quotes": (
        _text("有不成对的引号，按普通字符读取", "A quote without its pair is read as a plain character"),
        _CHECK,
    ),
    "bytes_not_utf8": (
        _text(
            "UTF-8 文件里混入了其他编码的字节，所在的行已退回",
            "Bytes of another encoding in a UTF-8 file; their rows are refused",
        ),
        _AS_UTF8,
    ),
    "bytes_not_gb18030": (
        _text("GB18030 文件里有读不出的字节，所在的行已退回", "Bytes that are not GB18030; their rows are refused"),
        _AS_UTF8,
    ),
    "date_from_delivery": (
        _text("行内没有日期，取报送所述日期", "The row has no date; the delivery's day is taken"),
        _text("如有日期列，请在列映射中指定", "Name the date column in the mapping if there is one"),
    ),
    "date_in_future": (_text("发生日期晚于今天，到那天才生效", "Dated after today; it counts from that day"), _CHECK),
    "representative_without_name": (
        _text(
            "法定代表人不在册且未给姓名，没有建立关系",
            "The representative is not in the register and unnamed here; no relation",
        ),
        _text("请补填姓名", "Give the name"),
    ),
    "older_representative": (
        _text("本次报送早于现有法定代表人的任职日期，关系未改", "Older than the relation on file; it was left"),
        _NOTHING,
    ),
    "named_person_unknown": (
        _text(
            "文书所指的人不在册，没有关联", "The person named in the document is not in the register and was not linked"
        ),
        _text("请先报送居民登记信息", "Deliver the resident registration first"),
    ),
    "repeated": (
        _text("与已有记录相同，不重复入库", "The same record is held already; it is not stored twice"),
        _NOTHING,
    ),
    "unlinked": (
        _text("没有标识号码，存为未关联，不产生任何效果", "Without an identifier; kept unlinked, without any effect"),
        _NOTHING,
    ),
    "not_ended": (
        _text(
            "名单中缺少此条目，但有退回行可能就是它，暂不结束",
            "The entry is missing, but a refused row may be it; not ended",
        ),
        _text("请更正退回行并重新报送", "Correct the refused rows and send them again"),
    ),
}
SAMPLES = 5
"""Row numbers kept for each hint."""


class Hints:
    """Collects the hints of one delivery by code and place, with a count and the first rows."""

    def __init__(self) -> None:
        """Empty."""
        self._found: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, code: str, where: str = "", *, row: int | None = None, sample: str = "", count: int = 1) -> None:
        """Note one more. ``sample`` must not be personal."""
        entry = self._found.get((code, where))
        if entry is None:
            what, cure = _HINTS[code]
            entry = self._found[code, where] = {
                "code": code,
                "where": where,
                "count": 0,
                "rows": [],
                "raw": printable(sample)[:200],
                "what": what.model_dump(),
                "cure": cure.model_dump(),
            }
        entry["count"] += count
        if row is not None and len(entry["rows"]) < SAMPLES:
            entry["rows"].append(row)

    def as_list(self) -> list[dict[str, Any]]:
        """JSON-ready, in the order in which they were first met."""
        return list(self._found.values())


def hint_of(problem: Problem) -> dict[str, Any]:
    """A problem with the whole delivery, in the shape of a hint."""
    return {**problem.as_dict(), "count": 1, "rows": []}
