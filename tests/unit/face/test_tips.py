"""Every reason the engine can give has words and one tip."""

import re
from pathlib import Path

from services.face.tips import TIPS, tip_for
from tests.unit.face.conftest import ROOT

CODE = re.compile(r'"((?:face|liveness|match)\.[a-z_]+)"')
ENGINE = [*(ROOT / "services/face/engine").glob("*.py"), *(ROOT / "services/face/adapters").glob("*.py")]
ACTIONS = ("blink", "open_mouth", "turn_left", "turn_right", "nod")


def _codes(path: Path) -> set[str]:
    return set(CODE.findall(path.read_text(encoding="utf-8")))


def test_every_code_has_its_own_tip() -> None:
    codes = set().union(*(_codes(path) for path in ENGINE)) | {f"liveness.no_{kind}" for kind in ACTIONS}
    assert len(codes) > 25
    assert codes - set(TIPS) == set()


def test_tips_are_one_plain_sentence_of_chinese() -> None:
    for code in TIPS:
        tip = tip_for(code)
        assert re.search(r"[一-鿿]", tip.text)
        assert tip.tip.endswith("。")
        assert not re.search(r"[A-Za-z]{3,}", tip.text + tip.tip), code
