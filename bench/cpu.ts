/** How much processor time programs have used, as /proc tells it. */
import { readFile } from 'node:fs/promises'

/** The unit of /proc, which is the same on every Linux that runs today. */
const ticksPerSecond = 100

/** In seconds, for all of `pids` together; one that is gone has used none. */
export async function cpuSeconds(pids: number[]): Promise<number> {
  const each = await Promise.all(pids.map(ticksOf))
  return each.reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond
}

async function ticksOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  // The command's name stands in brackets and may hold anything; fields count from behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [fields[11], fields[12]]
  return user === undefined ? 0 : Number(user) + Number(system)
}
