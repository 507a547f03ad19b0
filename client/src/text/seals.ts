/** Seals 印: one character that stands for an item or a kind of record, like the seal on a paper. They are pictures, the same in every language. */

export const SEALS: Record<string, string> = {
  'rent-withdrawal': '租',
  'purchase-withdrawal': '购',
  'fund-loan-withdrawal': '还',
  'partial-prepayment': '早',
  'loan-settlement': '清',
  'repayment-account-change': '换',
  'transfer-in': '转',
  'commercial-loan-withdrawal': '贷',
  'property-fee-withdrawal': '物',
  'elevator-withdrawal': '梯',
  'retirement-withdrawal': '休',
  'leaving-withdrawal': '离',
  'contribution-certificate': '证',
  'payee-card-change': '卡',
  'phone-change': '机',
  'withdrawal-unlock': '锁',
  'limit-raise': '限',
}

export const MARKS = { work: '办', book: '账', card: '卡', paper: '证', leave: '准', seen: '看', loan: '贷', letter: '信', wait: '候' }
