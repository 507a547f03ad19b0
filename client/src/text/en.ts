/** English 英文: the same keys as the Chinese, or it does not compile. */

import { common } from './en/common'
import { controls } from './en/controls'
import { face } from './en/face'
import { home } from './en/home'
import { item } from './en/item'
import { loan } from './en/loan'
import { mine } from './en/mine'
import { progress } from './en/progress'
import { records } from './en/records'
import { settings } from './en/settings'
import type { Text } from './zh'

export const en: Text = { ...common, ...controls, ...face, ...home, ...item, ...loan, ...mine, ...progress, ...records, ...settings }
