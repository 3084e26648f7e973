/**
 * Changes one user's line in the text of a htpasswd file. Comments, blank lines and the lines of
 * all others stay as they are.
 */
import { changeFile } from '../../../files/replace.ts'
import { splitLine } from './htpasswd-lines.ts'
import { decodeHtpasswd } from './htpasswd-text.ts'

/** Replaces the file whole. It is UTF-8 afterwards, also where it was not before. */
export async function changeHtpasswd(
  path: string,
  change: (text: string) => string,
): Promise<void> {
  await changeFile(path, (bytes) => change(decodeHtpasswd(bytes).text))
}

/** Puts the line where the user's first one was, or at the end. */
export function withUser(text: string, name: string, hash: string): string {
  const line = `${name}:${hash}\n`
  const lines = splitLines(text)
  const at = lines.findIndex((it) => isOf(name, it))
  if (at < 0) return `${lines.map(ended).join('')}${line}`
  const before = lines.slice(0, at)
  const after = lines.slice(at + 1).filter((it) => !isOf(name, it))
  return [...before, line, ...after].join('')
}

export function withoutUser(text: string, name: string): string {
  return splitLines(text)
    .filter((line) => !isOf(name, line))
    .join('')
}

export function hasUser(text: string, name: string): boolean {
  return splitLines(text).some((line) => isOf(name, line))
}

/** Each line with its own end. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function isOf(name: string, line: string): boolean {
  return splitLine(line.trim()).name === name
}

function ended(line: string): string {
  return line.endsWith('\n') ? line : `${line}\n`
}
