/** A phone 手机: the built mini-program in miniprogram-simulate, its wx.* answered by the test. */

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { JSDOM } from 'jsdom'

const load = createRequire(import.meta.url)
export const BUILT = new URL('../../dist/build/mp-weixin', import.meta.url).pathname

export interface Asked {
  method: string
  path: string
  header: Record<string, string>
  body: unknown
}

export interface Reply {
  status: number
  body?: unknown
}

export type Answer = Reply | ((asked: Asked) => Reply)

type Any = any // what the simulator gives has no types

function browser(): void {
  const { window } = new JSDOM('<!doctype html><html><body></body></html>', { pretendToBeVisual: true, url: 'http://localhost/' })
  const own = globalThis as Any
  for (const name of Object.getOwnPropertyNames(window)) {
    if (!(name in own)) Object.defineProperty(own, name, { configurable: true, writable: true, value: (window as Any)[name] })
  }
  own.window = window
}

/** Answers of the server and of WeChat that are still under way. */
let underWay = 0

const turn = () => new Promise<void>((done) => setTimeout(done, 4))

let ahead = 0
const clock = Date.now.bind(Date)
Date.now = () => clock() + ahead

/** Until nothing is under way and what came of it is shown, however slow the machine. */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < 5; quiet = underWay ? 0 : quiet + 1) await turn()
}

function soon(then: () => void): void {
  underWay++
  setTimeout(() => {
    underWay--
    then()
  })
}

/** Pages of the package, by name. */
export function pageNames(): string[] {
  const app = JSON.parse(readFileSync(join(BUILT, 'app.json'), 'utf8')) as { pages: string[] }
  return app.pages.map((path) => path.split('/')[1])
}

export class Phone {
  /** What the mini-program asked of the server, oldest first. */
  readonly asked: Asked[] = []
  /** What it asked of WeChat: name and options. */
  readonly called: [string, Any][] = []
  readonly kept: Record<string, unknown> = {}
  readonly faults: unknown[] = []
  /** The server, by `METHOD /path`; what is not there is 404. */
  answers: Record<string, Answer> = {}
  sessionHolds = true
  /** What the member answers to the question about subscribe messages. */
  says: Record<string, string> = {}
  private readonly simulate: Any
  private readonly exparser: Any
  private logins = 0
  private app: Any

  constructor() {
    if (!existsSync(join(BUILT, 'app.json'))) throw new Error('npm run build:mp-weixin comes first')
    browser()
    this.simulate = load('miniprogram-simulate')
    this.exparser = load('miniprogram-exparser')
    Object.assign(globalThis, {
      App: (options: Any) => (this.app = options),
      Page: () => undefined,
      getApp: () => this.app,
      getCurrentPages: () => [],
    })
    Object.assign((globalThis as Any).wx, this.wx())
    process.on('unhandledRejection', (fault) => this.faults.push(fault))
    process.on('uncaughtException', (fault) => this.faults.push(fault))
    this.start()
  }

  private start(): void {
    for (const path of Object.keys(load.cache)) if (path.startsWith(BUILT)) delete load.cache[path]
    load(join(BUILT, 'app.js'))
    this.app.$vm.$.appContext.config.errorHandler = (fault: unknown) => this.faults.push(fault)
  }

  /** Closed, and opened anew from WeChat's list; what is kept on the phone is there again. */
  launch(): void {
    this.start()
    this.app.onLaunch({})
  }

  /** Forget what happened; what is kept on the phone stays. */
  forget(): void {
    this.asked.length = this.called.length = this.faults.length = 0
  }

  /** A page as WeChat opens it. */
  async open(name: string, query: Record<string, string> = {}): Promise<PageOnPhone> {
    const id = this.simulate.load(join(BUILT, 'pages', name, name), { rootPath: BUILT, compiler: 'official' })
    const shown = this.simulate.render(id)
    const root = document.createElement('div')
    shown.attach(root)
    shown.instance.onLoad?.(query)
    shown.instance.onShow?.()
    await settle()
    return new PageOnPhone(root, shown, this.exparser)
  }

  /** The options of the calls of one of WeChat's functions. */
  calls(name: string): Any[] {
    return this.called.filter(([called]) => called === name).map(([, options]) => options)
  }

