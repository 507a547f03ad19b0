/* Rules of a page 页面规则: what can be measured in it. Each returns a list of faults in words; read by bench/pages_check.py. */
() => {
  const TARGETS = 'button, a[href], input:not([type=hidden]), select, textarea, summary, [role=button], [role=switch], [role=radio], [role=checkbox], [role=tab]'
  /** Animations that move nothing: a-settle only keeps taps off for a moment (styles/taps.css). */
  const STILL = ['none', 'a-settle']
  const style = (element, pseudo) => getComputedStyle(element, pseudo)
  const words = (text) => text.trim().replace(/\s+/g, ' ').slice(0, 24)
  const nameOf = (element) => words(element.getAttribute('data-testid') || element.getAttribute('aria-label') || element.innerText || element.id || element.className || element.tagName)

  /** Laid out and drawn; what only a screen reader gets is clipped to one pixel. */
  function shown(element) {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false
    for (let at = element; at; at = at.parentElement) {
      const box = at.getBoundingClientRect()
      if (style(at).clipPath.startsWith('inset(50%') || (style(at).overflow === 'hidden' && (box.width <= 1 || box.height <= 1))) return false
    }
    return element.getClientRects().length > 0
  }

  /** Every element with words of its own, and every field with what is in it. */
  function textsOf() {
    const found = new Map()
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const parent = node.parentElement
      if (node.data.trim() && !parent.closest('script, style, noscript') && shown(parent)) found.set(parent, { text: words(node.data), pseudo: undefined })
    }
    for (const field of document.querySelectorAll('input:not([type=radio]):not([type=checkbox]), textarea')) {
      if (shown(field)) found.set(field, { text: words(field.value || field.placeholder || ''), pseudo: field.value ? undefined : '::placeholder' })
    }
    return [...found].map(([element, told]) => ({ element, ...told })).filter((one) => one.text)
  }

  const rgba = (text) => {
    const parts = (text.match(/[\d.]+/g) || []).map(Number)
    return { r: parts[0] || 0, g: parts[1] || 0, b: parts[2] || 0, a: parts.length > 3 ? parts[3] : 1 }
  }
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1,
  })
  const light = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const contrast = (one, other) => (Math.max(light(one), light(other)) + 0.05) / (Math.min(light(one), light(other)) + 0.05)

  /** What may lie behind: one colour, or each colour of a gradient. */
  function behind(element) {
    let layers = [[]]
    for (let at = element; at; at = at.parentElement) {
      const own = style(at)
      const stops = own.backgroundImage.includes('gradient') ? own.backgroundImage.match(/rgba?\([^)]*\)/g) || [] : []
      const here = stops.length ? stops.map(rgba) : [rgba(own.backgroundColor)]
      layers = layers.flatMap((below) => here.map((colour) => [...below, colour]))
      if (here.every((colour) => colour.a === 1)) break
    }
    const canvas = matchMedia('(prefers-color-scheme: dark)').matches ? rgba('rgb(18, 18, 18)') : rgba('rgb(255, 255, 255)')
    return layers.map((stack) => stack.reduceRight((under, top) => over(top, under), canvas))
  }

  function paleOf({ element, text, pseudo }) {
    if (element.closest('[disabled]')) return null
    const own = style(element, pseudo)
    let fade = pseudo ? Number(own.opacity) : 1
    for (let at = element; at; at = at.parentElement) fade *= Number(style(at).opacity)
    const colour = rgba(own.color)
    const worst = Math.min(...behind(element).map((ground) => contrast(over({ ...colour, a: colour.a * fade }, ground), ground)))
    return worst < 4.495 ? `${text} ${worst.toFixed(2)}:1` : null
  }

  /** Where a finger may land: the field's label too, when it holds the field. */
  function targetsOf() {
    return [...document.querySelectorAll(TARGETS)].filter(shown).map((element) => {
      const label = element.matches('input') && element.closest('label')
      return { element, box: (label || element).getBoundingClientRect() }
    })
  }

  function sideways() {
    const found = []
    const wide = innerWidth
    if (document.scrollingElement.scrollWidth > wide) found.push(`the page is ${document.scrollingElement.scrollWidth} wide in ${wide}`)
    for (const { element, text } of textsOf()) {
      const range = document.createRange()
      range.selectNodeContents(element)
      const box = element.matches('input, textarea') ? element.getBoundingClientRect() : range.getBoundingClientRect()
      if (box.right > wide + 1 || box.left < -1) found.push(`outside: ${text}`)
      for (let at = element; at && at !== document.body; at = at.parentElement) {
        const hides = ['hidden', 'clip'].includes(style(at).overflowX)
        const frame = at.getBoundingClientRect()
        if (hides && (box.right > frame.right + 1 || box.left < frame.left - 1)) found.push(`cut off: ${text}`)
      }
    }
    return found
  }

  /** Words that lie on other words. */
  function overlaps() {
    const boxes = textsOf().filter(({ element }) => !element.closest('.a-foot, .a-banner')).flatMap(({ element, text }) => {
      if (element.matches('input, textarea')) return []
      return [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim()).flatMap((node) => {
        const range = document.createRange()
        range.setStart(node, node.data.length - node.data.trimStart().length)
        range.setEnd(node, node.data.trimEnd().length)
        return [...range.getClientRects()].map((box) => ({ element, text, box }))
      })
    })
    const found = []
    boxes.forEach((one, place) => {
      for (const other of boxes.slice(place + 1)) {
        const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left)
        const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top)
        const low = Math.min(one.box.height, other.box.height)
        if (across > 3 && down > low * 0.5 && one.element !== other.element) found.push(`${one.text} on ${other.text}`)
      }
    })
    return found
  }

  function structure() {
    const found = []
    const heads = [...document.querySelectorAll('h1')].filter(shown)
    if (heads.length !== 1) found.push(`${heads.length} headings of the first rank`)
    for (const element of document.querySelectorAll('[onclick], div[tabindex="0"], span[tabindex="0"]')) {
      if (!element.matches('[role]')) found.push(`no real button: ${nameOf(element)}`)
    }
    for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
      if (!field.labels.length && !field.getAttribute('aria-label') && !field.getAttribute('aria-labelledby')) found.push(`no label: ${nameOf(field)}`)
    }
    if (!document.querySelector('[aria-live]:not([aria-live=off]), [role=status], [role=alert]')) found.push('no live region')
    if (document.documentElement.lang === '') found.push('no language')
    return found
  }

  const moving = () => [...document.querySelectorAll('*')].filter((element) => {
    const own = style(element)
    const longest = (text) => Math.max(...text.split(',').map(parseFloat))
    return (!STILL.includes(own.animationName) && longest(own.animationDuration) > 0.02) || longest(own.transitionDuration) > 0.02
  }).map(nameOf)

  /** Controls that the tab key has to reach; of a group of radios one is enough. */
  const stops = () => {
    const groups = new Set()
    return [...document.querySelectorAll(TARGETS)].filter((element) => {
      if (!shown(element) || element.disabled || element.tabIndex < 0) return false
      if (element.type !== 'radio') return true
      const fresh = !groups.has(element.name)
      groups.add(element.name)
      return fresh
    })
  }

  window.anjuRules = {
    smallTexts: (least) => textsOf().filter(({ element }) => parseFloat(style(element).fontSize) < least - 0.01).map(({ element, text }) => `${text} ${style(element).fontSize}`),
    smallTargets: (least) => targetsOf().filter(({ box }) => box.width < least - 0.5 || box.height < least - 0.5).map(({ element, box }) => `${nameOf(element)} ${Math.round(box.width)}×${Math.round(box.height)}`),
    pale: () => textsOf().map(paleOf).filter(Boolean),
    sideways, overlaps, structure, moving,
    markStops: () => {
      stops().forEach((element, place) => element.setAttribute('data-stop', String(place)))
      return stops().map(nameOf)
    },
    /** The control that has the focus: its number, and what is wrong with how it shows. */
    focused: () => {
      const element = document.activeElement
      if (!element || element === document.body) return null
      const group = element.type === 'radio' ? document.querySelector(`input[name="${element.name}"][data-stop]`) : element
      const ring = style(element).outlineStyle !== 'none' && parseFloat(style(element).outlineWidth) >= 2
      const frame = element.closest('.a-field__box')
      const seen = ring || (frame && style(frame).boxShadow !== 'none') || element.matches('h1')
      const box = element.getBoundingClientRect()
      const top = document.elementFromPoint(Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1), box.top + Math.min(box.height / 2, 30))
      const bare = !top || element.contains(top) || top.contains(element) || (element.labels && [...element.labels].some((label) => label.contains(top)))
      return { stop: group ? group.getAttribute('data-stop') : null, name: nameOf(element), seen: Boolean(seen), bare }
    },
  }
}
