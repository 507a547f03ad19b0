/** JS-SDK 微信脚本: loaded once from where the server says it is; pages work without it too. */

import { readConfig } from '@/api/endpoints'

const LIMIT_MS = 4000

let loading: Promise<void> | null = null

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
