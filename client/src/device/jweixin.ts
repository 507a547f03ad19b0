/** JS-SDK 微信脚本: loaded once from where the server says it is; pages work without it too. */

import { readConfig, readSignature } from '@/api/endpoints'

/** What we use of WeChat's script. */
export interface Sdk {
  config?: (given: Record<string, unknown>) => void
  ready?: (done: () => void) => void
  error?: (done: () => void) => void
  openLocation?: (place: Record<string, unknown>) => void
}

const LIMIT_MS = 4000
// #ifdef H5
const APIS = ['openLocation']
const TAGS = ['wx-open-subscribe']
// #endif

let loading: Promise<void> | null = null
let allowing: Promise<boolean> | null = null

export const sdk = () => (window as unknown as { wx?: Sdk }).wx

/** Ready when the script has run, failed or taken too long; at once in a mini-program, which needs none. */
export function jweixin(): Promise<void> {
  // #ifdef H5
  loading ??= readConfig()
    .then((config) => (config.jweixin_url ? inject(config.jweixin_url) : undefined))
    .catch(() => {
      loading = null
    })
  // #endif
  return loading ?? Promise.resolve()
}

function inject(url: string): Promise<void> {
  return new Promise((done) => {
    const script = document.createElement('script')
    script.src = url
    script.onload = script.onerror = () => done()
    document.head.appendChild(script)
    setTimeout(done, LIMIT_MS)
  })
}
// #ifdef H5

/** Whether WeChat lets this page use its calls and tags: it checks our signature. Outside WeChat nobody answers. */
export function allowed(): Promise<boolean> {
  allowing ??= ask().then((good) => {
    if (!good) allowing = null
    return good
  }, () => {
    allowing = null
    return false
  })
  return allowing
}

async function ask(): Promise<boolean> {
  await jweixin()
  const wechat = sdk()
  if (!wechat?.config || !wechat.ready || !wechat.error) return false
  const { appid, timestamp, nonce, signature } = await readSignature(location.href.split('#')[0])
  return new Promise((done) => {
    wechat.error!(() => done(false))
    wechat.ready!(() => done(true))
    wechat.config!({ appId: appid, timestamp, nonceStr: nonce, signature, jsApiList: APIS, openTagList: TAGS })
    setTimeout(() => done(false), LIMIT_MS)
  })
}
// #endif
