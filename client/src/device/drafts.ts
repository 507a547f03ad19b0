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
}

const draftPlace = (code: string) => `anju.draft.${code}`
const confirmPlace = (id: string) => `anju.confirm.${id}`

export function readDraft(code: string): Draft | null {
  return (uni.getStorageSync(draftPlace(code)) as Draft) || null
}

/** Keep a draft; the key stays while the form does, so that sending twice is doing once. */
export function keepDraft(draft: Omit<Draft, 'key'>): Draft {
  const before = readDraft(draft.itemCode)
  const same = before && JSON.stringify(before.form) === JSON.stringify(draft.form)
  const kept = { ...draft, key: same ? before.key : newKey() }
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
