// What no type can say about the front end: import directions, sizes, and what the content security policy forbids.
import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'

import svelteConfig from './svelte.config.js'

const SCRIPTS = ['**/*.ts', '**/*.svelte', '**/*.svelte.ts']

// Imports go down only. A folder may use itself and those after it; rules also stay free of Svelte.
const ROOMS = ['pages', 'parts', 'live', 'wire', 'rules']
const LIBRARIES_OF_ONE_ROOM = [{ room: 'parts', group: ['bits-ui'], message: 'primitives are wrapped in app/parts/' }]

function directions(room) {
  const above = ROOMS.slice(0, ROOMS.indexOf(room))
  const patterns = LIBRARIES_OF_ONE_ROOM.filter((each) => each.room !== room).map(({ group, message }) => ({
    group,
    message,
  }))
  if (above.length > 0) {
    const paths = `(^|/)(${above.join('|')})/`
    patterns.push({
      regex: `^\\.{1,2}/.*${paths}`,
      message: `app/${room}/ may import itself and ${ROOMS.slice(ROOMS.indexOf(room) + 1).join(', ') || 'nothing else'}`,
    })
  }
  if (room === 'rules') {
    patterns.push({
      regex: '^(?!\\.{1,2}/|node:)',
      message: 'rules are pure: they import nothing but rules and, in tests, node:test',
    })
  }
  return { files: [`app/${room}/**`], rules: { 'no-restricted-imports': ['error', { patterns }] } }
}

const FORBIDDEN_SYNTAX = [
  {
    selector: 'MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]',
    message: 'text is set as text; the policy of trusted types refuses this',
  },
  {
    selector: "SvelteAttribute[key.name='style']",
    message: 'the content security policy refuses style="…": write a class, or style:property={…}',
  },
  {
    selector: 'SvelteAttribute[key.name=/^on/] > SvelteLiteral',
    message: 'the content security policy refuses inline handlers',
  },
  { selector: 'SvelteStyleElement + SvelteStyleElement', message: 'one style element a component' },
]

export default ts.config(
  { ignores: ['dist*/', 'node_modules/', 'app/wire/schema.d.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  ...svelte.configs.prettier,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      'no-undef': 'off', // TypeScript knows
      'no-eval': 'error',
      'no-new-func': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...FORBIDDEN_SYNTAX],
      'no-restricted-imports': [
        'error',
        { patterns: LIBRARIES_OF_ONE_ROOM.map(({ group, message }) => ({ group, message })) },
      ],
    },
  },
  {
    files: SCRIPTS,
    rules: {
      complexity: ['error', 10],
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', { max: 40 }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // `as const` is allowed. Data from outside is read by a function that looks at it.
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['app/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...FORBIDDEN_SYNTAX,
        { selector: 'ExportDefaultDeclaration', message: 'a module exports names' },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
    rules: {
      'max-lines': 'off',
      'svelte/no-at-html-tags': 'error',
      'svelte/no-target-blank': 'error',
      'svelte/button-has-type': 'error',
      'svelte/prefer-svelte-reactivity': 'off', // plain maps are often meant
      'svelte/no-navigation-without-resolve': 'off', // a rule of SvelteKit
    },
  },
  { files: ['**/*.svelte'], rules: { 'max-lines': ['error', 200] } },
  // A test of a rule may have many cases, and says with `as` what a hostile input is.
  {
    files: ['**/*.test.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/consistent-type-assertions': 'off' },
  },
  ...ROOMS.map(directions),
  {
    files: ['packing/**', '*.config.*'],
    languageOptions: { globals: { ...globals.node } },
    rules: { 'no-console': 'off' },
  },
)
