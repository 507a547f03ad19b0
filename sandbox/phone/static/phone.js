/* The sandbox phone in the browser: one person's conversation, SMS, camera, and the tools beside the phone. */

import { prepareAdding } from './add.js'
import { $, call, copy, make } from './dom.js'

const portraits = document.body.dataset.portraits.split(',').filter(Boolean)
const account = document.body.dataset.account
const MODES = { live: '本人活动', still: '举着照片', own: '这台电脑的摄像头', denied: '没给权限', missing: '没有摄像头' }
const FAULTS = [
  ['微信忙一次', { server: 'wechat', on: 'template/send', kind: 'errcode', args: { errcode: -1 } }],
  ['微信额度用完', { server: 'wechat', on: 'template/send', kind: 'errcode', args: { errcode: 45009 }, times: 'always' }],
  ['微信消息推两遍', { server: 'wechat', on: 'push', kind: 'duplicate' }],
  ['短信太频繁', { server: 'sms', on: 'SendSms', kind: 'limit' }],
  ['短信没送到', { server: 'sms', on: 'delivery', kind: 'undelivered' }],
  ['短信收下却超时', { server: 'sms', on: 'SendSms', kind: 'timeout_after_accept' }],
  ['腾讯短信欠费', { server: 'sms', on: 'SendSms', kind: 'code', args: { code: 'FailedOperation.InsufficientBalanceInSmsPackage' }, times: 'always' }],
  ['不动产登记停机', { server: 'share', on: 'estate.ownership', kind: 'down', times: 'always' }],
  ['公安照片查不到', { server: 'share', on: 'police.photo', kind: 'not_found' }],
  ['查卡很慢', { server: 'share', on: 'bank.card_check', kind: 'slow', args: { seconds: 8 } }],
]
const BANK_FAULTS = [['银行不回话', 'no_answer'], ['银行拒付', 'reject'], ['没有到账通知', 'lost_notice'], ['到账后退汇', 'return_later']]

let people = []
let second = ''
let key = document.body.dataset.key || localStorage.getItem('phone') || ''
let seen = { chat: 0, sms: 0, service: 0 }
let last = {}
let tab = 'wechat'
let writing = false

const visit = (url) => `/phone/${key}/visit?url=${encodeURIComponent(url)}`
const openPage = (url) => window.open(visit(url), `anju-${key}`)

// ---- people ---------------------------------------------------------------------------------------------

async function loadPeople() {
  people = (await call('GET', '/control/members')).members
  $('people').replaceChildren(...people.map((person) =>
    make('li', {}, make('button', { class: 'person', type: 'button', 'data-key': person.key, 'aria-current': person.key === key ? 'true' : 'false', onclick: () => pick(person.key) },
      person.portrait ? make('img', { src: `/phone/${person.key}/face.jpg`, alt: '' }) : make('span', { class: 'blank' }),
      make('span', {}, person.name, make('small', {}, person.note || person.phone))))))
}

function pick(chosen) {
  key = chosen
  seen = { chat: 0, sms: 0, service: 0 }
  last = {}
  localStorage.setItem('phone', key)
  history.replaceState(null, '', `/phone/${key}`)
  for (const id of ['chat', 'sms', 'service', 'menu', 'payments']) $(id).replaceChildren()
  for (const button of document.querySelectorAll('.person')) button.setAttribute('aria-current', String(button.dataset.key === key))
  const person = people.find((one) => one.key === key)
  $('owner').textContent = person ? `${person.name} 的手机` : ''
  $('tools').hidden = !person
  if (person) showFacts(person)
  look()
  showPayments().catch(() => {})
}

function showFacts(person) {
  const cards = person.cards.flatMap((card) => [make('dt', {}, card.bank_name), make('dd', {}, copy(card.card_no))])
  $('facts').replaceChildren(
    make('dt', {}, '姓名'), make('dd', {}, copy(person.name)),
    make('dt', {}, '身份证'), make('dd', {}, copy(person.id_no)),
    make('dt', {}, '手机'), make('dd', {}, copy(person.phone)),
    make('dt', {}, '卡二'), make('dd', {}, copy(person.second_phone)), ...cards)
  second = person.second_phone
}

