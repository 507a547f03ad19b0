/** Served words 服务端的话: what of the server's Chinese this client has to know again. */

/** The sentence of an explanation that says the figure, which stands above it already. */
export const FIGURE_SAID = /^您现在可[提还][^。]*。/

/** What the page of a payment that waits says in its own words: when it is made, and that it can be stopped. */
export const PAYMENT_SAID = /^将于[^。]*。|付款以前随时可以撤销。$/g

/** The role of the one who signed the loan. */
export const BORROWER = '借款人'

export const listed = (names: string[]) => names.join('、')
