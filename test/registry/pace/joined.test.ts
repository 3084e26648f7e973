/** Work that several callers want at once. */
import { expect, it } from '@jest/globals'
import { createJoined } from '../../../registry/pace/joined.ts'

it('is done once for all who ask meanwhile, and again for who asks later', async () => {
  const joined = createJoined<number>()
  let done = 0
  const make = async () => ++done
  expect(await Promise.all([joined('a', make), joined('a', make), joined('b', make)])).toEqual([
    1, 1, 2,
  ])
  expect(await joined('a', make)).toBe(3)
})

it('goes on for the others when one leaves, and a failure is that of all', async () => {
  const joined = createJoined<number>()
  const { promise, resolve } = Promise.withResolvers<number>()
  const leave = new AbortController()
  const leaving = joined('a', () => promise, leave.signal)
  const staying = joined('a', () => promise)
  leave.abort(new Error('left'))
  await expect(leaving).rejects.toThrow('left')
  resolve(1)
  expect(await staying).toBe(1)
  const fail = () => Promise.reject(new Error('failed'))
  const both = await Promise.allSettled([joined('b', fail), joined('b', fail)])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await joined('b', async () => 2)).toBe(2)
})
