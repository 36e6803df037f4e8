// Gives components short names for the scopes of their styles: each is in every element of the component that has styles.
import { dirname, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const SCOPES = 36 ** 4
const WEB = dirname(dirname(fileURLToPath(import.meta.url)))
const files = new Map<string, string>()

/** The scope of a component, which follows from its place in the project and is the same in every checkout. */
export function scopeOf({ hash, filename }: { hash: (text: string) => string; filename: string }): string {
  const file = relative(WEB, filename).replaceAll(sep, '/')
  const scope = `s${(parseInt(hash(file), 36) % SCOPES).toString(36)}`
  const other = files.get(scope) ?? file
  if (other !== file) throw new Error(`${file} and ${other} have the same scope: rename one of them`)
  files.set(scope, file)
  return scope
}
