/**
 * `npm run bench`: how fast kura is beside Debian's docker-registry, in one run on this machine. Tables
 * go to the output, the figures of every turn to the file of `--json`.
 */
import { writeFile } from 'node:fs/promises'
import { delimiter } from 'node:path'
import { type Arguments, parseArguments, usage } from './arguments.ts'
import { type Line, playMatch } from './match.ts'
import { requirePrograms } from './programs.ts'
import { renderMatch } from './report/table.ts'
import { createStage } from './stage.ts'

const progress = (words: string) => void process.stderr.write(`${words}\n`)

/** Nothing that was started may outlive a run that is broken off. */
const signals = ['SIGINT', 'SIGTERM'] as const

async function measure(plan: Arguments): Promise<void> {
  const all: Line[] = []
  for (const setting of plan.settings) {
    const stage = createStage()
    const interrupted = () => void stage.clear().finally(() => process.exit(130))
    for (const signal of signals) process.once(signal, interrupted)
    const lines: Line[] = []
    try {
      for await (const line of playMatch(setting, plan, { stage, progress })) {
        lines.push(line)
        if (plan.json) await writeFile(plan.json, toJson({ plan, lines: [...all, ...lines] }))
      }
    } finally {
      for (const signal of signals) process.off(signal, interrupted)
      // Also when the match was broken off: what had been measured by then holds.
      process.stdout.write(`${renderMatch(lines, { setting, names: plan.peers })}\n`)
      await stage.clear()
    }
    all.push(...lines)
  }
}

const toJson = (report: object) => `${JSON.stringify(report, undefined, 2)}\n`

try {
  const plan = parseArguments(process.argv.slice(2))
  // Where Debian keeps what only root starts; not every user has these in the path.
  requirePrograms(plan, [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'])
  await measure(plan)
} catch (error) {
  const { message, stack } = error as Error
  const isAsked = message.startsWith('--') || message.startsWith('not installed')
  process.stderr.write(isAsked ? `${message}\n\n${usage}\n` : `${stack}\n`)
  process.exitCode = 1
}
