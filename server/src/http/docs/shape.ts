/** A JSON Schema as far as our documents use it. */
type Schema = {
  description?: string
  type?: string
  const?: unknown
  enum?: unknown[]
  default?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  pattern?: string
  format?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  prefixItems?: unknown[]
  $ref?: string
}

const idPattern = '^[0-9A-HJKMNP-TV-Z]{26}$'

/** A schema in the words of TypeScript, for people: `{ path: string, size?: number }`. */
export function shapeOf(raw: unknown, indent = ''): string {
  const schema = (raw ?? {}) as Schema
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? 'any'
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(' | ')
  const either = schema.anyOf ?? schema.oneOf
  if (either) return either.map((each) => shapeOf(each, indent)).join(' | ')
  if (schema.allOf) return schema.allOf.map((each) => shapeOf(each, indent)).join(' & ')
  if (schema.prefixItems) return `[${schema.prefixItems.map((each) => shapeOf(each, indent)).join(', ')}]`
  if (schema.type === 'array') return `${bracketed(shapeOf(schema.items, indent))}[]`
  if (schema.type === 'object' || schema.properties) return objectShape(schema, indent)
  if (schema.pattern === idPattern) return 'id'
  return schema.type ?? 'any'
}

const bracketed = (shape: string) => (/ \| /.test(shape) && !shape.startsWith('{') ? `(${shape})` : shape)

function objectShape({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const inner = `${indent}  `
  const lines = Object.entries(properties).map(([name, schema]) => {
    const words = [schema.description, boundsOf(schema)].filter(Boolean).join(' ')
    const mark = required.includes(name) ? '' : '?'
    return `${inner}${name}${mark}: ${shapeOf(schema, inner)}${words && `  // ${words}`}`
  })
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0) {
    lines.push(`${inner}[name]: ${shapeOf(additionalProperties, inner)}`)
  }
  return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n${indent}}`
}

/** What a value may be beyond its type, in words; the empty string where there is nothing to say. */
export function boundsOf(raw: unknown): string {
  const schema = (raw ?? {}) as Schema
  // Zod writes the largest safe integer where there is no bound of ours.
  const most = schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER ? schema.maximum : undefined
  // That a count is not negative goes without saying.
  const least = schema.minimum !== undefined && schema.minimum > 0 ? schema.minimum : undefined
  return [
    ...(least !== undefined ? [`at least ${least}`] : []),
    ...(schema.exclusiveMinimum !== undefined ? [`above ${schema.exclusiveMinimum}`] : []),
    ...(most !== undefined ? [`at most ${most}`] : []),
    ...(schema.maxLength !== undefined ? [`at most ${schema.maxLength} characters`] : []),
    ...(schema.maxItems !== undefined ? [`at most ${schema.maxItems}`] : []),
    ...(schema.default !== undefined && !isEmpty(schema.default) ? [`default ${JSON.stringify(schema.default)}`] : []),
  ].join(', ')
}

const isEmpty = (value: unknown) => value === '' || (Array.isArray(value) && value.length === 0)

/** The least that fits a schema, for an example. */
export function exampleOf(raw: unknown, name = 'text'): unknown {
  const schema = (raw ?? {}) as Schema
  if (schema.default !== undefined) return schema.default
  if ('const' in schema) return schema.const
  if (schema.enum) return schema.enum[0]
  const [first] = schema.anyOf ?? schema.oneOf ?? []
  if (first) return exampleOf(first, name)
  if (schema.prefixItems) return schema.prefixItems.map((each) => exampleOf(each, name))
  if (schema.type === 'array') return [exampleOf(schema.items, name)]
  if (schema.type === 'number' || schema.type === 'integer') return Math.max(schema.minimum ?? 1, 1)
  if (schema.type === 'boolean') return true
  if (schema.pattern === idPattern) return '01JD0000000000000000000000'
  if (schema.type === 'object') {
    const { properties = {}, required = [] } = schema
    return Object.fromEntries(required.map((key) => [key, exampleOf(properties[key], key)]))
  }
  return name
}
