import { beforeEach, describe, expect, it, vi } from 'vitest'

/** A phone's storage, the window's, and an address, as far as they are used here. */
const kept = new Map<string, unknown>()
const visit = new Map<string, string>()
const address = { hash: '' }
const navigated = vi.fn()
vi.stubGlobal('uni', {
  getStorageSync: (key: string) => kept.get(key) ?? '',
  setStorageSync: (key: string, value: unknown) => kept.set(key, JSON.parse(JSON.stringify(value))),
  removeStorageSync: (key: string) => kept.delete(key),
  navigateTo: navigated,
})
vi.stubGlobal('sessionStorage', {
  getItem: (key: string) => visit.get(key) ?? null,
  setItem: (key: string, value: string) => visit.set(key, value),
  removeItem: (key: string) => visit.delete(key),
})
vi.stubGlobal('window', { location: address, history: { replaceState: (_: unknown, __: string, hash: string) => (address.hash = hash) } })

const ITEM = '#/pages/item/item?code=rent-withdrawal'
const HOME = '#/pages/home/home'

vi.setConfig({ testTimeout: 30_000 }) // the first import is compiled

beforeEach(() => {
  kept.clear()
  visit.clear()
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 6) })
  vi.resetModules()
})

const left = (hash: string) => visit.set('anju.return', JSON.stringify({ hash, atMs: Date.now() }))

describe('signing in again', () => {
  it('comes back to the page that was open, once', async () => {
    const { comeBack } = await import('../src/api/signin')
    left(ITEM)
    address.hash = HOME
    comeBack()
    expect(address.hash).toBe(ITEM)
    address.hash = HOME
    comeBack()
    expect(address.hash).toBe(HOME)
  })

  it('stays where the member went meanwhile, and does not come back after ten minutes', async () => {
    const { comeBack } = await import('../src/api/signin')
    left(ITEM)
    address.hash = '#/pages/cards/cards'
    comeBack()
    expect(address.hash).toBe('#/pages/cards/cards')
    left(ITEM)
    vi.advanceTimersByTime(10 * 60_000 + 1)
    address.hash = HOME
    comeBack()
    expect(address.hash).toBe(HOME)
  })
})

describe('what was typed', () => {
  it('is kept for two hours, and dropped when it was handed in', async () => {
    const { draftSent, keepTyped, readSent, readTyped } = await import('../src/device/drafts')
    keepTyped('rent-withdrawal', { amount_fen: '3000' })
    expect(readTyped('rent-withdrawal')).toEqual({ amount_fen: '3000' })
    expect(readTyped('transfer-in')).toEqual({})
    vi.advanceTimersByTime(2 * 3600_000)
    expect(readTyped('rent-withdrawal')).toEqual({})
    keepTyped('rent-withdrawal', { amount_fen: '3000' })
    draftSent('rent-withdrawal', 'case-1')
    expect(readTyped('rent-withdrawal')).toEqual({})
    expect(readSent('rent-withdrawal')).toBe('case-1')
  })

  it('that is begun anew no longer leads to the case before', async () => {
    const { draftSent, keepDraft, readSent } = await import('../src/device/drafts')
    draftSent('rent-withdrawal', 'case-1')
    keepDraft({ itemCode: 'rent-withdrawal', itemName: '', form: {}, lines: [], verification: 'face', slaText: '' })
    expect(readSent('rent-withdrawal')).toBeNull()
  })
})

describe('a double tap', () => {
  it('opens a page once, and the same page again later', async () => {
    const { go } = await import('../src/lib/nav')
    go('check', { code: 'rent-withdrawal' })
    vi.advanceTimersByTime(130)
    go('check', { code: 'rent-withdrawal' })
    expect(navigated).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(700)
    go('check', { code: 'rent-withdrawal' })
    expect(navigated).toHaveBeenCalledTimes(2)
  })
})
