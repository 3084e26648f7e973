import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseScopes, scopeText } from '../../../../gateway/access/issue/scope.ts'

const repository = (name: string, ...actions: string[]) => ({ type: 'repository', name, actions })

describe('scopes', () => {
  it.each([
    ['one', ['repository:a/b:pull'], [repository('a/b', 'pull')]],
    ['several actions', ['repository:a:pull,push'], [repository('a', 'pull', 'push')]],
    ['a class', ['repository(plugin):a:pull'], [repository('a', 'pull')]],
    ['a port in the name', ['repository:h:5000/a:pull'], [repository('h:5000/a', 'pull')]],
    [
      'the catalog',
      ['registry:catalog:*'],
      [{ type: 'registry', name: 'catalog', actions: ['*'] }],
    ],
    [
      'repeated parameters',
      ['repository:a:pull', 'repository:b:push'],
      [repository('a', 'pull'), repository('b', 'push')],
    ],
    [
      'one parameter with several',
      ['repository:a:pull repository:b:push'],
      [repository('a', 'pull'), repository('b', 'push')],
    ],
    [
      'the same name twice',
      ['repository:a:pull', 'repository:a:push,pull'],
      [repository('a', 'pull', 'push')],
    ],
    ['another type', ['artifact:a:pull repository:b:pull'], [repository('b', 'pull')]],
    ['no action', ['repository:a:'], []],
    ['no name', ['repository::pull'], []],
    ['no colon', ['repository'], []],
    ['nothing', [''], []],
    ['a line break', ['repository:a\nb:pull'], []],
    ['prototypes', ['__proto__:a:pull', 'constructor:a:pull'], []],
    ['a name too long', [`repository:${'a'.repeat(2000)}:pull`], []],
  ])('%s', (_what, parameters, expected) => {
    expect(parseScopes(parameters)).toEqual(expected)
  })

  it.each([
    ['parameters', Array.from({ length: 1000 }, (_, at) => `repository:a${at}:pull`)],
    ['words', [Array.from({ length: 1000 }, (_, at) => `repository:a${at}:pull`).join(' ')]],
  ])('are at most a hundred, of however many %s', (_what, parameters) => {
    expect(parseScopes(parameters)).toHaveLength(100)
  })

  it('come back from their text', () => {
    const name = fc.stringMatching(/^[a-z0-9]+(?:[:/][a-z0-9]+){0,3}$/)
    const actions = fc.uniqueArray(fc.constantFrom('pull', 'push', 'delete', '*'), { minLength: 1 })
    const scope = fc.record({ type: fc.constant('repository'), name, actions })
    const scopes = fc.uniqueArray(scope, { selector: (it) => it.name, maxLength: 20 })
    fc.assert(
      fc.property(scopes, (all) => {
        expect(parseScopes([scopeText(all)])).toEqual(all)
      }),
    )
  })

  it('read anything without an error', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), (all) => void parseScopes(all)))
  })
})
