"""Contributions 汇缴 from the command line: `python -m runtime.cli contributions WHAT`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from config.settings import Settings
from runtime.bootstrap import Product, build
from runtime.cli.four_eyes import agree, signed_in
from services.core.db import transaction
from services.core.errors import DomainError, Invalid
from services.core.money import parse_yuan
from services.remittances.employers import register_employer
from services.remittances.faults import FileRefused
from services.remittances.reading import MOST_BYTES
from services.remittances.second_look import reversal_waiting, surplus_waiting
from services.remittances.service import Filed
from services.remittances.states import REMITTANCE_STATES
from services.remittances.surplus import Asked

_OPERATOR = "operator"
Act = Callable[[Product, argparse.Namespace], Filed | Asked | None]


def run_contributions(settings: Settings, options: argparse.Namespace) -> int:
    """Employers' months of contributions: register an employer, load a file, see and settle a batch."""
    product = build(settings)
    try:
        filed = _ACTS[options.what](product, options)
    except FileRefused as refused:
        print("\n".join(fault.text for fault in refused.faults), file=sys.stderr)
        return 1
    except DomainError as fault:
        print(f"{fault.code}: {fault.detail}", file=sys.stderr)
        return 1
    if isinstance(filed, Asked):
        print(json.dumps(asdict(filed), ensure_ascii=False))
    elif filed is not None:
        _say(filed)
        return 1 if filed.state in ("refused", "held") else 0
    return 0


def _say(filed: Filed) -> None:
    told = {
        "batch_no": filed.batch_no,
        "state": filed.state,
        "state_text": REMITTANCE_STATES.labels[filed.state],
        "people": filed.people,
        "total_fen": filed.total_fen,
        "received_fen": filed.received_fen,
    }
    for fault in filed.faults:
        print(f"{fault.code}: {fault.text}", file=sys.stderr)
    print(json.dumps(told, ensure_ascii=False))


def _add_employer(product: Product, options: argparse.Namespace) -> None:
    with transaction(product.sessions) as session:
        register_employer(
            session,
            product.cipher,
            options.no,
            options.name,
            product.clock.now(),
            payer_account_no=options.payer_account_no,
        )


def _load(product: Product, options: argparse.Namespace) -> Filed:
    with options.file.open("rb") as source:
        data = source.read(MOST_BYTES + 1)
    return product.remittances.file(data, actor=_OPERATOR)


def _show(product: Product, options: argparse.Namespace) -> Filed:
    return product.remittances.show(options.batch_no)


def _recheck(product: Product, options: argparse.Namespace) -> Filed:
    return product.remittances.recheck(options.batch_no, actor=_OPERATOR)


def _cancel(product: Product, options: argparse.Namespace) -> Filed:
    return product.remittances.cancel(options.batch_no, actor=_OPERATOR)


def _reverse(product: Product, options: argparse.Namespace) -> Filed:
    return product.reversals.ask(options.batch_no, signed_in(product, options.by), options.reason)


def _decide(product: Product, options: argparse.Namespace) -> Filed:
    staff, approve = signed_in(product, options.by), options.what == "approve-reversal"
    asked_at = None
    if approve:
        asked_at = agree(product, lambda session: reversal_waiting(session, options.batch_no, staff)).asked_at
    return product.reversals.decide(options.batch_no, staff, approve=approve, asked_at=asked_at)


def _surplus(product: Product, options: argparse.Namespace) -> Asked:
    if options.batch_no is None and options.way == "keep":
        raise Invalid(
            "没有批次的钱本来就留着等下一批，不用提出；要退回请用 --way return。", code="remittance.way"
        )
    staff = signed_in(product, options.by)
    if options.batch_no is not None:
        return product.surpluses.ask_of_batch(options.batch_no, options.way, staff, options.reason)
    amount_fen = parse_yuan(options.amount)
    return product.surpluses.ask_of_open(options.employer_no, amount_fen, staff, options.reason)


def _decide_surplus(product: Product, options: argparse.Namespace) -> Asked:
    staff, approve = signed_in(product, options.by), options.what == "approve-surplus"
    if approve:
        agree(product, lambda session: surplus_waiting(session, options.number, staff))
    return product.surpluses.decide(options.number, staff, approve=approve)


_ACTS: dict[str, Act] = {
    "add-employer": _add_employer,
    "load": _load,
    "show": _show,
    "recheck": _recheck,
    "cancel": _cancel,
    "reverse": _reverse,
    "approve-reversal": _decide,
    "refuse-reversal": _decide,
    "surplus": _surplus,
    "approve-surplus": _decide_surplus,
    "refuse-surplus": _decide_surplus,
}
_BY_A_PERSON = frozenset(what for what in _ACTS if what.endswith(("reverse", "reversal", "surplus")))
COMMANDS = {"contributions": run_contributions}


def add_arguments(name: str, parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    if name != "contributions":
        return
    kinds = parser.add_subparsers(dest="what", required=True)
    for what in _ACTS:
        _add_options(what, kinds.add_parser(what))


def _add_options(what: str, sub: argparse.ArgumentParser) -> None:
    if what == "add-employer":
        sub.add_argument("--no", required=True, help="the employer's number")
        sub.add_argument("--name", required=True, help="as on its people's accounts")
        sub.add_argument("--payer-account-no", help="the bank account it pays from")
    elif what == "load":
        sub.add_argument("file", type=Path)
    elif what == "surplus":
        source = sub.add_mutually_exclusive_group(required=True)
        source.add_argument("--batch-no", help="all that a posted batch has too much")
        source.add_argument("--employer-no", help="one sum of the employer's that came for no batch")
        sub.add_argument("--amount", help="with --employer-no: that sum in yuan", default="")
        sub.add_argument(
            "--way", choices=("keep", "return"), default="return", help="keep: for its next batch"
        )
    else:
        sub.add_argument("number" if what.endswith("-surplus") else "batch_no")
    if what in _BY_A_PERSON:
        sub.add_argument("--by", required=True, help="login of the desk; password and code are asked for")
    if what in ("reverse", "surplus"):
        sub.add_argument("--reason", required=True)
