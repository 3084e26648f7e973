/** `.ci/run` decides whether a change lands. A stand-in for npm says how each run ends. */
import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { useCleanup } from './support/cleanup.ts'

const cleanup = useCleanup()

type Run = {
  /** The last lines of the run. */
  says: string
  status: number
  /** The files that failed in it. */
  failed?: string[]
}

const green = { says: '9 passed, 0 failed', status: 0 }
const oneFails = { says: '8 passed, 1 failed', status: 1, failed: ['/a/b.test.ts'] }

/** Runs `.ci/run` where the first and the second `npm test` and `npm run check` end as told. */
async function ci(runs: Run[], check = 0) {
  const folder = await cleanup.folder()
  await mkdir(join(folder, '.ci'))
  await mkdir(join(folder, 'programs'))
  await cp('.ci/run', join(folder, '.ci/run'))
  await Promise.all(
    runs.map(async ({ says, status, failed = [] }, index) => {
      await writeFile(join(folder, `run-${index + 1}`), `${says}\n`)
      await writeFile(join(folder, `failed-${index + 1}`), failed.map((it) => `${it}\n`).join(''))
      await writeFile(join(folder, `status-${index + 1}`), String(status))
    }),
  )
  const npm = `#!/bin/sh
cd ${folder}
echo "$*" >>asked
[ "$1" = test ] || exit ${check}
run=$(grep -c ^test asked)
cat run-$run
cat failed-$run >"$KURA_TEST_FAILED"
exit $(cat status-$run)
`
  await writeFile(join(folder, 'programs/npm'), npm)
  await chmod(join(folder, 'programs/npm'), 0o755)
  const env = { ...process.env, PATH: `${join(folder, 'programs')}:${process.env.PATH}` }
  const { promise, resolve } = Promise.withResolvers<{ code: number; out: string }>()
  const child = execFile('bash', [join(folder, '.ci/run')], { env }, (_error, out) =>
    resolve({ code: child.exitCode ?? -1, out }),
  )
  const { code, out } = await promise
  const asked = (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n')
  return { code, last: out.trim().split('\n').at(-1), asked }
}

describe('what decides whether a change lands', () => {
  test('a run without failures lands, and its tally comes last', async () => {
    expect(await ci([green])).toEqual({
      code: 0,
      last: '9 passed, 0 failed',
      asked: ['test --', 'run check'],
    })
  })

  test('a failed file that holds alone lands, and nothing of it is counted as failed', async () => {
    const { code, last, asked } = await ci([oneFails, { says: '4 passed, 0 failed', status: 0 }])
    expect({ code, last }).toEqual({ code: 0, last: '9 passed, 0 failed' })
    expect(asked[1]).toBe('test -- --maxWorkers=1 --runTestsByPath /a/b.test.ts')
  })

  test.each<[string, Run[], number, string]>([
    [
      'fails twice',
      [oneFails, { ...oneFails, says: '3 passed, 1 failed' }],
      0,
      '8 passed, 1 failed',
    ],
    ['fails in more than ten files', [manyFail()], 0, '0 passed, 11 failed'],
    ['ends without a tally', [{ says: 'out of memory', status: 137 }], 0, '0 passed, 1 failed'],
    ['ends well without a tally', [{ says: '', status: 0 }], 0, '0 passed, 1 failed'],
    ['holds alone without a tally', [oneFails, { says: '', status: 0 }], 0, '8 passed, 1 failed'],
    ['passes and has a failed check', [green], 1, '9 passed, 0 failed'],
  ])('a run that %s does not land', async (_how, runs, check, tally) => {
    const { code, last } = await ci(runs, check)
    expect(code).not.toBe(0)
    expect(last).toBe(tally)
  })
})

function manyFail(): Run {
  const failed = Array.from({ length: 11 }, (_, index) => `/a/${index}.test.ts`)
  return { says: '0 passed, 11 failed', status: 1, failed }
}
