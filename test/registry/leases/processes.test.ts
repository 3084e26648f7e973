/** Leases between real processes, some of which die while they hold one. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { openFileLeases } from '../../../registry/leases/files.ts'
import type { Leases } from '../../../registry/leases/lease.ts'

const holder = fileURLToPath(new URL('./holder.ts', import.meta.url))

let folder: string
let leases: Leases
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kura-leases-'))
  leases = await openFileLeases(join(folder, 'leases'), { longest: 1_000 })
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await leases.close()
  await rm(folder, { recursive: true })
})

function start(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  return child
}

function startHolder(...args: string[]): ChildProcess {
  return start(process.execPath, holder, join(folder, 'leases'), 'x', ...args)
}

const take = () => leases.hold('x', 'unavailable', async () => 'held')

async function line(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout ?? child, 'data')
  return String(chunk).trim()
}

it('let one process in at a time', async () => {
  const counter = join(folder, 'counter')
  await writeFile(counter, '0')
  const counting = [1, 2, 3].map(() => startHolder('count', counter, '20'))
  const ends = await Promise.all(counting.map((child) => once(child, 'exit')))
  expect(ends.map(([code]) => code)).toEqual([0, 0, 0])
  expect(await readFile(counter, 'utf8')).toBe('60')
  expect(await readdir(join(folder, 'leases'))).toEqual([])
})

it('are kept from others while a process holds them, and free when it lets go', async () => {
  const child = startHolder('hold')
  expect(await line(child)).toBe('held')
  await expect(take()).rejects.toMatchObject({ reason: 'unavailable' })
  child.stdin?.end()
  await once(child, 'exit')
  expect(await take()).toBe('held')
})

it('of a killed process are free at once', async () => {
  const child = startHolder('hold')
  expect(await line(child)).toBe('held')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const since = performance.now()
  expect(await take()).toBe('held')
  expect(performance.now() - since).toBeLessThan(500)
})

it('of a killed process are free even when nobody asks how it ended', async () => {
  // A command in the background loses its input unless it is given another name.
  const script = 'exec 3<&0; "$0" "$@" <&3 & echo "pid $!"; exec sleep 60'
  const parent = start(
    'sh',
    '-c',
    script,
    process.execPath,
    holder,
    `${folder}/leases`,
    'x',
    'hold',
  )
  let said = ''
  for await (const chunk of parent.stdout ?? []) {
    said += chunk
    if (/held/.test(said) && /pid \d+/.test(said)) break
  }
  const pid = Number(/pid (\d+)/.exec(said)?.[1])
  process.kill(pid, 'SIGKILL')
  // Whether the signal has done its work yet or not, patience bridges it.
  expect(await take()).toBe('held')
})
