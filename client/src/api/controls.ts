/** Controls 本人管控 of the API: lock, limit, ratings, relatives; and what the centre tells everybody. */

import { again, get, post, put, remove } from './client'
import { exchange } from './transport'

export interface Controls {
  locked: boolean
  locked_at: string | null
  locked_by: string
  unlock_from: string | null
  limit_fen: number | null
  next_limit_fen: number | null
  next_limit_from: string | null
  centre_limit_fen: number
  left_today_fen: number
  unlock_hours: number
  raise_hours: number
  agreements: { label: string; paused_by_lock: boolean; text: string }[]
  stopped: number
}

export interface Rating {
  may_rate: boolean
  until: string | null
  level: number | null
  level_text: string | null
  reasons: string[]
  words: string
  rated_at: string | null
  may_add: boolean
  added: string
  added_at: string | null
  answer_due_on: string | null
  answer: string
  answered_at: string | null
  levels: { value: string; text: string }[]
  choices: { value: string; text: string }[]
}

export interface Relative {
  link_id: string
  label: string
  state: 'invited' | 'accepted'
  name_masked: string | null
  invited_at: string
  accepted_at: string | null
  code: string | null
  code_until: string | null
}

export interface Relatives {
  mine: Relative[]
  helped: { link_id: string; name_masked: string; since: string }[]
  most: number
}

export interface HelpedCases {
  name_masked: string
  cases: {
    item_name: string
    state: string
    state_text: string
    created_at: string
    steps: { label: string; actor: string; at: string | null; state: 'done' | 'current' | 'todo' | 'failed' }[]
  }[]
  notices: { title: string; at: string }[]
}

export interface ServicePoint {
  code: string
  name: string
  district: string
  address: string
  phone: string
  latitude: string
  longitude: string
  hours: string[]
  busy: string
  services: string[]
  access: string
}

export interface Announcement {
  announcement_id: string
  kind: 'outage' | 'news'
  kind_text: string
  text: string
  from_at: string
  until_at: string
}

export const readControls = () => get<Controls>('/controls')
export const lockNow = () => post<Controls>('/controls/lock')
export const lowerLimit = (limit_fen: number) => put<Controls>('/controls/limit', { limit_fen })

const ratingOf = (id: string) => `/applications/${id}/rating`
export const readRating = (id: string) => get<Rating>(ratingOf(id))
export const rate = (id: string, body: { level: number; reasons: string[]; words: string }) => post<Rating>(ratingOf(id), body)
export const rateMore = (id: string, words: string) => post<Rating>(`${ratingOf(id)}/more`, { words })

export const readRelatives = () => get<Relatives>('/relatives')
export const inviteRelative = (label: string) => post<Relative>('/relatives', { label })
export const acceptRelative = (code: string) => post<Relatives>('/relatives/accept', { code })
export const endRelative = (id: string) => remove(`/relatives/${id}`)
export const readHelped = (id: string) => get<HelpedCases>(`/relatives/${id}/cases`)

/** What is everybody's needs no session. */
const open = <T>(path: string) => again(() => exchange<T>({ method: 'GET', path: `/public/${path}` }))
export const readPoints = () => open<{ points: ServicePoint[]; assumed: boolean }>('service-points')
export const readAnnouncements = () => open<{ announcements: Announcement[] }>('announcements')