// ---- the phone ------------------------------------------------------------------------------------------

/** The time above a message, where it is another minute than the one before, as WeChat shows it. */
function timeOf(name, moment) {
  const minute = moment.slice(0, 16)
  if (last[name] === minute) return null
  last[name] = minute
  return make('time', {}, minute.slice(11))
}

function withLinks(text) {
  const parts = text.split(/<a href="([^"]+)">([^<]*)<\/a>/)
  return parts.map((part, place) => (place % 3 === 0 ? part : place % 3 === 1 ? make('a', { href: visit(part), target: `anju-${key}` }, parts[place + 1]) : null)).filter((part) => part !== null)
}

function bubble(message) {
  if (message.type === 'notice') return make('li', { class: 'tell' }, message.text)
  const time = timeOf('chat', message.time)
  if (message.type === 'news') return make('li', {}, time, newsCard(message))
  if (message.type === 'template' || message.type === 'subscribe') {
    const rows = message.fields.flatMap(([label, value]) => [make('dt', {}, label), make('dd', {}, value)])
    const body = [make('h3', {}, message.title), make('dl', {}, ...rows), message.url ? make('p', {}, '查看详情 ›') : null]
    const card = message.url ? make('a', { class: 'card', href: visit(message.url), target: `anju-${key}` }, ...body.filter(Boolean)) : make('div', { class: 'card' }, ...body.filter(Boolean))
    return make('li', {}, time, card)
  }
  const mine = message.from === 'member'
  const face = mine ? `/phone/${key}/face.jpg` : '/static/account.svg'
  return make('li', {}, time, make('div', { class: mine ? 'line mine' : 'line' }, make('img', { src: face, alt: mine ? '我' : account }), make('div', { class: 'bubble' }, ...withLinks(message.text))))
}

const SMS_PROVIDERS = { tencent: '腾讯云', aliyun: '阿里云', mas: '云MAS' }

function newsCard(message) {
  const body = [make('h3', {}, message.title), make('p', { class: 'lead' }, message.text), make('p', {}, '查看 ›')]
  return make('a', { class: 'card news', href: visit(message.url), target: `anju-${key}` }, ...body)
}

function serviceCard(message) {
  const rows = message.fields.flatMap(([label, value]) => [make('dt', {}, label), make('dd', {}, value)])
  const from = message.app === 'mini' ? '小程序' : '公众号'
  return make('li', {}, timeOf('service', message.time), make('div', { class: 'card' },
    make('small', { class: 'tell' }, `${account} · ${from}`), make('h3', {}, message.title), make('dl', {}, ...rows)))
}

function smsBubble(message) {
  const code = { sms_code: message.params[0], operation_code: message.params[1] }[message.template]
  return make('li', {}, timeOf('sms', message.sent_at), make('div', { class: 'bubble' },
    message.phone === second ? make('small', {}, '卡二 ') : '', message.text, make('small', { class: 'by' }, ` ${SMS_PROVIDERS[message.provider] || ''}`),
    code ? make('button', { class: 'code', type: 'button', onclick: () => navigator.clipboard?.writeText(code) }, `复制验证码 ${code}`) : null))
}

function showBanner(text, to) {
  const banner = $('banner')
  banner.textContent = text
  banner.hidden = false
  banner.onclick = () => { banner.hidden = true; show(to) }
  clearTimeout(showBanner.timer)
  showBanner.timer = setTimeout(() => { banner.hidden = true }, 6000)
}

function arrive(name, messages, draw, app) {
  if (!messages.length) return
  const list = $(name)
  const first = seen[name] === 0
  seen[name] = messages.at(-1).entry
  list.append(...messages.map(draw))
  list.scrollTop = list.scrollHeight
  if (first) return
  if (tab !== app) document.querySelector(`#tab-${app} .dot`).hidden = false
  if (name === 'sms') showBanner(messages.at(-1).text, 'sms')
}

