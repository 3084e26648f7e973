/** The examples for HAProxy: it accepts them, and clients work through it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { useCleanup } from '../support/cleanup.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { adjust, believing, prepareFront, startGateways } from './proxy/gateways.ts'
import { servesThrough } from './proxy/serves-through.ts'

const examples = join(import.meta.dirname, '../../deploy/haproxy')
const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

/** And whether TLS ends at the proxy. */
const rows: [name: string, endsTls: boolean][] = [
  ['tls.cfg', true],
  ['tcp.cfg', false],
]

for (const [name, endsTls] of rows) {
  describeWith(['haproxy', 'skopeo'], `HAProxy with ${name}`, () => {
    const cleanup = useCleanup()
    servesThrough(cleanup, async () => {
      const front = await prepareFront(cleanup)
      const { certificate, key, folder } = front
      const tls = { REGISTRY_HTTP_TLS_CERTIFICATE: certificate, REGISTRY_HTTP_TLS_KEY: key }
      const gateways = await startGateways(cleanup, endsTls ? believing : tls)
      const file = join(folder, name)
      const text = adjust(await readFile(join(examples, name), 'utf8'), [
        ['bind :443', `bind 127.0.0.1:${front.https}`],
        ['/run/haproxy-admin.sock', join(folder, 'admin.sock')],
        ['10.0.0.11:5000', gateways[0].host],
        ['10.0.0.12:5000', gateways[1].host],
        ...(endsTls
          ? ([
              ['bind :80', `bind 127.0.0.1:${front.http}`],
              ['/etc/haproxy/registry.pem', front.both],
            ] as const)
          : []),
      ])
      await writeFile(file, text)
      await run('haproxy', ['-c', '-f', file], { env })
      const service = await startService({
        command: 'haproxy',
        args: ['-W', '-f', file],
        env,
        ready: /Loading success/,
      })
      cleanup.add(service.killAll)
      return { front, gateways, endsTls }
    })
  })
}
