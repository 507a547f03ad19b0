import { describe, expect, it } from 'vitest'
import { parseYuan, yuanPlain, yuanText, yuanWords } from '@/lib/money'

describe('what a member types', () => {
  it.each([
    ['3000', 300000],
    ['0.5', 50],
    ['0', 0],
    ['1.05', 105],
    ['12.30', 1230],
    ['9999999999.99', 999999999999],
  ])('%s is %i fen', (text, fen) => expect(parseYuan(text)).toBe(fen))

  it.each(['', ' ', '01', '.5', '1.', '1.005', '-1', '+1', '1e3', '1,000', '１００', '10000000000', '3000元', ' 3000', '0x10', 'NaN'])(
    '%j is refused',
    (text) => expect(parseYuan(text)).toBeNull(),
  )
})

describe('amounts shown', () => {
  it('have separators and two decimals', () => {
    expect(yuanText(1234567)).toBe('12,345.67')
    expect(yuanText(5)).toBe('0.05')
    expect(yuanText(-300000)).toBe('-3,000.00')
    expect(yuanText(100000000000)).toBe('1,000,000,000.00')
  })
  it('go back into the field without separators', () => {
    expect(yuanPlain(1800000)).toBe('18000')
    expect(yuanPlain(1800050)).toBe('18000.50')
  })
})

// Worked out by the rules of 支付结算办法, annex 1.
describe('amounts in words', () => {
  it.each([
    [0, '零元整'],
    [5, '伍分'],
    [50, '伍角整'],
    [300000, '叁仟元整'],
    [1800000, '壹万捌仟元整'],
    [10023, '壹佰元贰角叁分'],
    [10005, '壹佰元零伍分'],
    [1000100, '壹万零壹元整'],
    [140950, '壹仟肆佰零玖元伍角整'],
    [10700053, '壹拾万零柒仟元伍角叁分'],
    [600714, '陆仟零柒元壹角肆分'],
    [10000000000, '壹亿元整'],
    [10000000100, '壹亿零壹元整'],
  ])('%i is %s', (fen, words) => expect(yuanWords(fen)).toBe(words))
})
