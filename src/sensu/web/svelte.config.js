// How Svelte compiles: runes only, and no style element made by script.
export default {
  compilerOptions: { runes: true, css: 'external' },
}
