import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { answersOf } from '@/device/open-subscribe'

const kept = new Map<string, unknown>()
vi.stubGlobal('uni', { getStorageSync: (key: string) => kept.get(key) ?? '', setStorageSync: (key: string, value: unknown) => kept.set(key, value) })

const css = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8')
const tokensOf = (selector: string) => {
  const from = css.indexOf(selector)
  expect(from).toBeGreaterThan(-1)
  const block = css.slice(css.indexOf('{', from) + 1, css.indexOf('}', from))
  return Object.fromEntries([...block.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value]))
}

describe('dark chosen by hand', () => {
  it('has the colours of a dark phone, and every colour that light has', () => {
    const byHand = tokensOf(':root[data-weui-theme="dark"], .a-dark')
    expect(byHand).toEqual(tokensOf(':root:not([data-weui-theme="light"]), page'))
    expect(Object.keys(byHand).sort()).toEqual(Object.keys(tokensOf(':root, page, .a-light')).sort())
  })

  it('is kept on the phone; what is not a choice follows the phone', async () => {
    kept.set('anju.theme', 'purple')
    const { chooseTheme, theme } = await import('@/device/theme')
    expect(theme.value).toBe('auto')
    chooseTheme('dark')
    expect([theme.value, kept.get('anju.theme')]).toEqual(['dark', 'dark'])
  })
})

describe("what WeChat's tag tells", () => {
  const templates = [{ name: 'settlement_paid', id: 't1' }, { name: 'security', id: 't2' }, { name: 'news', id: 't3' }]
  const told = (answers: Record<string, string>) => ({ errMsg: 'subscribe:ok', subscribeDetails: JSON.stringify(answers) })

  it('is read by our names: only a yes is one, and what was not asked is no answer', () => {
    const detail = told({ t1: JSON.stringify({ status: 'accept' }), t2: JSON.stringify({ status: 'cancel' }) })
    expect(answersOf(detail, templates)).toEqual([{ template: 'settlement_paid', accepted: true }, { template: 'security', accepted: false }])
  })

  it('may be nothing', () => expect([answersOf({}, templates), answersOf(null, templates)]).toEqual([[], []]))
})
