/** The notices to a service manager; a few lines of perl stand where systemd would. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createServiceManager } from '../../supervisor/service-manager.ts'
import { useCleanup } from '../support/cleanup.ts'
import { describeWith } from '../support/programs.ts'
import { startServiceManager } from '../support/service-manager.ts'

const { PATH } = process.env
const now = () => Number(process.hrtime.bigint() / 1000n)

describeWith(['systemd-notify', 'perl'], 'a service manager', () => {
  const cleanup = useCleanup()
  const reasons: string[] = []
  const report = (reason: string) => reasons.push(reason)

  /** A folder with a command that takes its time for the first message. */
  async function slowAtFirst(): Promise<string> {
    const folder = await cleanup.folder()
    const text =
      '#!/bin/sh\nmkdir "$0.used" 2>/dev/null && sleep 0.2\nPATH=/usr/bin:/bin exec systemd-notify "$@"\n'
    await writeFile(join(folder, 'systemd-notify'), text, { mode: 0o755 })
    return folder
  }

  it('hears everything, in the order in which it was said', async () => {
    const { socket, told } = await startServiceManager(cleanup)
    const path = `${await slowAtFirst()}:${PATH}`
    const manager = createServiceManager({ PATH: path, NOTIFY_SOCKET: socket }, { report })
    const before = now()
    manager.reloading()
    manager.ready()
    manager.status('two of two')
    await manager.stopping()

    const [reloading = '', ...others] = await told(4)
    const [, microseconds] = /^RELOADING=1 MONOTONIC_USEC=(\d+)$/.exec(reloading) ?? []
    expect(Number(microseconds)).toBeGreaterThanOrEqual(before)
    expect(Number(microseconds)).toBeLessThanOrEqual(now())
    expect(others).toEqual(['READY=1', 'STATUS=two of two', 'STOPPING=1'])
    expect(reasons).toEqual([])
  })

  it('is not told more by a status of several lines', async () => {
    const { socket, told } = await startServiceManager(cleanup)
    const manager = createServiceManager({ PATH, NOTIFY_SOCKET: socket })
    await manager.status(' 2 of 2\nSTOPPING=1\r\u0000 \tand --pid=1 ')
    expect(await told(1)).toEqual(['STATUS=2 of 2 STOPPING=1 and --pid=1'])
  })

  it('is found without a PATH', async () => {
    const { socket, told } = await startServiceManager(cleanup)
    await createServiceManager({ NOTIFY_SOCKET: socket }).ready()
    expect(await told(1)).toEqual(['READY=1'])
  })

  it('that has gone is missed once, and holds up nothing', async () => {
    const socket = join(await cleanup.folder(), 'nobody')
    const manager = createServiceManager({ PATH, NOTIFY_SOCKET: socket }, { report })
    manager.ready()
    await manager.stopping()
    expect(reasons).toEqual([expect.stringMatching(/told how things are: systemd-notify: [^\n]+$/)])
  })
})

describe('nobody who wants to know', () => {
  it.each([{}, { NOTIFY_SOCKET: '' }])('is told nothing, with %j', async (env) => {
    const reasons: string[] = []
    // No command could be found, and none is looked for.
    const given = { PATH: '/nowhere', ...env }
    await createServiceManager(given, { report: (reason) => reasons.push(reason) }).ready()
    expect(reasons).toEqual([])
  })
})

it('without the command, what cannot be told is reported', async () => {
  const reasons: string[] = []
  const report = (reason: string) => reasons.push(reason)
  const env = { PATH: '/nowhere', NOTIFY_SOCKET: '/nowhere/notify' }
  await createServiceManager(env, { report }).ready()
  expect(reasons).toEqual([expect.stringContaining('systemd-notify is not installed')])
})
