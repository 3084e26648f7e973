import { describe, expect, it } from '@jest/globals'
import { schema } from '../../config/schema.ts'
import { drivers } from '../../config/sections/drivers.ts'
import { settingsOf } from '../../config/shape.ts'
import { findUnsupported, unsupported } from '../../config/support.ts'
import { load, smallest } from './written.ts'

const text = `version: 0.1
storage: {gcs: {bucket: a}, cache: {blobdescriptor: redis}}
auth: {silly: {realm: a, service: b}}
http: {addr: ":5000", http2: {disabled: true}}
`

describe('what is not supported yet', () => {
  it('is found where it was written', async () => {
    const { origins } = await load(text, { REGISTRY_PROXY_TTL: '1h' })
    const found = findUnsupported(origins).map(({ key, place, fatal }) => [
      key,
      place.replace(/.*\//, ''),
      fatal,
    ])
    expect(found).toEqual([
      ['storage.gcs', 'config.yml:2', true],
      ['auth.silly', 'config.yml:3', true],
      ['storage.cache', 'config.yml:2', false],
      ['http.http2', 'config.yml:4', false],
      ['proxy.ttl', 'variable REGISTRY_PROXY_TTL', false],
    ])
  })

  it('is said with what kura does about it', () => {
    const [first] = findUnsupported(new Map([['auth.silly', 'config.yml:12']]))
    expect(first?.message).toBe(
      'auth.silly is not supported yet (config.yml:12): kura does not start, since everyone would be let in',
    )
  })

  it('is nothing in a configuration without it', async () => {
    const { origins } = await load(smallest)
    expect(findUnsupported(origins)).toEqual([])
  })

  it('is a list of settings that exist', () => {
    const known = [...settingsOf(schema)].map(({ path }) => path.join('.'))
    expect(known).toEqual(expect.arrayContaining(Object.keys(unsupported)))
  })

  it('leaves no driver but those that kura opens', () => {
    const open = Object.keys(drivers).filter((name) => !unsupported[`storage.${name}`])
    expect(open).toEqual(['filesystem', 'inmemory', 's3'])
  })
})
