/** The bench as a whole, on a load that is over at once: every figure it promises is there. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from '@jest/globals'
import type { Line } from '../../bench/match.ts'
import { useCleanup } from '../support/cleanup.ts'
import { describeWith } from '../support/programs.ts'
import { compiled } from '../support/release.ts'
import { run } from '../support/run.ts'

const env = { ...process.env, NODE_COMPILE_CACHE: compiled }
const program = fileURLToPath(new URL('../../bench/run.ts', import.meta.url))

describeWith(['docker-registry', 'linux'], 'the bench', () => {
  const cleanup = useCleanup()

  /** Answers the table and the lines of the report. */
  async function bench(...args: string[]) {
    const file = join(await cleanup.folder(), 'report.json')
    const small = ['--rounds', '2', '--seconds', '0.01', '--connections', '1', '--json', file]
    const table = await run(process.execPath, [program, ...small, ...args], { env })
    const { lines } = JSON.parse(await readFile(file, 'utf8')) as { lines: Line[] }
    return { table, lines }
  }

  it('pushes and pulls with each peer, in as many turns as there are rounds', async () => {
    const { table, lines } = await bench(
      ...['--setting', 'filesystem', '--peer', 'kura,docker-registry'],
      ...['--scenario', 'image,push,pull'],
    )
    expect(lines.map(({ scenario }) => scenario)).toEqual(['image', 'push', 'pull'])
    for (const { turns } of lines) {
      expect(Object.keys(turns)).toEqual(['kura', 'docker-registry'])
      const all = Object.values(turns).flat()
      expect(all).toHaveLength(4)
      expect(all.every((turn) => turn.operations > 0 && turn.perSecond > 0)).toBe(true)
    }
    expect(table).toContain('| small image pushed and pulled, 1 at once, images/s |')
    expect(table).toContain('| 64 MiB layer pulled, 1 at once, s a GB |')
  })
})

describeWith(['docker-registry', 'linux', 'nginx'], 'the bench with TLS', () => {
  it('puts nginx before docker-registry', async () => {
    const args = ['--setting', 'tls', '--peer', 'kura,docker-registry', '--scenario', 'image']
    const few = ['--connections', '1', '--rounds', '1', '--seconds', '0.01']
    const table = await run(process.execPath, [program, ...args, ...few], { env })
    expect(table).toContain('|  | kura | docker-registry behind nginx | kura, times |')
  })
})
