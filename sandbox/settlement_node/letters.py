"""Letters between centres 转移联系函 (BDC901, 903, 904, 905): every other centre of the country, played by the sandbox."""

from __future__ import annotations

import json
import re
import time
import tomllib
from pathlib import Path
from typing import Any

from sandbox.settlement_node.books import Books, yuan
from sandbox.settlement_node.checks import Refused, check_moment
from sandbox.settlement_node.envelope import Answer, Fields
from sandbox.settlement_node.letter_plans import PLANS, usual

_HERE = Path(__file__).parent
_SCHEMA = (_HERE / "letters.sql").read_text(encoding="utf-8")
_CENTRES = tomllib.loads((_HERE / "centres.toml").read_text(encoding="utf-8"))
_NEEDED = {
    "TxFunc": r"0",
    "EmpName": r"\S.{0,59}",
    "DocType": r"01",
    "IdNum": r"\d{17}[\dX]",
    "TranBank": r".{1,60}",
    "GenDate": r"\d{8}",
}
_ACCOUNT = {"principal_fen": 1_200_000, "interest_fen": 3_456, "opened": "202103", "paid_through": "202604"}
_FLAGS = {"SixMconFlag": "1", "LoanNum": "0", "LoanEndFlag": "0", "FrLoanFlag": "0"}
_DONE_WITH = ("05", "13", "40")
_FIXED = ("principal_fen", "interest_fen", "opened", "paid_through")


