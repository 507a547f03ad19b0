"""Papers 单据: the first page of what the system prints, as pictures; poppler's pdftoppm draws them where there is one."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import dataclass

from PIL import Image

from bench.looking import Looker
from bench.pages import Shot

_WIDE = 620


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper of one member, by its address."""

    name: str
    title: str
    who: str
    address: str


PAPERS = (
    Paper("paper-statement", "年度对账单", "zheng", "/api/v1/statements/2026/pdf"),
    Paper("paper-receipt", "办理凭证", "case-paid", "/api/v1/applications/{paid}/receipt.pdf"),
    Paper("paper-certificate", "缴存证明", "case-paid", ""),
)


def can_draw() -> bool:
    """Whether this machine can."""
    return shutil.which("pdftoppm") is not None


def drawn(looker: Looker, paper: Paper) -> Image.Image:
    """Its first page."""
    shot = Shot(paper.name, paper.title, paper.who, "home/home")
    with looker.at(shot, "normal") as page:
        found = looker.cases.ready(paper.who)
        address = paper.address.format(**found)
        if not address:
            answer = page.request.get(f"{looker.web}/api/v1/certificates").json()
            address = answer["certificates"][0]["pdf_url"]
        pdf = page.request.get(f"{looker.web}{address}").body()
    command = ["pdftoppm", "-png", "-f", "1", "-l", "1", "-scale-to-x", str(_WIDE), "-scale-to-y", "-1", "-"]
    shown = subprocess.run(command, input=pdf, capture_output=True, check=True, timeout=60)
    return Image.open(io.BytesIO(shown.stdout)).convert("RGB")
