/** cosign signs an image with a key of its own, as a bundle that refers to it, and verifies that. */
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { imageOf } from '../support/image.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'
import { pushImage } from '../support/push.ts'
import { run } from '../support/run.ts'

const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const image = imageOf({ hello: 'hello from the test' })
const other = imageOf({ hello: 'nobody signed this' })

describeWith(['cosign'], 'cosign', () => {
  const cleanup = useCleanup()
  let kura: Kura
  let folder: string

  beforeAll(async () => {
    kura = await startKuraHere(cleanup)
    folder = await cleanup.folder()
    await pushImage({ url: kura.url, repository: 'team/app' }, 'signed', image)
    await pushImage({ url: kura.url, repository: 'team/app' }, 'other', other)
    await cosign('generate-key-pair')
  }, 120_000)

  function cosign(...args: string[]): Promise<string> {
    const env = { PATH: process.env.PATH, HOME: folder, COSIGN_PASSWORD: 'a word' }
    return run('cosign', args, { cwd: folder, env })
  }

  const named = ({ digest }: { digest: string }) => `${kura.host}/team/app@${digest}`
  const verify = (name: string) =>
    cosign('verify', '--key=cosign.pub', '--insecure-ignore-tlog', '--allow-http-registry', name)

  it('signs an image and verifies it, and no other', async () => {
    // Nothing is there that keeps a public log of signatures.
    const offline = ['--use-signing-config=false', '--tlog-upload=false', '--allow-http-registry']
    await cosign('sign', '--yes', '--key=cosign.key', ...offline, named(image))
    expect(JSON.parse(await verify(named(image)))).toHaveLength(1)
    await expect(verify(named(other))).rejects.toThrow(/no signatures found/)

    const answer = await send('GET', `${kura.url}/v2/team/app/referrers/${image.digest}`)
    expect(JSON.parse(answer.body.toString()).manifests).toMatchObject([{ artifactType: bundle }])
  })

  it('attests to an image, beside its signature', async () => {
    const predicate = join(folder, 'predicate.json')
    await run('sh', ['-c', `echo '{"built": "by the test"}' >${predicate}`])
    const what = ['--predicate', predicate, '--type', 'https://example.com/built']
    const offline = ['--use-signing-config=false', '--tlog-upload=false', '--allow-http-registry']
    await cosign('attest', '--yes', '--key=cosign.key', ...what, ...offline, named(image))

    const answer = await send('GET', `${kura.url}/v2/team/app/referrers/${image.digest}`)
    expect(JSON.parse(answer.body.toString()).manifests).toHaveLength(2)
    const checks = ['--key=cosign.pub', '--insecure-ignore-tlog', '--allow-http-registry']
    await cosign('verify-attestation', ...checks, '--type=https://example.com/built', named(image))
  })
})
