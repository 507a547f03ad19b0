/** Identity 身份: what can be checked about a name, an ID number and a phone before asking the centre. */

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECK = '10X98765432'

/** ID number with blanks removed and X in capital. */
export function tidyIdNo(text: string): string {
  return text.replace(/\s/g, '').toUpperCase()
}

export function idNoFault(text: string): string | null {
  const value = tidyIdNo(text)
  if (!value) return '请填写身份证号。'
  if (!/^\d{17}[\dX]$/.test(value)) return '身份证号是 18 位，最后一位可以是 X。'
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(value[index]), 0)
  return CHECK[sum % 11] === value[17] ? null : '身份证号好像有一位写错了，请对着身份证再看一遍。'
}

export function nameFault(text: string): string | null {
  const value = text.trim()
  if (!value) return '请填写姓名。'
  return value.length > 40 ? '姓名太长了，请和身份证上写得一样。' : null
}

/** Phone number without the blanks people put between its groups. */
export const tidyPhone = (text: string) => text.replace(/\s/g, '')

export function phoneFault(text: string): string | null {
  const value = tidyPhone(text)
  if (!value) return '请填写手机号。'
  return /^1[3-9]\d{9}$/.test(value) ? null : '手机号是 11 位，1 开头，请再看一遍。'
}

/** "138****0001". */
export function maskPhone(phone: string): string {
  return `${phone.slice(0, 3)}****${phone.slice(-4)}`
}
