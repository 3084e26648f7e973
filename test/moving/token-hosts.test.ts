/** Token servers in other domains get the login of a registry only where the command names them. */

import { expect, it } from '@jest/globals'
import { Command } from 'commander'
import { type AccessOptions, addAccess, findAccess } from '../../cli/access-options.ts'
import { openRegistry } from '../../moving/places/open.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startFake } from '../upstream/support.ts'

const cleanup = useCleanup()
/** Nothing listens there, so that a client which asks it hears so at once. */
const elsewhere = '127.0.0.2:1'

it('are refused without the option, and asked with it', async () => {
  expect(await failureWith([])).toMatch(/login to be sent to 127\.0\.0\.2:1.*--from-token-host/)
  const named = ['--from-token-host', 'auth.example', '--from-token-host', elsewhere]
  expect(await failureWith(named)).not.toMatch(/login to be sent/)
})

it('are named as a host, with a port or without', async () => {
  for (const text of [
    'https://auth.example',
    'auth.example/token',
    'ann@auth.example',
    'auth.example:443',
    'Auth.example',
    '',
  ]) {
    await expect(failureWith(['--from-token-host', text])).rejects.toThrow('must be a host such as')
  }
})

/** What a registry that is asked with these options of the command fails with. */
async function failureWith(options: string[]): Promise<string> {
  const own = await startFake(cleanup, (_, response) => {
    const challenge = `Bearer realm="https://${elsewhere}/token"`
    response.setHeader('www-authenticate', challenge).writeHead(401).end()
  })
  const output = { writeErr: () => {} }
  const command = addAccess(new Command('copy').exitOverride().configureOutput(output), ['from'])
  const given = command.parse(options, { from: 'user' }).opts<AccessOptions>()
  const access = await findAccess('test', { ...given, loginFile: '/dev/null' })
  const login = { user: 'ann', password: 'secret' }
  const { url } = own
  const registry = await openRegistry({ url, host: url.host }, { ...access.from, ...login })
  cleanup.add(() => registry.close())
  return registry.tags('team/app').then(
    () => 'it went through',
    (error) => (error as Error).message,
  )
}
