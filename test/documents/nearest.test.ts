/** The name that was meant: found in spite of a few wrong letters, and none where it could be any. */
import { describe, expect, it } from '@jest/globals'
import { isSlipOf, nearest } from '../../documents/nearest.ts'

const known = ['groups', 'rules', 'tests', 'repositories']

describe('the nearest name', () => {
  it.each([
    ['grups', 'groups'],
    ['ruels', 'rules'],
    ['repositorys', 'repositories'],
    ['tests', 'tests'],
  ])('of %s is %s', (written, meant) => {
    expect(nearest(written, known)).toBe(meant)
  })

  it.each(['people', 'r', '', 'repo'])('of %j is none of them', (written) => {
    expect(nearest(written, known)).toBeUndefined()
  })

  it('is none where no name is known', () => {
    expect(nearest('rules', [])).toBeUndefined()
  })

  it('may have as many wrong letters as the caller says', () => {
    expect(nearest('grp', ['user', 'group'])).toBeUndefined()
    expect(nearest('grp', ['user', 'group'], 2)).toBe('group')
    expect(nearest('grp', ['user', 'group'], 1)).toBeUndefined()
  })
})

describe('a slip of the fingers', () => {
  it.each([
    ['auht', 'auth', 'two letters in each other’s place'],
    ['aut', 'auth', 'one that is missing'],
    ['authh', 'auth', 'one too many'],
    ['polocoes', 'policies', 'two in a long name'],
  ])('is %s for %s: %s', (written, name) => {
    expect(isSlipOf(written, name)).toBe(true)
  })

  it.each([
    ['oath2', 'auth'],
    ['path', 'tls'],
    ['poli', 'policies'],
    ['auuu', 'auth'],
  ])('is not %s for %s', (written, name) => {
    expect(isSlipOf(written, name)).toBe(false)
  })
})
