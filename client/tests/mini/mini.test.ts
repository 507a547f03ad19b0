import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pageNames, Phone, settle, type Answer, type Reply } from './phone'

/** What the server answered on a whole journey; tests/contract/api/test_mini_journey.py holds the two together. */
const RECORDED = JSON.parse(readFileSync(new URL('./answers.json', import.meta.url), 'utf8')) as Record<string, Reply>
const APPLICATION = '01a2025b-0000-7000-8000-000000000001'
const SESSION = (RECORDED['POST /applications/{id}/face-sessions'].body as { session_id: string }).session_id

const phone = new Phone()

/** The recorded answers under the ids of these tests. */
function recorded(): Record<string, Answer> {
  const named = Object.entries(RECORDED).map(([name, reply]) => {
    const id = name.includes('face-sessions/{id}') ? SESSION : APPLICATION
    return [name.replace('{id}', id), reply] as const
  })
  return Object.fromEntries(named)
}

const problem = (status: number, code: string, detail: string): Reply => ({ status, body: { code, detail } })
/** Something begun on the phone, of every kind. */
function begun(): void {
  for (const kind of ['draft', 'typed', 'sent', 'confirm']) phone.kept[`anju.${kind}.x`] = { texts: {}, keptAtMs: Date.now() }
}
const leftBehind = () => Object.keys(phone.kept).filter((key) => key.endsWith('.x'))
const paths = () => phone.asked.map((one) => `${one.method} ${one.path.split('?')[0]}`)
const went = () => ['navigateTo', 'redirectTo', 'reLaunch'].flatMap((how) => phone.calls(how).map((one) => `${how} ${one.url}`))

beforeEach(() => {
  for (const name of Object.keys(phone.kept)) delete phone.kept[name]
  phone.forget()
  phone.sessionHolds = true
  phone.says = {}
  phone.answers = recorded()
})
afterEach(() => expect(phone.faults).toEqual([]))

describe('signing in', () => {
  it('gets tokens for a code of wx.login before it asks for anything, and once for all', async () => {
    phone.launch()
    const home = await phone.open('home')
    await settle()
    expect(paths()[0]).toBe('POST /auth/mini/login')
    expect(phone.asked[0].body).toEqual({ js_code: expect.stringMatching(/^code-/) })
    expect(paths().filter((path) => path === 'POST /auth/mini/login')).toHaveLength(1)
    expect(phone.asked[1].header.Authorization).toBe('Bearer recorded-access')
    expect(home.text).toContain('56,000')
    await home.leave()
  })

  it('signs in again at the start where WeChat let its session end', async () => {
    phone.kept['anju.tokens'] = { access_token: 'old', refresh_token: 'old' }
    phone.sessionHolds = false
    phone.launch()
    await settle()
    expect(paths()).toEqual(['POST /auth/mini/login'])
  })

  it('renews an expired token, asks again and says nothing', async () => {
    phone.kept['anju.tokens'] = { access_token: 'old', refresh_token: 'kept' }
    for (const asked of ['GET /home', 'GET /items']) {
      phone.answers[asked] = ({ header }) =>
        header.Authorization === 'Bearer new' ? RECORDED[asked] : problem(401, 'auth.expired', '登录已过期。')
    }
    phone.answers['POST /auth/refresh'] = { status: 200, body: { access_token: 'new', refresh_token: 'next' } }
    const home = await phone.open('home')
    await settle()
    const renewals = phone.asked.filter((one) => one.path === '/auth/refresh')
    expect(renewals.map((one) => one.body)).toEqual([{ refresh_token: 'kept' }])
    expect(paths().filter((path) => path === 'GET /home')).toHaveLength(2)
    expect(home.text).toContain('56,000')
    expect(phone.calls('login')).toEqual([])
    await home.leave()
  })

  it('signs in silently when the session is over in the middle, and loses nothing', async () => {
    phone.kept['anju.tokens'] = { access_token: 'old', refresh_token: 'old' }
    const item = await phone.open('item', { code: 'rent-withdrawal' })
    await item.type('提多少', '3000.00')
    await item.tap('下一步')
    const key = (phone.kept['anju.draft.rent-withdrawal'] as { key: string }).key
    phone.forget()
    let over = true
    phone.answers['POST /items/rent-withdrawal/applications'] = () => {
      const was = over
      over = false
      return was ? problem(401, 'auth.revoked', '登录已失效。') : RECORDED['POST /items/rent-withdrawal/applications']
    }
    const check = await phone.open('check', { code: 'rent-withdrawal' })
    phone.forget()
    await check.tap('没错，提交')
    await settle()
    const submit = 'POST /items/rent-withdrawal/applications'
    expect(paths()).toEqual([submit, 'POST /auth/mini/login', submit])
    const sent = phone.asked.filter((one) => one.path.endsWith('/applications'))
    expect(sent.map((one) => one.header['Idempotency-Key'])).toEqual([key, key])
    expect(sent[1].body).toMatchObject({ amount_fen: 300000 })
    expect(went()[0]).toMatch(/^redirectTo \/pages\/consent\/consent\?application=/)
    await check.leave()
  })

  it('does not sign in for ever', async () => {
    phone.kept['anju.tokens'] = { access_token: 'old', refresh_token: 'old' }
    phone.answers['GET /home'] = phone.answers['GET /items'] = problem(401, 'auth.revoked', '登录已失效。')
    for (let round = 0; round < 4; round++) {
      const home = await phone.open('home')
      await settle()
      await home.leave()
    }
    expect(phone.calls('login')).toHaveLength(3)
    expect(went()).toEqual(['reLaunch /pages/trouble/trouble'])
  })
})

