import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { compareSync } from 'bcryptjs'
import { addUser, setPassword } from '../../../assembly/accounts/accounts.ts'
import { parseHtpasswd } from '../../../gateway/access/passwords/htpasswd-lines.ts'
import { useCleanup } from '../../support/cleanup.ts'

const cleanup = useCleanup()
const cost = 4

it.each([
  ['a'.repeat(72), undefined],
  ['a'.repeat(73), 73],
  ['ä'.repeat(37), 74],
])('the password %s is taken, and said to be cut short if it is', async (password, bytes) => {
  const file = join(await cleanup.folder(), 'htpasswd')
  await writeFile(file, 'bob:plain\n')
  const said: string[] = []
  const change = { file, password, cost, write: (text: string) => void said.push(text) }
  await addUser({ ...change, name: 'ann' })
  await setPassword({ ...change, name: 'bob' })
  for (const text of said) {
    const note = `this password has ${bytes} bytes, of which bcrypt reads the first 72`
    expect(text.includes(note)).toBe(bytes !== undefined)
  }
  const { users } = parseHtpasswd(await readFile(file, 'utf8'))
  expect(compareSync(password, users.get('ann') ?? '')).toBe(true)
})
