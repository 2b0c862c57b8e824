"""The provincial platform, simulated: it sends entries under message numbers of its own, ends them, and hears what became of them (省平台)."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from xinlin.demo import peer_pages as pages

if TYPE_CHECKING:
    from xinlin.demo.peers import Platform

KIND = "dishonest_judgment_debtor"
EVERY = 5.0
"""Seconds between two looks at what became of the entries; five minutes would do."""


def _today() -> date:
    """The day where the platforms stand."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


@dataclass
class Message:
    """One entry that was sent, by its message number, and what the other side says of it."""

    number: str
    name: str
    document: str
    accepted: bool
    entry: str = ""
    state: str = ""
    uses: list[dict[str, Any]] = field(default_factory=list)


class Province:
    """Sends, ends, hears: the message number stands on both sides."""

    def __init__(self, platform: Platform) -> None:
        """``platform``: with the credentials of the office that keeps the list."""
        self.platform = platform
        self.messages: dict[str, Message] = {}
        self._lock = threading.Lock()
        self.problem = ""
        threading.Thread(target=self._listen, daemon=True).start()

    def new(self, told: dict[str, Any]) -> Message:
        """Enter somebody. Raises ValueError where the row was refused."""
        today = _today()
        number = f"SJ{today:%Y%m%d}-{secrets.token_hex(4)}"
        row = {
            "identifier": str(told.get("identifier", "")),
            "name": str(told.get("name", "")),
            "document": str(told.get("document") or f"（2026）示例执{secrets.randbelow(9000) + 1000}号"),
            "authority": str(told.get("authority") or "示例中级人民法院"),
            "article": "最高人民法院关于公布失信被执行人名单信息的若干规定 第一条",
            "entered_on": (today - timedelta(days=1)).isoformat(),
            "notice_on": (today - timedelta(days=2)).isoformat(),
            "remedy": "可向执行法院书面申请纠正",
            "ends_on": (today + timedelta(days=700)).isoformat(),
        }
        fared = self.platform.call(f"/records?kind={KIND}&delivery=additions", row, key=number)
        if fared["rows_refused"]:
            raise ValueError("；".join(one["what"]["zh"] for line in fared["refused"] for one in line["problems"]))
        made = Message(number, row["name"], row["document"], accepted=True)
        with self._lock:
            self.messages[number] = made
        self._ask(made)
        return made

    def change(self, number: str, told: dict[str, Any]) -> Message:
        """Suspend the entry, let it stand again, or end it. Raises KeyError for a message that was never sent."""
        found = self.messages[number]
        said = {"change": told.get("change", "exit"), "reason": told.get("reason") or "义务已履行"}
        body = {**said, "happened_on": _today().isoformat()}
        found.state = self.platform.call(f"/entries/{found.entry}/changes", body)["state"]
        return found

    def show(self, number: str) -> Any:
        """A message, or all."""
        found = self.messages.get(number)
        return vars(found) if found else {"messages": [vars(one) for one in self.messages.values()]}

    def _ask(self, message: Message) -> None:
        for one in self.platform.call(f"/entries?message={message.number}"):
            message.entry, message.state = one["entry"], one["state"]

    def _listen(self) -> None:
        """Hear what was done on the entries, for as long as the process lives; a line that breaks is tried again."""
        while True:
            time.sleep(EVERY)
            try:
                told = self.platform.call(f"/entries/uses?since={_today() - timedelta(days=1)}")
                with self._lock:
                    for message in self.messages.values():
                        message.uses = [one for one in told if one["message"] == message.number]
                        self._ask(message)
                self.problem = ""
            except OSError as error:
                self.problem = str(error)

    def page(self, problem: str) -> bytes:
        """A form for an entry, and every message with what became of it."""
        fields = [
            pages.entry("identifier", "证件号码或统一社会信用代码 Identifier"),
            pages.entry("name", "姓名或名称 Name"),
            pages.entry("document", "执行案号 Document"),
        ]
        rows = [
            [one.number, one.name, one.document, one.state, self._used(one), self._desk(one)]
            for one in reversed(self.messages.values())
        ]
        lead = "向城市平台推送名单变动，消息编号两边一致；城市用了哪条、何时解除，五秒内反馈回来。"
        header = ("消息 Message", "主体 Subject", "文书 Document", "状态 State", "应用反馈 Uses", "变动 Change")
        body = [
            pages.problem(problem or self.problem),
            pages.form("/applications", "推送列入 Send entry", fields),
            pages.table(header, rows),
        ]
        return pages.page("省级信用平台（模拟 simulated）", lead, body)

    @staticmethod
    def _used(one: Message) -> str:
        told = [
            f"{use['measure_name']['zh']} {use['department_name']['zh']} {use['starts_on']} 起"
            + (f"，{use['lifted_on']} 解除" if use["lifted_on"] else "")
            for use in one.uses
        ]
        return "；".join(told) or "尚未应用 not used"

    @staticmethod
    def _desk(one: Message) -> str:
        if one.state not in ("active", "disputed") or not one.entry:
            return ""
        choices = [("exit", "移出 exit"), ("suspend", "暂停 suspend"), ("resume", "恢复 resume")]
        return pages.form(f"/applications/{one.number}", "变动 Change", [pages.choice("change", "", choices)])
