/** First page 首屏: what home and the binding need is one script; the other pages are a second, fetched once the first stands. */

import type { Plugin } from 'vite'

interface Found {
  importedIds: readonly string[]
}

const FIRST = /\/client\/(index\.html|src\/(main\.ts|App\.vue|pages\/(home|bind)\/))/
const OURS = '/client/src/'
/** Fetched by those who need them: the English words, and the finding of faces. */
const APART = /\/src\/(text\/en|face\/finder)/

/** Asks for the home page's answer while the script itself is still on its way; read by src/api/early.ts. Who wants it dark
 * sees no light page first. */
const EARLY = `(function () {
  try {
    var theme = localStorage.getItem('anju.theme')
    if (theme === 'dark' || theme === 'light') document.documentElement.dataset.weuiTheme = theme
  } catch (_) {}
  if (!/^(#|#\\/|#\\/pages\\/home\\/home.*)?$/.test(location.hash)) return
  window.anjuEarly = fetch('/api/v1/home', { headers: { Accept: 'application/json' }, credentials: 'same-origin' }).then(function (reply) {
    return reply.json().then(function (body) { return { status: reply.status, body: body } })
  })
  window.anjuEarly.catch(function () {})
})()`

interface Modules {
  getModuleInfo: (id: string) => Found | null
  getModuleIds: () => IterableIterator<string>
}

/** Which script a module belongs to: the first has all that it imports, however deep; a language comes when it is chosen. */
export function scripts(): (id: string, modules: Modules) => string | undefined {
  let first: Set<string> | null = null
  return (id, modules) => {
    first ??= reached(modules)
    if (first.has(id)) return 'first'
    return id.includes(OURS) && !APART.test(id) ? 'pages' : undefined
  }
}

function reached(modules: Modules): Set<string> {
  const seen = new Set<string>()
  const open = [...modules.getModuleIds()].filter((id) => FIRST.test(id))
  for (let id = open.pop(); id; id = open.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    open.push(...(modules.getModuleInfo(id)?.importedIds ?? []))
  }
  return seen
}

/** Writes the asking script under a name of its own, and the page names it before all others. */
export function firstPage(): Plugin {
  return {
    name: 'anju-first-page',
    apply: 'build',
    buildStart() {
      this.emitFile({ type: 'asset', name: 'early.js', source: EARLY })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const early = Object.keys(bundle ?? {}).find((name) => /\bearly[-.]/.test(name))
        if (!early) throw new Error('the asking script was not written')
        return [{ tag: 'script', attrs: { src: `./${early}`, async: true }, injectTo: 'head-prepend' }]
      },
    },
  }
}
