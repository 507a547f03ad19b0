/** Words of every page 英文. */

import { englishWords } from './amount'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const round = (value: number) => Math.round(value * 100) / 100

export const common = {
  words: {
    appName: 'Anju',
    otherLanguage: '中文',
    otherTag: 'zh-CN',
    stop: '.',
    gap: ' · ',
    comma: ', ',
    back: 'Back',
    offline: 'You are offline. Nothing you filled in is lost; carry on once you are connected again.',
    again: 'Try again',
    stillStuck: 'Still not working? Call',
    someoneAnswers: ' and someone will answer.',
    opening: 'Loading',
    on: 'On',
    off: 'Off',
    notNow: 'Not now',
    findIn: 'Type to find it (in Chinese)',
    showAll: (count: number) => `All ${count}`,
    toHome: 'Back to home',
    findNone: 'Nothing found; try another word.',
  },
  yuan: {
    unit: 'yuan',
    tenThousands: (count: number) => count >= 100 ? `${round(count / 100)}m` : `${round(count * 10)}k`,
    sum: (text: string) => `¥${text}`,
    words: (fen: number) => englishWords(fen),
  },
  dates: {
    day: (year: number, month: number, day: number | null) => [day, MONTHS[month - 1], year].filter(Boolean).join(' '),
    short: (month: number, day: number) => `${day} ${MONTHS[month - 1]}`,
    moment: (day: string, time: string) => `${day}, ${time}`,
    month: (month: number) => MONTHS[month - 1],
    year: (year: number | string) => `${year}`,
    monthOfYear: (year: string, month: number) => `${MONTHS[month - 1]} ${year}`,
    hour: (hour: number, minute: number) => `${hour % 12 || 12}${minute ? `:${String(minute).padStart(2, '0')}` : ''} ${hour < 12 ? 'am' : 'pm'}`,
  },
  problem: {
    notFound: 'We could not find what belongs on this page. Go back to the home page and open it again.',
    tooLarge: 'What was sent is too large. Please try again.',
    tooFast: 'That was a little fast. Please wait a minute and try again.',
    ours: 'Something went wrong on our side. Please try again in a few minutes. You are not charged for anything that did not go through.',
    notDone: 'This step did not go through. Go back to the home page and try again.',
    slow: 'The network is slow and no answer came.',
    offline: 'There is no network connection.',
    tapAgain: 'Check your connection and tap again; it will not be done twice.',
    tryAgain: 'Check your connection and try again.',
    unknown: 'This step did not go through. Please try again, or call 12329 if it still does not work.',
    noWeChat: 'WeChat did not answer. Check your connection and try again.',
    noViewer: 'This phone could not open the PDF. Try another phone, or have it printed at a service point.',
  },
  identity: {
    idMissing: 'Please enter your ID number.',
    idLength: 'An ID number has 18 characters; the last may be X.',
    idWrong: 'One character of the ID number seems wrong. Please compare it with your ID card.',
    nameMissing: 'Please enter your name.',
    nameLong: 'The name is too long. Please write it as on your ID card.',
    phoneMissing: 'Please enter your mobile number.',
    phoneWrong: 'A mobile number has 11 digits and begins with 1. Please check it.',
  },
}
