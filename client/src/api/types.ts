/** Shapes of the member API, as the server sends them. */

export interface Refusal {
  code: string
  rule: string
  article: string
  fact: string
  source: string
  change: string
  next_on: string | null
  turn_to: string
  text: string
}

export interface Step {
  key: string
  label: string
  actor: string
  at: string | null
  state: 'done' | 'current' | 'todo' | 'failed'
}

export type ItemKind = 'withdrawal' | 'certificate' | 'change'

export interface Certificate {
  certificate_id: string
  number: string
  name: string
  pdf_url: string
  verify_url: string
  issued_on?: string
  valid_until?: string
}

export interface Application {
  application_id: string
  case_no: string
  item_code: string
  item_name: string
  kind: ItemKind
  state: string
  state_text: string
  version: number
  amount_fen: number | null
  amount_words: string | null
  card: { bank_name: string; tail4: string } | null
  next_step: 'face' | 'confirm' | 'wait' | 'done' | 'none'
  waiting_text: string
  steps: Step[]
  refusals: Refusal[]
  certificate: Certificate | null
  next_available_on: string | null
  created_at: string
  account_balance_fen: number | null
  /** From when a payment that waits goes out. */
  pay_from: string | null
  cancellable: boolean
}

/** A way to prove who one is without a face. */
export interface OtherWay {
  code: 'card_sms' | 'counter'
  label: string
  text: string
  available: boolean
  limit_fen: number | null
  delay_hours: number
  reasons: { code: string; text: string }[]
}

export interface CardCode {
  challenge_id: string
  expires_at: string
  resend_after_s: number
  phone_masked: string
  pay_from: string | null
}

/** When the money would go out. */
export interface PayTiming {
  at_once: boolean
  review: boolean
  delay_hours: number
  cooling_until: string | null
  text: string
  reasons: { code: string; text: string }[]
  other_way: OtherWay
}

export interface Posting {
  posting_id: string
  on: string
  kind: string
  kind_text: string
  amount_fen: number
  summary: string
}

export interface Loan {
  loan_id: string
  contract_no: string
  role_text: string
  state: 'normal' | 'overdue' | 'settled'
  state_text: string
  bank_name: string
  method_text: string
  rate_text: string
  principal_fen: number
  months: number
  due_last_on: string
  balance_fen: number
  months_left: number
  instalment_fen: number
  next_due_on: string | null
  overdue_fen: number
  penalty_fen: number
  settle_today_fen: number
  settled_on: string | null
  card: { bank_name: string; tail4: string }
  house: string
}

export interface Instalment {
  no: number
  due_on: string
  state: 'planned' | 'paid' | 'overdue'
  state_text: string
  amount_fen: number
  principal_fen: number
  interest_fen: number
}

export interface ItemSummary {
  code: string
  name_zh: string
  group: 'money' | 'loan' | 'proof' | 'profile'
  summary: string
  kind: ItemKind
}

/** Whether an item can be used today as far as the centre's own books know; if not, why, and from when. */
export interface ItemOutlook extends ItemSummary {
  usable: boolean
  why: string | null
  next_on: string | null
}

export interface Account {
  account_no_masked: string
  state: string
  state_text: string
  balance_fen: number
  available_fen: number
  frozen_fen: number
  held_fen: number
  monthly_contribution_fen: number
  paid_through: string | null
  employer: string
  as_of: string
}

export interface Home {
  display_name: string
  account: Account
  postings: Posting[]
  in_progress: Application[]
  attention: { code: string; text: string }[]
  items: ItemSummary[]
  unread_notices?: number
}

export interface Choice {
  const: string
  title: string
}

export interface FormField {
  type?: string
  title?: string
  description?: string
  enum?: string[]
  oneOf?: Choice[]
  default?: unknown
  maxLength?: number
  minLength?: number
  pattern?: string
  'x-widget'?: 'amount' | 'card' | 'choice' | 'date' | 'phone-code' | 'text' | 'yuan' | 'hidden'
  'x-input'?: 'numeric'
  'x-optional'?: boolean
  'x-choose'?: boolean
  /** Not to be written to the phone. */
  'x-private'?: boolean
  'x-help'?: string
  'x-labels'?: Record<string, string> | string[]
}

