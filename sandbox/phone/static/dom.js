/* Small things every part of the page uses. */

export const $ = (id) => document.getElementById(id)

export async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const data = await answer.json().catch(() => ({}))
  if (!answer.ok) throw Object.assign(new Error(data.error || `${answer.status}`), { data })
  return data
}

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value != null) element.setAttribute(name, value)
  }
  element.append(...children.filter((child) => child != null))
  return element
}

export const copy = (text) => make('button', { class: 'copy', type: 'button', title: '复制', onclick: () => navigator.clipboard?.writeText(text) }, text)
