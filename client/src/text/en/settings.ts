/** Settings, and WeChat's question in English. */

import type { settings as source } from '../zh/settings'

export const settings: typeof source = {
  settings: {
    title: 'Settings',
    note: 'Large text, dark mode, language, log out',
    words: 'settings large text font size dark night theme language chinese log out sign out unbind',
    display: 'Easy to read',
    large: 'Large text',
    largeNote: 'Larger words and buttons',
    larger: 'Extra large',
    largerNote: 'One step larger still',
    theme: 'Light or dark',
    themes: { auto: 'As the phone', light: 'Light', dark: 'Dark' },
    language: 'Language',
    languages: { zh: '中文', en: 'English' },
    noticesAndSafety: 'Notices and safety',
    account: 'Account',
    leave: 'Log out',
    leaveSure: "Once you have logged out, your account is not shown here. Come in from the public account's menu to see it again. If somebody else will use this phone, end the binding instead.",
    leaveYes: 'Yes, log out',
    leaveNo: 'Stay',
    left: 'Logged out',
    leftSaid: 'You have logged out.',
    leftMore: 'Nothing about your account or money has changed. Come in again whenever you need to.',
    comeBack: 'Come in again',
  },
  wechatNotices: {
    title: 'Also in WeChat',
    about: 'Each tap lets WeChat carry one more notice to you. Text messages come as always.',
    elsewhere: "Open the public account in WeChat and come here from its menu to be told by WeChat too. Text messages come as always.",
    allow: 'Let WeChat tell me',
    thanks: 'Done. WeChat will tell you when there is news.',
    refused: 'Not allowed, no matter. Text messages come as always.',
    allOff: 'All messages of this account are off in WeChat. Turn them on in the settings behind "…" of the account, then tap once more.',
    failed: 'That did not work. Please tap once more. Text messages come as always.',
  },
}
