/** Prints docs/configuration.md from the schema: a table for every section that says what it is. */
import type { z } from 'zod'
import { schema } from './schema.ts'
import { type Shape, shapeOf, variableOf } from './shape.ts'
import { unsupported } from './support.ts'

const introduction = `# Configuration

<!-- Printed from the schema by \`node docs/generate.ts\`; what is changed here is lost. -->

kura reads one YAML file: the argument of the command, or else the file that the variable
\`REGISTRY_CONFIGURATION_PATH\` names. Variables are put over it. Without a file kura listens on
\`127.0.0.1:5000\`, keeps everything in \`./data\` and lets clients delete; with TLS and one account,
unless variables say how clients get in or where the data lies.

- **Variables** take their value as YAML: \`[a, b]\` is a list, \`{a: b}\` a section. A \`0\` in a name is
  a place in a list; the place after the last adds to it. \`<name>\` is a key of your own choosing.
  The variable of a whole section replaces that section.
- **Durations** are written \`500ms\`, \`10s\`, \`1h30m\`. A bare number counts nanoseconds.
- **True and false** may also be written yes and no, or on and off.
- **Secrets** are marked so. Neither \`kura config\` nor any message shows them.
- **Keys that kura does not know** do nothing and are named when it starts. But it does not start with one that
  might be a misspelling of what keeps people out: all below \`auth\`, \`http.tls\`, \`kura.policies\`, \`kura.tokens\`
  and \`policy\`, and what has nearly one of these names, in a file or as a variable.
- \`kura config\` prints what is in force, with what would stop the start on top; then it ends with 1.
`

const head = ['Key', 'Variable', 'Type', 'Default', 'Meaning']

/** `about` opens a block with a heading; a row belongs to the block it names. */
type Line = { block: string; about?: string; row?: string[] }

export function renderConfiguration(): string {
  const blocks = Map.groupBy(
    linesOf(schema, { path: [], block: '', secret: false }),
    (line) => line.block,
  )
  const pages = [...blocks].map(([block, lines]) => {
    const level = block.includes('.') ? '###' : '##'
    const title = block === '' ? '## At the top' : `${level} ${block}`
    const about = lines.map((line) => line.about ?? '').join('')
    const rows = lines.flatMap(({ row }) => (row ? [row] : []))
    return [title, about, rows.length > 0 && table(rows)].filter(Boolean).join('\n\n')
  })
  return [introduction.trimEnd(), ...pages].join('\n\n').concat('\n')
}

/** The columns are lined up, so that the page can be read without being rendered. */
function table(rows: string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const rule = widths.map((width) => '-'.repeat(width))
  return [head, rule, ...rows]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)))
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

type Place = { path: string[]; block: string; secret: boolean }

function* linesOf(schema: z.ZodType, { path, block, secret }: Place): Generator<Line> {
  const shape = shapeOf(schema)
  const place = { path, block, secret: secret || shape.secret === true }
  switch (shape.kind) {
    case 'leaf':
      yield rowOf(shape, place)
      return
    case 'map':
      yield rowOf(
        { ...shapeOf(shape.item), ...described(shape) },
        { ...place, path: [...path, '<name>'] },
      )
      return
    case 'list':
      yield rowOf(shape, place)
      if (shapeOf(shape.item).kind === 'leaf') return
      yield* linesOf(shape.item, { ...place, path: [...path, '0'] })
      return
    case 'section':
      yield* sectionOf(shape, place)
  }
}

function* sectionOf(shape: Extract<Shape, { kind: 'section' }>, place: Place): Generator<Line> {
  const block = shape.description ? place.path.join('.') : place.block
  if (shape.description) yield { block, about: shape.description + state(block) }
  for (const [name, field] of Object.entries(shape.fields)) {
    yield* linesOf(field, { ...place, block, path: [...place.path, name] })
  }
}

function rowOf(shape: Shape, { path, block, secret }: Place): Line {
  const key = path.join('.')
  const hidden = secret || shape.secret ? ', secret' : ''
  const meaning = `${shape.description ?? ''}${state(key, block)}`
  const type = typeOf(shape) + hidden
  return { block, row: [`\`${key}\``, `\`${variableOf(path)}\``, type, fallbackOf(shape), meaning] }
}

const described = ({ description, fallback, optional }: Shape) => ({
  description,
  fallback,
  optional,
})

function typeOf(shape: Shape): string {
  if (shape.kind !== 'list') return shape.allowed ?? shape.kind
  return `list, each ${shapeOf(shape.item).allowed ?? 'a section'}`
}

function fallbackOf({ fallback, optional }: Shape): string {
  if (typeof fallback === 'string') return `\`${fallback}\``
  if (Array.isArray(fallback)) return '`[]`'
  return optional || fallback ? '' : 'required'
}

/** That `key` does nothing yet, unless the heading of its block says so already. */
function state(key: string, block = ''): string {
  const gap = Object.keys(unsupported).find((name) => `${key}.`.startsWith(`${name}.`))
  const row = gap && !`${block}.`.startsWith(`${gap}.`) ? unsupported[gap] : undefined
  return row ? ` _Not supported yet: ${row.effect}._` : ''
}
