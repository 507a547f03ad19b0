/** Annual statement 年度对账单: its months as bars, as a table, and its sums as lines. */

import type { Statement, StatementMonth } from '@/api/lookups'
import { yuanText } from './money'
import type { Bar } from './plot'
import { t } from '@/text'

/** "7月" of "2025-07". */
export const monthText = (month: string) => t.dates.month(Number(month.slice(5)))

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
    const year = index === 0 || month.month.endsWith('-01') ? t.statement.yearBefore(month.month.slice(2, 4)) : ''
    return [`${year}${monthText(month.month)}`, orNothing(inOf(month)), orNothing(outOf(month)), yuanText(month.closing_fen)]
  })
}

export function statementLines(one: Statement): { label: string; fen: number; note: string }[] {
  return [
    { label: t.statement.start, fen: one.opening_fen, note: '' },
    { label: t.statement.contributed, fen: one.contributed_fen, note: t.statement.months(one.contributed_months) },
    { label: t.statement.interest, fen: one.interest_fen, note: one.complete ? t.statement.interestDone : t.statement.interestOpen },
    { label: t.statement.withdrawn, fen: one.withdrawn_fen, note: '' },
    { label: t.statement.loan, fen: one.loan_fen, note: '' },
    { label: t.statement.other, fen: one.other_fen, note: t.statement.otherNote },
  ].filter((line, index) => index < 3 || line.fen !== 0)
}

export function statementTold(one: Statement): string {
  const lines = statementLines(one).map((line) => t.statement.line(line.label, yuanText(line.fen)))
  return t.statement.told(one.months.length, lines.join(t.words.comma), one.complete, yuanText(one.closing_fen))
}