function showMenu(buttons) {
  const drawing = JSON.stringify(buttons)
  if (last.menu === drawing) return
  last.menu = drawing
  $('menu').replaceChildren(...buttons.map((button, place) => {
    const subs = button.sub_button ?? []
    if (!subs.length) return make('div', {}, make('button', { type: 'button', onclick: () => tap(String(place)) }, button.name))
    const list = make('div', { class: 'subs', hidden: true }, ...subs.map((sub, at) => make('button', { type: 'button', onclick: () => { list.hidden = true; tap(`${place}.${at}`) } }, sub.name)))
    const top = make('button', { type: 'button', 'aria-haspopup': 'true', onclick: () => {
      const open = list.hidden
      document.querySelectorAll('.subs').forEach((other) => { other.hidden = true })
      list.hidden = !open
    } }, `≡ ${button.name}`)
    return make('div', {}, top, list)
  }))
}

async function tap(button) {
  const { url } = await call('POST', `/phone/${key}/tap`, { button })
  if (url) openPage(url)
  else look()
}

function showFeet(state) {
  const menu = state.menu.length > 0
  $('foot-follow').hidden = state.follows
  $('foot-menu').hidden = !state.follows || writing || !menu
  $('foot-text').hidden = !state.follows || !(writing || !menu)
  $('to-menu').hidden = !menu
  $('follow-toggle').textContent = state.follows ? '取消关注' : ''
}

async function look() {
  if (!key) return
  const asked = key
  const state = await call('GET', `/phone/${key}/state?chat=${seen.chat}&sms=${seen.sms}`).catch(() => null)
  if (!state || asked !== key) return
  showMenu(state.menu)
  showFeet(state)
  arrive('chat', state.chat, bubble, 'wechat')
  arrive('sms', state.sms, smsBubble, 'sms')
  showCamera(state.camera)
  const service = await call('GET', `/control/phones/${key}/service?after=${seen.service}`).catch(() => null)
  if (service && asked === key) {
    arrive('service', service.messages, serviceCard, 'service')
    showConsents(service.consents)
  }
}

function show(name) {
  tab = name
  for (const one of ['wechat', 'service', 'sms']) {
    $(`app-${one}`).hidden = one !== name
    $(`tab-${one}`).setAttribute('aria-selected', String(one === name))
  }
  document.querySelector(`#tab-${name} .dot`).hidden = true
  const list = $(name === 'wechat' ? 'chat' : name)
  list.scrollTop = list.scrollHeight
}

// ---- tools ----------------------------------------------------------------------------------------------

function showCamera(camera) {
  if (document.activeElement === $('camera-mode') || document.activeElement === $('camera-portrait')) return
  $('camera-mode').value = camera.mode
  $('camera-portrait').value = camera.portrait
}

async function chooseCamera() {
  await call('POST', `/phone/${key}/camera`, { mode: $('camera-mode').value, portrait: $('camera-portrait').value })
}

async function showOrders() {
  const { faults } = await call('GET', '/control/faults')
  $('orders').replaceChildren(...faults.map((fault) => make('li', {}, `${fault.server} ${fault.on} ${fault.kind} ${fault.times ?? '一直'}`,
    make('button', { type: 'button', onclick: async () => { await call('DELETE', `/control/faults/${fault.number}`); showOrders() } }, '撤'))))
}

async function showClock() {
  const { now, offset_s: offset } = await call('GET', '/control/clock')
  $('clock').textContent = now.slice(0, 10) + (offset ? `（拨快 ${Math.round(offset / 86400)} 天）` : '')
  $('time').textContent = now.slice(11, 16)
  return offset
}

async function moveClock(days) {
  const offset = await showClock()
  await call('POST', '/control/clock', { offset_s: days ? offset + days * 86400 : 0 })
  showClock()
}

async function showPayments() {
  const { payments } = await call('GET', '/control/settlement/payments')
  $('payments').replaceChildren(...payments.slice(-6).reverse().map((payment) =>
    make('li', {}, make('span', {}, payment.case_no ?? payment.ref_no), make('span', {}, `${(payment.amount_fen / 100).toFixed(2)} 元`))))
}