  private wx(): Record<string, unknown> {
    const noted = ['navigateTo', 'redirectTo', 'reLaunch', 'navigateBack', 'setNavigationBarTitle', 'setClipboardData', 'makePhoneCall']
    const note = (name: string) => (options: Any) => {
      this.called.push([name, options])
      return Promise.resolve()
    }
    return {
      ...Object.fromEntries(noted.map((name) => [name, note(name)])),
      getStorageSync: (name: string) => this.kept[name] ?? '',
      setStorageSync: (name: string, value: unknown) => void (this.kept[name] = JSON.parse(JSON.stringify(value))),
      getStorageInfoSync: () => ({ keys: Object.keys(this.kept) }),
      removeStorageSync: (name: string) => void delete this.kept[name],
      login: (options: Any) => this.later('login', options, () => options.success({ code: `code-${++this.logins}` })),
      checkSession: (options: Any) => this.later('checkSession', options, () => (this.sessionHolds ? options.success?.() : options.fail?.())),
      requestFacialVerify: (options: Any) => this.later('requestFacialVerify', options, () => options.success({ errCode: 0 })),
      requestSubscribeMessage: (options: Any) => this.later('requestSubscribeMessage', options, () => options.success(this.says)),
      downloadFile: (options: Any) => this.later('downloadFile', options, () => options.success({ statusCode: 200, tempFilePath: 'wxfile://tmp.pdf' })),
      openDocument: (options: Any) => this.later('openDocument', options, () => options.success()),
      chooseImage: (options: Any) => this.later('chooseImage', options, () => options.success({ tempFilePaths: ['wxfile://a.jpg'] })),
      uploadFile: (options: Any) => this.later('uploadFile', options, () => options.success({ statusCode: 201, data: '{"document_id":"d1"}' })),
      request: (options: Any) => this.serve(options),
    }
  }

  private later(name: string, options: Any, then: () => void): void {
    this.called.push([name, options])
    soon(then)
  }

  private serve(options: Any): void {
    const path = String(options.url).replace(/^https:\/\/[^/]+\/api\/v1/, '')
    // Beside what a page does: the same on every one, and never waited for.
    if (path === '/public/announcements') return soon(() => options.success({ statusCode: 200, data: { announcements: [] }, header: {} }))
    const body = options.data === undefined ? undefined : JSON.parse(options.data)
    const asked = { method: options.method, path, header: options.header, body }
    this.asked.push(asked)
    const answer = this.answers[`${asked.method} ${path.split('?')[0]}`] ?? { status: 404, body: { code: 'request.not_found', detail: '没有找到。' } }
    const { status, body: data } = typeof answer === 'function' ? answer(asked) : answer
    soon(() => options.success({ statusCode: status, data, header: {} }))
  }
}

export class PageOnPhone {
  constructor(
    private readonly root: HTMLElement,
    private readonly shown: Any,
    private readonly exparser: Any,
  ) {}

  /** All that is to be read. */
  get text(): string {
    return (this.root.textContent ?? '').replace(/\s+/g, ' ').trim()
  }

  /** The words on the buttons. */
  get buttons(): string[] {
    return this.all('wx-button').map((one) => (one.textContent ?? '').trim())
  }

  private all(tag: string): Element[] {
    return Array.from(this.root.querySelectorAll(tag))
  }

  private find(tag: string, words: string): Any {
    const found = this.all(tag).find((one) => (one.textContent ?? '').includes(words))
    if (!found) throw new Error(`no ${tag} with ${words} in: ${this.text}`)
    return found
  }

  private async send(dom: Any, name: string, detail: object): Promise<void> {
    const event = this.exparser.Event.create(name, detail, { bubbles: true, composed: true, capturePhase: true })
    this.exparser.Event.dispatchEvent(dom.__wxElement, event)
    await settle()
  }

  /** A finger on a button, a second after the one before: what comes sooner counts as the same tap. */
  tap(words: string): Promise<void> {
    ahead += 1000
    return this.send(this.find('wx-button', words), 'tap', {})
  }

  /** WeChat's answer to the phone-number button: a code, or none when the member said no. */
  async givePhone(words: string, detail: { code?: string }): Promise<void> {
    await this.send(this.find('wx-button', words), 'getphonenumber', detail)
  }

  /** Words into the field with this label. */
  type(label: string, value: string): Promise<void> {
    return this.send(this.input(label), 'input', { value })
  }

  /** The finger goes elsewhere. */
  blur(label: string): Promise<void> {
    return this.send(this.input(label), 'blur', {})
  }

  private input(label: string): Element {
    const field = this.all('a-field').find((one) => (one.textContent ?? '').trim().startsWith(label))
    const input = field?.querySelector('wx-input')
    if (!input) throw new Error(`no field ${label} in: ${this.text}`)
    return input
  }

  async leave(): Promise<void> {
    this.shown.instance.onUnload?.()
    this.shown.detach()
    await settle()
  }
}
