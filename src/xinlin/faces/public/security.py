"""What is promised about security, and the tests by which each promise was last seen to hold (安全说明).

The page is made from ``security.json``, which ``python3 dev.py security`` writes after running those tests, and only where every
one passed. A test that is changed without being run again, or a promise without a test, fails the build.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

RESULTS = Path(__file__).with_name("security.json")


@dataclass(frozen=True)
class Promise:
    """One promise in a resident's words. ``code`` is its name in ``security.json``."""

    code: str
    icon: str
    says: str | Lazy
    how: str | Lazy


PROMISES = (
    Promise(
        "consent",
        "handshake",
        _("不同意就没有分，退出就删干净"),
        _(
            "没有有效授权，任何程序都算不出、读不到分数；评分进行到一半时退出，也不留下一行；恢复旧备份不会复活已退出的人。"
        ),
    ),
    Promise(
        "looks",
        "eye",
        _("谁看过都记下"),
        _("每一个读取个人信息的查询都在程序里被逐一核对：不写查询记录的，通不过检验。异常查询会报警。"),
    ),
    Promise(
        "others",
        "lock",
        _("别人的打不开"),
        _("每个页面和接口都用十几种身份各试一遍：自己的、别人的、外区的、不存在的，打不开的就是打不开。"),
    ),
    Promise(
        "sign_in",
        "user-check",
        _("登录认人不认密码"),
        _("由城市身份认证核验，强度不够、时间太久、不是本机发起的都不放行；不存人脸，也不存密码。"),
    ),
    Promise(
        "at_rest",
        "key-round",
        _("存下的都加密"),
        _("证件号码和姓名加密保存，送来的文件加密封存；改动一个字节就打不开。"),
    ),
    Promise(
        "never_stored",
        "fingerprint",
        _("指纹人脸进不来"),
        _("宗教、基因、指纹、人脸、血型、疾病、言论、信访的栏目在门口就被拒收。"),
    ),
    Promise(
        "seven_parts",
        "scale",
        _("缺一项就没有措施"),
        _("名单、文书、机关、条款、告知、救济、期限七项缺一，数据库自己就拒绝；核查在结构上读不到分数。"),
    ),
    Promise(
        "log",
        "hash",
        _("历史改不了"),
        _("每次变动都写入任何人可以核对的日志；用别人写的程序也能核出同样的结果。"),
    ),
    Promise(
        "files",
        "file-warning",
        _("有害的文件挡在门外"),
        _("压缩炸弹、外部引用、伪装的图片和公式注入都被识别；照片里的位置信息会被去掉。"),
    ),
    Promise(
        "kiosk",
        "monitor",
        _("自助机不留痕迹"),
        _("一分钟没人碰就清除；退出后缓存、会话和页面里都找不到上一个人。"),
    ),
)


@dataclass(frozen=True)
class Held:
    """A promise with the tests that held it, and when."""

    promise: Promise
    tests: int
    names: list[str]
    on: date | None


@cache
def results() -> dict[str, dict[str, str]]:
    """Promise -> test -> digest of its text when it passed; under ``about`` day and version. Empty before the first run."""
    read: dict[str, dict[str, str]] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    return read


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """``/security/``: every promise, how many tests hold it, and on which day they last passed."""
    found = results()
    about = found.get("about", {})
    day = date.fromisoformat(about["passed_on"]) if about else None
    held = [
        Held(promise, len(found[promise.code]), [name.partition("::")[2] for name in found[promise.code]], day)
        for promise in PROMISES
        if day is not None and promise.code in found
    ]
    context = {"held": held, "on": day, "version": about.get("version"), "total": sum(one.tests for one in held)}
    return render(request, "public/security.html", context)
