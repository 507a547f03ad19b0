/** Annual statement 年度对账单: its months as bars, as a table, and its sums as lines. */

import type { Statement, StatementMonth } from '@/api/lookups'
import { yuanText } from './money'
import type { Bar } from './plot'

/** "7月" of "2025-07". */
export const monthText = (month: string) => `${Number(month.slice(5))}月`

const movesOf = (month: StatementMonth) => [month.interest_fen, month.contributed_fen, month.withdrawn_fen, month.loan_fen, month.other_fen]
const inOf = (month: StatementMonth) => movesOf(month).reduce((total, fen) => total + Math.max(0, fen), 0)
const outOf = (month: StatementMonth) => movesOf(month).reduce((total, fen) => total + Math.max(0, -fen), 0)

/** Interest apart from what else came in; what went out hangs below the line. */
export function statementBars(months: StatementMonth[]): Bar[] {
  return months.map((month) => {
    const interest = Math.max(0, month.interest_fen)
    return {
      key: month.month,
      label: monthText(month.month),
      up: [{ fen: inOf(month) - interest, look: 'solid' }, { fen: interest, look: 'soft' }],
      down: [{ fen: outOf(month), look: 'hatch' }],
    }
  })
}

const orNothing = (fen: number) => (fen ? yuanText(fen) : '')

/** Month, in, out, at its end; the year where it begins. */
export function statementRows(months: StatementMonth[]): string[][] {
  return months.map((month, index) => {
    const year = index === 0 || month.month.endsWith('-01') ? `${month.month.slice(2, 4)}年` : ''
    return [`${year}${monthText(month.month)}`, orNothing(inOf(month)), orNothing(outOf(month)), yuanText(month.closing_fen)]
  })
}

export function statementLines(one: Statement): { label: string; fen: number; note: string }[] {
  return [
    { label: '年度开始', fen: one.opening_fen, note: '' },
    { label: '缴存', fen: one.contributed_fen, note: `${one.contributed_months} 个月，单位和您一起缴的` },
    { label: '结息', fen: one.interest_fen, note: one.complete ? '6 月 30 日算一次' : '要到明年 6 月 30 日才结，那时加进来' },
    { label: '提取', fen: one.withdrawn_fen, note: '' },
    { label: '还贷款', fen: one.loan_fen, note: '' },
    { label: '其他', fen: one.other_fen, note: '开户时转来的、补记的' },
  ].filter((line, index) => index < 3 || line.fen !== 0)
}

export function statementTold(one: Statement): string {
  const lines = statementLines(one).map((line) => `${line.label} ${yuanText(line.fen)} 元`)
  return `${one.months.length} 个月进出的柱图。${lines.join('，')}，${one.complete ? '年度结束' : '到今天'} ${yuanText(one.closing_fen)} 元。每个月的数字在下面的表里。`
}
