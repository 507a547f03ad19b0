/** Identity 身份: what can be checked about a name, an ID number and a phone before asking the centre. */

import { t } from '@/text'

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECK = '10X98765432'

/** ID number with blanks removed and X in capital. */
export function tidyIdNo(text: string): string {
  return text.replace(/\s/g, '').toUpperCase()
}

export function idNoFault(text: string): string | null {
  const value = tidyIdNo(text)
  if (!value) return t.identity.idMissing
  if (!/^\d{17}[\dX]$/.test(value)) return t.identity.idLength
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(value[index]), 0)
  return CHECK[sum % 11] === value[17] ? null : t.identity.idWrong
}

export function nameFault(text: string): string | null {
  const value = text.trim()
  if (!value) return t.identity.nameMissing
  return value.length > 40 ? t.identity.nameLong : null
}

/** Phone number without the blanks people put between its groups. */
export const tidyPhone = (text: string) => text.replace(/\s/g, '')

export function phoneFault(text: string): string | null {
  const value = tidyPhone(text)
  if (!value) return t.identity.phoneMissing
  return /^1[3-9]\d{9}$/.test(value) ? null : t.identity.phoneWrong
}

/** "138****0001". */
export function maskPhone(phone: string): string {
  return `${phone.slice(0, 3)}****${phone.slice(-4)}`
}
