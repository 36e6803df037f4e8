// Lets Node's test runner import modules with runes (`*.svelte.ts`): `node --import ./packing/runes_in_tests.ts --test …`.
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'

import { compileModule } from 'svelte/compiler'

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith('.svelte.ts')) return nextLoad(url, context)
    const filename = fileURLToPath(url)
    const script = stripTypeScriptTypes(readFileSync(filename, 'utf8'))
    const { js } = compileModule(script, { filename, generate: 'client' })
    return { format: 'module', source: js.code, shortCircuit: true }
  },
})
