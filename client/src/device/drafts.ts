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
  return kept
}

export const dropDraft = (code: string) => uni.removeStorageSync(draftPlace(code))

export interface PendingConfirm {
  faceSessionId: string
  key: string
}

export function keepConfirm(applicationId: string, faceSessionId: string): PendingConfirm {
  const pending = { faceSessionId, key: newKey() }
  uni.setStorageSync(confirmPlace(applicationId), pending)
  return pending
}

export const readConfirm = (applicationId: string) =>
  (uni.getStorageSync(confirmPlace(applicationId)) as PendingConfirm) || null

export const dropConfirm = (applicationId: string) => uni.removeStorageSync(confirmPlace(applicationId))
