"""Getting to the desk: two factors, a code once, locks, short sessions, forms of our own, and no way across zones."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from config.settings import SettingsFault
from runtime.cli.__main__ import run_seed_demo
from runtime.cli.staff import run_code
from services.core.db import transaction
from services.staff.service import disable, rotate_totp, set_password
from tests.contract.api.access import DESK_OPEN, DESK_STAFF, desk_path
from tests.support.domain.desk import PASSWORD, Colleague, DeskWorld
from tests.support.domain.world import Member, World, idempotency


def at_the_desk(client: FlaskClient) -> bool:
    """Whether this browser gets to see the queue."""
    answer = client.get("/queue")
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


def password_given(colleague: Colleague) -> Colleague:
    """Past the first step, in a half minute whose code is unused."""
    colleague.world.later(seconds=31)
    assert colleague.post("/sign-in", login=colleague.login, password=PASSWORD).status_code == 303
    return colleague


def test_a_password_alone_lets_nobody_in(desk: DeskWorld) -> None:
    colleague = password_given(desk.colleague())
    assert not at_the_desk(colleague.client)


def test_a_code_serves_once(desk: DeskWorld) -> None:
    colleague = password_given(desk.colleague())
    code = colleague.code()
    assert colleague.post("/sign-in/code", code=code).status_code == 303
    assert at_the_desk(colleague.client)
    again = Colleague(colleague.login, colleague.secret, desk.client(), desk.world)
    assert again.post("/sign-in", login=again.login, password=PASSWORD).status_code == 303
    assert again.post("/sign-in/code", code=code).status_code == 401
    assert not at_the_desk(again.client)


def test_five_wrong_tries_lock_for_a_quarter_of_an_hour(world: World, desk: DeskWorld) -> None:
    colleague = desk.colleague()
    for _ in range(5):
        assert (
            colleague.post("/sign-in", login=colleague.login, password="wrong-wrong-wrong").status_code == 401
        )
    assert colleague.post("/sign-in", login=colleague.login, password=PASSWORD).status_code == 401
    world.later(minutes=14)
    assert colleague.post("/sign-in", login=colleague.login, password=PASSWORD).status_code == 401
    world.later(minutes=2)
    colleague.sign_in()
    assert at_the_desk(colleague.client)


def test_wrong_codes_lock_too_and_end_the_half_session(world: World, desk: DeskWorld) -> None:
    colleague = password_given(desk.colleague())
    wrong = f"{(int(colleague.code()) + 1) % 10**6:06d}"
    for _ in range(4):
        assert colleague.post("/sign-in/code", code=wrong).status_code == 401
    last = colleague.mark("/sign-in/code")
    assert colleague.client.post("/sign-in/code", data={"mark": last, "code": wrong}).status_code == 401
    right = {"mark": last, "code": colleague.code()}
    assert colleague.client.post("/sign-in/code", data=right).status_code == 401
    acts = world.one(
        "SELECT count(*) FILTER (WHERE action = 'staff.sign_in_failed') AS failed,"
        " count(*) FILTER (WHERE action = 'staff.locked') AS locked FROM audit_entry WHERE actor = :a",
        a=f"staff:{colleague.login}",
    )
    assert (acts.failed, acts.locked) == (5, 1)


def test_an_unknown_login_reads_like_a_wrong_password(desk: DeskWorld) -> None:
    colleague = desk.colleague()
    known = colleague.post("/sign-in", login=colleague.login, password="wrong-wrong-wrong")
    unknown = colleague.post("/sign-in", login="nobody.here", password="wrong-wrong-wrong")
    assert known.status_code == unknown.status_code == 401
    assert known.get_data() == unknown.get_data()


def test_sessions_are_short(world: World, desk: DeskWorld) -> None:
    """15 minutes without a page, 8 hours in all, 5 minutes between password and code."""
    idle, busy, half = (
        desk.colleague().sign_in(),
        desk.colleague().sign_in(),
        password_given(desk.colleague()),
    )
    world.later(minutes=6)
    assert half.client.get("/sign-in/code").status_code == 401
    world.later(minutes=10)
    assert not at_the_desk(idle.client)
    busy.sign_in()
    for _ in range(34):
        world.later(minutes=14)
        assert at_the_desk(busy.client)
    world.later(minutes=5)  # 34 × 14 + 5 = 481 minutes
    assert not at_the_desk(busy.client)


@pytest.mark.parametrize("act", ["disable", "rotate", "password", "sign_out"])
def test_what_ends_every_session(world: World, desk: DeskWorld, act: str) -> None:
    colleague = desk.colleague().sign_in()
    cookie = colleague.client.get_cookie("anju_desk")
    assert cookie is not None
    with transaction(world.sessions) as session:
        if act == "disable":
            disable(session, colleague.login, world.clock.now())
        elif act == "rotate":
            rotate_totp(session, world.cipher, colleague.login, world.clock.now())
        elif act == "password":
            set_password(session, colleague.login, "another-clear-sky", world.clock.now())
    if act == "sign_out":
        assert colleague.post("/sign-out").status_code == 303
    colleague.client.set_cookie("anju_desk", cookie.value)
    assert not at_the_desk(colleague.client)


def test_the_token_changes_at_each_step(desk: DeskWorld) -> None:
    """A token planted before, or seen between the steps, is worth nothing after."""
    colleague = password_given(desk.colleague())
    between = colleague.client.get_cookie("anju_desk")
    assert colleague.post("/sign-in/code", code=colleague.code()).status_code == 303
    after = colleague.client.get_cookie("anju_desk")
    assert between is not None
    assert after is not None
    assert between.value != after.value
    colleague.client.set_cookie("anju_desk", between.value)
    assert not at_the_desk(colleague.client)
    assert colleague.client.get("/sign-in/code").status_code == 401


def test_cookies_are_for_this_site_and_no_script(desk: DeskWorld) -> None:
    colleague = desk.colleague()
    cookies = colleague.client.get("/sign-in").headers.getlist("Set-Cookie")
    colleague.world.later(seconds=31)
    cookies += colleague.post("/sign-in", login=colleague.login, password=PASSWORD).headers.getlist(
        "Set-Cookie"
    )
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


@pytest.mark.parametrize("mark", [None, "", "0" * 64, "stolen"])
def test_a_form_without_our_mark_changes_nothing(world: World, desk: DeskWorld, mark: str | None) -> None:
    """CSRF: another site can make the browser send a form, but not with this session's mark."""
    colleague, other = desk.colleague().sign_in(), desk.colleague().sign_in()
    _, case = desk.in_review()
    value = other.mark("/queue") if mark == "stolen" else mark
    form = {} if value is None else {"mark": value}
    for path in ("claim", "release", "opinion", "decision", "reveal"):
        assert colleague.client.post(f"/cases/{case.case_no}/{path}", data=form).status_code == 403
    assert colleague.client.post("/sign-out", data=form).status_code == 403
    assert at_the_desk(colleague.client)
    row = world.one("SELECT count(*) AS n FROM review_claim WHERE application_id = :a", a=case.application_id)
    assert row.n == 0
    stranger = desk.client()
    wanted = {"login": colleague.login, "password": PASSWORD, **form}
    assert stranger.post("/sign-in", data=wanted).status_code == 403


