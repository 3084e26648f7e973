/** The example for nginx: it accepts it, and clients work through it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { useCleanup } from '../support/cleanup.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { adjust, believing, prepareFront, startGateways } from './proxy/gateways.ts'
import { servesThrough } from './proxy/serves-through.ts'

const example = join(import.meta.dirname, '../../deploy/nginx/kura.conf')
const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

describeWith(['nginx', 'skopeo'], 'nginx', () => {
  const cleanup = useCleanup()
  servesThrough(cleanup, async () => {
    const front = await prepareFront(cleanup)
    const gateways = await startGateways(cleanup, believing)
    const { folder } = front
    const text = adjust(await readFile(example, 'utf8'), [
      ['listen 443 ssl', `listen 127.0.0.1:${front.https} ssl`],
      ['listen 80', `listen 127.0.0.1:${front.http}`],
      ['/etc/nginx/registry.crt', front.certificate],
      ['/etc/nginx/registry.key', front.key],
      ['10.0.0.11:5000', gateways[0].host],
      ['10.0.0.12:5000', gateways[1].host],
    ])
    await writeFile(join(folder, 'kura.conf'), text)
    const file = join(folder, 'nginx.conf')
    await writeFile(file, mainFile(folder))
    const args = ['-e', 'stderr', '-c', file]
    await run('nginx', ['-t', ...args], { env })
    const ready = /start worker process/
    const service = await startService({ command: 'nginx', args, env, ready })
    cleanup.add(service.killAll)
    return { front, gateways, endsTls: true }
  })
})

/** Stands in for nginx.conf of the distribution, which includes the file under test. */
const mainFile = (folder: string) => `
daemon off;
user root;
pid ${join(folder, 'pid')};
error_log stderr notice;
worker_processes 1;
events {}
http {
  access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((it) => `  ${it}_temp_path ${join(folder, it)};`).join('\n')}
  include ${join(folder, 'kura.conf')};
}
`
