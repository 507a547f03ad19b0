/* jweixin of the sandbox's WeChat. Real are: wx.config, whose signature is checked by the double; the open tag
 * <wx-open-subscribe>, whose answers WeChat tells the centre; and the
 * camera, which does not film the person at the keyboard but the member whose phone this is: a portrait
 * that reads the prompt on the page (#face-prompt[data-kind]) and does what it says. */
(() => {
  'use strict'
  const PHONE = '__PHONE__'
  const WECHAT = '__WECHAT__'
  const KINDS = ['neutral', 'blink', 'open_mouth', 'turn_left', 'turn_right', 'nod']
  const FRAME_MS = 125
  const [WIDTH, HEIGHT] = [480, 360]

  // ---- JS-SDK -------------------------------------------------------------------------------------------

  let outcome = null
  let wanted = []
  const waiting = { ready: [], error: [] }

  function settle(result) {
    outcome = result
    const good = result.errMsg === 'config:ok'
    if (good) openTags()
    for (const tell of waiting[good ? 'ready' : 'error']) tell(result)
    waiting.ready = waiting.error = []
  }

  /** Only what wx.config named, and only once the signature held: a tag before that is an empty element. */
  function openTags() {
    for (const name of wanted) {
      if (TAGS[name] && !customElements.get(name)) customElements.define(name, TAGS[name])
    }
    document.dispatchEvent(new CustomEvent('WeixinOpenTagsReady'))
  }

  const whenSettled = (kind, wanted) => (tell) => {
    if (outcome === null) waiting[kind].push(tell)
    else if ((outcome.errMsg === 'config:ok') === wanted) setTimeout(() => tell(outcome))
  }

  const answered = (name) => (options = {}) => {
    const result = { errMsg: `${name}:ok` }
    setTimeout(() => { options.success?.(result); options.complete?.(result) })
  }

  const wx = {
    config({ appId, timestamp, nonceStr, signature, openTagList = [] }) {
      wanted = openTagList
      const url = location.href.split('#')[0]
      fetch(`${WECHAT}/sandbox/jssdk/check`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ appId, timestamp: String(timestamp), nonceStr, signature, url }),
      }).then((answer) => answer.json(), () => ({ errMsg: 'config:fail' })).then(settle)
    },
    ready: whenSettled('ready', true),
    error: whenSettled('error', false),
    checkJsApi: ({ jsApiList = [], success } = {}) => setTimeout(() => success?.({
      checkResult: Object.fromEntries(jsApiList.map((name) => [name, name in wx])),
      errMsg: 'checkJsApi:ok',
    })),
    closeWindow() { window.close(); location.href = `${PHONE}/` },
  }
  for (const name of ['hideOptionMenu', 'showOptionMenu', 'hideMenuItems', 'showMenuItems',
    'updateAppMessageShareData', 'updateTimelineShareData']) wx[name] = answered(name)
  window.wx = window.jWeixin = wx

  // ---- <wx-open-subscribe template="id,id"> -------------------------------------------------------------

  /** Shows its <template> or wxtag script; a tap asks, and the answers go to WeChat like those of a real phone. */
  class OpenSubscribe extends HTMLElement {
    connectedCallback() {
      const inner = this.querySelector('template, script[type="text/wxtag-template"]')
      if (inner && !this.shown) {
        this.shown = document.createElement('div')
        this.shown.innerHTML = inner.innerHTML
        this.append(this.shown)
      }
      this.addEventListener('click', () => this.ask())
    }

    ask() {
      const ids = (this.getAttribute('template') ?? '').split(',').map((id) => id.trim()).filter(Boolean).slice(0, 5)
      const sheet = document.createElement('dialog')
      sheet.setAttribute('aria-label', '订阅消息')
      sheet.innerHTML = '<form method="dialog"><p>允许公众号给您发一条通知吗？</p><button value="reject">拒绝</button> <button value="accept">允许</button></form>'
      document.body.append(sheet)
      sheet.addEventListener('close', () => { sheet.remove(); this.tell(ids, sheet.returnValue || 'reject') })
      sheet.showModal()
    }

    tell(ids, word) {
      const answers = Object.fromEntries(ids.map((id) => [id, word]))
      fetch(`${PHONE}/phone/subscribe`, {
        method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ app: 'account', answers }),
      }).then((answer) => answer.json()).then((answer) => {
        const details = Object.fromEntries(ids.map((id) => [id, JSON.stringify({ status: answers[id] })]))
        const detail = { errMsg: 'subscribe:ok', subscribeDetails: JSON.stringify(details) }
        this.dispatchEvent(new CustomEvent(answer.error ? 'error' : 'success', { detail: answer.error ? answer : detail }))
      }, (fault) => this.dispatchEvent(new CustomEvent('error', { detail: { errMsg: String(fault) } })))
    }
  }
  const TAGS = { 'wx-open-subscribe': OpenSubscribe }

  // ---- Camera -------------------------------------------------------------------------------------------

  const pause = (ms) => new Promise((done) => setTimeout(done, ms))
  const clips = new Map()

  const picture = (base64) => new Promise((done, failed) => {
    const image = new Image()
    image.onload = () => done(image)
    image.onerror = failed
    image.src = `data:image/jpeg;base64,${base64}`
  })

  function clip(portrait, kind) {
    const name = `${portrait}/${kind}`
    if (!clips.has(name)) {
      const query = new URLSearchParams({ portrait, kind })
      clips.set(name, fetch(`${PHONE}/actor/clip?${query}`)
        .then((answer) => answer.json())
        .then((frames) => Promise.all(frames.map(picture)))
        .catch((fault) => { clips.delete(name); throw fault }))
    }
    return clips.get(name)
  }

  /** Plays rest in a loop, and each action once, 300 to 600 ms after its prompt was shown. */
  class Actor {
    constructor(canvas, portrait, still) {
      this.pen = canvas.getContext('2d')
      this.portrait = portrait
      this.still = still
      this.shown = ''
      this.frames = []
      this.place = 0
      this.began = performance.now()
    }

    async begin() {
      this.rest = await clip(this.portrait, 'neutral')
      this.frames = this.rest
      this.draw()
      this.beat = setInterval(() => this.draw(), FRAME_MS)
      this.eyes = new MutationObserver(() => this.read())
      this.eyes.observe(document.documentElement, {
        subtree: true, childList: true, attributes: true, attributeFilter: ['data-kind'],
      })
      if (!this.still) for (const kind of KINDS) clip(this.portrait, kind).catch(() => {})
      this.read()
    }

    end() {
      clearInterval(this.beat)
      this.eyes?.disconnect()
    }

    async read() {
      const prompt = document.querySelector('#face-prompt[data-kind]')
      const kind = prompt?.dataset.kind ?? ''
      if (kind === this.shown) return
      this.shown = kind
      if (this.still || kind === 'neutral' || !KINDS.includes(kind)) return
      const [action] = await Promise.all([clip(this.portrait, kind), pause(300 + Math.random() * 300)])
      if (this.shown === kind) [this.frames, this.place] = [action, 0]
    }

    draw() {
      if (this.place >= this.frames.length) [this.frames, this.place] = [this.rest, 0]
      const image = this.still ? this.rest[0] : this.frames[this.place++]
      const seconds = (performance.now() - this.began) / 1000
      const sway = this.still ? 10 : 0.6
      const [x, y] = [Math.sin(seconds * 0.9) * sway, Math.cos(seconds * 1.3) * sway]
      this.pen.drawImage(image, x - 12, y - 9, WIDTH + 24, HEIGHT + 18)
      this.lit(document.querySelector('[data-light]')?.dataset.light)
    }

    /** A bright screen colours the face a little. */
    lit(shade) {
      if (!shade) return
      this.pen.globalAlpha = 0.05
      this.pen.fillStyle = shade
      this.pen.fillRect(0, 0, WIDTH, HEIGHT)
      this.pen.globalAlpha = 1
    }
  }

  const devices = navigator.mediaDevices
  const own = devices?.getUserMedia?.bind(devices)

  async function film() {
    const answer = await fetch(`${PHONE}/phone/camera`, { credentials: 'include' })
    if (!answer.ok) return null
    const { mode, portrait } = await answer.json()
    if (mode === 'own') return null
    if (mode === 'denied') throw new DOMException('Permission denied', 'NotAllowedError')
    if (mode === 'missing' || !portrait) throw new DOMException('Requested device not found', 'NotFoundError')
    const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT })
    clips.clear() // a living face is not the same at the next try
    const actor = new Actor(canvas, portrait, mode === 'still')
    await actor.begin()
    const stream = canvas.captureStream(15)
    const [track] = stream.getVideoTracks()
    const stop = track.stop.bind(track)
    track.stop = () => { actor.end(); stop() }
    return stream
  }

  if (devices) {
    devices.getUserMedia = async (wanted) => {
      const stream = wanted?.video ? await film() : null
      return stream ?? own(wanted)
    }
  }
})()
