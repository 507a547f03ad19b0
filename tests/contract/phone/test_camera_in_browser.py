"""The phone's pretended camera in a real browser: it shows the member, who reads the prompt and acts."""

import base64
import io
from collections.abc import Iterator

import pytest
from flask import Flask, jsonify
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from sandbox.assembly import Sandbox
from sandbox.trial import product
from services.core.clock import SystemClock
from wechat.jssdk import JsSdk

PAGE = """<!doctype html><meta charset=utf-8><p id="face-prompt" data-kind=""></p><video muted playsinline></video>
<script src="{script}"></script>
<script>
const pen = Object.assign(document.createElement('canvas'), {{ width: 48, height: 36 }}).getContext('2d')
const video = document.querySelector('video')
async function film() {{
  video.srcObject = await navigator.mediaDevices.getUserMedia({{ video: {{ facingMode: 'user' }} }})
  await video.play()
}}
function look() {{ pen.drawImage(video, 0, 0, 48, 36); return [...pen.getImageData(0, 0, 48, 36).data] }}
function apart(a, b) {{ let sum = 0; for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]); return sum / a.length }}
async function most(ms) {{
  const before = look(); let found = 0; const ends = performance.now() + ms
  while (performance.now() < ends) {{ found = Math.max(found, apart(before, look())); await new Promise((d) => setTimeout(d, 40)) }}
  return found
}}
function brightness() {{ const d = look(); let sum = 0; for (let i = 0; i < d.length; i += 4) sum += d[i]; return sum / (d.length / 4) }}
function ask(kind) {{ document.getElementById('face-prompt').dataset.kind = kind }}
function configure(given) {{ return new Promise((done) => {{ wx.config({{ ...given, jsApiList: [] }}); wx.ready(done); wx.error(done) }}) }}
</script>"""


@pytest.fixture
def page(sandbox: Sandbox, browser: Browser) -> Iterator[Page]:
    """A product page opened on Li's phone; Li looks like one of the portraits."""
    sandbox.phones.set_camera(sandbox.world.person("li"), "live", "obama")  # type: ignore[arg-type]
    app = Flask("product")

    @app.get("/m/")
    def shown() -> str:
        return PAGE.format(script=sandbox.setup.url("wechat") + "/jweixin.js")

    @app.get("/sign")
    def sign() -> object:
        sdk = JsSdk(
            sandbox.account.keys["appid"],
            sandbox.setup.public_base_url,
            lambda: sandbox.account.ticket()["ticket"],
            SystemClock(),
        )
        return jsonify(sdk.config_for(f"{sandbox.setup.public_base_url}/m/"))

    with product(app, sandbox.setup) as base:
        context = browser.new_context()
        opened = context.new_page()
        opened.goto(f"{sandbox.setup.url('phone')}/phone/li/visit?url={base}/m/")
        yield opened
        context.close()


def _clip(route: Route) -> None:
    """Rest is black, every action white for half a second."""
    shade = 0 if "kind=neutral" in route.request.url else 255
    out = io.BytesIO()
    Image.new("RGB", (48, 36), (shade, shade, shade)).save(out, "JPEG")
    frames = [base64.b64encode(out.getvalue()).decode()] * 4
    headers = {"Access-Control-Allow-Origin": route.request.headers["origin"]}
    route.fulfill(json=frames, headers=headers)


def test_the_member_acts_on_the_prompt_and_comes_to_rest(page: Page) -> None:
    page.route("**/actor/clip*", _clip)
    page.evaluate("film()")
    page.wait_for_function("brightness() < 64")
    page.evaluate("ask('turn_right')")
    asked = page.evaluate("performance.now()")
    page.wait_for_function("brightness() > 160", polling=20)
    reaction_ms = page.evaluate("performance.now()") - asked
    assert reaction_ms >= 250
    page.wait_for_function("brightness() < 64")
    page.evaluate("ask('neutral')")
    assert page.evaluate("most(800)") < 64


def test_the_actor_of_the_portrait_is_shown(page: Page) -> None:
    page.evaluate("film()")
    page.wait_for_function("brightness() > 10")


def test_a_photo_held_up_does_not_act(sandbox: Sandbox, page: Page) -> None:
    sandbox.phones.set_camera(sandbox.world.person("li"), "still", "biden")  # type: ignore[arg-type]
    page.evaluate("film()")
    assert page.evaluate("most(800)") > 0


def test_a_camera_without_permission(sandbox: Sandbox, page: Page) -> None:
    sandbox.phones.set_camera(sandbox.world.person("li"), "denied", "")  # type: ignore[arg-type]
    assert page.evaluate("film().catch((fault) => fault.name)") == "NotAllowedError"


def test_wx_config_checks_the_signature(page: Page) -> None:
    given = page.evaluate("fetch('/sign').then((answer) => answer.json())")
    assert page.evaluate("(given) => configure(given)", given)["errMsg"] == "config:ok"
    page.reload()
    spoiled = {**given, "signature": "0" * 40}
    assert page.evaluate("(given) => configure(given)", spoiled)["errMsg"] == "config:invalid signature"
