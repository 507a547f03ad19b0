"""Generated documents 生成文档: states, items, settings, error texts and OpenAPI, drawn from the code itself."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.factory import create_app
from config.settings import ROOT, Settings, load_settings
from config.sms_settings import SmsSettings
from runtime import secret_files
from runtime.bootstrap import build
from runtime.cli.asvs_page import asvs_page
from runtime.cli.notice_docs import notices_page
from runtime.cli.sbom import sbom
from runtime.cli.security_page import security_page
from services.applications.states import PLAIN_STATES
from services.closing.states import DAY_STATES
from services.core.states import StateTable
from services.counter.states import COUNTER_STATES
from services.face.states import FACE_STATES
from services.face.tips import TIPS
from services.items.declaration import Approval, Example, Item
from services.items.registry import load_registry
from services.loans.states import DISCHARGE_STATES, LOAN_STATES
from services.loans.states import INSTALMENT_STATES as LOAN_INSTALMENT_STATES
from services.notices.states import NOTICE_STATES
from services.reconciliation.states import BREAK_STATES, CLEARING_STATES
from services.remittances.states import REMITTANCE_STATES
from services.settlement.deductions.states import DEDUCTION_STATES
from services.settlement.states import INSTRUCTION_STATES
from services.transfers.states import TRANSFER_STATES
from services.withdrawals.states import WITHDRAWAL_STATES

TABLES = {
    "withdrawal": ("提取 withdrawal", WITHDRAWAL_STATES),
    "application": ("非资金类办件 application", PLAIN_STATES),
    "payment_instruction": ("付款指令 payment instruction", INSTRUCTION_STATES),
    "deduction": ("扣款 deduction from a card", DEDUCTION_STATES),
    "face_session": ("刷脸会话 face session", FACE_STATES),
    "loan": ("贷款 loan", LOAN_STATES),
    "loan_instalment": ("还款期次 loan instalment", LOAN_INSTALMENT_STATES),
    "mortgage_discharge": ("解除抵押 discharge of a mortgage", DISCHARGE_STATES),
    "remittance_batch": ("汇缴批次 an employer's month", REMITTANCE_STATES),
    "transfer_in": ("异地转移 transfer from another centre", TRANSFER_STATES),
    "business_day": ("会计日期 business day", DAY_STATES),
    "bank_break": ("差错 break", BREAK_STATES),
    "counter_proposal": ("柜台事项 act at the counter", COUNTER_STATES),
    "suspense_clearing": ("挂账转出 moving a correction on", CLEARING_STATES),
    "notice_intent": ("通知 notice intent", NOTICE_STATES),
}
_NOWHERE = "postgresql+psycopg://nobody@127.0.0.1/none"
_MARK = "<!-- Written by `make docs` from the code; do not edit. -->\n"


def state_page(title: str, table: StateTable) -> str:
    """One state table as a diagram and a list of edges."""
    labels = "\n".join(f"| `{state}` | {label} |" for state, label in table.labels.items())
    edges = "\n".join(f"| `{e.source}` | {e.event} | `{e.target}` | {e.actor} |" for e in table.edges)
    return (
        f"{_MARK}# {title}\n\n```mermaid\n{table.diagram()}\n```\n\n| state | 显示 |\n|---|---|\n{labels}\n\n"
        f"| from | event | to | who |\n|---|---|---|---|\n{edges}\n\nNo other edge exists.\n"
    )


def items_page() -> str:
    """Every item with its rules and examples."""
    return _MARK + "# Items 事项\n\n" + "\n".join(_item(item) for item in load_registry())


def _item(item: Item) -> str:
    rules = "\n".join(
        f"- `{rule.__name__}`: {(rule.__doc__ or '').splitlines()[0]}" for rule in item.eligibility
    )
    basis = "\n".join(f"- {b.title} {b.article}: {b.text}" for b in item.legal_basis)
    examples = "\n".join(f"- {e.title} → {_outcome(e)}" for e in item.examples)
    return (
        f"## {item.name_zh} `{item.code}` ({item.standard_code})\n\n{item.summary}. Verification: {item.verification.value}."
        f" {item.sla_text}.\n\nBasis:\n{basis}\n\nRules:\n{rules}\n\nExamples, run by the tests:\n{examples}\n"
    )


def _outcome(example: Example) -> str:
    looked_at = "，人工审核" if example.approval is Approval.REVIEW else ""
    return f"可以{looked_at}" if example.allowed else str(example.refusal)


def settings_page() -> str:
    """Every setting with its default and what it is."""
    rows = []
    fields = sorted(Settings.model_fields.items(), key=lambda field: field[0] in SmsSettings.model_fields)
    for name, info in fields:
        variable = "DATABASE_URL" if name == "database_url" else f"ANJU_{name.upper()}"
        rows.append(f"| `{variable}` | {_default(info.default)} | {info.description or ''} |")
    head = "| variable | development default | what |\n|---|---|---|\n"
    return f"{_MARK}# Settings\n\n{head}" + "\n".join(rows) + "\n"


def _default(value: object) -> str:
    text = "" if "SecretStr" in type(value).__name__ else str(value).replace(str(ROOT), ".")
    return f"`{text}`" if text and text != "None" else ""


def tips_page() -> str:
    """Reasons of a refused face and what the member is told."""
    rows = "\n".join(f"| `{code}` | {tip.text} | {tip.tip} |" for code, tip in sorted(TIPS.items()))
    return f"{_MARK}# Why a face was refused\n\n| code | 发生了什么 | 怎么办 |\n|---|---|---|\n{rows}\n"


def openapi_page() -> str:
    """The member API's OpenAPI document; made without a database, with keys that serve nobody."""
    with tempfile.TemporaryDirectory() as folder:
        secret_files.prepare(Path(folder))
        settings = load_settings(
            DATABASE_URL=_NOWHERE, secrets_dir=Path(folder), public_base_url="http://127.0.0.1:8600"
        )
        app = create_app(build(settings).ports())
        with app.app_context():
            return json.dumps(app.spec, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    **{f"states/{name}.md": partial(state_page, title, table) for name, (title, table) in TABLES.items()},
    "items.md": items_page,
    "settings.md": settings_page,
    "face-reasons.md": tips_page,
    "notices.md": lambda: _MARK + notices_page(),
    "openapi.json": openapi_page,
    "security.md": security_page,
    "security/sbom.json": sbom,
    "asvs.md": asvs_page,
}


def write_docs(folder: Path = ROOT / "docs") -> list[str]:
    """Write every generated page; returns the names of those that changed."""
    changed = []
    for name, page in PAGES.items():
        path, text = folder / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


if __name__ == "__main__":
    print("\n".join(write_docs()) or "docs are up to date")
