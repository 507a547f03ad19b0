/** Catalog 事项: how the items stand on the home page, by what people want. */

import type { ItemOutlook, ItemSummary } from '@/api/types'
import { t } from '@/text'
import { SEALS } from '@/text/seals'
import { dayText, shortDay, yearOf } from './dates'

const GROUPS: ItemSummary['group'][] = ['money', 'loan', 'proof', 'profile']

export const sealOf = (item: Pick<ItemSummary, 'code' | 'name_zh'>) => SEALS[item.code] ?? item.name_zh.slice(0, 1)

/** The centre's own name of an item is Chinese; another language puts its word for it beside. */
export const itemName = (code: string, name: string) => t.names.items[code] ?? name

/** In another language: the centre's own name, to stand under the word for it. */
export const itemOwnName = (code: string, name: string) => (t.names.items[code] ? name : '')

export const kindName = (row: { kind: string; kind_text: string }) => t.names.kinds[row.kind] ?? row.kind_text

export const stateName = (row: { state: string; state_text: string }) => t.names.states[row.state] ?? row.state_text

/** Why an item cannot be used today, and from when; empty when it can. */
export function whyNot(item: Partial<ItemOutlook>, today = new Date().toISOString()): string {
  if (item.usable !== false) return ''
  const day = item.next_on
  const from = day ? t.items.from(yearOf(day) === yearOf(today) ? shortDay(day) : dayText(day)) : ''
  return [item.why, from].filter(Boolean).join(t.items.joint)
}

export function grouped<T extends ItemSummary>(items: T[]): { title: string; items: T[] }[] {
  return GROUPS.map((group) => ({ title: t.items[group], items: items.filter((item) => item.group === group) })).filter(
    (group) => group.items.length,
  )
}
