import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { either, every } from '../../documents/words.ts'

it('lists of words are written as they are in English', () => {
  const [disjunction, conjunction] = (['disjunction', 'conjunction'] as const).map(
    (type) => new Intl.ListFormat('en', { type }),
  )
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 5 }), (words) => {
      expect(either(words)).toBe(disjunction?.format(words))
      expect(every(words)).toBe(conjunction?.format(words))
    }),
  )
})