export interface FormSchema {
  properties?: Record<string, FormField>
  required?: string[]
}

export interface ItemDetail extends ItemOutlook {
  legal_basis: { title: string; article: string; text: string }[]
  form_schema: FormSchema
  needs_consent: string[]
  sources: { name: string; why: string }[]
  verification: 'face' | 'none'
  approval: 'instant' | 'review'
  sla_text: string
  documents: string[]
}

export interface Card {
  card_id: string
  bank_code?: string
  bank_name: string
  tail4: string
  usable?: boolean
  usable_from?: string | null
}

/** What is done with the money: withdrawn or repaid. */
export type Verb = '提' | '还'

export interface Quote {
  allowed: boolean
  max_fen: number | null
  headline: string
  explanation: string
  breakdown: { label: string; amount_fen: number | null; text: string; source: string }[]
  /** What it would change, tried out before anything is asked for. */
  preview?: { label: string; amount_fen: number | null; text: string; source: string }[]
  /** What is done with the money. */
  verb?: Verb
  refusals: Refusal[]
  timing: PayTiming | null
  facts: { label: string; value_text: string; source: string; as_of: string }[]
  next_on: string | null
  cards: Card[]
  verification: 'face' | 'none'
  /** Fields left to fill in, and the answers the registers offer. */
  asks?: string[]
  choices?: Record<string, { value: string; text: string }[]>
  approval?: 'instant' | 'review'
}

export interface ConsentText {
  kind: string
  version: string
  title: string
  paragraphs: string[]
  agree_label: string
  other_way: { label: string; text: string } | null
}

export interface Consent {
  consent_id: string
  kind: string
  granted_at: string
  withdrawn_at: string | null
}

export interface Prompt {
  index: number
  kind: string
  text: string
  hold_ms: number
  /** What lights the screen while this prompt is shown, in turn. */
  colours: string[]
  last: boolean
}

export interface FaceData {
  text: string
  frames: number
  template_made_at: string | null
  sessions: {
    session_id: string
    at: string
    state: string
    state_text: string
    reasons: string[]
    scores: number
    hashes: number
    frames: number
    kept_until: string
  }[]
}

export interface FaceSession {
  session_id: string
  nonce: string
  challenge_key: string
  expires_at: string
  action_count: number
  capture: { width: number; height: number; fps: number; jpeg_quality: number; batch_max: number; total_max: number }
  prompt: Prompt
}

export interface WeChatFaceSession {
  session_id: string
  method: 'wechat'
  expires_at: string
  verify_id: string
}

export interface FrameUpload {
  seq: number
  at_ms: number
  prompt: number
  jpeg: string
  mac: string
}

export interface FaceVerdict {
  session_id: string
  state: 'open' | 'judging' | 'passed' | 'failed' | 'expired' | 'consumed'
  reasons: { code: string; text: string; tip: string }[]
  tries_left: number
  served_until: string | null
  queue_wait_s: number | null
}

export interface AuditRow {
  at: string
  actor: string
  action: string
  text: string
}

export interface SessionInfo {
  bound: boolean
  display_name: string | null
  cooling_until: string | null
  device_bound: boolean
  channel: 'h5' | 'mini'
  bindings: BoundWeChat[]
}

/** A WeChat user who is the member, in the public account or in the mini-program. */
export interface BoundWeChat {
  channel: 'h5' | 'mini'
  bound_at: string
  here: boolean
  may_end: boolean
}

export interface ClientConfig {
  jweixin_url: string
  appid: string
  hotline: string
  centre: string
  /** Templates of the mini-program's subscribe messages. */
  mini_templates: Template[]
  /** Those of the public account's, asked for by WeChat's own tag. */
  subscribe_templates: Template[]
}

export interface Template {
  name: string
  id: string
}
