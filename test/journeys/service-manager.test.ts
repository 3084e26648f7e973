/** The notices to a service manager such as systemd while kura starts, reloads and stops. */
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { startServiceManager } from '../support/service-manager.ts'

describeWith(['systemd-notify', 'perl'], 'a service manager', () => {
  const cleanup = useCleanup()

  it('hears that kura is up, reloads, is up again and stops', async () => {
    const manager = await startServiceManager(cleanup)
    const kura = await startKura({ env: { NOTIFY_SOCKET: manager.socket } })
    cleanup.add(kura.stop)
    expect(await manager.told(1)).toEqual(['READY=1'])
    expect((await fetch(`${kura.url}/v2/`)).status).toBe(200)

    kura.kill('SIGHUP')
    const [, reloading, ready] = await manager.told(3)
    expect(reloading).toMatch(/^RELOADING=1 MONOTONIC_USEC=\d+$/)
    expect(ready).toBe('READY=1')

    await kura.stop()
    expect((await manager.told(4))[3]).toBe('STOPPING=1')
  })
})
