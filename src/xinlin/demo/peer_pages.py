"""What a simulated office shows in a browser: one page, a form and what came of it. Every value is escaped; no script (模拟部门的页面)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = (
    "body{font:16px/1.6 system-ui,'Noto Sans CJK SC',sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1f2926;"
    "background:#f6f3eb}h1{font-size:1.4rem}form,table,section{background:#fffefb;border:1px solid #e4dfd2;border-radius:12px;"
    "padding:1rem;margin:1rem 0;width:100%;box-sizing:border-box}table{border-spacing:0;display:block;overflow-x:auto}"
    "td,th{padding:.4rem .8rem .4rem 0;text-align:start;vertical-align:top}label{display:block;margin:.5rem 0}"
    "input,select,button{font:inherit;padding:.5rem;border-radius:8px;border:1px solid #b9b39f;max-width:100%;"
    "box-sizing:border-box}input:not([type=checkbox]){width:24rem}button{background:#2a6659;color:#fff;border:0;padding:.6rem 1.2rem}"
    "small{color:#5a655f}"
)
"""Its own look, so that nobody takes it for the platform."""


def page(title: str, lead: str, body: Iterable[str]) -> bytes:
    """The whole page."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    told = "".join(body)
    text = (
        f'<!doctype html><html lang="zh-Hans"><head>{head}<style>{STYLE}</style></head><body>'
        f"<h1>{escape(title)}</h1><p>{escape(lead)}</p>{told}</body></html>"
    )
    return text.encode()


class Markup(str):
    """Text that is HTML already."""


def problem(text: str) -> str:
    """What went wrong, or nothing."""
    return f"<section><strong>{escape(text)}</strong></section>" if text else ""


def form(action: str, button: str, fields: Iterable[str]) -> Markup:
    """A form that posts."""
    return Markup(
        f'<form method="post" action="{escape(action)}">{"".join(fields)}<p><button>{escape(button)}</button></p></form>'
    )


def entry(name: str, label: str, value: str = "") -> str:
    """A line to type into."""
    return f'<label>{escape(label)}<br><input name="{escape(name)}" value="{escape(value)}"></label>'


def tick(name: str, label: str) -> str:
    """A box to tick."""
    return f'<label><input type="checkbox" name="{escape(name)}" value="true"> {escape(label)}</label>'


def choice(name: str, label: str, choices: Iterable[tuple[str, str]]) -> str:
    """One of several."""
    options = "".join(f'<option value="{escape(value)}">{escape(text)}</option>' for value, text in choices)
    return f'<label>{escape(label)}<br><select name="{escape(name)}">{options}</select></label>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of text; a cell that is `Markup` is taken as it is."""
    heads = "".join(f"<th>{escape(one)}</th>" for one in header)
    lines = "".join(
        "<tr>" + "".join(f"<td>{cell if isinstance(cell, Markup) else escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
