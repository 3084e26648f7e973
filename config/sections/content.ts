/** `catalog`, `tags`, `validation`, `policy` and `middleware`: what is listed and what is let in. */
import { choice, flag, freeform, integer, list, section, text } from '../values.ts'

export const catalog = section({
  maxentries: integer().prefault('1000').describe('The most repositories in one answer.'),
})
  .prefault({})
  .describe('The list of repositories.')

export const tags = section({
  maxtags: integer().prefault('1000').describe('The most tags in one answer.'),
})
  .prefault({})
  .describe('The list of tags.')

const patterns = () => list(text('a regular expression'))

const indexes = section({
  platforms: choice('all', 'none', 'list')
    .prefault('all')
    .describe('The platforms of an index that have to be present when it is pushed.'),
  platformlist: list(
    section({
      architecture: text().describe('Such as `amd64`.'),
      os: text().describe('Such as `linux`.'),
    }),
  )
    .prefault([])
    .describe('The platforms meant by `list`.'),
})

const urls = section({
  allow: patterns()
    .optional()
    .describe('URLs a manifest may name for its layers; none without it.'),
  deny: patterns().optional().describe('URLs among those that it still may not name.'),
})

export const validation = section({
  disabled: flag().prefault('false').describe('Take manifests without checking what they name.'),
  enabled: flag().optional().describe('The older opposite of `disabled`; without effect.'),
  manifests: section({ urls: urls.optional(), indexes: indexes.prefault({}) }).prefault({}),
})
  .prefault({})
  .describe('What a pushed manifest has to keep.')

export const policy = section({
  repository: section({
    classes: list(text('a class'))
      .optional()
      .describe('The classes of content let in, such as `image`.'),
  }).optional(),
})
  .optional()
  .describe('Which content is let in.')

const step = section({
  name: text().describe('The name of the middleware.'),
  disabled: flag().prefault('false').describe('Keep it written down but unused.'),
  options: freeform().prefault({}).describe('What it makes of them is its own affair.'),
})

const steps = (what: string) => list(step).prefault([]).describe(`Put around ${what}.`)

export const middleware = section({
  registry: steps('the registry'),
  repository: steps('every repository'),
  storage: steps('the storage driver'),
})
  .optional()
  .describe('Code of the original that can be put around its parts.')
