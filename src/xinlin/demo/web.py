"""Made-up pages of the public web, so that the queue of what two people verify has something in it (演示网页)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from xinlin.core.rulebooks import Rulebook
from xinlin.demo.firms import Firm

_PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>{title}</title><style>p{{margin:1em}}</style></head><body>
<nav>首頁 | 新聞</nav><h1>{title}</h1><p>來源：演示日報 {day}</p>
<p>{name}多年來依約履行合同，去年汛期把倉庫讓出作應急物資的儲存點，未收取任何費用。企業的信用數(shù)據(jù)在信用雲上可以查到。</p>
<p>這個頁面是為演示而寫的，單位和事情都是虛構的。</p><p>责任编辑：演示</p><p>相关阅读</p><p>另一篇演示文章</p></body></html>"""
TITLES = ("誠信企業讓出倉庫存放應急物資", "一家企業二十年如一日守約")


def capture_pages(rulebook: Rulebook, firms: list[Firm], clerks: Mapping[str, Any], today: date) -> int:
    """Capture pages of the kinds that come from the web; one of them one person has verified. Returns how many."""
    from xinlin.office.actions.web_items import capture, verify

    captured = 0
    for kind in rulebook.kinds.values():
        senders = [clerks[code] for code in kind.providers if code in clerks]
        if kind.source != "public_web" or not senders:
            continue
        for number, (title, firm) in enumerate(zip(TITLES, firms, strict=False)):
            day = (today - timedelta(days=20 + number)).isoformat()
            page = _PAGE.format(title=title, day=day, name=firm.name).encode()
            item = capture(
                actor=senders[0],
                kind=kind.code,
                address=f"https://www.example.com/news/{number + 1}.html",
                chunks=[page],
                typed={
                    "uscc": firm.uscc,
                    "name": firm.name,
                    "occurred_on": day,
                    "document": title,
                    "authority": "演示日报",
                    "deed": "汛期让出仓库存放应急物资",
                },
            )
            captured += 1
            if number and len(senders) > 1:
                verify(actor=senders[1], number=item)
    return captured
