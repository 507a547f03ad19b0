/** Schema 表单: an item's JSON Schema as fields to fill in, and what is wrong with what was filled in. */

import type { Card, FormField, FormSchema, Quote, Verb } from '@/api/types'
import { dayText } from './dates'
import { parseYuan, yuanText } from './money'
import { gloss, t } from '@/text'

export type Widget = 'amount' | 'card' | 'choice' | 'date' | 'phone-code' | 'text' | 'yuan'

/** What the widget "phone-code" fills in. */
export interface ProvenPhone {
  phone: string
  challenge_id: string
  code: string
}

export interface Field {
  name: string
  label: string
  help: string
  widget: Widget
  required: boolean
  /** May stay empty although it is asked. */
  optional: boolean
  /** To be chosen by the member: nothing is chosen beforehand. */
  choose: boolean
  numeric: boolean
  /** For this visit only: the phone keeps it not. */
  private: boolean
  initial: string
  options: { value: string; text: string }[]
  maxLength: number
  pattern: RegExp | null
}

function widgetOf(field: FormField): Widget {
  const wanted = field['x-widget']
  if (wanted && wanted !== 'hidden') return wanted
  return field.enum || field.oneOf || field['x-labels'] ? 'choice' : 'text'
}

function optionsOf(field: FormField): Field['options'] {
  if (field.oneOf) return field.oneOf.map((choice) => ({ value: choice.const, text: choice.title }))
  const labels = field['x-labels']
  const values = field.enum ?? (labels && !Array.isArray(labels) ? Object.keys(labels) : [])
  return values.map((value, index) => ({
    value,
    text: (Array.isArray(labels) ? labels[index] : labels?.[value]) ?? value,
  }))
}

export function fieldsOf(schema: FormSchema): Field[] {
  return Object.entries(schema.properties ?? {})
    .filter(([, field]) => field['x-widget'] !== 'hidden')
    .map(([name, field]) => ({
      name,
      label: gloss(field.title ?? name),
      help: field['x-help'] ?? field.description ?? '',
      widget: widgetOf(field),
      required: (schema.required ?? []).includes(name),
      optional: field['x-optional'] === true,
      choose: field['x-choose'] === true,
      numeric: field['x-input'] === 'numeric',
      private: field['x-private'] === true,
      initial: typeof field.default === 'string' ? field.default : '',
      options: optionsOf(field),
      maxLength: field.maxLength ?? 64,
      pattern: field.pattern ? new RegExp(field.pattern) : null,
    }))
}

/** The fields left to fill in after what the registers said, in the form's order, with the answers they offer. */
export function askedOf(fields: Field[], quote: Pick<Quote, 'asks' | 'choices'> | null): Field[] {
  const asks = quote?.asks
  if (!asks) return fields
  return asks
    .map((name) => fields.find((field) => field.name === name))
    .filter((field): field is Field => field !== undefined)
    .map((field) => ({ ...field, required: !field.optional, options: quote.choices?.[field.name] ?? field.options }))
}

/** What the form sends for a field; undefined while there is nothing that can be sent. */
export function valueOf(field: Field, text: string): string | number | ProvenPhone | undefined {
  if (field.widget === 'phone-code') return provenPhone(text) ?? undefined
  if (field.widget === 'amount' || field.widget === 'yuan') return parseYuan(text.trim()) ?? undefined
  // People copy card numbers in groups of four.
  return (field.numeric ? text.replace(/\s/g, '') : text.trim()) || undefined
}

/** The number and its code, out of the text of the field; null while one of them is missing. */
export const provenPhone = (text: string) => (text ? (JSON.parse(text) as ProvenPhone) : null)

/** What is wrong with a field, as a sentence; null when nothing is. */
export function faultOf(field: Field, text: string, maxFen: number | null, verb?: Verb): string | null {
  const value = text.trim()
  if (!value) return field.required ? emptyText(field) : null
  if (field.widget === 'amount') return amountFault(value, maxFen, verb)
  if (field.widget === 'yuan') return amountFault(value, null, verb)
  if (field.numeric && !/^[\d\s]+$/.test(value)) return t.schema.digitsOnly(field.label)
  if (field.pattern && !field.pattern.test(value)) return t.schema.looksWrong(field.label)
  return null
}

function emptyText(field: Field): string {
  if (field.widget === 'amount') return t.schema.sumMissing
  if (field.widget === 'phone-code') return t.schema.phoneMissing
  return field.widget === 'text' || field.widget === 'yuan' ? t.schema.fillIn(field.label) : t.schema.choose(field.label)
}

function amountFault(text: string, maxFen: number | null, verb?: Verb): string | null {
  const fen = parseYuan(text)
  if (fen === null) return t.schema.sumWrong
  if (fen === 0) return t.schema.sumZero
  if (maxFen !== null && fen > maxFen) return t.schema.sumTooMuch(verb, yuanText(maxFen))
  return null
}

/** How a filled-in field reads on the check page. */
export function shownOf(field: Field, text: string, cards: Card[]): string {
  if (field.widget === 'card') {
    const card = cards.find((one) => one.card_id === text)
    return card ? cardText(card) : text
  }
  if (field.widget === 'yuan') return t.yuan.sum(yuanText(parseYuan(text.trim()) ?? 0))
  if (field.widget === 'date') return dayText(text)
  if (field.widget === 'phone-code') return (provenPhone(text)?.phone ?? '').replace(/^(\d{3})(\d{4})/, '$1 $2 ')
  return field.options.find((option) => option.value === text)?.text ?? text
}

export const cardText = (card: { bank_name: string; tail4: string }) => t.schema.card(gloss(card.bank_name), card.tail4)
