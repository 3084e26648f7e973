/** `kura sync FILE`: all copies that a file names, gone on with after a failure of some. */
import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { type AccessOptions, addAccess, findAccess, untilStopped } from './access-options.ts'

export function syncCommand(version: string): Command {
  return addAccess(new Command('sync'), ['from', 'to'])
    .description('copy what a file names: repositories and tags by pattern')
    .argument('<file>', 'a YAML file: docs/copying.md')
    .action((file: string, options: AccessOptions) =>
      untilStopped(async (signal) => {
        const { parseSyncFile } = await import('../moving/sync-file.ts')
        const { runSync } = await import('../moving/sync.ts')
        const failures = await runSync({
          copies: parseSyncFile(file, await readFile(file, 'utf8')),
          access: await findAccess(version, options),
          plainHttp: { from: options.fromPlainHttp ?? false, to: options.toPlainHttp ?? false },
          parallel: options.parallel,
          bytesPerSecond: options.rate,
          output: process.stderr,
          done: (line) => process.stdout.write(`${line}\n`),
          call: { signal },
        })
        if (failures > 0)
          throw new Error(`${failures} of the copies failed; the lines above say why`)
      }),
    )
}
