"""Receipt of a case as a file 办件凭证: drawn anew each time, with a code by which anybody can ask whether it is ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hmac import compare_digest

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.certificates.pdf import Document, draw
from services.certificates.service import CENTRE
from services.core.crypto import FieldCipher
from services.core.errors import NotFound

TITLE = "住房公积金业务办理凭证"
_CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH = 10
_PROOF = "扫码可以看这一笔业务现在办到哪一步。凭证上是出具时的情况。"


def check_code(cipher: FieldCipher, case: Application) -> str:
    """The code of a case: made with the centre's key, kept nowhere."""
    mac = cipher.look_up(f"{case.account_id}|{case.case_no}", "application.receipt")
    return "".join(_CODE_ALPHABET[byte % len(_CODE_ALPHABET)] for byte in mac[:_LENGTH])


def draw_receipt(
    cipher: FieldCipher, case: Application, rows: Sequence[tuple[str, str]], base_url: str, at: datetime
) -> bytes:
    """The file: what was asked for, and how it stands at an instant."""
    code = check_code(cipher, case)
    document = Document(
        title=TITLE,
        number=case.case_no,
        opening="兹证明下列业务由本人通过自助渠道办理，情况如下：",
        rows=rows,
        closing="本凭证记录办理经过，不作为缴存、贷款情况的证明。",
        centre=CENTRE,
        issued_at=at,
        valid_until_text="",
        verify_url=f"{base_url}/verify/receipts/{case.case_no}?c={code}",
        check_code=code,
        proof=_PROOF,
    )
    return draw(document)


def receipt_of(session: Session, cipher: FieldCipher, case_no: str, code: str) -> Application:
    """The case of a receipt; raises NotFound unless number and code belong together."""
    case = session.scalar(select(Application).where(Application.case_no == case_no))
    if case is None or not compare_digest(check_code(cipher, case).encode(), code.encode()):
        raise NotFound
    return case