def test_every_page_wants_somebody_signed_in(desk: DeskWorld) -> None:
    staff_pages = set()
    for rule in desk.app.url_map.iter_rules():
        view = desk.app.view_functions[rule.endpoint]
        if rule.rule in DESK_OPEN:
            continue
        assert getattr(view, "auth_zone", None) == "staff", rule.rule
        path = desk_path(rule.rule)
        client = desk.client()
        if "GET" in (rule.methods or ()):
            assert client.get(path).headers["Location"] == "/sign-in"
        else:
            assert client.post(path, data={}).status_code == 403
        staff_pages.add(rule.rule)
    assert staff_pages == DESK_STAFF


def test_tokens_of_one_zone_are_worth_nothing_in_the_other(
    world: World, desk: DeskWorld, member: Member
) -> None:
    colleague = desk.colleague().sign_in()
    desk_token = colleague.client.get_cookie("anju_desk")
    assert desk_token is not None
    member_token = str(member.tokens["access_token"])
    stranger = desk.client()
    stranger.set_cookie("anju_desk", member_token)
    assert not at_the_desk(stranger)
    assert stranger.get("/queue", headers=member.bearer).status_code == 303
    phone = world.client()
    bearer = {"Authorization": f"Bearer {desk_token.value}"}
    assert phone.get("/api/v1/home", headers=bearer).status_code == 401
    phone.set_cookie("anju_access", desk_token.value)
    phone.set_cookie("anju_desk", desk_token.value)
    assert phone.get("/api/v1/home").status_code == 401
    assert world.client().get("/queue", headers=member.bearer | idempotency()).status_code == 404
    assert desk.client().get("/api/v1/home", headers=member.bearer).status_code == 404


def test_what_every_answer_carries(desk: DeskWorld) -> None:
    colleague = desk.colleague().sign_in()
    for path in ("/sign-in", "/queue", "/cases/000000000000000", "/nowhere"):
        headers = colleague.client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("number", ["000000000000000", "1", "x'--", "２" * 15, "2" * 16])
def test_a_case_that_is_not_there(desk: DeskWorld, number: str) -> None:
    colleague = desk.colleague().sign_in()
    assert colleague.client.get(f"/cases/{number}").status_code == 404


def test_a_case_that_never_was_under_review_is_not_shown(
    world: World, desk: DeskWorld, member: Member
) -> None:
    """Staff look at what was left to people, and at nothing else."""
    instant = world.approved(member)
    colleague = desk.colleague().sign_in()
    assert colleague.client.get(f"/cases/{instant.case_no}").status_code == 404
    assert colleague.act(instant, "reveal", reason="check_documents").status_code == 404


def test_pages_are_masked(desk: DeskWorld) -> None:
    colleague = desk.colleague().sign_in()
    member, case = desk.in_review()
    page = colleague.page(case)
    person = member.person
    for private in (person.id_no, person.phone, person.card_no, person.name):
        assert private not in page
    assert f"{person.id_no[:6]}********{person.id_no[-4:]}" in page


def test_too_many_tries_from_one_place_wait(desk: DeskWorld) -> None:
    colleague = desk.colleague()
    mark = colleague.mark("/sign-in")
    form = {"login": "nobody.here", "password": "x", "mark": mark}
    codes = [colleague.client.post("/sign-in", data=form).status_code for _ in range(21)]
    assert codes == [401] * 20 + [429]


def test_demo_staff_are_for_development(
    world: World, desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Production makes none, tells no codes, and admits none that a copied database brings along."""
    production = world.product.settings.model_copy(update={"env": "production"})
    with pytest.raises(SettingsFault):
        run_seed_demo(production, None)  # type: ignore[arg-type]
    with pytest.raises(SettingsFault):
        run_code(production, None)  # type: ignore[arg-type]
    demo = desk.colleague(demo=True).sign_in()
    assert at_the_desk(demo.client)
    own = desk.app.extensions["anju_desk"]
    monkeypatch.setitem(desk.app.extensions, "anju_desk", type(own)(**{**vars(own), "settings": production}))
    assert not at_the_desk(demo.client)
