/** Subscriptions 通知订阅: what a topic's channels come to in words, and what to write when a member changes them. */

import type { Choice, TopicWish } from '@/api/notices'
import { gloss, t } from '@/text'

export type Way = 'both' | 'sms' | 'wechat' | 'none'

export function wayOf(topic: TopicWish): Way {
  const wanted = topic.channels.filter((channel) => channel.wanted).map((channel) => channel.channel)
  if (!wanted.length) return 'none'
  return wanted.length > 1 ? 'both' : (wanted[0] as Way)
}

/** The ways a member can choose, in the order in which the topic goes. */
export function waysOf(topic: TopicWish): { value: Way; text: string }[] {
  const [first, second] = topic.channels
  if (!second) return [{ value: first.channel as Way, text: t.subscriptions.only(gloss(first.name)) }]
  return [
    { value: 'both', text: t.subscriptions.firstThen(gloss(first.name), gloss(second.name)) },
    { value: first.channel as Way, text: t.subscriptions.only(gloss(first.name)) },
    { value: second.channel as Way, text: t.subscriptions.only(gloss(second.name)) },
  ]
}

export const choicesFor = (topic: TopicWish, way: Way): Choice[] =>
  topic.channels.map(({ channel }) => ({ topic: topic.code, channel, wanted: way === 'both' || way === channel }))

/** Words for a time of the day: 22:00 is 晚上10点. */
export function timeText(time: string): string {
  const [hour, minute] = time.split(':').map(Number)
  return t.dates.hour(hour, minute)
}
