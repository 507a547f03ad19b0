/** Drafts 草稿: what a member has begun, kept on the phone so that a closed page loses nothing. What the item calls private
 * is kept for the visit only; all of it goes when the member does (`api/whose.ts`). */

import { dropFromVisit, forgetVisit, heldForVisit, heldPlaces, holdForVisit } from './visit'
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

/** Older drafts are forgotten: nothing of a member's should lie about on a phone. */
const LIFE_MS = 24 * 3600 * 1000
const TYPED_LIFE_MS = 2 * 3600 * 1000

const draftPlace = (code: string) => `anju.draft.${code}`
const confirmPlace = (id: string) => `anju.confirm.${id}`

export function readDraft(code: string): Draft | null {
  const draft = (heldForVisit(draftPlace(code)) ?? uni.getStorageSync(draftPlace(code))) as Draft | ''
  if (draft && Date.now() - draft.keptAtMs < LIFE_MS) return draft
  dropDraft(code)
  return null
}

/** Keep a draft; the key stays while the form does, so that sending twice is doing once. A private one is for this visit. */
export function keepDraft(draft: Omit<Draft, 'key' | 'keptAtMs'>, forVisit = false): Draft {
  const before = readDraft(draft.itemCode)
  const same = before && JSON.stringify(before.form) === JSON.stringify(draft.form)
  const kept = { ...draft, key: same ? before.key : newKey(), keptAtMs: Date.now() }
  dropDraft(draft.itemCode)
  if (forVisit) holdForVisit(draftPlace(draft.itemCode), kept)
  else uni.setStorageSync(draftPlace(draft.itemCode), kept)
  uni.removeStorageSync(sentPlace(draft.itemCode))
  return kept
}

export const dropDraft = (code: string) => drop(draftPlace(code))

function drop(place: string): void {
  uni.removeStorageSync(place)
  dropFromVisit(place)
}

/** What stands in an item's form before it is whole: a lost session, a reload or a call between loses nothing typed. */
const typedPlace = (code: string) => `anju.typed.${code}`

type Texts = Record<string, string>
interface Typed {
  texts: Texts
  keptAtMs: number
}

export function keepTyped(code: string, texts: Texts, privates: string[] = []): void {
  const those = (wanted: boolean): Texts => Object.fromEntries(Object.entries(texts).filter(([name]) => privates.includes(name) === wanted))
  uni.setStorageSync(typedPlace(code), { texts: those(false), keptAtMs: Date.now() })
  if (privates.length) holdForVisit(typedPlace(code), { texts: those(true), keptAtMs: Date.now() })
}

export function readTyped(code: string): Texts {
  const kept = uni.getStorageSync(typedPlace(code)) as Typed | ''
  const held = heldForVisit(typedPlace(code)) as Typed | null
  if (kept && Date.now() - kept.keptAtMs < TYPED_LIFE_MS) return { ...kept.texts, ...held?.texts }
  drop(typedPlace(code))
  return {}
}

/** What became of a draft that was handed in: its check page, opened once more, leads there. */
const sentPlace = (code: string) => `anju.sent.${code}`

export function draftSent(code: string, applicationId: string): void {
  dropDraft(code)
  drop(typedPlace(code))
  uni.setStorageSync(sentPlace(code), { applicationId, keptAtMs: Date.now() })
}

export const readSent = (code: string) => (uni.getStorageSync(sentPlace(code)) as { applicationId?: string }).applicationId ?? null

export interface PendingConfirm {
  faceSessionId: string
  key: string
  keptAtMs?: number
  /** It left the phone: until an answer is there, nobody here knows what became of it. */
  sent?: boolean
}

export function keepConfirm(applicationId: string, faceSessionId: string): PendingConfirm {
  const pending = { faceSessionId, key: newKey(), keptAtMs: Date.now() }
  uni.setStorageSync(confirmPlace(applicationId), pending)
  return pending
}

export const readConfirm = (applicationId: string) =>
  (uni.getStorageSync(confirmPlace(applicationId)) as PendingConfirm) || null

export function markConfirmSent(applicationId: string): void {
  uni.setStorageSync(confirmPlace(applicationId), { ...readConfirm(applicationId), sent: true })
}

export const dropConfirm = (applicationId: string) => uni.removeStorageSync(confirmPlace(applicationId))

const LIVES_MS: Record<string, number> = { 'anju.draft.': LIFE_MS, 'anju.typed.': TYPED_LIFE_MS, 'anju.sent.': LIFE_MS, 'anju.confirm.': LIFE_MS }
const lifeOf = (place: string) => LIVES_MS[Object.keys(LIVES_MS).find((kind) => place.startsWith(kind)) ?? '']
const kept = () => uni.getStorageInfoSync().keys.filter(lifeOf)

/** At the launch: what nobody opened again does not lie about past its time. */
export function sweepOverdue(): void {
  for (const place of kept()) if (overdue(place, uni.getStorageSync(place))) uni.removeStorageSync(place)
  for (const place of heldPlaces()) if (overdue(place, heldForVisit(place))) dropFromVisit(place)
}

function overdue(place: string, what: unknown): boolean {
  const { keptAtMs } = what as { keptAtMs?: number }
  return !keptAtMs || Date.now() - keptAtMs >= lifeOf(place)
}

/** Nothing of one member is there for the next. */
export function forgetDrafts(): void {
  kept().forEach((place) => uni.removeStorageSync(place))
  forgetVisit()
}
