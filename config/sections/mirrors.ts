/** `kura.mirrors`: other registries whose content is fetched and kept, each under names of its own. */
import { duration, flag, list, secret, section, text, url } from '../values.ts'

const repositories = () => list(text('a pattern of repositories')).prefault([])
const tags = () => list(text('a pattern of tags')).prefault([])

export const helper = section({
  command: text('a program').describe('A docker credential helper that knows the account.'),
  lifetime: duration()
    .optional()
    .describe('How long its answer is kept: without it for ever, with 0 not at all.'),
})

export const tokenHosts = list(text('a host'))
  .prefault([])
  .describe(
    'Hosts of token servers that may have the login too, with the port where it is not 443; without them, the host of `remoteurl` and those of its public domain.',
  )

const mirror = section({
  remoteurl: url().describe('The other registry: scheme and host, such as `https://ghcr.io`.'),
  namespaces: list(text('a host'))
    .optional()
    .describe(
      'The values of `?ns=` that mean it; without it, the host of `remoteurl`, for Docker Hub under all its names.',
    ),
  prefix: text('the beginning of a repository name')
    .optional()
    .describe(
      'Begins the names of its repositories here; without it, the first of `namespaces`, such as `docker.io`.',
    ),
  default: repositories().describe(
    'Repositories that are its own without prefix and `?ns=` as well, such as `library/**`. None of them can be pushed here.',
  ),
  officialimages: flag()
    .optional()
    .describe('Whether `nginx` means `library/nginx`; without it, only on Docker Hub.'),
  username: text().optional().describe('The account there.'),
  password: secret().optional().describe('The password of that account.'),
  passwordfile: text('a path').optional().describe('A file with that password.'),
  exec: helper.optional(),
  tokenhosts: tokenHosts,
  ca: text('a path')
    .optional()
    .describe('A PEM file with the authority that signed its certificate.'),
  tagttl: duration()
    .prefault('1m')
    .describe('How long the answer for a tag is good; 0 to ask each time.'),
  allow: section({
    repositories: repositories().describe('The repositories that may be fetched; none for all.'),
    tags: tags().describe('The tags that may be fetched; none for all.'),
  }).prefault({}),
  deny: section({
    repositories: repositories().describe('Repositories among them that may not.'),
    tags: tags().describe('Tags among them that may not.'),
  }).prefault({}),
})

export const mirrors = list(mirror)
  .prefault([])
  .describe('Other registries whose content is fetched and kept when it is asked for.')
