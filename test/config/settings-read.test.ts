/**
 * Every setting is read by the part that its row names, or kura says at the start that it does nothing.
 * A key counts as read where it stands in the code of that part, comments and text left out: whole
 * sections are handed on, so that watching who asks for them would see all of their keys asked for.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { schema } from '../../config/schema.ts'
import { settingsOf } from '../../config/shape.ts'
import { unsupported } from '../../config/support.ts'

const root = join(import.meta.dirname, '../..')

/** It is put in the place of `log.level` before anybody reads. */
const olderPlace = 'loglevel'

/** The first row that a key lies in says which files may be the ones that read it. */
const readers: [section: string, files: string][] = [
  ['version', 'config/schema.ts'],
  ['log', '{gateway/log/*,assembly/start,assembly/processes/gateway}.ts'],
  ['storage.s3', 'registry/storage/s3/**/*.ts'],
  ['storage.filesystem', '{assembly/storage,assembly/tokens/keys,registry/storage/open}.ts'],
  ['storage.maintenance', '{assembly/rules,assembly/processes/registry,registry/upkeep/purge}.ts'],
  ['storage', '{assembly/rules,assembly/storage,registry/storage/redirects}.ts'],
  ['auth.token', 'assembly/access/foreign-tokens.ts'],
  ['auth', 'assembly/{access/*,checks/checks}.ts'],
  ['middleware.storage', '{registry/storage/redirects,assembly/storage}.ts'],
  ['http.net', 'config/sections/http.ts'],
  ['http.tls', '{assembly/listeners/certificates,gateway/listen/tls-options}.ts'],
  ['http', 'assembly/{listeners/listen,rules,start,shared-secret,processes/gateway}.ts'],
  ['redis', 'assembly/redis.ts'],
  ['catalog', 'assembly/rules.ts'],
  ['tags', 'assembly/rules.ts'],
  ['validation', 'assembly/rules.ts'],
  ['policy', 'assembly/rules.ts'],
  ['proxy', 'assembly/{mirrors,run-mirror}.ts'],
  ['kura.mirrors', 'assembly/{mirrors,run-mirror}.ts'],
  ['kura.tokens', 'assembly/{access/*,tokens/keys}.ts'],
  ['kura', 'assembly/{start,access/open,listeners/listen,processes/*}.ts'],
]

const within = (key: string, section: string) => `${key}.`.startsWith(`${section}.`)

function codeOf(pattern: string): string {
  return globSync(pattern, { cwd: root })
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n')
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replace(/'[^'\n]*'/g, "''")
}

const code = new Map(readers.map(([section, files]) => [section, codeOf(files)]))

const leaves = [...settingsOf(schema)]
  .filter(({ path, shape }) => shape.kind === 'leaf' && path[0] !== olderPlace)
  .map(({ path }) => path.join('.'))
  .filter((key) => !Object.keys(unsupported).some((row) => within(key, row)))

it.each(leaves)('%s is read', (key) => {
  const [section = ''] = readers.find(([it]) => within(key, it)) ?? []
  // A key that a user chooses, and a place in a list, go by the name of the map or list around them.
  const name = key
    .split('.')
    .filter((step) => step !== '<name>' && step !== '0')
    .at(-1)
  expect(code.get(section) ?? '').toMatch(new RegExp(`\\b${name}\\b`))
})

it('and no more is said to do nothing than does', () => {
  const known = new Set([...settingsOf(schema)].map(({ path }) => path.join('.')))
  expect(Object.keys(unsupported).filter((key) => !known.has(key))).toEqual([])
  expect(leaves.length).toBeGreaterThan(80)
})
