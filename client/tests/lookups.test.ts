import { describe, expect, it } from 'vitest'
import type { Statement, StatementMonth } from '@/api/lookups'
import type { ItemOutlook } from '@/api/types'
import { grouped, whyNot } from '@/lib/catalog'
import { scoreOf, search } from '@/lib/search'
import { statementBars, statementLines, statementRows, statementTold } from '@/lib/statement'
import { monthsOf, sumFault, sumOf, yearsFault } from '@/lib/trial'

describe('what is typed into the calculator', () => {
  it.each([['20', 240], [' 5 ', 60], ['１０', 120], ['99', 1188]])('%j years are %i months', (text, months) => expect(monthsOf(text)).toBe(months))
  it.each(['', '0', '-5', '2.5', '二十', '100', '20年', '1e1'])('%j is no number of years', (text) => expect(monthsOf(text)).toBeNull())
  it.each([['600000', 60000000], ['600,000', 60000000], ['600，000.5', 60000050], ['６０００００', 60000000], ['1 000', 100000]])('%j is %i fen', (text, fen) => expect(sumOf(text)).toBe(fen))
  it.each(['60万', '', '-1', '1.005', 'abc', '1e6', '0x10'])('%j is no sum', (text) => expect(sumOf(text)).toBeNull())
  it('says what to do', () => {
    expect(yearsFault('', 360)).toBe('请填贷几年。')
    expect(yearsFault('两年', 360)).toBe('年数写整数，比如 20。')
    expect(yearsFault('31', 360)).toBe('公积金贷款最长 30 年。')
    expect(yearsFault('30', 360)).toBeNull()
    expect(sumFault('', null, '房价')).toBe('请填房价。')
    expect(sumFault('60万', null, '房价')).toBe('金额只写数字，比如 600000。')
    expect(sumFault('0', null, '房价')).toBe('金额只写数字，比如 600000。')
    expect(sumFault('1200001', 120000000, '贷多少')).toBe('最多 1,200,000.00 元，请改小一点。')
    expect(sumFault('1200000', 120000000, '贷多少')).toBeNull()
  })
})

const item = (code: string, name_zh: string, more: Partial<ItemOutlook> = {}): ItemOutlook => ({
  code, name_zh, group: 'money', summary: '', kind: 'withdrawal', usable: true, why: null, next_on: null, ...more,
})
const ITEMS = [
  item('rent-withdrawal', '租房提取'),
  item('fund-loan-withdrawal', '偿还公积金贷款提取'),
  item('commercial-loan-withdrawal', '偿还商贷提取'),
  item('contribution-certificate', '缴存证明', { group: 'proof' }),
  item('something-new', '一项新业务'),
]

describe('search', () => {
  it.each([
    ['租房', '租房提取'], ['房租', '租房提取'], ['余额', '账户明细'], ['证明', '缴存证明'], ['对账单', '年度对账单'],
    ['月供', '偿还公积金贷款提取'], ['新业务', '一项新业务'], ['我要租房子', '租房提取'], ['ｐｄｆ', '我的证明'], [' 租 房 ', '租房提取'],
  ])('%j finds %s first', (query, title) => expect(search(query, ITEMS)[0].title).toBe(title))
  it('finds both loans and the plan for 还贷', () => {
    const titles = search('还贷', ITEMS).map((hit) => hit.title)
    expect(titles).toEqual(expect.arrayContaining(['偿还公积金贷款提取', '偿还商贷提取', '我的贷款']))
    expect(titles).not.toContain('租房提取')
  })
  it('finds nothing for nothing, and for what is not there', () => {
    expect(search('', ITEMS)).toEqual([])
    expect(search('   ', ITEMS)).toEqual([])
    expect(search('结婚登记', ITEMS)).toEqual([])
  })
  it('puts a title before words, words before scattered characters', () => {
    expect([scoreOf('租房', '租房提取', '', ''), scoreOf('房租', '租房提取', '', '房租'), scoreOf('租提', '租房提取', '', ''), scoreOf('船', '租房提取', '', '')]).toEqual([3, 2, 1, 0])
  })
})

describe('an item that cannot be used today', () => {
  const TODAY = '2026-11-22T08:00:00+08:00'
  it('says why and from when', () => {
    expect(whyNot(item('a', 'a'), TODAY)).toBe('')
    expect(whyNot(item('a', 'a', { usable: false, why: '本月已经提过一次', next_on: '2026-12-01' }), TODAY)).toBe('本月已经提过一次，12月1日起可以办')
    expect(whyNot(item('a', 'a', { usable: false, why: '今年提过', next_on: '2027-01-01' }), TODAY)).toBe('今年提过，2027年1月1日起可以办')
    expect(whyNot(item('a', 'a', { usable: false, why: '账户还没有封存' }), TODAY)).toBe('账户还没有封存')
    expect(whyNot({}, TODAY)).toBe('')
  })
  it('stays in its group', () => expect(grouped(ITEMS).map((group) => [group.title, group.items.length])).toEqual([['我要用钱', 4], ['我要证明', 1]]))
})

const month = (text: string, more: Partial<StatementMonth>): StatementMonth => ({
  month: text, contributed_fen: 0, interest_fen: 0, withdrawn_fen: 0, loan_fen: 0, other_fen: 0, closing_fen: 0, ...more,
})
const STATEMENT: Statement = {
  year: 2026, from_on: '2026-05-01', to_on: '2026-06-30', complete: true, display_name: '', account_no_masked: '', employer: '',
  opening_fen: 100000, contributed_fen: 200000, contributed_months: 1, interest_fen: 1500, withdrawn_fen: -50000, loan_fen: 0, other_fen: 0, closing_fen: 251500,
  months: [
    month('2026-05', { contributed_fen: 200000, withdrawn_fen: -50000, closing_fen: 250000 }),
    month('2026-06', { interest_fen: 1500, closing_fen: 251500 }),
  ],
}

describe('the annual statement', () => {
  it('shows what came in above the line and what went out below it', () => {
    const [may, june] = statementBars(STATEMENT.months)
    expect(may.up.map((part) => part.fen)).toEqual([200000, 0])
    expect(may.down[0].fen).toBe(50000)
    expect(june.up.map((part) => part.fen)).toEqual([0, 1500])
  })
  it('says the same in a table', () => {
    expect(statementRows(STATEMENT.months)).toEqual([['26年5月', '2,000.00', '500.00', '2,500.00'], ['6月', '15.00', '', '2,515.00']])
    expect(statementRows([month('2025-12', {}), month('2026-01', {})]).map((row) => row[0])).toEqual(['25年12月', '26年1月'])
  })
  it('adds up: its lines make what is there at the end', () => {
    const lines = statementLines(STATEMENT)
    expect(lines.map((line) => line.label)).toEqual(['年度开始', '缴存', '结息', '提取'])
    expect(lines.reduce((total, line) => total + line.fen, 0)).toBe(STATEMENT.closing_fen)
    expect(statementTold(STATEMENT)).toContain('年度结束 2,515.00 元')
  })
})
