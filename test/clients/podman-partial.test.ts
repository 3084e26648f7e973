/** podman pulls what has changed in an image, and takes the rest from what it has: zstd:chunked. */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { type Cleanup, useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { close, listening } from '../support/http-server.ts'
import { describeWith } from '../support/programs.ts'
import { startTopology } from '../support/topologies.ts'

const plain = '--tls-verify=false'
const files = Array.from({ length: 60 }, (_, index) => `f${index}`)
const fileSize = 20_000

/** Stands before a registry, and remembers what was answered where parts were asked for. */
async function startCounter(cleanup: Cleanup, url: string) {
  const answers: IncomingMessage[] = []
  const server = createServer((req, res) => {
    const { method, headers } = req
    const asked = request(url + req.url, { method, headers }, (answer) => {
      if (headers.range) answers.push(answer)
      res.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(res)
    })
    asked.once('error', () => res.destroy())
    req.pipe(asked)
  })
  await listening(server, { port: 0, host: '127.0.0.1' })
  cleanup.add(() => close(server))
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, answers }
}

describeWith(['podman', 'root', 'linux'], 'podman with partial images', () => {
  const cleanup = useCleanup()

  it.each(['whole', 'cluster'] as const)(
    'fetches the files that are new, and no more: %s',
    async (kind) => {
      const kura = await startTopology(kind, cleanup)
      const { host, answers } = await startCounter(cleanup, kura.url)
      const { folder, podman } = await openContainers(cleanup, { partial: true })
      const content = join(folder, 'content')
      const recipe = join(folder, 'Containerfile')
      await mkdir(content)
      await writeFile(recipe, 'FROM scratch\nCOPY content /content\n')
      const push = async (tag: string, changed: string[]) => {
        const image = `${host}/team/app:${tag}`
        for (const name of changed) await writeFile(join(content, name), randomBytes(fileSize))
        await podman('build', '--quiet', '--file', recipe, '--tag', image, folder)
        await podman('push', plain, '--compression-format=zstd:chunked', image)
        return { image, id: (await podman('image', 'inspect', '--format={{.Id}}', image)).trim() }
      }
      const first = await push('v1', files)
      // The first two are stored next to each other.
      const second = await push('v2', ['f10', 'f11', 'f40'])
      await podman('image', 'rm', '--all', '--force')

      await podman('pull', plain, first.image)
      const before = answers.length
      expect((await podman('pull', plain, '--quiet', second.image)).trim()).toBe(second.id)
      const fetched = answers.slice(before)
      expect(fetched.map(({ statusCode }) => statusCode)).toEqual([206, 206])
      expect(fetched[1]?.headers['content-type']).toMatch(/^multipart\/byteranges/)
      expect(Number(fetched[1]?.headers['content-length'])).toBeLessThan(4 * fileSize)
      await podman('image', 'rm', '--all', '--force')
    },
  )
})