describe('binding', () => {
  beforeEach(() => {
    phone.kept['anju.tokens'] = { access_token: 'a', refresh_token: 'r' }
  })

  it('begins on the bind page for somebody unknown', async () => {
    phone.answers['GET /home'] = problem(403, 'bind.required', '请先完成实名绑定。')
    const home = await phone.open('home')
    await settle()
    expect(went()).toEqual(['reLaunch /pages/bind/bind'])
    await home.leave()
  })

  it('checks name and number first, then binds by the number WeChat gives', async () => {
    begun()
    const bind = await phone.open('bind')
    await bind.tap('用微信手机号核对')
    expect(bind.text).toContain('请填写')
    await bind.type('姓名', '赵安居')
    await bind.type('身份证号', '65999919900307001 4')
    expect(phone.asked).toEqual([])
    await bind.givePhone('用微信手机号核对', { code: 'phone-code' })
    await settle()
    expect(phone.asked[0]).toMatchObject({
      path: '/bind/mini-phone',
      body: { name: '赵安居', id_no: '659999199003070014', code: 'phone-code' },
    })
    expect(phone.kept['anju.tokens']).toMatchObject({ access_token: 'recorded-access' })
    expect(leftBehind()).toEqual([])
    expect(went()).toEqual(['reLaunch /pages/home/home'])
    await bind.leave()
  })

  it('goes over to the SMS code when the number differs, or is not given', async () => {
    phone.answers['POST /bind/mini-phone'] = RECORDED['POST /bind/mini-phone differs']
    const bind = await phone.open('bind')
    await bind.type('姓名', '赵安居')
    await bind.type('身份证号', '659999199003070014')
    await bind.givePhone('用微信手机号核对', { code: 'phone-code' })
    await settle()
    expect(bind.text).toContain((RECORDED['POST /bind/mini-phone differs'].body as { detail: string }).detail)
    await bind.type('手机号', '13800000001')
    await bind.tap('获取短信验证码')
    await settle()
    phone.answers['POST /bind'] = RECORDED['POST /bind/mini-phone']
    await bind.type('短信验证码', '123456')
    await bind.tap('完成')
    await settle()
    const body = phone.asked[phone.asked.length - 1].body as Record<string, unknown>
    expect(Object.keys(body).sort()).toEqual(['challenge_id', 'code'])
    expect(went()).toEqual(['reLaunch /pages/home/home'])
    await bind.leave()
    const other = await phone.open('bind')
    await other.type('姓名', '赵安居')
    await other.type('身份证号', '659999199003070014')
    await other.givePhone('用微信手机号核对', {})
    expect(other.text).toContain('收短信验证码一样能办')
    await other.leave()
  })
})

