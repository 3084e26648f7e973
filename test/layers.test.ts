/** The allowed imports between layers, as in ARCHITECTURE.md. A new arrow is a line here and a reason in the commit. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'

const root = join(import.meta.dirname, '..')
const folders = [
  'files',
  'network',
  'documents',
  'registry',
  'upstream',
  'moving',
  'policies',
  'gateway',
  'mirror',
  'config',
  'assembly',
  'supervisor',
  'cli',
  'docs',
  'deploy',
  'bench',
  'test',
  'bin',
]

/** These are not part of the program. */
const beside = ['docs', 'deploy', 'bench', 'test']

const drivers = 'registry/storage/driver.ts'
const fence = 'registry/storage/fenced.ts'
const placing = 'registry/storage/placing.ts'
const leases = 'registry/leases/lease.ts'
const upstreams = ['upstream/error.ts', 'upstream/registry.ts']

/** The first row that a file lies in says what it may import, beside its own folder. */
const mayImport: [layer: string, allowed: string[]][] = [
  ['files', []],
  ['network', []],
  ['documents', []],
  ['registry/protocol', []],
  ['registry/pace', []],
  [
    'registry/storage',
    ['files', 'registry/pace', 'registry/protocol/range.ts', 'registry/protocol/errors.ts'],
  ],
  ['registry/redis', ['registry/protocol']],
  ['registry/leases', ['files', 'registry/protocol', 'registry/redis']],
  [
    'registry/content',
    ['registry/pace', 'registry/protocol', 'registry/redis', drivers, fence, leases],
  ],
  [
    'registry/uploads',
    ['registry/protocol', 'registry/content', 'registry/redis', drivers, fence, placing, leases],
  ],
  ['registry/http', ['registry/protocol', 'registry/content', 'registry/uploads', drivers]],
  [
    'registry/upkeep',
    ['registry/protocol', 'registry/content', 'registry/uploads', drivers, leases],
  ],
  ['registry/app.ts', ['registry']],
  ['upstream', ['files', 'network', 'registry/protocol', 'registry/pace']],
  ['moving', ['files', 'documents', 'registry/protocol', 'registry/pace', 'upstream']],
  ['policies', ['files', 'network', 'documents', 'registry/protocol']],
  ['mirror', ['files', 'policies/engine/pattern.ts', 'registry', ...upstreams]],
  ['gateway/pool/in-process.ts', ['gateway', 'registry/app.ts']],
  ['gateway', ['files', 'network', 'documents', 'policies', 'registry/protocol']],
  ['config', ['files', 'network', 'documents', 'registry/protocol']],
  ['docs', ['config', 'policies', 'registry/protocol']],
  ['supervisor', ['files', 'config/variables/environment.ts', 'gateway/log/output.ts']],
  [
    'assembly',
    [
      'files',
      'network',
      'registry',
      'policies',
      'gateway',
      'upstream',
      'mirror',
      'config',
      'supervisor',
    ],
  ],
  [
    'cli',
    [
      'files',
      'network',
      'registry',
      'policies',
      'gateway',
      'config',
      'assembly',
      'supervisor',
      'upstream',
      'moving',
    ],
  ],
  ['bin', ['cli']],
  ['deploy', ['config']],
  // It runs the same real parts as the tests do, and only its own tests know of it.
  ['bench', ['test/support']],
  ['test/bench', ['bench', 'test/support']],
  [
    'test',
    [
      'deploy/release.ts',
      'files',
      'network',
      'documents',
      'registry',
      'upstream',
      'moving',
      'policies',
      'gateway',
      'mirror',
      'config',
      'assembly',
      'supervisor',
      'cli',
      'docs',
    ],
  ],
]

/** Layers that know nothing of HTTP servers. */
const withoutKoa = ['protocol', 'pace', 'storage', 'content', 'uploads', 'leases'].map(
  (it) => `registry/${it}`,
)

const longest = 250

const files = globSync(`{${folders.join(',')}}/**/*.{ts,js,mjs}`, { cwd: root }).sort()

const within = (path: string, place: string) => path === place || path.startsWith(`${place}/`)
const rowOf = (file: string) => mayImport.find(([layer]) => within(file, layer))
const filesOf = (layer: string) => files.filter((file) => rowOf(file)?.[0] === layer)

