/**
 * A name for this process that no other has, now or later: the world its number counts in, the
 * number, and when it began, since numbers come round again.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

const world = createHash('sha256').update(describeWorld()).digest('hex').slice(0, 16)

export function processName(): string {
  return `${world}-${process.pid}-${startOf(process.pid)}`
}

/** Undefined when the process lives in another world, where only its heartbeat can tell. */
export function isAlive(name: string): boolean | undefined {
  const [where, pid, start] = name.split('-')
  if (where !== world) return undefined
  return startOf(Number(pid)) === start
}

/** Numbers of processes mean something within one boot of one machine and one process namespace. */
function describeWorld(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    return boot + readlinkSync('/proc/self/ns/pid')
  } catch {
    return hostname()
  }
}

/** A process that has ended stays listed, as Z or X, until its parent asks for it; some never do. */
const ended = new Set(['Z', 'X'])

/** When a process began, in ticks since boot; without /proc merely whether it runs. */
function startOf(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command's name stands in brackets and may hold anything; fields count from behind it.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
    return ended.has(fields[0] ?? '') ? 'gone' : (fields[19] ?? 'gone')
  } catch {
    return process.platform === 'linux' ? 'gone' : runs(pid)
  }
}

function runs(pid: number): string {
  try {
    process.kill(pid, 0)
    return 'runs'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'runs' : 'gone'
  }
}
