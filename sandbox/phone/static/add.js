/* Adding a person: made-up numbers that check, a face, and the call that tells the registries and the centre. */

import { $, call, make } from './dom.js'

const digits = (count) => Array.from({ length: count }, () => Math.floor(Math.random() * 10)).join('')

function newIdNumber() {
  const body = `659999${1960 + Math.floor(Math.random() * 40)}${String(1 + Math.floor(Math.random() * 12)).padStart(2, '0')}${String(1 + Math.floor(Math.random() * 28)).padStart(2, '0')}${digits(3)}`
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  return body + '10X98765432'[weights.reduce((sum, weight, place) => sum + weight * Number(body[place]), 0) % 11]
}

function newCard() {
  const body = `6217${digits(14)}`
  const sum = [...body].reverse().reduce((total, digit, place) => total + (place % 2 ? Number(digit) : (Number(digit) * 2 > 9 ? Number(digit) * 2 - 9 : Number(digit) * 2)), 0)
  return body + String((10 - (sum % 10)) % 10)
}

const base64Of = (file) => new Promise((done) => {
  const reader = new FileReader()
  reader.onload = () => done(String(reader.result).split(',')[1])
  reader.readAsDataURL(file)
})

function openAdding() {
  const form = $('add-form')
  form.reset()
  form.id_no.value = newIdNumber()
  form.phone.value = `138${digits(8)}`
  form.card_no.value = newCard()
  $('add-note').textContent = ''
  $('add').showModal()
}

async function addPerson(event, added) {
  if (event.submitter?.value !== 'send') return
  event.preventDefault()
  const form = $('add-form')
  const photo = form.photo.files[0]
  const record = {
    key: `p${Date.now().toString(36)}`, name: form.name.value.trim(), id_no: form.id_no.value, phone: form.phone.value,
    portrait: form.portrait.value, base_fen: Number(form.base.value) * 100, rate_percent: 10, months: Number(form.months.value),
    cards: [{ bank_code: '105000', bank_name: '建设银行', card_no: form.card_no.value, class: '1', status: 'normal' }],
    ...(photo ? { reference_jpeg: await base64Of(photo) } : {}),
  }
  $('add-note').textContent = '正在告诉公积金中心…'
  try {
    await call('POST', '/control/members', record)
    $('add').close()
    added(record.key)
  } catch (fault) {
    $('add-note').textContent = `没有加上：${fault.data?.import?.output?.trim().split('\n').at(-1) ?? fault.message}`
  }
}

export function prepareAdding(portraits, added) {
  $('add-form').portrait.append(...portraits.map((name) => make('option', { value: name }, name)))
  $('new-id').addEventListener('click', () => { $('add-form').id_no.value = newIdNumber() })
  $('add-form').addEventListener('submit', (event) => addPerson(event, added))
  $('add-open').addEventListener('click', openAdding)
}
