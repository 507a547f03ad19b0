/** Chinese 中文: the source of all keys. */

import { common } from './zh/common'
import { home } from './zh/home'
import { item } from './zh/item'

export const zh = { ...common, ...home, ...item }

export type Text = typeof zh
