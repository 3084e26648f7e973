/** `catalog`, `tags`, `validation`, `policy` and `middleware`: listing content and letting it in. */
import { choice, flag, freeform, integer, list, section, text, url, value } from '../values.ts'

export const catalog = section({
  maxentries: integer().prefault('10000').describe('The most repositories in one answer.'),
})
  .prefault({})
  .describe('The list of repositories.')

export const tags = section({
  maxtags: integer().prefault('10000').describe('The most tags in one answer.'),
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
    .describe(
      'URLs a manifest may name for its layers. Without `allow` and `deny` it may name any.',
    ),
  deny: patterns().optional().describe('URLs among those that it still may not name.'),
})

export const validation = section({
  disabled: flag().prefault('false').describe('Take manifests without checking what they name.'),
  enabled: flag().optional().describe('The older opposite of `disabled`; without effect.'),
  manifests: section({ urls: urls.optional(), indexes: indexes.prefault({}) }).prefault({}),
})
  .prefault({})
  .describe('Rules for manifests that are pushed.')

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
  options: freeform().prefault({}).describe('Options of that middleware.'),
})

const steps = (what: string) => list(step).prefault([]).describe(`Put around ${what}.`)

const cloudfronts = () => text().optional().describe('For `cloudfront`, which kura cannot do yet.')

const storageOptions = section({
  baseurl: url()
    .optional()
    .describe('For `redirect`: the URL below which clients find all that is stored.'),
  scheme: choice('http', 'https').optional().describe('For `rewrite`: the other scheme.'),
  host: value('a host with or without a port', (written) =>
    URL.parse(`http://${written}`)?.host === written.toLowerCase() ? written : undefined,
  )
    .optional()
    .describe('For `rewrite`: the other host.'),
  trimpathprefix: text()
    .optional()
    .describe('For `rewrite`: the beginning of paths that is taken off.'),
  privatekey: cloudfronts(),
  keypairid: cloudfronts(),
  duration: cloudfronts(),
  ipfilteredby: cloudfronts(),
  awsregion: cloudfronts(),
  updatefrequency: cloudfronts(),
  iprangesurl: cloudfronts(),
})

const storageStep = section({
  name: text().describe('`redirect` or `rewrite`.'),
  disabled: flag().prefault('false').describe('Keep it written down but unused.'),
  options: storageOptions.prefault({}),
}).superRefine(({ name, disabled, options }, context) => {
  if (disabled) return
  const refuse = (path: string[], message: string) =>
    context.addIssue({ code: 'custom', path, message })
  if (name !== 'redirect' && name !== 'rewrite') {
    refuse(
      ['name'],
      'must be redirect or rewrite: kura knows no other way to send clients elsewhere',
    )
  }
  if (name === 'redirect' && !options.baseurl)
    refuse(['options', 'baseurl'], 'must be set for redirect')
})

export const middleware = section({
  registry: steps('the registry'),
  repository: steps('every repository'),
  storage: list(storageStep)
    .prefault([])
    .describe('Changes where clients are sent for blobs; the last one decides.'),
})
  .optional()
  .describe('Code of the original that can be put around its parts.')
