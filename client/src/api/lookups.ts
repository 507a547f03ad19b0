/** Look-ups 查询与试算: what a member asks without applying for anything. */

import { get, post } from './client'
import type { Instalment, ItemOutlook, ItemSummary, Loan, Posting, Quote, Verb } from './types'

export interface Suppose {
  married: boolean
  homes: number
  work: 'employed' | 'unemployed' | 'retired'
  local: boolean
  /** Item code → form field → fen. */
  figures: Record<string, Record<string, number>>
}

export interface Estimate extends ItemSummary {
  outcome: 'yes' | 'no' | 'ask'
  verb: Verb
  max_fen: number | null
  text: string
  breakdown: Quote['breakdown']
  reasons: { code: string; text: string; change: string; article: string; supposed: boolean; next_on: string | null }[]
  next_on: string | null
  asks: { name: string; label: string; value_fen: number | null }[]
  supposed: string[]
}

export interface DrawTrial {
  balance_fen: number
  supposed: { name: string; text: string; source: string }[]
  estimates: Estimate[]
  note: string
}

export interface TrialYear {
  year: number
  amount_fen: number
  principal_fen: number
  interest_fen: number
  balance_after_fen: number
}

export interface TrialInstalment extends Omit<TrialYear, 'year'> {
  no: number
}

export interface LoanForm {
  amount_fen: number
  months: number
  method: '01' | '02'
  home: 'first' | 'second'
  plan_year?: number
}

export interface LoanTrial {
  rate_text: string
  rate_from: string
  method: '01' | '02'
  method_text: string
  first_fen: number
  second_fen: number
  last_fen: number
  total_interest_fen: number
  total_fen: number
  years: TrialYear[]
  instalments: TrialInstalment[]
  other_method: '01' | '02'
  other_method_text: string
  other_first_fen: number
  other_last_fen: number
  other_total_interest_fen: number
  other_years: TrialYear[]
  note: string
}

export interface LoanTerms {
  max_months: number
  most_fen: number
  min_months: number
  paid_months: number
  monthly_base_fen: number
  caps: { household: 'ordinary' | 'family' | 'talent'; label: string; cap_fen: number; assumed: boolean }[]
  rates: { from_on: string; first_short: string; first_long: string; second_short: string; second_long: string; assumed: boolean }[]
}

export interface BorrowForm {
  price_fen: number
  income_fen: number
  months: number
  home: 'first' | 'second'
  method: '01' | '02'
  household: 'ordinary' | 'family' | 'talent'
  withdrawn_fen: number
}

export interface BorrowTrial {
  most_fen: number
  limits: { code: string; label: string; fen: number; text: string; decides: boolean; assumed: boolean }[]
  waits_text: string | null
  loan: LoanTrial | null
  note: string
}

export interface PrepayTrial {
  amount_fen: number
  principal_fen: number
  interest_fen: number
  balance_after_fen: number
  ways: {
    change: 'term' | 'instalment'
    label: string
    months_before: number
    months_after: number
    instalment_before_fen: number
    instalment_after_fen: number
    last_due_before: string
    last_due_after: string
    saved_fen: number
  }[]
  note: string
}

export interface PlanYear {
  year: number
  principal_fen: number
  interest_fen: number
  paid_fen: number
  balance_after_fen: number
}

export interface LoanPlan {
  interest_ahead_fen: number
  years: PlanYear[]
  instalments: Instalment[]
  next_after: number | null
}

export interface StatementMonth {
  month: string
  contributed_fen: number
  interest_fen: number
  withdrawn_fen: number
  loan_fen: number
  other_fen: number
  closing_fen: number
}

export interface Statement {
  year: number
  from_on: string
  to_on: string
  complete: boolean
  display_name: string
  account_no_masked: string
  employer: string
  opening_fen: number
  contributed_fen: number
  contributed_months: number
  interest_fen: number
  withdrawn_fen: number
  loan_fen: number
  other_fen: number
  closing_fen: number
  months: StatementMonth[]
}

export const readItems = () => get<{ items: ItemOutlook[] }>('/items').then((body) => body.items)

export interface PostingFilter {
  year: string
  kind: string
}

export function readPostings(before: string | null, { year, kind }: PostingFilter) {
  const query = [before && `before=${encodeURIComponent(before)}`, year && `year=${year}`, kind && `kind=${kind}`].filter(Boolean)
  return get<{ postings: Posting[]; next_before: string | null }>(`/account/postings?limit=20${query.map((one) => `&${one}`).join('')}`)
}

export const tryWithdrawals = (form: Suppose) => post<DrawTrial>('/trial/withdrawals', form)
export const readLoanTerms = () => get<LoanTerms>('/trial/loan/terms')
export const tryLoan = (form: LoanForm) => post<LoanTrial>('/trial/loan', form)
export const tryBorrowing = (form: BorrowForm) => post<BorrowTrial>('/trial/borrowing', form)
export const tryPrepayment = (loan: Pick<Loan, 'loan_id'>, amountFen: number) =>
  post<PrepayTrial>(`/loans/${loan.loan_id}/trial-prepayment`, { amount_fen: amountFen })
export const readLoanPlan = (id: string, after: number, limit: number) =>
  get<LoanPlan>(`/loans/${id}/plan?open=true&after=${after}&limit=${limit}`)
export const readStatementYears = () => get<{ years: number[] }>('/statements').then((body) => body.years)
export const readStatement = (year: number) => get<Statement>(`/statements/${year}`)
export const statementPdf = (year: number) => `/api/v1/statements/${year}/pdf`
