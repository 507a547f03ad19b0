"""Cameras 摄像头: what a phone's camera may show on the face page: nobody, darkness, a face too far away, two faces.

A script for the page, run before its own: the camera is a canvas on which the pictures are drawn.
"""

from __future__ import annotations

import base64
import json

from config.settings import ROOT

PORTRAITS = ROOT / "sandbox" / "portraits"
SCENES: dict[str, list[dict[str, float | str]]] = {
    "good": [{"who": "obama", "x": 0.5, "size": 1.0}],
    "far": [{"who": "obama", "x": 0.5, "size": 0.78}],
    "dark": [{"who": "obama", "x": 0.5, "size": 1.0}],
    "many": [{"who": "obama", "x": 0.3, "size": 1.0}, {"who": "biden", "x": 0.7, "size": 1.0}],
}
REFUSALS = {"denied": "NotAllowedError", "missing": "NotFoundError"}
_DARKNESS = 0.86
"""How much black lies over the dark room."""

_SCRIPT = """(() => {
  const {refusal, faces, dark, pictures} = SCENE;
  const load = source => new Promise(done => { const image = new Image(); image.onload = () => done(image); image.src = source });
  const film = async () => {
    if (refusal) throw new DOMException('no camera', refusal);
    const canvas = Object.assign(document.createElement('canvas'), {width: 480, height: 360}), pen = canvas.getContext('2d');
    const drawn = await Promise.all(faces.map(face => load(pictures[face.who])));
    const draw = () => {
      pen.filter = 'blur(12px)'; pen.drawImage(drawn[0], -24, -18, 528, 396); pen.filter = 'none';
      faces.forEach((face, place) => {
        const image = drawn[place], part = faces.length > 1 ? 0.42 : 1, cut = image.width * part;
        const high = 360 * face.size, wide = high * cut / image.height;
        const [left, top] = [480 * face.x - wide / 2, (360 - high) / 2];
        pen.drawImage(image, (image.width - cut) / 2, 0, cut, image.height, left, top, wide, high);
      });
      pen.fillStyle = `rgba(4, 5, 8, ${dark})`; pen.fillRect(0, 0, 480, 360);
    };
    draw(); setInterval(draw, 100);
    return canvas.captureStream(15);
  };
  Object.defineProperty(navigator.mediaDevices, 'getUserMedia', {get: () => film, set() {}, configurable: true});
  const open = indexedDB.open('anju', 1);
  open.onupgradeneeded = () => open.result.createObjectStore('keys');
  open.onsuccess = async () => {
    const pair = await crypto.subtle.generateKey({name: 'ECDSA', namedCurve: 'P-256'}, false, ['sign', 'verify']);
    const store = open.result.transaction('keys', 'readwrite').objectStore('keys');
    store.put(pair, 'device').onsuccess = () => open.result.close();
  };
})()"""


def camera_script(name: str) -> str:
    """The page's camera shows this scene, or refuses; the phone has a key, as one that was bound has."""
    faces = SCENES.get(name, [])
    scene = {
        "refusal": REFUSALS.get(name),
        "faces": faces,
        "dark": _DARKNESS if name == "dark" else 0,
        "pictures": {str(face["who"]): _data_url(str(face["who"])) for face in faces},
    }
    return _SCRIPT.replace("SCENE", json.dumps(scene), 1)


def _data_url(who: str) -> str:
    picture = (PORTRAITS / who / "actor.jpg").read_bytes()
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode('ascii')}"
