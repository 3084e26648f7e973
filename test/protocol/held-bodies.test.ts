/** Manifests that one client sends and never ends leave memory, and room, for those of others. */
import { expect, it } from '@jest/globals'
import { packImage, pushBlob, putManifest } from './support/content.ts'
import { as, loginOf, withHeaders } from './support/people.ts'
import { openRequest } from './support/raw.ts'
import { until, useRegistry } from './support/suite.ts'

const megabyte = 1024 * 1024
/** Of each worker: a client alone may hold half of it, which is more than one manifest. */
const rules = { bodyBytes: 6 * megabyte }
const client = useRegistry({ login: loginOf('ann', 'bob'), rules })
const ann = withHeaders(client, as('ann'))
const bob = withHeaders(client, as('bob'))
/** With two workers that count for themselves, more than both of them give to one client. */
const held = 12

it('one client holds so much and is refused beyond it; others push, and so does it later', async () => {
  const image = packImage(['layer'])
  for (const blob of ['{}', 'layer']) await pushBlob(bob, 'held', blob)
  const open = async () => {
    const headers = {
      ...as('ann'),
      'Content-Type': image.mediaType,
      'Content-Length': megabyte,
    }
    const request = await openRequest(client.registry().port, 'PUT /v2/held/manifests/v1', headers)
    request.write(Buffer.alloc(0.9 * megabyte, ' ')).catch(() => {})
    return request
  }
  const requests = await Promise.all(Array.from({ length: held }, open))
  const answers = requests.map((request) => request.answer())
  for (const answer of answers) answer.catch(() => {})
  expect(await Promise.any(answers)).toMatch(
    /^HTTP\/1\.1 429 .*\r\nRetry-After: 1\r\n.*"code":"TOOMANYREQUESTS"/s,
  )

  expect((await putManifest(bob, 'held/manifests/v2', image)).status).toBe(201)
  for (const request of requests) request.leave()
  await until(async () => (await putManifest(ann, 'held/manifests/v3', image)).status === 201)
})
