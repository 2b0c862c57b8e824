"""Signing in, as values: which assurance suffices, how fresh it must be, which scopes a machine may hold (账户, 接入系统)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from xinlin.core.values import Problem, Text

MACHINE_SCOPES = ("batches:write", "batches:read", "checks:ask", "checks:feedback")
"""What a department's system may be allowed to do; each one is asked for and granted by name."""

CLOCK_LEEWAY = timedelta(seconds=30)
"""By how much the identity service's clock may run ahead of ours."""


def _refused(code: str, where: str, raw: str, what: Text, cure: Text) -> Problem:
    return Problem(code=code, where=where, raw=raw, what=what, cure=cure)


def assurance_problem(
    *, acr: str, accepted: Collection[str], verified_at: datetime, moment: datetime, maximum_age: timedelta
) -> Problem | None:
    """Why a person so verified may not sign in, or None.

    ``acr`` is the level that the identity service states, ``verified_at`` its ``auth_time``; both clocks carry a zone.
    The last second of ``maximum_age`` still counts.
    """
    if acr not in accepted:
        return _refused(
            "assurance_too_low",
            "acr",
            acr,
            Text(zh="这次登录的认证强度不够。", en="This sign-in was not verified strongly enough."),
            Text(
                zh="请重新登录，并在城市身份认证中选择“人脸核验”。仅用密码登录不能查看个人信用信息。",
                en="Sign in again and pass the face check at the city's identity service. A password alone does not open "
                "personal credit data.",
            ),
        )
    if verified_at > moment + CLOCK_LEEWAY:
        return _refused(
            "verified_in_future",
            "auth_time",
            verified_at.isoformat(),
            Text(zh="身份认证的时间晚于现在。", en="The verification is dated in the future."),
            Text(
                zh="请稍后重试；若仍如此，请告知运维人员核对时钟。",
                en="Try again later; if it stays, tell the operators to compare the clocks.",
            ),
        )
    if moment - verified_at > maximum_age:
        return _refused(
            "verified_too_long_ago",
            "auth_time",
            verified_at.isoformat(),
            Text(zh="身份核验的时间太久了。", en="You were verified too long ago."),
            Text(
                zh=f"请重新登录并再次核验身份；核验后 {int(maximum_age.total_seconds()) // 60} 分钟内有效。",
                en=f"Sign in again and be verified anew; a verification holds for {int(maximum_age.total_seconds()) // 60} minutes.",
            ),
        )
    return None


NAME_DIFFERS = Problem(
    code="name_differs",
    where="name",
    what=Text(
        zh="身份认证中的姓名与登记册中同一证件号码的姓名不一致，因此没有关联。",
        en="The name stated by the identity service differs from the name in the register for the same id number, so the two were not linked.",
    ),
    cure=Text(
        zh="如您已更名，请先在公安机关办理更名并等登记册更新；其他情况请携带身份证到政务服务中心信用窗口核对。",
        en="If you changed your name, register that with the police first; otherwise take your id card to the credit desk.",
    ),
)
LINKED_OTHERWISE = Problem(
    code="linked_to_another",
    where="sub",
    what=Text(
        zh="登记册中的这个人已经关联了另一个身份认证账号。",
        en="This person in the register is already linked to another identity account.",
    ),
    cure=Text(
        zh="请用原来的身份认证账号登录；如已注销，请携带身份证到政务服务中心信用窗口办理。",
        en="Sign in with the earlier identity account; if it is closed, bring your id card to the credit desk.",
    ),
)
CLOSED = Problem(
    code="account_closed",
    where="account",
    what=Text(zh="这个账户已停用。", en="This account is closed."),
    cure=Text(zh="工作人员请联系本部门的运维管理员。", en="Staff: ask your operator."),
)
IS_A_RESIDENT = Problem(
    code="is_a_resident",
    where="sub",
    what=Text(
        zh="这个身份认证账号已经是居民账户，不能改为工作人员账户。",
        en="This identity account is a resident's here and cannot become a staff account.",
    ),
    cure=Text(
        zh="一人两职，用两个账号：请在身份认证服务中为其工作身份另开账号。",
        en="Who has two duties has two accounts: have the identity service open a second one for the office.",
    ),
)
VERIFY_FIRST = Problem(
    code="verify_first",
    where="account",
    what=Text(
        zh="添加通行密钥之前，请先用城市身份认证核验一次。",
        en="Before adding a passkey, be verified by the city's identity service.",
    ),
    cure=Text(zh="核验后请在这一页添加。", en="Afterwards, add it on this page."),
)
PASSKEY_UNKNOWN = Problem(
    code="passkey_unknown",
    where="passkey",
    what=Text(zh="这个通行密钥不能用来登录。", en="This passkey does not sign anybody in."),
    cure=Text(
        zh="请用城市身份认证登录，然后在“账户安全”里查看您的通行密钥。",
        en="Sign in through the identity service, and see your passkeys under “Account security”.",
    ),
)
PASSKEY_WAITS = Problem(
    code="passkey_waits",
    where="passkey",
    what=Text(
        zh="距上次城市身份认证已经太久，通行密钥暂不能用。",
        en="The identity service last verified you too long ago, so the passkey waits.",
    ),
    cure=Text(
        zh="请用城市身份认证登录一次，之后通行密钥又可以用。",
        en="Sign in through the identity service once; afterwards the passkey works again.",
    ),
)
PASSKEY_NAME = Problem(
    code="passkey_name",
    where="name",
    what=Text(zh="请给通行密钥起个名字，最多 40 个字。", en="Give the passkey a name of at most 40 characters."),
    cure=Text(zh="例如“我的手机”。", en="“My phone”, for instance."),
)
PASSKEYS_ENOUGH = Problem(
    code="passkeys_enough",
    where="passkey",
    what=Text(zh="一个账户最多 10 个通行密钥。", en="An account has at most 10 passkeys."),
    cure=Text(zh="请先删去一个不用的。", en="Remove one that you no longer use."),
)
