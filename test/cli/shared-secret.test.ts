/** Which secret signs what clients are shown. */
import { expect, it } from '@jest/globals'
import { findUploadSecret } from '../../cli/shared-secret.ts'

const [long, other, short] = ['l'.repeat(32), 'o'.repeat(43), 's'.repeat(31)]
const find = (secret: string | undefined, given: string) =>
  findUploadSecret({ http: { secret } } as never, given)

it('is that of the configuration where nobody could guess it', () => {
  expect(find(long, other)).toBe(long)
})

it.each([undefined, '', short])('is that of the processes of a machine else: %s', (secret) => {
  expect(find(secret, other)).toBe(other)
})

it('is one that nobody knows where both could be guessed', () => {
  const found = find(short, short)
  expect(found).toHaveLength(43)
  expect(find(short, short)).not.toBe(found)
})
