/** Where the keys of tokens come from, and what is said where other machines cannot have them. */
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { warningsOf } from '../../../assembly/checks/checks.ts'
import { findKeySecret, findTokenFolder } from '../../../assembly/tokens/keys.ts'
import { load } from '../../config/written.ts'

const long = 'forty-two bats sleep under bridge'
const short = long.slice(0, 31)
const disk = '{filesystem: {rootdirectory: /data}}'
const bucket = '{s3: {bucket: a, region: b}}'
const folder = 'kura: {tokens: {folder: /keys}}'
const passwords = 'auth: {htpasswd: {realm: a, path: /b}}'

const rows: [storage: string, secret: string, rest: string, from: string][] = [
  [disk, '', '', '/data/kura'],
  // Keys that lie in a folder already go on signing.
  [disk, long, '', '/data/kura'],
  [disk, long, folder, '/keys'],
  [bucket, '', folder, '/keys'],
  [bucket, long, folder, '/keys'],
  [bucket, long, '', long],
  ['inmemory', long, '', long],
  [bucket, short, '', 'nowhere'],
  [bucket, '', '', 'nowhere'],
  ['inmemory', '', '', 'nowhere'],
]

it.each(rows)('with storage %s, the secret "%s" and %s: %s', async (...row) => {
  const [storage, secret, rest, from] = row
  const http = `http: {addr: ":5000"${secret && `, secret: ${secret}`}}`
  const text = ['version: 0.1', `storage: ${storage}`, http, passwords, rest].join('\n')
  const loaded = await load(text)
  const found = { folder: findTokenFolder(loaded.config), secret: findKeySecret(loaded.config) }
  expect(found).toEqual({
    folder: from.startsWith('/') ? from : undefined,
    secret: from === long ? long : undefined,
  })
  const said = warningsOf('serve', loaded).filter((warning) =>
    warning.startsWith('tokens are good'),
  )
  expect(said).toHaveLength(from === 'nowhere' ? 1 : 0)
})

it('a folder that is not whole is looked for where kura was started', async () => {
  const text = 'version: 0.1\nstorage: {filesystem: {rootdirectory: data}}\nhttp: {addr: ":5000"}\n'
  const { config } = await load(text)
  expect(findTokenFolder(config)).toBe(join(process.cwd(), 'data/kura'))
})

it('both ways out are named', async () => {
  const text = `version: 0.1\nstorage: inmemory\nhttp: {addr: ":5000"}\n${passwords}\n`
  const [said] = warningsOf('serve', await load(text))
  expect(said).toBe(
    'tokens are good on this machine only, and until kura stops: set http.secret to 32 random characters or more, or kura.tokens.folder to a folder, the same for all machines',
  )
})

it('without passwords there are no tokens to speak of', async () => {
  const loaded = await load('version: 0.1\nstorage: inmemory\nhttp: {addr: ":5000"}\n')
  expect(warningsOf('serve', loaded).filter((it) => it.startsWith('tokens are good'))).toEqual([])
})