class Letters:
    """Rules and records of letters; knows nothing of sockets."""

    def __init__(self, books: Books) -> None:
        self.books, self.store = books, books.store
        for statement in _SCHEMA.split(";\n"):
            if statement.strip():
                self.store.run(statement)

    # -- at the counter ------------------------------------------------------------------------------------

    def handlers(self) -> dict[str, Any]:
        """What the counter does with each message."""
        return {"BDC901": self._apply, "BDC903": self._withdraw, "BDC904": self._progress}

    def letter(self, number: str) -> dict[str, Any] | None:
        return self.store.row("SELECT * FROM letters WHERE number = ?", number)

    def _apply(self, body: Fields) -> Answer:
        self._check(body)
        found = self.letter(body["ConNum"])
        asked = {"centre": body["TranOutUnitNo"], "name": body["EmpName"], "id_no": body["IdNum"]}
        if found is not None:
            if any(found[name] != value for name, value in asked.items()):
                raise Refused("E2006", "联系函编号重复而内容不同")
            self.store.run("UPDATE letters SET received = received + 1 WHERE number = ?", body["ConNum"])
            return Answer()
        order = self._order(body["TranOutUnitNo"])
        account = _ACCOUNT | {name: order["params"][name] for name in _FIXED if name in order["params"]}
        flags = _FLAGS | {name: str(order["params"][name]) for name in _FLAGS if name in order["params"]}
        self.store.insert(
            "letters",
            number=body["ConNum"],
            **asked,
            former_no=body.get("SocRefAcctNo", ""),
            status="01",
            reason="",
            **account,
            flags=json.dumps(flags),
            created_at=time.time(),
        )
        plan = PLANS.get(order["kind"], usual)
        for seconds, act, args in plan(order["params"]):
            self.plan(body["ConNum"], act, args, seconds)
        return Answer()

    def _check(self, body: Fields) -> None:
        who = self.books.who
        if not re.fullmatch(who.node + r"\d{10}", body.get("ConNum", ""), re.ASCII):
            raise Refused("E2002", "字段 ConNum 缺少或不符")
        for name, pattern in _NEEDED.items():
            if not re.fullmatch(pattern, body.get(name, ""), re.ASCII if name != "EmpName" else 0):
                raise Refused("E2002", f"字段 {name} 缺少或不符")
        check_moment(body["GenDate"])
        if body["GenDate"][2:] != body["ConNum"][6:12]:
            raise Refused("E2002", "联系函编号与日期不符")
        centre = _CENTRES.get(body.get("TranOutUnitNo", ""))
        if centre is None:
            raise Refused("E9101", "转出中心未接入")
        if body.get("TranCenName") != centre["name"]:
            raise Refused("E9101", "转出中心名称不符")
        if (body.get("TranRefAcctNo"), body.get("TranRefAcctName")) != (
            who.pay_account_no,
            who.pay_account_name,
        ):
            raise Refused("E2003", "收款账号户名不符")

    def _withdraw(self, body: Fields) -> Answer:
        found = self._known(body)
        if found["status"] == "05":
            return Answer()
        if found["written"] or found["status"] in ("00", "08", *_DONE_WITH):
            raise Refused("E9102", "对方已在办理转出，不能撤销")
        self.store.run("DELETE FROM letter_acts WHERE number = ?", found["number"])
        self._status(found["number"], "05", "转入方撤销")
        return Answer()

    def _progress(self, body: Fields) -> Answer:
        found = self._known(body)
        said = {"ConNum": found["number"], "AppPrStatus": found["status"], "AppPrInfo": found["reason"]}
        return Answer(body=said | (_account(found) if found["written"] else {}))

    def _known(self, body: Fields) -> dict[str, Any]:
        found = self.letter(body.get("ConNum", ""))
        if found is None:
            raise Refused("NOREC", "查无此联系函")
        return found

    # -- orders and acts -----------------------------------------------------------------------------------

    def order(self, wish: dict[str, Any]) -> int:
        """What the next letter meets: {kind, centre?, count?: 1 | null, ...params}; ValueError if unknown."""
        wish = dict(wish)
        kind, centre, count = wish.pop("kind", ""), wish.pop("centre", None), wish.pop("count", 1)
        if kind not in {"usual", *PLANS}:
            raise ValueError(f"kind must be usual or one of {', '.join(PLANS)}")
        if count is not None and (type(count) is not int or count < 1):
            raise ValueError("count must be a positive number or null")
        return self.store.insert(
            "letter_orders", kind=kind, centre=centre, params=json.dumps(wish), remaining=count
        )

    def _order(self, centre: str) -> dict[str, Any]:
        row = self.store.row(
            "SELECT * FROM letter_orders WHERE centre IS NULL OR centre = ? ORDER BY id LIMIT 1", centre
        )
        if row is None:
            return {"kind": "usual", "params": {}}
        if row["remaining"] == 1:
            self.store.run("DELETE FROM letter_orders WHERE id = ?", row["id"])
        elif row["remaining"] is not None:
            self.store.run("UPDATE letter_orders SET remaining = remaining - 1 WHERE id = ?", row["id"])
        return {"kind": row["kind"], "params": json.loads(row["params"])}

    def plan(self, number: str, act: str, args: dict[str, Any], seconds: float = 0.0) -> None:
        """Have the other centre do something after a while."""
        due_at = time.time() + seconds
        self.store.insert("letter_acts", number=number, due_at=due_at, act=act, args=json.dumps(args))

    def work(self) -> None:
        """Do what has fallen due."""
        for row in self.store.rows(
            "SELECT * FROM letter_acts WHERE due_at <= ? ORDER BY due_at, id", time.time()
        ):
            with self.store.tx():
                found = self.letter(row["number"])
                if found and self.store.row("SELECT 1 FROM letter_acts WHERE id = ?", row["id"]):
                    self.store.run("DELETE FROM letter_acts WHERE id = ?", row["id"])
                    getattr(self, f"_do_{row['act']}")(found, json.loads(row["args"]))

    def next_due(self) -> float | None:
        row = self.store.row("SELECT MIN(due_at) AS at FROM letter_acts")
        return row["at"] if row else None

    def close_day(self) -> None:
        """Letters know no cut-off."""

    def open_day(self) -> None:
        """Nor a beginning."""

    def _do_confirm(self, found: dict[str, Any], args: dict[str, Any]) -> None:
        self._status(found["number"], "02", "")
        self._push(found["number"], "BDC901", {"ConNum": found["number"], "TxFunc": "1"})

    def _do_letter(self, found: dict[str, Any], args: dict[str, Any]) -> None:
        changes = {name: args[name] for name in ("principal_fen", "interest_fen") if name in args}
        for name, value in changes.items():
            self.store.run(f"UPDATE letters SET {name} = ? WHERE number = ?", int(value), found["number"])
        self.store.run("UPDATE letters SET written = 1 WHERE number = ?", found["number"])
        if found["status"] != "00":
            self._status(found["number"], "08", "")
        if args.get("push", True):
            said = _account(found | changes)
            func = "1" if changes else "0"
            self._push(
                found["number"],
                "BDC905",
                {"ConNum": found["number"], "TxFunc": func, **said, "TranRstCode": "0"},
            )

    def _do_refuse(self, found: dict[str, Any], args: dict[str, Any]) -> None:
        reason = str(args.get("reason", ""))
        self._status(found["number"], "13", reason)
        said = {"ConNum": found["number"], "TxFunc": "0", "TranRstCode": "1", "AppPrInfo": reason}
        self._push(found["number"], "BDC905", said)

    def _do_talk(self, found: dict[str, Any], args: dict[str, Any]) -> None:
        self._status(found["number"], "06", str(args.get("reason", "")))
        said = {"ConNum": found["number"], "AppPrStatus": "06", "AppPrInfo": str(args.get("reason", ""))}
        self._push(found["number"], "BDC904", said)

    def _do_money(self, found: dict[str, Any], args: dict[str, Any]) -> None:
        parts = {"principal": found["principal_fen"], "interest": found["interest_fen"]}
        whole = parts.get(args.get("only", ""), sum(parts.values()))
        fen = int(args.get("amount_fen", whole + args.get("by_fen", 0)))
        centre = _CENTRES[found["centre"]]
        self.books.credit(fen, centre["account_no"], centre["name"], "异地转移", found["number"])
        if found["written"]:
            self._status(found["number"], "00", "")

    def _do_back(self, found: dict[str, Any], args: dict[str, Any]) -> None:
        """The last money that came is taken back."""
        line = self.store.row(
            "SELECT * FROM lines WHERE remark = ? AND amount_fen > 0 ORDER BY id DESC LIMIT 1",
            found["number"],
        )
        if line is not None:
            cells = {name: line[name] for name in _CELLS}
            new = self.books.new_host_seq_no("B")
            self.books.book(-line["amount_fen"], None, kind="back", host_seq_no=new, **cells)

    # -- pushing -------------------------------------------------------------------------------------------

    def next_push(self) -> dict[str, Any] | None:
        """The word to be told next."""
        row = self.store.row("SELECT * FROM letter_pushes WHERE state = 'queued' ORDER BY id LIMIT 1")
        return row | {"body": json.loads(row["body"])} if row else None

    def pushed(self, number: int, verdict: str) -> None:
        """How a word was taken; without a verdict it is told again."""
        state = verdict or "queued"
        self.store.run(
            "UPDATE letter_pushes SET state = ?, deliveries = deliveries + 1 WHERE id = ?", state, number
        )

    def _push(self, number: str, tx_code: str, body: Fields) -> None:
        self.store.insert(
            "letter_pushes", number=number, tx_code=tx_code, body=json.dumps(body), state="queued"
        )

    def _status(self, number: str, status: str, reason: str) -> None:
        self.store.run("UPDATE letters SET status = ?, reason = ? WHERE number = ?", status, reason, number)


_CELLS = (
    "tx_code",
    "counter_account_no",
    "counter_name",
    "counter_bank_no",
    "summary",
    "remark",
    "ref_no",
)


def _account(found: dict[str, Any]) -> Fields:
    """The account a letter hands over, in the fields of BDC905."""
    return {
        "TranAmt": yuan(found["principal_fen"] + found["interest_fen"]),
        "OrAcctAmt": yuan(found["principal_fen"]),
        "Yinter": yuan(found["interest_fen"]),
        "OAcctDate": found["opened"],
        "PayEndDate": found["paid_through"],
        **json.loads(found["flags"]),
    }
