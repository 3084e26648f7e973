import { describe, expect, it } from '@jest/globals'
import { schema } from '../../../config/schema.ts'
import { settingsOf, variableOf } from '../../../config/shape.ts'
import { findPath } from '../../../config/variables/environment.ts'
import { load, smallest } from '../written.ts'

const settings = [...settingsOf(schema)]
  .map(({ path }) => path.map((step) => (step === '<name>' ? 'a' : step)))
  .filter((path) => path.length > 0)
  .map((path) => [variableOf(path), path.join('.')] as const)

describe('the name of a variable', () => {
  it.each(settings)('%s leads to %s', (name, key) => {
    const where = { schema, tree: undefined, place: name }
    expect(findPath(name.slice('REGISTRY'.length), where)?.join('.')).toBe(key)
  })

  const strangers: [name: string, meant?: string][] = [
    ['REGISTRY_HTPT_ADDR', 'REGISTRY_HTTP_ADDR'],
    ['REGISTRY_http_addr', 'REGISTRY_HTTP_ADDR'],
    ['REGISTRY_HTTP_ADDRESS', 'REGISTRY_HTTP_ADDR'],
    ['REGISTRY_HTTP_ADDR_X', 'REGISTRY_HTTP_ADDR'],
    ['REGISTRY_NOTIFICATIONS_ENDPOINTS_A_URL', 'REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL'],
    ['REGISTRY_HTTP_', 'REGISTRY_HTTP'],

    ['REGISTRY_'],
    ['REGISTRY_TITLE'],
    ['REGISTRY_URL'],
  ]
  it.each(strangers)('%s is no setting', async (name, meant = '') => {
    const hint = meant ? `; did you mean ${meant}?` : ''
    const { warnings } = await load(smallest, { [name]: 'x' })
    expect(warnings).toEqual([`variable ${name} is not a setting${hint}`])
  })

  it.each(['REGISTRY_CONFIGURATION_PATH', 'REGISTRYHTTP', 'HOME'])(
    '%s is no concern',
    async (name) => {
      expect((await load(smallest, { [name]: 'x' })).warnings).toEqual([])
    },
  )
})
