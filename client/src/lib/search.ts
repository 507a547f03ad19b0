/** Search 找: items and pages by the words people use for them. */

import type { ItemSummary } from '@/api/types'
import { t } from '@/text'
import { itemName } from './catalog'
import type { Page } from './nav'

export interface Place {
  page: Page
  query?: Record<string, string>
  title: string
  note: string
  words: string
}

/** Every page that can be found, with the words people use for it. */
export function places(): Place[] {
  const p = t.places
  const c = t.controlPlaces
  return [
    { page: 'postings', title: p.postings, note: p.postingsNote, words: p.postingsWords },
    { page: 'calculator', title: p.draw, note: p.drawNote, words: p.drawWords },
    { page: 'calculator', query: { tab: 'loan' }, title: p.cost, note: p.costNote, words: p.costWords },
    { page: 'statement', title: p.statement, note: p.statementNote, words: p.statementWords },
    { page: 'loan', title: p.loan, note: p.loanNote, words: p.loanWords },
    { page: 'applications', title: p.applications, note: p.applicationsFind, words: p.applicationsWords },
    { page: 'certificates', title: p.certificates, note: p.certificatesNote, words: p.certificatesWords },
    { page: 'cards', title: p.cards, note: p.cardsNote, words: p.cardsWords },
    { page: 'notices', title: p.notices, note: p.noticesNote, words: p.noticesWords },
    { page: 'subscriptions', title: p.subscriptions, note: p.subscriptionsNote, words: p.subscriptionsWords },
    { page: 'datalog', title: p.datalog, note: p.datalogNote, words: p.datalogWords },
    { page: 'consents', title: p.consents, note: p.consentsNote, words: p.consentsWords },
    { page: 'controls', title: c.controls, note: c.controlsNote, words: c.controlsWords },
    { page: 'relatives', title: c.relatives, note: c.relativesNote, words: c.relativesWords },
    { page: 'settings', title: t.settings.title, note: t.settings.note, words: t.settings.words },
    { page: 'points', title: c.points, note: c.pointsNote, words: c.pointsWords },
  ]
}

export interface Hit {
  title: string
  note: string
  page: Page
  query: Record<string, string>
  score: number
}

const tidy = (text: string) => text.normalize('NFKC').replace(/\s+/g, '').toLowerCase()

/** 3 for the title, 2 for a word people say, 1 when every character is somewhere in it; 0 is no match. */
export function scoreOf(query: string, title: string, note: string, words: string): number {
  const asked = tidy(query)
  if (!asked) return 0
  if (tidy(title).includes(asked)) return 3
  const said = words.split(' ').map(tidy).filter(Boolean)
  if (said.some((word) => word.includes(asked) || asked.includes(word)) || tidy(note).includes(asked)) return 2
  const all = tidy(title + note + words)
  return asked.length > 1 && [...asked].every((char) => all.includes(char)) ? 1 : 0
}

/** What fits best first; items before pages where they fit as well. */
export function search(query: string, items: ItemSummary[]): Hit[] {
  const found = items.map((item): Hit => ({
    title: itemName(item.code, item.name_zh),
    note: t.names.notes[item.code] ?? item.summary,
    page: 'item',
    query: { code: item.code },
    score: scoreOf(query, itemName(item.code, item.name_zh), item.summary, `${item.name_zh} ${t.names.said[item.code] ?? ''}`),
  }))
  const pages = places().map((place): Hit => ({
    title: place.title,
    note: place.note,
    page: place.page,
    query: place.query ?? {},
    score: scoreOf(query, place.title, place.note, place.words),
  }))
  return [...found, ...pages].filter((hit) => hit.score > 0).sort((a, b) => b.score - a.score)
}
