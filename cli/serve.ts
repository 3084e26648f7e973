/** `kura serve`, `kura gateway` and `kura worker`: what they start is loaded once it is clear that they do. */
import { Command, InvalidArgumentError } from 'commander'
import type { Command as Role } from '../assembly/checks/config-refusals.ts'

type Options = { workers?: number }

export function serveCommands(version: string): Command[] {
  const command = (role: Role, description: string) =>
    new Command(role)
      .description(description)
      .argument('[config.yml]', 'the file to read; without it REGISTRY_CONFIGURATION_PATH')
      .action(async (path: string | undefined, { workers }: Options) => {
        const { serve } = await import('../assembly/start.ts')
        await serve({ command: role, path, env: process.env, version, workers })
      })

  return [
    command('serve', 'start the registry').option(
      '--workers <count>',
      'keep it apart from the gateway, in 1 to 64 processes',
      toCount,
    ),
    command('gateway', 'start a gateway only, for workers on other machines'),
    command('worker', 'start a registry only, for gateways on other machines'),
  ]
}

function toCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= 64) return count
  throw new InvalidArgumentError('It must be a whole number from 1 to 64.')
}
