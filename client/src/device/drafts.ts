/** Drafts 草稿: what a member has begun, kept on the phone so that a closed page loses nothing. */

import { newKey } from '@/lib/keys'

export interface Line {
  label: string
  value: string
  amountFen?: number
}

export interface Draft {
  itemCode: string
  itemName: string
  form: Record<string, unknown>
  lines: Line[]
  verification: 'face' | 'none'
  slaText: string
  key: string
  keptAtMs: number
}

/** Older drafts are forgotten: a card number should not lie about on a phone. */
const LIFE_MS = 24 * 3600 * 1000

const draftPlace = (code: string) => `anju.draft.${code}`
const confirmPlace = (id: string) => `anju.confirm.${id}`

export function readDraft(code: string): Draft | null {
  const draft = uni.getStorageSync(draftPlace(code)) as Draft | ''
  if (draft && Date.now() - draft.keptAtMs < LIFE_MS) return draft
  dropDraft(code)
  return null
}

/** Keep a draft; the key stays while the form does, so that sending twice is doing once. */
export function keepDraft(draft: Omit<Draft, 'key' | 'keptAtMs'>): Draft {
  const before = readDraft(draft.itemCode)
  const same = before && JSON.stringify(before.form) === JSON.stringify(draft.form)
  const kept = { ...draft, key: same ? before.key : newKey(), keptAtMs: Date.now() }
  uni.setStorageSync(draftPlace(draft.itemCode), kept)
  uni.removeStorageSync(sentPlace(draft.itemCode))
  return kept
}

export const dropDraft = (code: string) => uni.removeStorageSync(draftPlace(code))

/** What stands in an item's form before it is whole: a lost session, a reload or a call between loses nothing typed. */
const TYPED_LIFE_MS = 2 * 3600 * 1000
const typedPlace = (code: string) => `anju.typed.${code}`

export function keepTyped(code: string, texts: Record<string, string>): void {
  uni.setStorageSync(typedPlace(code), { texts: { ...texts }, keptAtMs: Date.now() })
}

export function readTyped(code: string): Record<string, string> {
  const kept = uni.getStorageSync(typedPlace(code)) as { texts: Record<string, string>; keptAtMs: number } | ''
  if (kept && Date.now() - kept.keptAtMs < TYPED_LIFE_MS) return kept.texts
  uni.removeStorageSync(typedPlace(code))
  return {}
}

/** What became of a draft that was handed in: its check page, opened once more, leads there. */
const sentPlace = (code: string) => `anju.sent.${code}`

export function draftSent(code: string, applicationId: string): void {
  dropDraft(code)
  uni.removeStorageSync(typedPlace(code))
  uni.setStorageSync(sentPlace(code), applicationId)
}

export const readSent = (code: string) => (uni.getStorageSync(sentPlace(code)) as string) || null

export interface PendingConfirm {
  faceSessionId: string
  key: string
  /** It left the phone: until an answer is there, nobody here knows what became of it. */
  sent?: boolean
}

export function keepConfirm(applicationId: string, faceSessionId: string): PendingConfirm {
  const pending = { faceSessionId, key: newKey() }
  uni.setStorageSync(confirmPlace(applicationId), pending)
  return pending
}

export const readConfirm = (applicationId: string) =>
  (uni.getStorageSync(confirmPlace(applicationId)) as PendingConfirm) || null

export function markConfirmSent(applicationId: string): void {
  uni.setStorageSync(confirmPlace(applicationId), { ...readConfirm(applicationId), sent: true })
}

export const dropConfirm = (applicationId: string) => uni.removeStorageSync(confirmPlace(applicationId))
