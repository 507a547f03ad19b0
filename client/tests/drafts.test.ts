import { beforeEach, describe, expect, it, vi } from 'vitest'

/** What is written to the phone, and what goes with the window. */
const phone = new Map<string, unknown>()
const visit = new Map<string, string>()
vi.stubGlobal('uni', {
  getStorageSync: (key: string) => phone.get(key) ?? '',
  setStorageSync: (key: string, value: unknown) => phone.set(key, JSON.parse(JSON.stringify(value))),
  removeStorageSync: (key: string) => phone.delete(key),
  getStorageInfoSync: () => ({ keys: [...phone.keys()] }),
})
vi.stubGlobal('sessionStorage', {
  getItem: (key: string) => visit.get(key) ?? null,
  setItem: (key: string, value: string) => visit.set(key, value),
  removeItem: (key: string) => visit.delete(key),
})

const CARD_NO = '6217000000000000012'
const HOUR_MS = 3600_000
const CARD = { itemCode: 'payee-card-change', itemName: '', form: { card_no: CARD_NO, bank_code: '105000' }, lines: [{ label: '银行卡号', value: CARD_NO }], verification: 'face' as const, slaText: '' }
const RENT = { itemCode: 'rent-withdrawal', itemName: '', form: { amount_fen: 300000 }, lines: [], verification: 'face' as const, slaText: '' }
const written = () => JSON.stringify([...phone.values()])

beforeEach(() => {
  phone.clear()
  visit.clear()
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 6) })
  vi.resetModules()
})

describe('a card number', () => {
  it('is never written to the phone: a reload has it still, a new window has not', async () => {
    const drafts = await import('../src/device/drafts')
    drafts.keepTyped('payee-card-change', { card_no: CARD_NO, bank_code: '105000' }, ['card_no'])
    drafts.keepDraft(CARD, true)
    expect(written()).not.toContain(CARD_NO)
    vi.resetModules()
    const reloaded = await import('../src/device/drafts')
    expect(reloaded.readTyped('payee-card-change')).toEqual({ card_no: CARD_NO, bank_code: '105000' })
    expect(reloaded.readDraft('payee-card-change')?.form).toEqual(CARD.form)
    visit.clear()
    vi.resetModules()
    const anew = await import('../src/device/drafts')
    expect(anew.readTyped('payee-card-change')).toEqual({ bank_code: '105000' })
    expect(anew.readDraft('payee-card-change')).toBeNull()
  })

  it('keeps the key of its draft while the form is the same, and goes when it was handed in', async () => {
    const { draftSent, keepDraft, keepTyped, readDraft, readTyped } = await import('../src/device/drafts')
    keepTyped('payee-card-change', { card_no: CARD_NO }, ['card_no'])
    const { key } = keepDraft(CARD, true)
    expect(keepDraft(CARD, true).key).toBe(key)
    expect(keepDraft({ ...CARD, form: { ...CARD.form, bank_code: '102000' } }, true).key).not.toBe(key)
    draftSent('payee-card-change', 'case-1')
    expect(readDraft('payee-card-change')).toBeNull()
    expect(readTyped('payee-card-change')).toEqual({})
    expect([...visit.values()].join()).not.toContain(CARD_NO)
  })

  it('typed two hours ago is forgotten', async () => {
    const { keepTyped, readTyped } = await import('../src/device/drafts')
    keepTyped('payee-card-change', { card_no: CARD_NO }, ['card_no'])
    vi.advanceTimersByTime(2 * HOUR_MS)
    expect(readTyped('payee-card-change')).toEqual({})
    expect([...visit.values()].join()).not.toContain(CARD_NO)
  })
})

/** One of each kind, and what is the phone's own. */
async function begun() {
  const drafts = await import('../src/device/drafts')
  drafts.keepDraft(RENT)
  drafts.keepTyped('rent-withdrawal', { amount_fen: '3000' })
  drafts.keepTyped('payee-card-change', { card_no: CARD_NO }, ['card_no'])
  drafts.keepDraft(CARD, true)
  drafts.draftSent('transfer-in', 'case-1')
  drafts.keepConfirm('case-2', 's1')
  phone.set('anju.elder', true)
  return drafts
}

const nothingLeft = () => {
  expect([...phone.keys()]).toEqual(['anju.elder'])
  expect([...visit.values()].join()).not.toContain(CARD_NO)
}

describe('who comes next', () => {
  it('finds nothing of a member who left this phone', async () => {
    const drafts = await begun()
    const { memberLeft } = await import('../src/api/whose')
    phone.set('anju.tokens', { access_token: 'a' })
    memberLeft()
    nothingLeft()
    expect(drafts.readTyped('payee-card-change')).toEqual({})
  })

  it('finds nothing of the one before after binding', async () => {
    await begun()
    const { memberBound } = await import('../src/api/whose')
    visit.set('anju.who', '{}')
    memberBound({})
    nothingLeft()
    expect(visit.has('anju.who')).toBe(false)
  })
})

describe('at the launch', () => {
  it('what is overdue goes, each kind at its time', async () => {
    const { sweepOverdue } = await begun()
    const kinds = () => [...phone.keys()].filter((key) => key !== 'anju.elder').sort()
    vi.advanceTimersByTime(2 * HOUR_MS - 1)
    sweepOverdue()
    expect(kinds()).toEqual(['anju.confirm.case-2', 'anju.draft.rent-withdrawal', 'anju.sent.transfer-in', 'anju.typed.payee-card-change', 'anju.typed.rent-withdrawal'])
    vi.advanceTimersByTime(1)
    sweepOverdue()
    expect(kinds()).toEqual(['anju.confirm.case-2', 'anju.draft.rent-withdrawal', 'anju.sent.transfer-in'])
    vi.advanceTimersByTime(22 * HOUR_MS)
    sweepOverdue()
    nothingLeft()
  })

  it('what an older page kept without a time goes too', async () => {
    const { sweepOverdue } = await import('../src/device/drafts')
    phone.set('anju.sent.transfer-in', 'case-1').set('anju.confirm.case-2', { faceSessionId: 's1', key: 'k' })
    sweepOverdue()
    expect([...phone.keys()]).toEqual([])
  })
})
