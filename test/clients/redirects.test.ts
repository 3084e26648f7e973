/** podman and skopeo are sent elsewhere for the bytes: to a bucket, or to another server of the files. */
import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { makeBucket } from '../registry/storage/s3/started.ts'
import { startCeph } from '../support/ceph.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Containers, openContainers } from '../support/containers.ts'
import { startForwarder } from '../support/forwarder.ts'
import { close, listening } from '../support/http-server.ts'
import { digestOf, imageOf } from '../support/image.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { startKuraOnS3 } from '../support/kura-on-s3.ts'
import { describeWith } from '../support/programs.ts'
import { pushImage } from '../support/push.ts'

const plain = '--tls-verify=false'
const image = imageOf({ hello: 'hello from the test', more: 'a second layer' })
const blobs = [image.config, ...image.layers].map((it) => digestOf(it))

const push = (kura: Kura) => pushImage({ url: kura.url, repository: 'team/app' }, 'v1', image)

async function copyAndCheck({ skopeo, folder }: Containers, kura: Kura): Promise<void> {
  const copy = `oci:${join(folder, `copy-${kura.port}`)}:latest`
  const from = `docker://${kura.host}/team/app:v1`
  await skopeo('copy', '--src-tls-verify=false', from, copy)
  expect(JSON.parse(await skopeo('inspect', copy)).Digest).toBe(image.digest)
}

describeWith(['radosgw', 'setpriv', 'podman', 'skopeo', 'root'], 'a bucket', () => {
  const cleanup = useCleanup()
  let kura: Kura
  let containers: Containers
  let known: Awaited<ReturnType<typeof startForwarder>>

  beforeAll(async () => {
    containers = await openContainers(cleanup)
    const ceph = await startCeph(cleanup)
    await makeBucket(ceph.endpoint)
    known = await startForwarder(cleanup, ceph)
    kura = await startKuraOnS3(cleanup, ceph.endpoint, {
      s3: { redirectendpoint: `http://localhost:${known.port}` },
      redirect: { minsize: 0 },
    })
    await push(kura)
  })

  it('gives skopeo what kura sent it there for', async () => {
    const before = known.connections()
    await copyAndCheck(containers, kura)
    expect(known.connections()).toBeGreaterThan(before)
  })

  it('gives podman what kura sent it there for', async () => {
    const before = known.connections()
    const { podman } = containers
    const id = await podman('pull', plain, '--quiet', `${kura.host}/team/app:v1`)
    expect(`sha256:${id.trim()}`).toBe(digestOf(image.config))
    expect(known.connections()).toBeGreaterThan(before)
  })
})

describeWith(['skopeo'], 'another server of the files', () => {
  const cleanup = useCleanup()

  it.each([
    ['one process', []],
    ['workers', ['--workers', '1']],
  ])('gives skopeo what kura with %s sent it there for', async (_, args) => {
    const [containers, root] = [await openContainers(cleanup), await cleanup.folder()]
    const asked: string[] = []
    const server = createServer((req, res) => {
      asked.push(`${req.method} ${req.url}`)
      expect(req.headers).not.toHaveProperty('authorization')
      createReadStream(join(root, (req.url ?? '').replace('/files/', '/'))).pipe(res)
    })
    await listening(server, { port: 0, host: '127.0.0.1' })
    cleanup.add(() => close(server))
    const { port } = server.address() as AddressInfo

    const options = { baseurl: `http://127.0.0.1:${port}/files` }
    const middleware = { storage: [{ name: 'redirect', options }] }
    const kura = await startKura({
      root,
      config: JSON.stringify({ version: '0.1', middleware, storage: { redirect: { minsize: 0 } } }),
      args: ['serve', ...args, 'config.yml'],
    })
    cleanup.add(kura.stop)
    await push(kura)
    await copyAndCheck(containers, kura)

    const start = '/files/docker/registry/v2/blobs/sha256'
    const paths = blobs.map((it) => it.slice(7)).map((hex) => `${hex.slice(0, 2)}/${hex}/data`)
    expect(asked.sort()).toEqual(paths.map((it) => `GET ${start}/${it}`).sort())
  })
})
