/** Chinese 中文: the source of all keys. */

import { common } from './zh/common'
import { home } from './zh/home'

export const zh = { ...common, ...home }

export type Text = typeof zh
