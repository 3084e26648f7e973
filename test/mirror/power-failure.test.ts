/** A machine that fails in the middle of a download. */
import { readdir } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { mirrors } from '../cluster/contract/mirrors.ts'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { digestOf } from '../support/image.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { begin, holdHalf, pushRandom, urlOf } from './support/blobs.ts'
import { startUpstream } from './support/upstream.ts'

describeWith(['docker-registry'], 'a machine whose power fails in the middle of a download', () => {
  const cleanup = useCleanup()

  it('sweeps what was left at the next start', async () => {
    const upstream = await startUpstream(cleanup)
    const root = await cleanup.folder()
    const env = { ...mirrors(upstream), REGISTRY_KURA_PROCESSES: '2' }
    const { digest } = await pushRandom(upstream)
    const held = holdHalf(upstream)
    const kura = await startKura({ root, env })
    await begin(urlOf(kura, digest)).then(({ answer }) => answer.on('error', () => {}))
    await held.half
    await kura.destroy()
    held.go()
    upstream.heal()
    const uploads = `${root}/docker/registry/v2/repositories/up/app/_uploads`
    expect(await readdir(uploads)).toHaveLength(1)
    const next = await startKura({ root, env })
    cleanup.add(next.destroy)
    await next.said(/removed a download that was cut off/)
    expect(await readdir(uploads)).toEqual([])
    expect(digestOf((await send('GET', urlOf(next, digest))).body)).toBe(digest)
  })
})