/** The imports of a file: `import … from`, `export … from`, `import ''` and `import()`. */
function importsOf(text: string): string[] {
  const pattern =
    /^(?:import|export)\b[^'"]*?\bfrom\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'/gm
  return [...text.matchAll(pattern)].map(([, ...names]) => names.find(Boolean) ?? '')
}

/** The faults of a file, as sentences. */
function faultsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const [layer = '', allowed = []] = rowOf(file) ?? []
  const names = importsOf(text)
  const own = names.filter((name) => name.startsWith('.'))
  const places = [layer, ...allowed]
  const reaches = own.filter((name) => {
    const path = join(dirname(file), name)
    return !places.some((place) => within(path, place))
  })
  const vague = own.filter((name) => !/\.(?:ts|js|mjs|json)$/.test(name))
  const speaksHttp = !withoutKoa.some((place) => within(file, place))
  const lines = text.trimEnd().split('\n')
  const first = lines[0]?.startsWith('#!') ? lines[1] : lines[0]
  return [
    ...reaches.map((name) => `${layer} may not import ${name}`),
    ...vague.map((name) => `${name} names no file`),
    ...(names.includes('koa') && !speaksHttp ? [`${layer} may know nothing of koa`] : []),
    ...(lines.length > longest ? [`it has ${lines.length} lines, more than ${longest}`] : []),
    ...(/^\/[*/]/.test(first ?? '') || within(file, 'test') ? [] : ['it does not say what it is']),
  ]
}

/** Files that import each other, also by a detour and also types alone, in groups. */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const reaches = (from: string) => {
    const found = new Set<string>()
    const open = [...(imports.get(from) ?? [])]
    for (let it = open.pop(); it !== undefined; it = open.pop()) {
      if (found.has(it)) continue
      found.add(it)
      open.push(...(imports.get(it) ?? []))
    }
    return found
  }
  const reached = new Map([...imports.keys()].map((file) => [file, reaches(file)]))
  const isBoth = (one: string, other: string) =>
    reached.get(one)?.has(other) === true && reached.get(other)?.has(one) === true
  const inCircles = [...imports.keys()].filter((file) => isBoth(file, file))
  const groups = inCircles.map((file) => inCircles.filter((it) => isBoth(file, it)))
  return groups.filter(([first], at) => groups.findIndex(([it]) => it === first) === at)
}

const ownImportsOf = (file: string) =>
  importsOf(readFileSync(join(root, file), 'utf8'))
    .filter((name) => name.startsWith('.'))
    .map((name) => join(dirname(file), name))

describe('the layers', () => {
  it('hold every file there is', () => {
    expect(files.length).toBeGreaterThan(100)
    expect(files.filter((file) => !rowOf(file))).toEqual([])
  })

  it('all hold something', () => {
    const empty = mayImport.filter(([layer]) => filesOf(layer).length === 0)
    expect(empty).toEqual([])
  })

  // One case a layer: a failure names each file of it, and what is wrong with that one.
  it.each(mayImport.map(([layer]) => layer))('%s keeps to its row', (layer) => {
    const faults = filesOf(layer).flatMap((file) =>
      faultsOf(file).map((fault) => `${file}: ${fault}`),
    )
    expect(faults).toEqual([])
  })
})

it('the image is built with every folder of the program', () => {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  const missing = folders.filter((it) => !beside.includes(it) && !lines.includes(`!${it}`))
  expect(missing).toEqual([])
})

it('no files import each other in a circle, not even types', () => {
  expect(circlesOf(new Map(files.map((file) => [file, ownImportsOf(file)])))).toEqual([])
})

it('a circle is found however long it is, and nothing beside it', () => {
  const imports = { a: ['b'], b: ['c', 'x'], c: ['a'], d: ['a', 'e'], e: ['d'], x: ['y'], y: [] }
  expect(circlesOf(new Map(Object.entries(imports)))).toEqual([
    ['a', 'b', 'c'],
    ['d', 'e'],
  ])
})

it('an import is found in whatever way it is written', () => {
  const text = [
    "import a from './a.ts'",
    "import {\n  d,\n} from './d.ts'",
    "import type { E } from './e.ts'",
    "export { f } from './f.ts'",
    "import './g.ts'",
    "const h = await import('./h.ts')",
    "export const text = 'no import'",
  ].join('\n')
  expect(importsOf(text)).toEqual(['./a.ts', './d.ts', './e.ts', './f.ts', './g.ts', './h.ts'])
})
