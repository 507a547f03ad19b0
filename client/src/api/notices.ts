/** Notices 通知 of the API: the list with its fates, and the subscription centre. */

import { get, post, put } from './client'

export interface NoticeRow {
  notice_id: string
  topic: string
  topic_name: string
  channel: string
  title: string
  text: string
  state: string
  state_text: string
  created_at: string
  sent_at: string | null
  read: boolean
  application_id: string | null
}

export interface NoticePage {
  notices: NoticeRow[]
  next_before: string | null
  unread: number
}

export interface TopicWish {
  code: string
  name: string
  about: string
  locked: boolean
  any_hour: boolean
  channels: { channel: string; name: string; wanted: boolean }[]
}

export interface Choice {
  topic: string
  channel: string
  wanted: boolean
}

export interface Quiet {
  wanted: boolean
  from_time: string
  until_time: string
}

export interface Subscriptions {
  topics: TopicWish[]
  quiet: Quiet
}

const query = (parts: Record<string, string | undefined>) =>
  Object.entries(parts)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}=${encodeURIComponent(value as string)}`)
    .join('&')

export const readNoticePage = (topic?: string, before?: string) =>
  get<NoticePage>(`/notices?${query({ topic, before, limit: '30' })}`)
export const tellRead = (upto: string) => post<{ unread: number }>('/notices/read', { upto })
export const readSubscriptions = () => get<Subscriptions>('/notices/subscriptions')
export const changeSubscriptions = (body: { choices?: Choice[]; quiet?: Quiet }) =>
  put<Subscriptions>('/notices/subscriptions', body)
