import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, it } from '@jest/globals'

const module = JSON.stringify(new URL('../../../gateway/log/output.ts', import.meta.url).href)

function run(program: string) {
  const source = `import { openOutput } from ${module}\n${program}`
  return spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** The numbers from 0 up, a line each. */
const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}\n`).join('')

it('loses nothing that was written just before the process exits', async () => {
  const child = run(`
    const output = openOutput(1)
    for (let n = 0; n < 20000; n++) output.write(n + '\\n')
    process.exit(3)`)
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  expect(printed).toBe(numbers(20_000))
  expect(code).toBe(3)
})

it('keeps the order over many turns, and lets the process end by itself', async () => {
  const child = run(`
    const output = openOutput(2)
    for (let n = 0; n < 20000; n++) {
      output.write(n + '\\n')
      if (n % 100 === 0) await new Promise(setImmediate)
    }`)
  const [printed, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  expect(printed).toBe(numbers(20_000))
  expect(code).toBe(0)
})

it('neither fails nor hangs when its reader has gone', async () => {
  const child = run(`
    const output = openOutput(1)
    const alive = setInterval(() => {}, 60_000)
    process.once('SIGUSR2', () => {
      output.write('nobody reads this\\n')
      clearInterval(alive)
    })
    process.once('beforeExit', () => {
      output.write('nor this\\n')
      process.once('exit', () => output.write('nor this\\n'))
    })
    console.error('ready')`)
  await once(child.stderr, 'data')
  child.stdout.destroy()
  child.kill('SIGUSR2')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
})
