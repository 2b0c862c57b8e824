from typing import Any
import pytest
from tests.browser.conftest import *
from xinlin.office.models.staff import Account
pytestmark = pytest.mark.django_db(transaction=True)
def test_shot(desk: Any, phone: Any, live_server: Any, sign_in: Any, axe: Any) -> None:
    account = Account.objects.create(username="c", role="clerk", display_name="王报送", department="market_regulation")
    for page, name in ((desk, "desk"), (phone, "phone")):
        sign_in(page, account)
        page.goto("/bench/intake/record/?kind=administrative_penalty")
        page.screenshot(path=f"/tmp/intake-proto/form-{name}.png", full_page=True)
        page.get_by_role("button", name="校验并报送").click()
        page.wait_for_load_state()
        page.troubles.clear()
        page.screenshot(path=f"/tmp/intake-proto/form-wrong-{name}.png", full_page=True)
        print(axe(page))
        page.goto("/bench/intake/record/")
        page.screenshot(path=f"/tmp/intake-proto/kinds-{name}.png", full_page=True)
        page.goto("/bench/intake/new/")
        page.set_input_files("#file", files=[{"name": "a.csv", "mimeType": "text/csv", "buffer": "甲,乙\n1,2\n".encode()}])
        page.locator("input[name=kind]").first.check()
        page.get_by_role("button", name="报送", exact=True).click()
        page.wait_for_load_state()
        page.screenshot(path=f"/tmp/intake-proto/reading-{name}.png", full_page=True)
        print(axe(page))
    assert 0
