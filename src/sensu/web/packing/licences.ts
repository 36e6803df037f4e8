// Writes dist/licences.txt: the name, version and licence text of each package of which something is shipped.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

interface Package {
  name: string
  version: string
  license: string
}

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i

export function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    generateBundle(_, bundle) {
      const folders = new Set<string>()
      for (const file of Object.values(bundle)) {
        const modules = file.type === 'chunk' ? file.moduleIds : []
        for (const id of modules) {
          const folder = packageFolder(id)
          if (folder) folders.add(folder)
        }
      }
      const texts = [...folders].sort().map(described)
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: texts.join(`\n${'-'.repeat(78)}\n\n`) })
    },
  }
}

/** The folder of the package that a module belongs to; nothing for our own modules and those that Vite makes. */
function packageFolder(id: string): string | undefined {
  const path = id.replace(/^\0+/, '').split('?')[0] ?? ''
  const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)
  return found?.[1] !== undefined && existsSync(join(found[1], 'package.json')) ? found[1] : undefined
}

function described(folder: string): string {
  const files = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .sort()
  const { name, version, license } = packageOf(folder, files.length > 0 ? 'as below' : undefined)
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return [`${name} ${version}`, `Licence: ${license}`, '', ...texts, ''].join('\n')
}

/** A package that does not name its licence must have the text of one. */
function packageOf(folder: string, licenceUnnamed: string | undefined): Package {
  const read: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const field = (key: string, otherwise?: string): string => {
    const value: unknown = typeof read === 'object' && read !== null ? Reflect.get(read, key) : undefined
    if (typeof value === 'string') return value
    if (otherwise !== undefined) return otherwise
    throw new Error(`${folder}: package.json has no ${key}`)
  }
  return { name: field('name'), version: field('version'), license: field('license', licenceUnnamed) }
}
