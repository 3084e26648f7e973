/** `kura sync`: many images by pattern, interrupted, failing in part, and deletions where they are asked for. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeAll, expect, it } from '@jest/globals'
import { runSync } from '../../moving/sync.ts'
import { parseSyncFile } from '../../moving/sync-file.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startDistribution } from '../support/distribution.ts'
import { send } from '../support/http.ts'
import { type Image, imageFrom } from '../support/image.ts'
import { type Kura, runKura, startKura } from '../support/kura.ts'
import { inLength } from '../support/length.ts'
import { describeWith } from '../support/programs.ts'
import { pullImage, pushImage } from '../support/push.ts'
import { command, compiled } from '../support/release.ts'

const cleanup = useCleanup()
const count = inLength({ short: 24, long: 200 })
const images: Record<string, Image> = {}
for (let at = 1; at <= count; at++) images[`v1.${at}`] = imageFrom(Buffer.from(`layer ${at}`))

describeWith(['docker-registry', 'linux'], 'kura sync', () => {
  let from: { host: string; url: string }
  let kura: Kura
  let folder: string

  beforeAll(async () => {
    folder = await cleanup.folder()
    from = await startDistribution(cleanup, await cleanup.folder())
    kura = await startKura()
    cleanup.add(kura.stop)
    for (const [tag, image] of Object.entries(images)) {
      await pushImage({ url: from.url, repository: 'team/app' }, tag, image)
    }
    const [first = imageFrom()] = Object.values(images)
    for (const repository of ['team/web-a', 'team/web-b', 'other/web-c']) {
      await pushImage({ url: from.url, repository }, 'v1', first)
    }
  })

  async function write(...copies: object[]): Promise<string> {
    const file = join(folder, 'sync.yml')
    await writeFile(file, JSON.stringify({ copies }))
    return file
  }

  async function tagsOf(repository: string): Promise<string[]> {
    const { body } = await send('GET', `${kura.url}/v2/${repository}/tags/list?n=1000`)
    return (JSON.parse(body.toString()) as { tags?: string[] }).tags ?? []
  }

  async function synced(file: string) {
    const lines: string[] = []
    const failures = await runSync({
      copies: parseSyncFile(file, await readFile(file, 'utf8')),
      access: { from: { userAgent: 'kura/test' }, to: { userAgent: 'kura/test' } },
      plainHttp: { from: false, to: false },
      parallel: 4,
      bytesPerSecond: undefined,
      output: { write: () => {} },
      done: (line) => lines.push(line),
      call: {},
    })
    return { failures, said: lines.join('\n') }
  }

  /** SIGKILL once so many tags were copied. */
  async function killAfter(lines: number, file: string): Promise<void> {
    const env = { PATH: process.env.PATH, HOME: '/nonexistent', NODE_COMPILE_CACHE: compiled }
    const child = spawn(command, ['sync', file], { env, stdio: ['ignore', 'pipe', 'ignore'] })
    const ended = once(child, 'close')
    let seen = 0
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('copied') && ++seen === lines) child.kill('SIGKILL')
    }
    expect((await ended)[1]).toBe('SIGKILL')
  }

  it('that is killed three times is complete in the end', async () => {
    const file = await write({ from: `${from.host}/team/app`, to: `${kura.host}/all/app` })
    for (const lines of [2, 5, 9]) await killAfter(lines, file)
    const { code, stdout } = await runKura(['sync', file])
    expect([code, stdout.match(/^copied /gm)?.length]).toEqual([0, count])
    for (const [tag, { digest }] of Object.entries(images)) {
      expect(await pullImage({ url: kura.url, repository: 'all/app' }, tag)).toBe(digest)
    }
  })

  it('takes repositories by pattern and the newest tags, and goes on after a failure', async () => {
    const file = await write(
      { from: `${from.host}/team`, to: `${kura.host}/some`, repositories: ['none', 'web-*'] },
      {
        from: `${from.host}/team/app`,
        to: `${kura.host}/some/app`,
        tags: ['v1.?', 'v1.1*'],
        newest: 2,
      },
    )
    const { failures, said } = await synced(file)
    expect(failures).toBe(1)
    expect(said).toMatch(/^failed .*team\/none: .* has no repository team\/none$/m)
    expect([await tagsOf('some/web-a'), await tagsOf('some/web-b')]).toEqual([['v1'], ['v1']])
    expect([await tagsOf('some/web-c'), await tagsOf('some/app')]).toEqual([[], ['v1.18', 'v1.19']])
  })

  it('removes what the source has no more where it is asked to, and only what fits', async () => {
    const [first = imageFrom()] = Object.values(images)
    const place = { url: kura.url, repository: 'gone/web' }
    for (const tag of ['v2', 'latest']) await pushImage(place, tag, first)
    const copy = { from: `${from.host}/team/web-a`, to: `${kura.host}/gone/web`, tags: ['v*'] }
    expect((await synced(await write(copy))).failures).toBe(0)
    expect(await tagsOf('gone/web')).toEqual(['latest', 'v1', 'v2'])
    const { failures, said } = await synced(await write({ ...copy, delete: true }))
    expect([failures, said]).toEqual([0, expect.stringMatching(/^deleted .*gone\/web:v2$/m)])
    expect(await tagsOf('gone/web')).toEqual(['latest', 'v1'])
  })
})

it.each([
  ['copies: []', /copies: /],
  ['copies: [{ from: a, to: b, newest: 0 }]', /copies\.0\.newest: it is a whole number from 1 on/],
  ['copies: [{ from: a, to: b, delete: maybe }]', /copies\.0\.delete: it is true or false/],
  ['copies: [{ from: a, to: b, platforms: [amd64] }]', /platforms\.0: it is such as linux\/amd64/],
  ['copies: [{ from: a, to: b, tag: v1 }]', /tag/],
  ['copies: [', /is not valid YAML/],
])('%s is no file for it', (text, says) => {
  expect(() => parseSyncFile('sync.yml', text)).toThrow(says)
})
