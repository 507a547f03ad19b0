"""Which login may verify a face which way, and what uses up a try."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.face.methods import MethodRefused, method_for
from services.face.tries import NOT_THE_MEMBERS, used_up

BOTH = frozenset({"camera", "wechat"})


@pytest.mark.parametrize("wished", [None, "camera"])
def test_the_page_uses_our_camera(wished: str | None) -> None:
    assert method_for("h5", wished, BOTH) == "camera"


@pytest.mark.parametrize("wished", [None, "wechat"])
def test_the_mini_program_uses_wechats(wished: str | None) -> None:
    assert method_for("mini", wished, BOTH) == "wechat"


@pytest.mark.parametrize(
    ("channel", "wished", "offered"),
    [
        ("mini", "camera", BOTH),
        ("h5", "wechat", BOTH),
        ("mini", None, {"camera"}),
        ("h5", None, {"wechat"}),
        ("mini", "camera", {"camera"}),
        ("staff", None, BOTH),
        ("", "wechat", BOTH),
    ],
)
def test_everything_else_is_refused(channel: str, wished: str | None, offered: frozenset[str]) -> None:
    with pytest.raises(MethodRefused) as refused:
        method_for(channel, wished, offered)
    assert (refused.value.status, refused.value.code) == (403, "face.method")


@given(
    st.text(max_size=10), st.sampled_from([None, "camera", "wechat"]), st.sets(st.sampled_from(sorted(BOTH)))
)
def test_no_login_ever_gets_two_ways_or_one_not_offered(
    channel: str, wished: str | None, offered: set[str]
) -> None:
    try:
        got = method_for(channel, wished, offered)
    except MethodRefused:
        return
    assert got in offered
    assert wished in (None, got)
    assert {"h5": "camera", "mini": "wechat"}[channel] == got


@pytest.mark.parametrize(
    ("state", "reasons", "counted"),
    [
        ("failed", ["match.other_person"], True),
        ("failed", ["wechat.other_person"], True),
        ("failed", ["wechat.face_unseen"], True),
        ("failed", ["wechat.timeout"], True),
        ("failed", ["wechat.failed"], True),
        ("failed", [], True),
        ("failed", ["face.photo_unavailable"], False),
        ("failed", ["face.wechat_unavailable"], False),
        ("failed", ["wechat.cancelled"], False),
        ("failed", ["wechat.no_camera"], False),
        ("failed", ["wechat.cancelled", "match.other_person"], True),
        ("expired", [], False),
        ("expired", ["wechat.other_person"], True),
        ("expired", ["wechat.network"], False),
    ],
)
def test_a_try_is_used_up_by_a_face_that_failed(state: str, reasons: list[str], counted: bool) -> None:
    assert used_up(state, reasons) is counted


def test_nothing_that_compared_a_face_is_free() -> None:
    assert not NOT_THE_MEMBERS & {
        "wechat.other_person",
        "wechat.face_unseen",
        "wechat.failed",
        "wechat.timeout",
    }
