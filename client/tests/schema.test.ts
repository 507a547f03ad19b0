import { expect, it } from 'vitest'
import { askedOf, faultOf, fieldsOf, shownOf, valueOf } from '@/lib/schema'

const FIELDS = fieldsOf({
  required: ['amount_fen', 'card_id'],
  properties: {
    amount_fen: { type: 'integer', title: '提多少', 'x-widget': 'amount' },
    card_id: { type: 'string', title: '收款卡', 'x-widget': 'card' },
    reason: { type: 'string', title: '用途', oneOf: [{ const: 'rent', title: '付房租' }] },
    city: { type: 'string', title: '城市', enum: ['430200'], 'x-labels': { '430200': '株洲' } },
    card_no: { type: 'string', title: '银行卡号', 'x-widget': 'text', 'x-input': 'numeric' },
    bank_code: { type: 'string', title: '开户银行', 'x-widget': 'choice', pattern: '^[0-9]{6}$', 'x-labels': { '105000': '建设银行' }, default: '105000' },
    channel: { type: 'string', 'x-widget': 'hidden' },
  },
})
const field = (name: string) => FIELDS.find((one) => one.name === name)!

it('leaves hidden fields out and finds the widget of the others', () => {
  expect(FIELDS.map((one) => [one.name, one.widget])).toEqual([
    ['amount_fen', 'amount'],
    ['card_id', 'card'],
    ['reason', 'choice'],
    ['city', 'choice'],
    ['card_no', 'text'],
    ['bank_code', 'choice'],
  ])
  expect(field('city').options).toEqual([{ value: '430200', text: '株洲' }])
})

it('sends amounts as integer fen, and nothing for what is not an amount', () => {
  expect(valueOf(field('amount_fen'), '3000.5')).toBe(300050)
  expect(valueOf(field('amount_fen'), '三千')).toBeUndefined()
  expect(valueOf(field('card_id'), '')).toBeUndefined()
})

it('reads choices from their labels, defaults, and numbers written in groups', () => {
  expect(field('bank_code').options).toEqual([{ value: '105000', text: '建设银行' }])
  expect(field('bank_code').initial).toBe('105000')
  expect(valueOf(field('card_no'), '6217 0000 0000 0000 012')).toBe('6217000000000000012')
  expect(faultOf(field('card_no'), '六二一七', null)).toBe('银行卡号只有数字，请再看一遍。')
})

it('says what is wrong and what to do', () => {
  expect(faultOf(field('amount_fen'), '', 1800000)).toBe('请填写金额。')
  expect(faultOf(field('amount_fen'), '0', 1800000)).toBe('金额要大于零。')
  expect(faultOf(field('amount_fen'), '18000.01', 1800000)).toBe('最多可提 18,000.00 元，请改小一些。')
  expect(faultOf(field('amount_fen'), '18000', 1800000)).toBeNull()
  expect(faultOf(field('card_id'), '', null)).toBe('请选择收款卡。')
  expect(faultOf(field('reason'), '', null)).toBeNull()
})

it('shows choices and cards by their words', () => {
  expect(shownOf(field('reason'), 'rent', [])).toBe('付房租')
  expect(shownOf(field('card_id'), 'k', [{ card_id: 'k', bank_name: '建设银行', tail4: '4321' }])).toBe('建设银行 尾号 4321')
})

const ASKED = fieldsOf({
  required: ['amount_fen', 'card_id'],
  properties: {
    house: { title: '哪套房', 'x-widget': 'choice' },
    price_fen: { title: '您已经付的购房款', 'x-widget': 'yuan' },
    bought_on: { title: '哪天签的购房合同', 'x-widget': 'date' },
    amount_fen: { type: 'integer', title: '提多少', 'x-widget': 'amount' },
    card_id: { type: 'string', title: '收款卡', 'x-widget': 'card' },
  },
})

it('asks only what the registers do not know, and offers what they do', () => {
  const known = askedOf(ASKED, { asks: ['house', 'amount_fen', 'card_id'], choices: { house: [{ value: 'h1', text: '示例路*号' }] } })
  expect(known.map((one) => one.name)).toEqual(['house', 'amount_fen', 'card_id'])
  expect(known[0].options).toEqual([{ value: 'h1', text: '示例路*号' }])
  expect(faultOf(known[0], '', null)).toBe('请选择哪套房。')
  const silent = askedOf(ASKED, { asks: ['price_fen', 'bought_on', 'amount_fen', 'card_id'], choices: {} })
  expect(silent.map((one) => one.name)).toEqual(['price_fen', 'bought_on', 'amount_fen', 'card_id'])
  expect(askedOf(ASKED, null)).toBe(ASKED)
})

it('reads what was paid and the day of it', () => {
  const [, price, day] = ASKED
  expect(valueOf(price, '20000')).toBe(2000000)
  expect(faultOf(price, '两万', 1)).toContain('金额只写数字')
  expect(faultOf(price, '20000', 1)).toBeNull()
  expect(shownOf(price, '20000', [])).toBe('20,000.00 元')
  expect(shownOf(day, '2026-06-01', [])).toBe('2026年6月1日')
})

it('fills in a number and its code as one, and shows the number in groups', () => {
  const [phone] = fieldsOf({ required: ['new_phone'], properties: { new_phone: { title: '新手机号', 'x-widget': 'phone-code' } } })
  const text = JSON.stringify({ phone: '13900000002', challenge_id: 'c', code: '012345' })
  expect(valueOf(phone, text)).toEqual({ phone: '13900000002', challenge_id: 'c', code: '012345' })
  expect(valueOf(phone, '')).toBeUndefined()
  expect(faultOf(phone, '', null)).toBe('请填新手机号，点「发验证码」，再填收到的 6 位数字。')
  expect(faultOf(phone, text, null)).toBeNull()
  expect(shownOf(phone, text, [])).toBe('139 0000 0002')
})

it('leaves an optional field empty, and chooses nothing that is the member\'s to choose', () => {
  const fields = fieldsOf({
    required: ['centre'],
    properties: {
      centre: { type: 'string', title: '原来在哪个中心缴存', 'x-widget': 'choice', 'x-choose': true },
      former_account_no: { type: 'string', title: '原公积金账号', 'x-widget': 'text', 'x-optional': true },
    },
  } as never)
  const [centre, former] = askedOf(fields, { asks: ['centre', 'former_account_no'], choices: { centre: [{ value: 'C43010', text: '长沙' }] } })
  expect([centre.choose, former.choose]).toEqual([true, false])
  expect(faultOf(centre, '', null)).toBe('请选择原来在哪个中心缴存。')
  expect(faultOf(former, '', null)).toBeNull()
})
