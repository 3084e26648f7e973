import { describe, expect, it } from '@jest/globals'
import {
  compilePatterns,
  faultOfRepositoryPattern,
  faultOfTagPattern,
  userPlace as user,
} from '../../../policies/engine/pattern.ts'

describe('a pattern of repositories', () => {
  const rows: [pattern: string, matching: string[], others: string[]][] = [
    ['app', ['app'], ['apps', 'app/x', 'x/app', '']],
    ['a.b', ['a.b'], ['axb', 'a-b']],
    ['*', ['a', 'a-b.c'], ['a/b', '']],
    ['**', ['a', 'a/b', 'a/b/c'], ['']],
    ['team/*', ['team/a'], ['team', 'team/a/b', 'teams/a', 'x/team/a']],
    ['team/**', ['team', 'team/a', 'team/a/b'], ['teams', 'teams/a', 'x/team/a', 'tea']],
    ['team/*/**', ['team/a', 'team/a/b'], ['team']],
    ['**/cache', ['cache', 'a/cache', 'a/b/cache'], ['acache', 'cache/a', 'a/b-cache']],
    ['**/*-dev', ['x-dev', 'a/x-dev'], ['x-dev/a', 'x-devs', 'xdev']],
    ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z'], ['a', 'z', 'az', 'a/bz', 'ab/z']],
    ['a*z', ['az', 'abz', 'a.z'], ['a/z', 'abzy', 'xaz']],
    ['*.example.org/**', ['x.example.org/a', 'x.example.org'], ['xexample.org/a']],
    ['*/*/*', ['a/b/c'], ['a/b', 'a/b/c/d']],
    [`home/${user}`, ['home/ann'], ['home/anna', 'home/an', 'home/ann/x', 'home/bob']],
    [`home/${user}/**`, ['home/ann', 'home/ann/x'], ['home/anna', 'home/bob', 'home/bob/ann']],
    [`**/${user}`, ['ann', 'x/ann', 'x/y/ann'], ['xann', 'x/anna', 'ann/x']],
    [`${user}/**/${user}`, ['ann/ann', 'ann/x/ann'], ['ann', 'ann/bob', 'bob/ann']],
    [`ci-${user}-*`, ['ci-ann-x'], ['ci-bob-x', 'ci-ann', 'ci-ann-x/y']],
  ]
  for (const [pattern, matching, others] of rows) {
    it(`${pattern} matches ${matching.join(', ')} and nothing of ${others.join(', ')}`, () => {
      const matches = compilePatterns([pattern])
      expect(faultOfRepositoryPattern(pattern)).toBeUndefined()
      expect(matching.filter((name) => !matches(name, 'ann'))).toEqual([])
      expect(others.filter((name) => matches(name, 'ann'))).toEqual([])
    })
  }

  it('matches when any of several does', () => {
    const matches = compilePatterns(['a', 'b', 'c/*', 'd/**'])
    expect(['a', 'b', 'c/x', 'd/x/y'].every((name) => matches(name, undefined))).toBe(true)
    expect(['c', 'e', 'a/x'].some((name) => matches(name, undefined))).toBe(false)
  })

  it('matches no stranger by name', () => {
    const matches = compilePatterns([`home/${user}`])
    expect(matches('home/undefined', undefined)).toBe(false)
    expect(matches('home/', '')).toBe(false)
  })

  const faults: [pattern: string, fault: string][] = [
    ['', 'never matches: there is nothing between two slashes'],
    ['/a', 'never matches: names of repositories do not begin with /'],
    ['a/', 'never matches: names of repositories do not end with /'],
    ['a//b', 'never matches: there is nothing between two slashes'],
    ['A', 'never matches: names of repositories have no upper case'],
    ['a/B', 'never matches: names of repositories have no upper case'],
    ['A/**/B', 'never matches: names of repositories have no upper case'],
    ['A_b/c', 'never matches: "A_b" is no part of a name'],
    ['A**/c', 'has a ** beside other text'],
    ['a b', 'has a " "'],
    ['!a', 'has a "!"'],
    ['a?', 'has a "?"'],
    ['@(a|b)', 'has a "@"'],
    ['+(a)', 'has a "+"'],
    ['[ab]', 'has a "["'],
    ['{a,b}', 'has a "{"'],
    ['a\\*', 'has a "\\\\"'],
    [`home/$${'{name}'}`, 'has a $ that does not begin'],
    ['home/$user', 'has a $ that does not begin'],
    ['../a', 'never matches: ".." is no part of a name'],
    ['a/./b', 'never matches: "." is no part of a name'],
    ['-a', 'never matches: "-a" is no part of a name'],
    ['a/*-', 'never matches: "*-" is no part of a name'],
    ['a___b', 'never matches: "a___b" is no part of a name'],
    ['a..*', 'never matches: "a..*" is no part of a name'],
    ['team-**', 'has a ** beside other text; ** stands for whole segments'],
    ['***', 'has a ** beside other text'],
    ['a/**/**', 'has ** twice in a row'],
    ['*a*a*a*b', 'has 4 wildcards; at most 3'],
    ['**/a/**/b/**/c/**', 'has 4 wildcards; at most 3'],
  ]
  for (const [pattern, fault] of faults) {
    it(`${JSON.stringify(pattern)} ${fault}`, () => {
      expect(faultOfRepositoryPattern(pattern)).toContain(fault)
    })
  }

  const costly: [pattern: string, name: string][] = [
    ['*a*a*b', `${'a'.repeat(254)}b`],
    ['*a*b*b', `${'a'.repeat(254)}b`],
    ['**/a/**/b/**', `${'a/'.repeat(126)}c`],
    ['**/*a*', `${'b/'.repeat(126)}c`],
    ['*/*/*/*/*/**/*-x', `${'a/'.repeat(126)}x`],
    ['**/a*/**', `${'b/'.repeat(126)}x`],
  ]
  for (const [pattern, name] of costly) {
    it(`${pattern} is soon through with the longest name`, () => {
      expect(faultOfRepositoryPattern(pattern)).toBeUndefined()
      const matches = compilePatterns([pattern])
      const before = performance.now()
      matches(name, undefined)
      expect(performance.now() - before).toBeLessThan(100)
    })
  }
})

