"""`python -m runtime.cli.evidence CASE_NO | --verify FILE`: the evidence of a case 办件证据, and checking it elsewhere."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from config.settings import load_settings
from runtime.bootstrap import build
from services.core.crypto import FieldCipher
from services.core.db import transaction
from services.core.errors import NotFound
from services.evidence.exporting import addresses, export
from services.evidence.shape import MOST_BYTES, read
from services.evidence.verifying import faults_of
from services.evidence.writing import EvidenceWriting


def main(words: list[str] | None = None) -> int:
    """Hand out the file of a case, or check one; 1 when it is not whole, 2 when there is none."""
    parser = argparse.ArgumentParser(prog="runtime.cli.evidence")
    parser.add_argument("case_no", nargs="?", default="")
    parser.add_argument("--verify", type=Path, metavar="FILE", help="check a file; needs no database")
    parser.add_argument("--lookup-key", type=Path, help="with it the centre's mark is checked too")
    parser.add_argument("--out", type=Path, help="write here (readable by you only) instead of to the screen")
    parser.add_argument(
        "--with-address", action="store_true", help="open the addresses it was confirmed from"
    )
    options = parser.parse_args(words)
    if options.verify:
        return _verify(options.verify, options.lookup_key)
    try:
        file = _export(options.case_no, with_address=options.with_address)
    except NotFound as fault:
        print(fault.detail, file=sys.stderr)
        return 2
    _put(json.dumps(file, ensure_ascii=False, indent=1), options.out)
    return 0


def _export(case_no: str, *, with_address: bool) -> dict[str, Any]:
    product = build(load_settings())
    EvidenceWriting(product.sessions, product.clock, product.cipher).write_case(case_no)
    with transaction(product.sessions) as session:
        file = export(session, case_no)
        if with_address:
            file["addresses"] = addresses(session, product.cipher, case_no)
    return file


def _put(words: str, path: Path | None) -> None:
    if path is None:
        print(words)
        return
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)  # one that was there before
        file.write(words + "\n")


def _verify(path: Path, key: Path | None) -> int:
    try:
        with path.open("rb") as source:
            file = read(source.read(MOST_BYTES + 1))
    except (ValueError, RecursionError) as unread:
        print(f"not a file of evidence: {type(unread).__name__}", file=sys.stderr)
        return 1
    marks = FieldCipher({}, 0, bytes.fromhex(key.read_text(encoding="ascii").strip())) if key else None
    faults = faults_of(file, marks)
    for fault in faults:
        print(fault, file=sys.stderr)
    case_no = file["case_no"] if not faults else None
    print(json.dumps({"case_no": case_no, "whole": not faults, "mark_checked": marks is not None}))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
