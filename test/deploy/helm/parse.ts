/** Reads the part of Go's template language that the chart is written in. */

export type Expression =
  | { kind: 'literal'; value: unknown }
  /** `.a.b`, `$.a`, `$x.a`: the variable is empty for the dot. */
  | { kind: 'field'; variable: string; path: string[] }
  | { kind: 'call'; name: string; args: Expression[] }

type Branch = { test: Expression; body: Node[] }
export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'print'; value: Expression }
  | { kind: 'set'; name: string; value: Expression }
  | { kind: 'if'; branches: Branch[]; otherwise: Node[] }
  | { kind: 'with'; value: Expression; body: Node[] }
  | { kind: 'range'; names: string[]; value: Expression; body: Node[] }
  | { kind: 'define'; name: string; body: Node[] }

const action =
  /\{\{(-\s)?\s*(\/\*[\s\S]*?\*\/|(?:"(?:[^"\\]|\\.)*"|[^"}]|\}(?!\}))*?)\s*(\s-)?\}\}/g

export function parseTemplate(text: string): Node[] {
  const parts: Part[] = []
  let from = 0
  let trimsLeft = false
  for (const found of text.matchAll(action)) {
    const [whole, before, code = '', after] = found
    parts.push({ text: trimmed(text.slice(from, found.index), trimsLeft, before !== undefined) })
    if (!code.startsWith('/*')) parts.push({ code: code.trim() })
    from = found.index + whole.length
    trimsLeft = after !== undefined
  }
  const last = trimmed(text.slice(from), trimsLeft, false)
  if (/\{\{|\}\}/.test(last)) throw new Error(`not understood: ${last.slice(0, 80)}`)
  const reader = { parts: [...parts, { text: last }], at: 0 }
  const { nodes, end } = readBlock(reader)
  if (end !== undefined) throw new Error(`{{ ${end} }} ends nothing`)
  return nodes
}

type Part = { text?: string; code?: string }
type Reader = { parts: Part[]; at: number }

function trimmed(text: string, left: boolean, right: boolean): string {
  const begun = left ? text.trimStart() : text
  return right ? begun.trimEnd() : begun
}

/** Up to the `end` or `else` that ends it. */
function readBlock(reader: Reader): { nodes: Node[]; end: string | undefined } {
  const nodes: Node[] = []
  for (;;) {
    const part = reader.parts[reader.at++]
    if (!part) return { nodes, end: undefined }
    if (part.text !== undefined) nodes.push({ kind: 'text', text: part.text })
    else if (/^(?:end|else)\b/.test(part.code ?? '')) return { nodes, end: part.code }
    else nodes.push(readAction(reader, part.code ?? ''))
  }
}

function readAction(reader: Reader, code: string): Node {
  const [, word = '', rest = ''] = /^(\w+)\s+([\s\S]*)$/.exec(code) ?? []
  switch (word) {
    case 'if':
      return readIf(reader, rest)
    case 'with':
      return { kind: 'with', value: parsePipeline(rest), body: readBody(reader) }
    case 'define':
      return { kind: 'define', name: JSON.parse(rest), body: readBody(reader) }
    case 'range': {
      const [, names = '', value = rest] =
        /^(\$\w+(?:\s*,\s*\$\w+)?)\s*:=\s*(.*)$/s.exec(rest) ?? []
      const variables = names.split(/\s*,\s*/).filter(Boolean)
      return {
        kind: 'range',
        names: variables,
        value: parsePipeline(value),
        body: readBody(reader),
      }
    }
  }
  const set = /^(\$\w+)\s*:=\s*(.*)$/s.exec(code)
  if (set) return { kind: 'set', name: set[1] ?? '', value: parsePipeline(set[2] ?? '') }
  return { kind: 'print', value: parsePipeline(code) }
}

function readBody(reader: Reader): Node[] {
  const { nodes, end } = readBlock(reader)
  if (end !== 'end') throw new Error(`a block ends with ${end}`)
  return nodes
}

function readIf(reader: Reader, test: string): Node {
  const branches: Branch[] = []
  let next = test
  for (;;) {
    const { nodes, end } = readBlock(reader)
    branches.push({ test: parsePipeline(next), body: nodes })
    if (end === 'end') return { kind: 'if', branches, otherwise: [] }
    if (end === 'else') return { kind: 'if', branches, otherwise: readBody(reader) }
    const again = /^else if\s+([\s\S]*)$/.exec(end ?? '')
    if (!again) throw new Error(`an if ends with ${end}`)
    next = again[1] ?? ''
  }
}

const token = /\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[()|]|[$.]?[\w.]*[\w.$])/gy

function tokensOf(code: string): string[] {
  const tokens: string[] = []
  token.lastIndex = 0
  let at = 0
  for (let found = token.exec(code); found; found = token.exec(code)) {
    tokens.push(found[1] ?? '')
    at = token.lastIndex
  }
  if (code.slice(at).trim() !== '') throw new Error(`not understood: ${code}`)
  return tokens
}

function parsePipeline(code: string): Expression {
  const tokens = tokensOf(code)
  const value = readPipeline(tokens)
  if (tokens.length > 0) throw new Error(`too much in ${code}`)
  return value
}

function readPipeline(tokens: string[]): Expression {
  let value = readCommand(tokens)
  while (tokens[0] === '|') {
    tokens.shift()
    const command = readCommand(tokens)
    if (command.kind !== 'call') throw new Error('only a function can follow a |')
    // What comes before is the last argument.
    value = { ...command, args: [...command.args, value] }
  }
  return value
}

function readCommand(tokens: string[]): Expression {
  const first = readOperand(tokens)
  const args: Expression[] = []
  while (tokens.length > 0 && tokens[0] !== '|' && tokens[0] !== ')') {
    const operand = readOperand(tokens)
    // A function among the arguments is called without any.
    args.push(operand)
  }
  if (first.kind === 'call') return { ...first, args: [...first.args, ...args] }
  if (args.length > 0) throw new Error('only a function takes arguments')
  return first
}

function readOperand(tokens: string[]): Expression {
  const text = tokens.shift()
  if (text === undefined) throw new Error('something is missing')
  if (text === '(') {
    const inner = readPipeline(tokens)
    if (tokens.shift() !== ')') throw new Error('a ) is missing')
    return inner.kind === 'call' ? { kind: 'call', name: 'value', args: [inner] } : inner
  }
  if (/^["\d-]/.test(text)) return { kind: 'literal', value: JSON.parse(text) }
  if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' }
  if (/^[.$]/.test(text)) {
    const [variable = '', ...path] = text.split('.')
    return { kind: 'field', variable, path: path.filter(Boolean) }
  }
  return { kind: 'call', name: text, args: [] }
}
