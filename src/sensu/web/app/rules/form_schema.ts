// The fields of a kind, from the JSON Schema of its form: `readSchema(answer)`.
import { isRecord, listOf, numberOf, recordOf, textOf } from './outside.ts'

type ValueType = 'text' | 'number' | 'flag' | 'list' | 'map' | 'object'

/** A field of a form, and those within it. */
export interface FormField {
  /** Its key in the object that it is in. */
  name: string
  title: string
  help: string
  section: string
  widget: string
  /** The word in URLs of the kind that it refers to. */
  of: string
  unit: string
  /** Rarely needed: shown on request. */
  more: boolean
  type: ValueType
  /** Whether it may have no value at all. */
  nullable: boolean
  choices: readonly string[]
  example: string
  /** The value while it is missing. */
  missing: unknown
  fields: readonly FormField[]
  item: FormField | undefined
}

/** The form of a kind. */
export interface FormSchema {
  type: string
  apiVersion: string
  segment: string
  word: string
  plural: string
  /** Whether its resources belong to a namespace. */
  namespaced: boolean
  namedBy: string
  sections: readonly string[]
  metadata: readonly FormField[]
  spec: readonly FormField[]
}

/** The form in an answer of the API. */
export function readSchema(answer: unknown): FormSchema {
  const { properties, 'x-form': about } = recordOf(answer)
  const { metadata, spec } = recordOf(properties)
  const told = recordOf(about)
  return {
    type: textOf(told['type']),
    apiVersion: textOf(told['api_version']),
    segment: textOf(told['segment']),
    word: textOf(told['word']),
    plural: textOf(told['plural']),
    namespaced: told['namespaced'] !== false,
    namedBy: textOf(told['named_by']),
    sections: listOf(told['sections']).map((section) => textOf(section)),
    metadata: fieldsIn(metadata, textOf(recordOf(recordOf(metadata)['x-form'])['section'])),
    spec: fieldsIn(spec),
  }
}

function fieldsIn(schema: unknown, section = ''): FormField[] {
  return Object.entries(recordOf(recordOf(schema)['properties']))
    .map(([name, field]) => fieldOf(name, field, section))
    .filter((field) => field.widget !== 'hidden')
}

function fieldOf(name: string, schema: unknown, section: string): FormField {
  const known = recordOf(schema)
  const about = recordOf(known['x-form'])
  const types = Array.isArray(known['type']) ? listOf(known['type']) : [known['type']]
  const items = recordOf(known['items'])
  return {
    name,
    title: textOf(known['title'], name),
    help: textOf(known['description']),
    section: textOf(about['section'], section),
    widget: textOf(about['widget']),
    of: textOf(about['of']),
    unit: textOf(about['unit']),
    more: about['more'] === true,
    type: typeOf(textOf(types[0]), isRecord(known['additionalProperties'])),
    nullable: types.includes('null'),
    choices: listOf(known['enum'] ?? items['enum']).map((choice) => textOf(choice)),
    example: textOf(listOf(known['examples'])[0]),
    missing: known['default'],
    fields: fieldsIn(known),
    item: isRecord(known['items']) ? fieldOf('', known['items'], section) : undefined,
  }
}

function typeOf(type: string, isMap: boolean): ValueType {
  if (type === 'object') return isMap ? 'map' : 'object'
  const types: Record<string, ValueType> = { integer: 'number', number: 'number', boolean: 'flag', array: 'list' }
  return types[type] ?? 'text'
}

/** The fields of a section, each with the part of the document that it is in. */
export function fieldsOf(schema: FormSchema, section: string): { part: 'metadata' | 'spec'; field: FormField }[] {
  const metadata = schema.metadata.map((field) => ({ part: 'metadata' as const, field }))
  const spec = schema.spec.map((field) => ({ part: 'spec' as const, field }))
  const isMore = section === schema.sections.at(-1)
  const name = metadata.filter(({ field }) => field.section === section && !field.more)
  const labels = metadata.filter(({ field }) => field.more && isMore)
  return [...name, ...spec.filter(({ field }) => field.section === section), ...labels]
}

/** How a value of a field is entered: its own widget, or the usual one of its type. */
export function widgetOf(field: FormField): string {
  if (field.widget !== '') return field.widget
  if (field.type === 'list')
    return field.item?.type === 'object' ? 'objects' : field.choices.length > 0 ? 'set' : 'names'
  if (field.type === 'map') return 'labels'
  if (field.type === 'object') return 'group'
  if (field.choices.length > 0) return 'choice'
  return field.type
}

/** Whether a form asks for a password or key, which the tab must not keep. */
export function asksForSecrets(fields: readonly FormField[]): boolean {
  return fields.some((field) => field.widget === 'password' || asksForSecrets(field.fields))
}

const AMOUNTS = ['', '0', '[]', '{}', 'null', 'false']

/** Whether a value says something, compared with a missing one. */
export function isSet(field: FormField, value: unknown): boolean {
  if (value === undefined || value === null) return false
  const text = JSON.stringify(value === '' ? null : value)
  return text !== JSON.stringify(field.missing ?? null) && !AMOUNTS.includes(text) && numberOf(value, 1) !== 0
}
