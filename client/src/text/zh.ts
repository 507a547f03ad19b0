/** Chinese 中文: the source of all keys. */

import { common } from './zh/common'

export const zh = { ...common }

export type Text = typeof zh
