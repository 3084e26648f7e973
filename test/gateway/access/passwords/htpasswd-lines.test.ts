import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  hasUser,
  withoutUser,
  withUser,
} from '../../../../gateway/access/passwords/htpasswd-edit.ts'
import {
  costOf,
  nameFault,
  parseHtpasswd,
} from '../../../../gateway/access/passwords/htpasswd-lines.ts'

const tail = '6juziEJjYvQaR1cIz3LyEucjmQOOWSaqTS9aJFpuLOq8IhphgUn0C'
const good = `$2y$05$${tail}`
const other = `$2b$10$${tail}`

describe('a line', () => {
  const accepted: [line: string, name: string, hash: string][] = [
    [`ann:${good}`, 'ann', good],
    [`ann:$2a$10$${tail}`, 'ann', `$2a$10$${tail}`],
    [`ann:${other}`, 'ann', other],
    [`ann:$2x$05$${tail}`, 'ann', `$2x$05$${tail}`],
    [`  ann:${good}\t\r`, 'ann', good],
    [`\ufeffann:${good}`, 'ann', good],
    [`ünal:${good}`, 'ünal', good],
    [`with space:${good}`, 'with space', good],
  ]
  it.each(accepted)('%j lets its user in', (line, name, hash) => {
    const { users, warnings } = parseHtpasswd(line)
    expect([...users]).toEqual([[name, hash]])
    expect(warnings).toEqual([])
  })

  it.each(['', '   ', '# ann', `#ann:${good}`, '  # x'])('%j says nothing', (line) => {
    const { users, unusable, warnings } = parseHtpasswd(line)
    expect([users.size, unusable.size, warnings]).toEqual([0, 0, []])
  })

  // Those that are not bcrypt were written by Apache's htpasswd.
  const unusable: [hash: string, kind: string][] = [
    ['$apr1$mOL2SaTz$ZXwyHeJtExAjmjxmyb1jb0', 'MD5'],
    ['{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', 'SHA-1'],
    ['sKfW83h6/kJU.', 'crypt or plain text'],
    ['secret', 'plain text'],
    ['$5$GeWvQFrivxsOVGNi$txRA4C2osKJK29gykndUOpbmLOMiWWdTbHuhWxnZSt7', 'SHA-256'],
    ['$6$.uvPPZhZN.dD8YA7$02DV6gJaA40guWvq8qssjIwCaPHYhuVgEAqJlJCZGEDADmAZyL', 'SHA-512'],
    ['$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7', 'another hash'],
    ['', 'no password'],
    [good.slice(0, -1), 'damaged bcrypt'],
    [`${good}:x`, 'damaged bcrypt'],
    [`$2$05$${tail}`, 'damaged bcrypt'],
    [`$2y$03$${tail}`, 'bcrypt of a cost that does not exist'],
    [`$2y$32$${tail}`, 'bcrypt of a cost that does not exist'],
    [` ${good}`, 'plain text'],
  ]
  it.each(unusable)('with the hash %j is told to be %s', (hash, kind) => {
    const parsed = parseHtpasswd(`bob:${hash}`)
    expect(parsed.users.size).toBe(0)
    expect(parsed.warnings).toEqual([
      `only bcrypt hashes are accepted, so these cannot log in: user bob (${kind})`,
    ])
  })

  const faulty: [text: string, warning: string][] = [
    ['nonsense', 'a line without a colon is skipped: line 2'],
    [`:${good}`, 'a line is skipped because nobody could log in with its name: line 2'],
    [`b\u0007b:${good}`, 'a line is skipped because nobody could log in with its name: line 2'],
    [`bob :${good}`, 'a line is skipped because nobody could log in with its name: line 2'],
    [`ann:${other}`, 'a user is named twice, and the last line counts: user ann'],
    [`bob:$2y$15$${tail}`, 'a bcrypt cost above 14 makes a login take seconds: user bob (15)'],
  ]
  it.each(faulty)('%j is warned of, and the next one counts', (line, warning) => {
    const { users, warnings } = parseHtpasswd(`ann:${good}\n${line}\ncat:${good}\n`)
    expect(warnings).toEqual([warning])
    expect([users.has('ann'), users.has('cat')]).toEqual([true, true])
  })
})

describe('a file', () => {
  it('makes one warning of each kind, and names no hash', () => {
    const lines = [
      ...Array.from({ length: 30 }, (_, n) => `user${n}:plain-${n}`),
      ...Array(3).fill('a secret that slipped in'),
    ]
    const { warnings } = parseHtpasswd(lines.join('\n'))
    expect(warnings).toHaveLength(2)
    expect(warnings.join()).toContain('user19 (plain text) and 10 more')
    expect(warnings.join()).toContain('line 31, 32, 33')
    expect(warnings.join()).not.toMatch(/plain-|secret|slipped/)
  })

  it('lets the last line of a user count, even when nobody can log in with it', () => {
    expect(parseHtpasswd(`ann:${good}\nann:${other}`).users.get('ann')).toBe(other)
    expect(parseHtpasswd(`ann:${good}\nann:plain`).users.has('ann')).toBe(false)
  })

  it('tells the cost of a hash', () => {
    expect([costOf(good), costOf(other), costOf('plain')]).toEqual([5, 10, 0])
  })
})

describe('an edit', () => {
  const text = `# team a\r\nann:${good}\r\n\nnonsense\nbob:plain\n  ann:${other}\n#ann:x\ncat:${good}`

  it('puts a changed user where it was, once, and leaves all other lines', () => {
    expect(withUser(text, 'ann', 'H')).toBe(
      `# team a\r\nann:H\n\nnonsense\nbob:plain\n#ann:x\ncat:${good}`,
    )
  })

  it('puts a new user at the end, on a line of its own', () => {
    expect(withUser(text, 'dan', 'H')).toBe(`${text}\ndan:H\n`)
    expect(withUser('', 'dan', 'H')).toBe('dan:H\n')
  })

  it('removes every line of a user', () => {
    expect(withoutUser(text, 'ann')).toBe(`# team a\r\n\nnonsense\nbob:plain\n#ann:x\ncat:${good}`)
    expect(withoutUser(text, 'dan')).toBe(text)
  })

  it('does in any file what it says', () => {
    const name = fc.string({ unit: 'grapheme' }).filter((it) => nameFault(it) === undefined)
    const line = fc.oneof(
      fc.string(),
      name.map((it) => `${it}:${good}`),
      name.map((it) => `#${it}:${good}`),
    )
    const file = fc.array(line).map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(file, name, (before, name) => {
        const others = new Map(parseHtpasswd(before).users)
        others.delete(name)
        const added = withUser(before, name, other)
        expect(hasUser(added, name)).toBe(true)
        expect(new Map(parseHtpasswd(added).users)).toEqual(new Map(others).set(name, other))
        const removed = withoutUser(added, name)
        expect(hasUser(removed, name)).toBe(false)
        expect(new Map(parseHtpasswd(removed).users)).toEqual(others)
      }),
    )
  })
})
