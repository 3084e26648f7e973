/** `kura config [file]`: the configuration in force, and what would stop a start with it. */
import { Command, Option } from 'commander'
import type { Command as Role } from '../assembly/checks/config-refusals.ts'

export function configCommand(): Command {
  return new Command('config')
    .description('print the configuration in force, and where each value comes from')
    .argument('[config.yml]', 'the file to read; without it REGISTRY_CONFIGURATION_PATH')
    .addOption(
      new Option('--for <command>', 'the command that is to start with it')
        .choices(['serve', 'gateway', 'worker'])
        .default('serve'),
    )
    .action(async (path: string | undefined, { for: command }: { for: Role }) => {
      const { printConfig } = await import('../assembly/messages/print-config.ts')
      const write = (text: string) => process.stdout.write(text)
      process.exitCode = await printConfig({ path, env: process.env, command, write })
    })
}
