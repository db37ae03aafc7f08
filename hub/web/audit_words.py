"""The words of the audit: what its actions and types are called, and what a change changed."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from hub.archive.catalogue import RECORD_TYPES
from hub.errors import T
from hub.kit.records.declare import fields_of

_ACTIONS = {
    "create": T("新建", "Created"),
    "update": T("修改", "Changed"),
    "archive": T("归档", "Archived"),
    "restore": T("恢复", "Restored"),
    "reveal": T("查看保密内容", "Looked at a secret"),
    "export": T("导出", "Exported"),
    "sign_in": T("登录", "Signed in"),
    "sign_out": T("退出", "Signed out"),
    "sign_in_failed": T("登录失败", "Failed to sign in"),
    "locked": T("账号锁定", "Locked out"),
    "password_changed": T("修改密码", "Changed the password"),
    "password_reset": T("重设密码", "Reset the password"),
    "grants_changed": T("调整角色", "Changed roles"),
    "role_changed": T("修改权限", "Changed a role's rights"),
    "role_added": T("新建角色", "Added a role"),
    "sessions_ended": T("结束登录", "Ended sessions"),
    "order_link_link": T("发出工单链接", "Made a link to a work order"),
    "order_link_revoked": T("收回工单链接", "Revoked a link to a work order"),
    "order_link_opened": T("打开工单链接", "Opened a link to a work order"),
    "all_sessions_ended": T("结束所有人的登录", "Ended everybody's sessions"),
    "second_factor_added": T("添加两步验证", "Added a second factor"),
    "second_factor_removed": T("移除两步验证", "Removed a second factor"),
    "second_factor_reset": T("清除两步验证", "Cleared a second factor"),
    "company_accounts_set": T("设置公司账号登录", "Set up company accounts"),
    "company_account_linked": T("公司账号首次登录", "Linked a company account"),
    "company_account_unlinked": T("解除公司账号", "Unlinked a company account"),
    "passkey_added": T("添加通行密钥", "Added a passkey"),
    "recovery_codes_made": T("换恢复码", "Made recovery codes"),
    "token_made": T("发令牌", "Made a token"),
    "pin_set": T("设置 PIN", "Set a PIN"),
    "pin_sign_in": T("用 PIN 换人", "Changed over by PIN"),
    "pin_failed": T("PIN 输错", "Wrong PIN"),
    "pc_enrolled": T("登记共用电脑", "Enrolled a shared PC"),
    "pc_revoked": T("撤销共用电脑", "Revoked a shared PC"),
    "key_rotated": T("密钥轮换", "Rotated a key"),
    "abnormal_access": T("异常访问", "Abnormal access"),
    "send": T("发出", "Sent"),
    "sign": T("签署", "Signed"),
    "end": T("终止", "Ended"),
    "approval_asked": T("申请审批", "Asked for an approval"),
    "approval_given": T("同意", "Approved"),
    "approval_refused": T("驳回", "Refused"),
    "approval_rule_added": T("添加审批规则", "Added an approval rule"),
    "approval_rule_ended": T("停用审批规则", "Ended an approval rule"),
    "warning_overridden": T("不顾健康提醒继续", "Went on past a health warning"),
    "give_rights": T("调高权限", "Give more rights"),
    "delegated": T("委托审批", "Delegated approvals"),
    "notice_published": T("发布告知书", "Published a notice"),
    "consent_given": T("记录授权同意", "Recorded a consent"),
    "consent_withdrawn": T("撤回授权同意", "Withdrew a consent"),
    "person_erased": T("删除个人资料", "Erased a person"),
    "assessment_signed": T("签署影响评估", "Signed an impact assessment"),
    "access_reviewed": T("权限复核", "Reviewed rights"),
    "policy_published": T("发布制度", "Published a policy"),
    "policy_withdrawn": T("停止执行制度", "Withdrew a policy"),
    "policy_accepted": T("阅读并接受制度", "Read and accepted a policy"),
    "finding_closed": T("关闭异常提醒", "Closed a finding"),
    "order_configure": T("下达配置", "Ordered a configuration"),
    "order_update": T("下达软件更新", "Ordered an update"),
    "order_restart": T("下达重启", "Ordered a restart"),
    "order_check": T("下达自检", "Ordered a self-test"),
    "order_done": T("采集端已执行", "The agent did it"),
    "order_refused": T("采集端拒绝", "The agent refused it"),
    "order_failed": T("执行失败", "The agent failed at it"),
    "order_returned": T("采集端已退回上一版", "The agent went back"),
    "rollout_started": T("开始推送软件", "Began a roll-out"),
    "rollout_running": T("继续推送软件", "Went on with a roll-out"),
    "rollout_stopped": T("停止推送软件", "Stopped a roll-out"),
}
_TYPES = {
    "sessions": T("登录", "Signing in"),
    "roles": T("角色", "Roles"),
    "keys": T("密钥", "Keys"),
    "changes": T("审计日志", "Audit log"),
    "approval_rules": T("审批规则", "Approval rules"),
}
_RIGHTS = {
    "before_": T("现在的角色", "Roles now"),
    "grants_": T("以后的角色", "Roles then"),
    "needs_second_factor": T("要求两步验证", "Needs a second factor"),
}
_SEALED = "v1|"
_LONG = 60
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def action_words(action: str) -> T:
    return _ACTIONS.get(action, T(action, action.replace("_", " ").capitalize()))


def type_words(record_type: str) -> T:
    for model in RECORD_TYPES:
        if model.__tablename__ == record_type:
            return model.__record__.label
    return _TYPES.get(record_type, T(record_type, record_type.replace("_", " ")))


def change_words(record_type: str, values: Mapping[str, Any]) -> list[tuple[T, str, str]]:
    """(field, before, after) in short; what is sealed stays sealed, bare ids say nothing."""
    labels = _labels(record_type)
    found = []
    for name, pair in values.items():
        before, after = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
        if not (_ID.fullmatch(str(after)) or (after is None and _ID.fullmatch(str(before)))):
            found.append((labels.get(name, T(name, name)), _short(before), _short(after)))
    return found


@cache
def _labels(record_type: str) -> dict[str, T]:
    for model in RECORD_TYPES:
        if model.__tablename__ == record_type:
            return _RIGHTS | {name: field.label for name, field in fields_of(model).items()}
    return _RIGHTS


def _short(value: object) -> str:
    if value is None or value == "":
        return ""
    text = str(value)
    if text.startswith(_SEALED):
        return "••••"
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
