/** Catalog 事项: how the items stand on the home page, by what people want. */

import type { ItemSummary } from '@/api/types'

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

export function grouped(items: ItemSummary[]): { title: string; items: ItemSummary[] }[] {
  return GROUPS.map(([group, title]) => ({ title, items: items.filter((item) => item.group === group) })).filter(
    (group) => group.items.length,
  )
}
