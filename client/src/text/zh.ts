/** Chinese 中文: the source of all keys. */

import { common } from './zh/common'
import { face } from './zh/face'
import { home } from './zh/home'
import { item } from './zh/item'
import { mine } from './zh/mine'
import { progress } from './zh/progress'

export const zh = { ...common, ...face, ...home, ...item, ...mine, ...progress }

export type Text = typeof zh
