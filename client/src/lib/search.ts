/** Search 找: items and pages by the words people use for them. */

import type { ItemSummary } from '@/api/types'
import type { Page } from './nav'

export interface Place {
  page: Page
  query?: Record<string, string>
  title: string
  note: string
  words: string
}

/** What people say for an item beside its name and summary. */
const SAID: Record<string, string> = {
  'rent-withdrawal': '租房 房租 租金 租房子 提现 取钱 提取',
  'purchase-withdrawal': '买房 购房 首付 房款 新房 二手房 取钱 提取',
  'fund-loan-withdrawal': '还贷 还款 房贷 月供 公积金贷款 冲还贷 取钱 提取',
  'commercial-loan-withdrawal': '还贷 还款 房贷 月供 商贷 银行贷款 按揭 取钱 提取',
  'property-fee-withdrawal': '物业 物业费 取钱 提取',
  'elevator-withdrawal': '电梯 老楼 旧小区 取钱 提取',
  'retirement-withdrawal': '退休 养老 销户 全部提完 取钱 提取',
  'leaving-withdrawal': '离职 辞职 失业 没工作 销户 取钱 提取',
  'partial-prepayment': '提前还款 提前还贷 多还 缩短 月供 还贷 房贷',
  'loan-settlement': '结清 还清 提前还清 解除抵押 还贷 房贷',
  'repayment-account-change': '还款卡 扣款卡 换卡 银行卡 月供',
  'repayment-agreement': '按月提取 自动 约定 委托 签约 解约 冲还贷 还贷',
  'contribution-certificate': '证明 缴存证明 开证明 盖章',
  'other-city-certificate': '证明 异地贷款 外地买房 开证明',
  'loan-settled-certificate': '证明 结清证明 开证明',
  'payee-card-change': '换卡 收款卡 银行卡 卡号',
  'phone-change': '换号 手机号 电话 号码',
  'transfer-in': '转移 转入 外地 异地 合并',
}

export const PLACES: Place[] = [
  { page: 'postings', title: '账户明细', note: '余额、每一笔进出', words: '余额 明细 流水 缴存 多少钱 到账 进出 查账' },
  { page: 'calculator', title: '我能提多少', note: '估一估每一项能提的钱', words: '试算 计算 估算 提多少 能提 提取 额度' },
  { page: 'calculator', query: { tab: 'loan' }, title: '贷款要还多少', note: '月供、利息、最多能贷多少', words: '试算 计算器 贷款 月供 利率 利息 能贷 额度 房贷 等额本息 等额本金' },
  { page: 'statement', title: '年度对账单', note: '一年缴了多少、利息多少', words: '对账单 账单 年度 利息 结息 余额 一年 打印' },
  { page: 'loan', title: '我的贷款', note: '还欠多少、还款计划', words: '贷款 还贷 房贷 月供 还款计划 欠 利率 提前还款' },
  { page: 'applications', title: '我的办理', note: '办到哪一步了', words: '进度 办理 申请 到哪 审核 什么时候到账 撤销' },
  { page: 'certificates', title: '我的证明', note: '已经开好的证明', words: '证明 PDF 下载 核验' },
  { page: 'cards', title: '我的银行卡', note: '收钱的卡', words: '银行卡 收款卡 卡号 换卡' },
  { page: 'notices', title: '发给我的通知', note: '短信和微信通知', words: '通知 短信 消息 提醒' },
  { page: 'subscriptions', title: '通知订阅', note: '收哪些、几点不打扰', words: '通知 订阅 免打扰 关闭 短信 微信 提醒 设置' },
  { page: 'datalog', title: '谁看过我的信息', note: '每一次查阅', words: '隐私 查阅 记录 谁看过 信息安全' },
  { page: 'consents', title: '我的授权', note: '同意书、人脸数据', words: '授权 同意书 隐私 人脸 刷脸 撤回 删除' },
]

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
    title: item.name_zh,
    note: item.summary,
    page: 'item',
    query: { code: item.code },
    score: scoreOf(query, item.name_zh, item.summary, SAID[item.code] ?? ''),
  }))
  const places = PLACES.map((place): Hit => ({
    title: place.title,
    note: place.note,
    page: place.page,
    query: place.query ?? {},
    score: scoreOf(query, place.title, place.note, place.words),
  }))
  return [...found, ...places].filter((hit) => hit.score > 0).sort((a, b) => b.score - a.score)
}