describe('leaving', () => {
  it('ends its own binding after a second question, forgets the tokens and begins anew', async () => {
    begun()
    phone.kept['anju.tokens'] = { access_token: 'a', refresh_token: 'r' }
    phone.answers['DELETE /session/binding'] = { status: 204 }
    const page = await phone.open('settings')
    await page.tap('解除绑定')
    expect(page.text).toContain('再绑定要等 24 小时才能提取')
    expect(paths()).not.toContain('DELETE /session/binding')
    await page.tap('确定解除')
    expect(phone.asked.find((one) => one.method === 'DELETE')?.path).toBe('/session/binding?channel=mini')
    expect(phone.kept).not.toHaveProperty(['anju.tokens'])
    expect(leftBehind()).toEqual([])
    expect(went()).toEqual(['reLaunch /pages/home/home'])
    await page.leave()
  })

  it('logs out after a second question, forgets the tokens and says so', async () => {
    begun()
    phone.kept['anju.tokens'] = { access_token: 'a', refresh_token: 'r' }
    phone.answers['POST /auth/logout'] = { status: 204 }
    const page = await phone.open('settings')
    await page.tap('退出登录')
    expect(paths()).not.toContain('POST /auth/logout')
    await page.tap('确定退出')
    expect(paths()).toContain('POST /auth/logout')
    expect(phone.kept).not.toHaveProperty(['anju.tokens'])
    expect(leftBehind()).toEqual([])
    expect(went()).toEqual(['reLaunch /pages/trouble/trouble?left=yes'])
    await page.leave()
  })

  it('forgets at the launch what is overdue, and nothing else', async () => {
    phone.kept['anju.tokens'] = { access_token: 'a', refresh_token: 'r' }
    begun()
    phone.kept['anju.typed.old.x'] = { texts: {}, keptAtMs: Date.now() - 2 * 3600_000 }
    phone.launch()
    expect(leftBehind()).toHaveLength(4)
    expect(leftBehind()).not.toContain('anju.typed.old.x')
  })
})

describe('from home to the face', () => {
  beforeEach(() => {
    phone.kept['anju.tokens'] = { access_token: 'a', refresh_token: 'r' }
  })

  it('opens an item from home', async () => {
    const home = await phone.open('home')
    await settle()
    await home.tap('租房')
    expect(went()).toEqual(['navigateTo /pages/item/item?code=rent-withdrawal'])
    await home.leave()
  })

  it('asks for the look-up first, then shows the sum, then what to check', async () => {
    phone.answers['POST /items/rent-withdrawal/quote'] = RECORDED['POST /items/rent-withdrawal/quote unasked']
    const item = await phone.open('item', { code: 'rent-withdrawal' })
    await settle()
    expect(item.buttons.join()).toContain('同意')
    phone.answers['POST /items/rent-withdrawal/quote'] = RECORDED['POST /items/rent-withdrawal/quote']
    await item.tap('同意')
    await settle()
    expect(item.text).toContain('您现在可提')
    await item.type('提多少', '999999999')
    await item.tap('下一步')
    expect(went()).toEqual([])
    await item.type('提多少', '3000.00')
    expect(item.text).toContain('叁仟元整')
    await item.tap('下一步')
    expect(went()).toEqual(['navigateTo /pages/check/check?code=rent-withdrawal'])
    const check = await phone.open('check', { code: 'rent-withdrawal' })
    expect(check.text).toContain('3,000')
    expect(check.text).toContain('叁仟元整')
    await item.leave()
    await check.leave()
  })

  it('stays with what was filled in when the newest sum cannot be had, and goes on when it can', async () => {
    const item = await phone.open('item', { code: 'rent-withdrawal' })
    await item.type('提多少', '3000.00')
    const answer = phone.answers['POST /items/rent-withdrawal/quote']
    phone.answers['POST /items/rent-withdrawal/quote'] = problem(503, 'service.fault', '我们这边出了点问题。')
    await item.blur('提多少')
    await item.tap('下一步')
    expect(item.text).toContain('我们这边出了点问题。')
    expect(went()).toEqual([])
    phone.answers['POST /items/rent-withdrawal/quote'] = answer
    await item.tap('下一步')
    expect(went()).toEqual(['navigateTo /pages/check/check?code=rent-withdrawal'])
    await item.leave()
  })

  it('asks at the tap whether it may write, and tells the server what the member said', async () => {
    const config = RECORDED['GET /client-config'].body as object
    phone.answers['GET /client-config'] = { status: 200, body: { ...config, mini_templates: [{ name: 'settlement_paid', id: 't1' }, { name: 'security', id: 't2' }] } }
    phone.says = { t1: 'accept', t2: 'reject', errMsg: 'requestSubscribeMessage:ok' }
    const item = await phone.open('item', { code: 'rent-withdrawal' })
    await item.type('提多少', '3000.00')
    await item.tap('下一步')
    const check = await phone.open('check', { code: 'rent-withdrawal' })
    await check.tap('没错，提交')
    expect(phone.calls('requestSubscribeMessage')[0].tmplIds).toEqual(['t1', 't2'])
    await settle()
    const told = phone.asked.find((one) => one.path === '/notices/consents')
    expect(told?.body).toEqual({ taps: [{ template: 'settlement_paid', accepted: true }, { template: 'security', accepted: false }] })
    expect(paths()).toContain('POST /items/rent-withdrawal/applications')
    await item.leave()
    await check.leave()
  })

  it('leaves the face to WeChat and believes the server', async () => {
    const face = await phone.open('face', { application: APPLICATION, consent: 'c1' })
    await face.tap('开始刷脸')
    await settle()
    const opened = RECORDED[`POST /applications/{id}/face-sessions`].body as { verify_id: string; session_id: string }
    expect(phone.calls('requestFacialVerify')[0].verifyId).toBe(opened.verify_id)
    expect(paths()).toContain(`POST /face-sessions/${opened.session_id}/returned`)
    await settle()
    expect(went()).toEqual([`redirectTo /pages/receipt/receipt?id=${APPLICATION}`])
    await face.leave()
  })

  it('opens a certificate in the phone, with the token, and no foreign page', async () => {
    const row = { certificate_id: 'k1', number: 'ZM20261100001', name: '缴存证明', pdf_url: '/api/v1/certificates/k1/pdf', verify_url: 'https://x/verify/1', issued_on: '2026-11-01', valid_until: '2027-01-01' }
    phone.answers['GET /certificates'] = { status: 200, body: { certificates: [row] } }
    const page = await phone.open('certificates')
    await settle()
    await page.tap('打开证明')
    await settle()
    expect(phone.calls('downloadFile')[0]).toMatchObject({ header: { Authorization: 'Bearer a' } })
    expect(phone.calls('downloadFile')[0].url).toMatch(/^https:\/\/[^/]+\/api\/v1\/certificates\/k1\/pdf$/)
    expect(phone.calls('openDocument')[0]).toMatchObject({ filePath: 'wxfile://tmp.pdf', fileType: 'pdf' })
    await page.tap('复制核验编号')
    expect(phone.calls('setClipboardData')[0].data).toBe('ZM20261100001')
    await page.leave()
  })
})

