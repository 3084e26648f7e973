/** `kura copy`, `kura export` and `kura import`: images from one place to another. */
import { Command } from 'commander'
import { parsePlace } from '../moving/places/spelling.ts'
import {
  type AccessOptions,
  addAccess,
  findAccess,
  type Side,
  untilStopped,
} from './access-options.ts'

type Options = AccessOptions & { tags?: string[]; platform?: string[]; referrers: boolean }

export function copyCommands(version: string): Command[] {
  return [
    command(version, ['from', 'to'], new Command('copy'))
      .description('copy an image, or tags by pattern, from one registry or OCI layout to another')
      .argument('<source>', 'host/name:tag, oci:FOLDER:tag or oci-archive:FILE:tag')
      .argument('<destination>', 'the same; without a tag it is that of the source'),
    command(version, ['from'], new Command('export'), { to: asLayout })
      .description('write an image of a registry as an OCI layout: a folder, or a tar')
      .argument('<image>', 'host/name:tag')
      .argument('<path>', 'a folder, or a file with a name that ends with .tar'),
    command(version, ['to'], new Command('import'), { from: asLayout })
      .description('send an image of an OCI layout to a registry')
      .argument('<path>', 'a folder, or a file: a tar, also one that gzip has made smaller')
      .argument('<image>', 'host/name:tag'),
  ]
}

type Spell = (text: string) => string

/** A path as `kura copy` would have it. */
const asLayout: Spell = (path) => {
  const isTar = /\.(?:tar|tgz|tar\.gz)(?::[^:/]+)?$/.test(path)
  return isTar ? `oci-archive:${path}` : `oci:${path}`
}

const asItIs: Spell = (text) => text

function command(
  version: string,
  sides: Side[],
  made: Command,
  spell: Partial<Record<Side, Spell>> = {},
) {
  return addAccess(made, sides)
    .option('--tags <pattern...>', "the tags that fit, such as 'v1.*' or '*'")
    .option('--platform <platform...>', 'only these, such as linux/amd64; without it all')
    .option('--no-referrers', 'without signatures and the like')
    .action(async (from: string, to: string, options: Options) => {
      const spelled = [(spell.from ?? asItIs)(from), (spell.to ?? asItIs)(to)] as const
      await untilStopped((signal) => run(version, spelled, { ...options, signal }))
    })
}

async function run(
  version: string,
  [from, to]: readonly [string, string],
  options: Options & { signal: AbortSignal },
) {
  const { runCopy } = await import('../moving/run.ts')
  await runCopy({
    from: parsePlace(from, { plainHttp: options.fromPlainHttp ?? false }),
    to: parsePlace(to, { plainHttp: options.toPlainHttp ?? false }),
    access: await findAccess(version, options),
    tags: options.tags ?? [],
    platforms: options.platform ?? [],
    withReferrers: options.referrers,
    parallel: options.parallel,
    bytesPerSecond: options.rate,
    output: process.stderr,
    copied: (line) => process.stdout.write(`copied ${line}\n`),
    call: { signal: options.signal },
  })
}
