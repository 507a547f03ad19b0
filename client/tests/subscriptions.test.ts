import { describe, expect, it } from 'vitest'
import { choicesFor, timeText, wayOf, waysOf } from '@/lib/subscriptions'

const topic = (wechat: boolean, sms: boolean) => ({
  code: 'interest', name: '结息', about: '', locked: false, any_hour: false,
  channels: [{ channel: 'wechat', name: '微信', wanted: wechat }, { channel: 'sms', name: '短信', wanted: sms }],
})

describe('a topic of the subscription centre', () => {
  it('is shown by what its channels come to', () => {
    expect(wayOf(topic(true, true))).toBe('both')
    expect(wayOf(topic(false, true))).toBe('sms')
    expect(wayOf(topic(false, false))).toBe('none')
  })
  it('is offered in the order in which it goes', () => {
    expect(waysOf(topic(true, true)).map((way) => way.text)).toEqual(['先发微信，收不到再发短信', '只用微信', '只用短信'])
  })
  it('is switched off with one tap on both channels', () => {
    expect(choicesFor(topic(true, true), 'none').map((choice) => choice.wanted)).toEqual([false, false])
    expect(choicesFor(topic(true, true), 'sms')).toEqual([
      { topic: 'interest', channel: 'wechat', wanted: false },
      { topic: 'interest', channel: 'sms', wanted: true },
    ])
  })
  it('says times as people do', () => {
    expect(['22:00', '08:30', '00:15', '12:00'].map(timeText)).toEqual(['晚上10点', '早上8点30分', '凌晨0点15分', '下午12点'])
  })
})