describe('in English', () => {
  it('speaks it at a tap, keeps it, and marks what the centre says in Chinese', async () => {
    phone.kept['anju.tokens'] = { access_token: 'a', refresh_token: 'r' }
    phone.answers[`GET /applications/${APPLICATION}`] = RECORDED['GET /applications/{id} paid']
    const home = await phone.open('home')
    await home.tap('English')
    expect(phone.kept['anju.language']).toBe('en')
    expect(home.text).toContain('Account balance')
    expect(home.text).toContain('Withdrawal for rent租房提取')
    await home.leave()
    phone.launch()
    const receipt = await phone.open('receipt', { id: APPLICATION })
    expect(receipt.text).toMatch(/Paid.*Case number.*Submitted/)
    expect(receipt.buttons).toContain('Done')
    expect(phone.calls('setNavigationBarTitle').map((one) => one.title)).toContain('Withdrawal for rent')
    await receipt.leave()
    delete phone.kept['anju.language']
    phone.launch()
  })
})

describe('every page', () => {
  const QUERY: Record<string, Record<string, string>> = {
    item: { code: 'rent-withdrawal' },
    check: { code: 'rent-withdrawal' },
    consent: { application: APPLICATION },
    face: { application: APPLICATION, consent: 'c1' },
    code: { application: APPLICATION },
    receipt: { id: APPLICATION },
  }

  it.each(pageNames())('%s loads, says something, and leaves in peace', async (name) => {
    phone.kept['anju.tokens'] = { access_token: 'a', refresh_token: 'r' }
    phone.answers[`GET /applications/${APPLICATION}`] = RECORDED['GET /applications/{id} paid']
    const page = await phone.open(name, QUERY[name] ?? {})
    await settle()
    expect(page.text.length).toBeGreaterThan(8)
    expect(phone.calls('setNavigationBarTitle').length).toBeGreaterThan(0)
    await page.leave()
  })
})