// ---- what else a person does in WeChat ------------------------------------------------------------------

const OTHERS = [['发语音“余额”', 'send', { kind: 'voice', text: '余额' }], ['发图片', 'send', { kind: 'image' }],
  ['发位置', 'send', { kind: 'location' }], ['扫公众号的码', 'scan', { scene: 'window3' }]]
const CONSENT_WORDS = [['同意一次', 'accept'], ['拒绝', 'reject']]
const APPS = { account: '公众号', mini: '小程序' }

async function prepareTemplates() {
  const { templates } = await call('GET', '/control/wechat/templates')
  $('consent-template').append(...Object.entries(templates).map(([id, template]) => make('option', { value: id }, template.title)))
  const chosen = () => [$('consent-app').value, $('consent-template').value]
  $('consent-buttons').append(...CONSENT_WORDS.map(([label, word]) => make('button', { type: 'button', onclick: async () => {
    const [app, id] = chosen()
    await call('POST', `/phone/${key}/subscribe`, { app, answers: { [id]: word } })
    look()
  } }, label)), make('button', { type: 'button', onclick: async () => {
    const [app, id] = chosen()
    await call('POST', `/phone/${key}/switch-off`, { app, template_id: id })
    look()
  } }, '在设置里关掉'))
}

function showConsents(consents) {
  const titles = Object.fromEntries([...$('consent-template').options].map((option) => [option.value, option.textContent]))
  const lines = Object.entries(consents).flatMap(([app, kept]) => Object.entries(kept).map(([id, { left, always }]) =>
    make('li', {}, make('span', {}, `${APPS[app]} ${titles[id] ?? id}`), make('span', {}, always ? '一直' : `还能发 ${left} 条`))))
  $('consents').replaceChildren(...lines)
}

// ---- start ----------------------------------------------------------------------------------------------

$('camera-mode').append(...Object.entries(MODES).map(([value, label]) => make('option', { value }, label)))
$('camera-portrait').append(make('option', { value: '' }, '没有脸'), ...portraits.map((name) => make('option', { value: name }, name)))
for (const select of ['camera-mode', 'camera-portrait']) $(select).addEventListener('change', chooseCamera)
$('faults').append(...FAULTS.map(([label, order]) => make('button', { type: 'button', onclick: async () => { await call('POST', '/control/faults', order); showOrders() } }, label)))
$('faults').append(...BANK_FAULTS.map(([label, kind]) => make('button', { type: 'button', onclick: () => call('POST', '/control/settlement/faults', { kind }) }, label)))
$('tab-wechat').addEventListener('click', () => show('wechat'))
$('tab-service').addEventListener('click', () => show('service'))
$('tab-sms').addEventListener('click', () => show('sms'))
$('follow').addEventListener('click', async () => { await call('POST', `/phone/${key}/follow`); look() })
$('follow-toggle').addEventListener('click', async () => { await call('POST', `/phone/${key}/unfollow`); look() })
$('to-text').addEventListener('click', () => { writing = true; look() })
$('to-menu').addEventListener('click', () => { writing = false; look() })
$('foot-text').addEventListener('submit', async (event) => {
  event.preventDefault()
  const text = $('say').value.trim()
  $('say').value = ''
  if (text) await call('POST', `/phone/${key}/say`, { text })
  look()
})
prepareAdding(portraits, async (added) => { await loadPeople(); pick(added) })
for (const button of document.querySelectorAll('[data-days]')) button.addEventListener('click', () => moveClock(Number(button.dataset.days)))
$('cutoff').addEventListener('click', () => call('POST', '/control/settlement/cutoff', {}))

$('others').append(...OTHERS.map(([label, path, body]) => make('button', { type: 'button', onclick: async () => { await call('POST', `/phone/${key}/${path}`, body); look() } }, label)))
await prepareTemplates()
await loadPeople()
pick(people.some((person) => person.key === key) ? key : people[0]?.key ?? '')
showOrders()
showClock()
setInterval(look, 1000)
setInterval(() => { showClock(); showPayments().catch(() => {}) }, 5000)
