/** The configuration's rules about content, for the registry. */
import type { Config } from '../config/schema.ts'
import type { RegistryRules } from '../registry/app.ts'

export function rulesFrom({
  storage,
  http,
  catalog,
  tags,
  validation,
  policy,
}: Config): RegistryRules {
  const { urls, indexes } = validation.manifests
  return {
    readOnly: storage.maintenance.readonly.enabled,
    deleteEnabled: storage.delete.enabled,
    largestCatalogPage: catalog.maxentries,
    largestTagPage: tags.maxtags,
    tagLookups: storage.tag?.concurrencylimit || undefined,
    classes: policy?.repository?.classes ?? [],
    references: {
      disabled: validation.disabled,
      allowsUrl: urls && urlRule(urls),
      needsChild: childRule(indexes),
    },
    locations: { host: http.host, relative: http.relativeurls, prefix: http.prefix },
  }
}

type Urls = NonNullable<Config['validation']['manifests']['urls']>

/** With only `deny`, all others may be pushed; with empty lists none may, as in registry:2. */
function urlRule({ allow, deny }: Urls): ((url: string) => boolean) | undefined {
  if (!allow && !deny) return undefined
  const [allowed, denied] = [compile('allow', allow ?? []), compile('deny', deny ?? [])]
  if (!allow?.length && !deny?.length) return () => false
  return (url) => (!allow?.length || allowed(url)) && !denied(url)
}

function compile(key: string, patterns: string[]): (url: string) => boolean {
  const expressions = patterns.map((pattern) => {
    try {
      return new RegExp(pattern)
    } catch (cause) {
      const place = `validation.manifests.urls.${key}`
      throw new Error(`${place}: ${pattern} is not a regular expression`, { cause })
    }
  })
  return (url) => expressions.some((expression) => expression.test(url))
}

type Indexes = Config['validation']['manifests']['indexes']

function childRule({ platforms, platformlist }: Indexes) {
  if (platforms !== 'list') return () => platforms === 'all'
  return (platform: { os: string; architecture: string } | undefined) =>
    platformlist.some((it) => it.os === platform?.os && it.architecture === platform.architecture)
}
