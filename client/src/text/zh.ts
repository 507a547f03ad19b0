/** Chinese 中文: the source of all keys. */

import { common } from './zh/common'
import { controls } from './zh/controls'
import { face } from './zh/face'
import { home } from './zh/home'
import { item } from './zh/item'
import { loan } from './zh/loan'
import { mine } from './zh/mine'
import { progress } from './zh/progress'
import { records } from './zh/records'
import { settings } from './zh/settings'

export const zh = { ...common, ...controls, ...face, ...home, ...item, ...loan, ...mine, ...progress, ...records, ...settings }

export type Text = typeof zh
