/** Events whose requests come to several processes of a machine, as if they had come to one. */
import { expect, it } from '@jest/globals'
import { answerEvents, openSharedEvents } from '../../../assembly/processes/shared-events.ts'

const [image, index] = ['manifest', 'index'].map(
  (kind) => `application/vnd.oci.image.${kind}.v1+json`,
) as [string, string]
const read = { reader: 'ann a', isHead: false, digest: 'sha256:d', mediaType: image }

function openProcesses() {
  const supervisor = answerEvents()
  let asked = 0
  const ask = (question: unknown) => {
    asked += 1
    return supervisor(question)
  }
  return { one: openSharedEvents(ask), other: openSharedEvents(ask), asked: () => asked }
}

it('a pull is told by the tag that another process was asked for', async () => {
  const { one, other } = openProcesses()
  expect(await one.pull({ ...read, isHead: true, reference: 'v1' })).toBeUndefined()
  expect(await other.pull({ ...read, reference: 'sha256:d' })).toBe('v1')
  expect(await other.pull({ ...read, reader: 'bob a', reference: 'sha256:d' })).toBe('sha256:d')
})

it('an image is a part of the pull of an index that another process was asked for', async () => {
  const { one, other } = openProcesses()
  const told = await one.pull({ ...read, mediaType: index, reference: 'all' })
  expect(told).toBe('all')
  expect(await other.pull({ ...read, digest: 'sha256:e', reference: 'sha256:e' })).toBeUndefined()
})

it('the supervisor is not asked the same again and again', async () => {
  const { one, asked } = openProcesses()
  for (let n = 0; n < 10; n += 1) await one.pull({ ...read, isHead: true, reference: 'v1' })
  expect(asked()).toBe(1)
})

it('a pull is told as it was asked for where the supervisor does not answer', async () => {
  const events = openSharedEvents(() => Promise.reject(new Error('it does not answer')))
  expect(await events.pull({ ...read, reference: 'sha256:d' })).toBe('sha256:d')
  expect(await events.pull({ ...read, isHead: true, reference: 'v1' })).toBeUndefined()
})
