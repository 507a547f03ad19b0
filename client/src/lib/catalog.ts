/** Catalog 事项: how the items stand on the home page, by what people want. */

import type { ItemOutlook, ItemSummary } from '@/api/types'
import { dayText, shortDay } from './dates'

const GROUPS: [ItemSummary['group'], string][] = [
  ['money', '我要用钱'],
  ['loan', '我有贷款'],
  ['proof', '我要证明'],
  ['profile', '我的资料'],
]

/** One character that stands for an item, like the seal on an envelope. */
const SEALS: Record<string, string> = {
  'rent-withdrawal': '租',
  'purchase-withdrawal': '购',
  'commercial-loan-withdrawal': '贷',
  'property-fee-withdrawal': '物',
  'elevator-withdrawal': '梯',
  'retirement-withdrawal': '休',
  'leaving-withdrawal': '离',
  'contribution-certificate': '证',
  'payee-card-change': '卡',
  'phone-change': '机',
}

export const sealOf = (item: Pick<ItemSummary, 'code' | 'name_zh'>) => SEALS[item.code] ?? item.name_zh.slice(0, 1)

/** Why an item cannot be used today, and from when; empty when it can. */
export function whyNot(item: Partial<ItemOutlook>, today = new Date().toISOString()): string {
  if (item.usable !== false) return ''
  const day = item.next_on
  const from = day ? `${day.slice(0, 4) === dayText(today).slice(0, 4) ? shortDay(day) : dayText(day)}起可以办` : ''
  return [item.why, from].filter(Boolean).join('，')
}

export function grouped<T extends ItemSummary>(items: T[]): { title: string; items: T[] }[] {
  return GROUPS.map(([group, title]) => ({ title, items: items.filter((item) => item.group === group) })).filter(
    (group) => group.items.length,
  )
}
