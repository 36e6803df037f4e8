// Text from outside for one line: without terminal colours, with visible signs in place of control characters.

/** What a line shows: escape sequences of terminals are left out, other control characters are a "·". */
export function plainText(text: string): string {
  let plain = ''
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === ESCAPE) at = endOfSequence(text, at)
    else if (isControl(code)) plain += code === TAB ? ' ' : '·'
    else if (!isOverride(code)) plain += text.charAt(at)
  }
  return plain
}

const ESCAPE = 0x1b
const TAB = 0x09

/** The last character of the escape sequence that begins here. */
function endOfSequence(text: string, at: number): number {
  if (text[at + 1] !== '[') return at
  let end = at + 2
  while (end < text.length && !(text.charCodeAt(end) >= 0x40 && text.charCodeAt(end) <= 0x7e)) end += 1
  return end
}

function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f)
}

/** Characters that turn the direction of what follows: names and outputs that use them look like others. */
function isOverride(code: number): boolean {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
}