describe('a pattern of tags', () => {
  const rows: [pattern: string, matching: string[], others: string[]][] = [
    ['v*', ['v', 'v1', 'v1.2.3-rc_4'], ['V1', 'xv', 'dev']],
    ['*', ['a', '_'], []],
    ['1.*', ['1.0', '1.'], ['10', '1']],
    ['*-SNAPSHOT', ['1-SNAPSHOT', '-SNAPSHOT'], ['1-snapshot', '1-SNAPSHOT2']],
  ]
  for (const [pattern, matching, others] of rows) {
    it(`${pattern} matches ${matching.join(', ')} and nothing of ${others.join(', ')}`, () => {
      const matches = compilePatterns([pattern])
      expect(faultOfTagPattern(pattern)).toBeUndefined()
      expect(matching.filter((name) => !matches(name, undefined))).toEqual([])
      expect(others.filter((name) => matches(name, undefined))).toEqual([])
    })
  }

  const faults: [pattern: string, fault: string][] = [
    ['', 'never matches'],
    ['.a', 'never matches: a tag does not begin with . or -'],
    ['-a', 'never matches: a tag does not begin with . or -'],
    ['a/b', 'has a "/"'],
    ['!v*', 'has a "!"'],
    ['v**', 'has a **; in a tag, * is enough'],
    ['*a*b*c*', 'has 4 wildcards'],
  ]
  for (const [pattern, fault] of faults) {
    it(`${JSON.stringify(pattern)} ${fault}`, () => {
      expect(faultOfTagPattern(pattern)).toContain(fault)
    })
  }
})
