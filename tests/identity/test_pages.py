"""Sign-in as a person with a browser: both sites' strict policies hold, and nothing serious for axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.identity.conftest import Service
from xinlin.office.models.people import Subject
from xinlin.office.models.staff import Account

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_resident_signs_in_with_a_browser(
    connected: Service, register: dict[str, Subject], phone: Page, axe: Callable[[Page], list[str]]
) -> None:
    phone.goto("/sign-in/?next=/sign-out/")
    assert axe(phone) == []
    phone.get_by_role("button", name="用城市身份认证登录").click()
    phone.get_by_role("heading", name="选一个人登录").wait_for()
    assert phone.url.startswith(connected.url)
    assert axe(phone) == []
    phone.get_by_label("按姓名找其他人").fill("周过")
    phone.get_by_role("button", name="查找").click()
    phone.get_by_role("heading", name="周过客").wait_for()
    phone.get_by_role("button", name="林晓雯 人脸核验通过").first.click()
    phone.get_by_role("heading", name="要退出登录吗？").wait_for()
    assert Account.objects.get().subject == register["grown"]
    assert axe(phone) == []


def test_the_refusal_of_a_weak_sign_in_can_be_read(
    connected: Service, register: dict[str, Subject], phone: Page, axe: Callable[[Page], list[str]]
) -> None:
    phone.goto("/sign-in/")
    phone.get_by_role("button", name="用城市身份认证登录").click()
    phone.get_by_role("button", name="林晓雯 仅密码").first.click()
    phone.get_by_role("heading", name="没有登录成功").wait_for()
    assert axe(phone) == []
    phone.troubles.clear()  # type: ignore[attr-defined]  # the console reports the status 403, as it should
