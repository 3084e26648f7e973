/** Where an image is, as people write it. */
import { expect, it } from '@jest/globals'
import { parsePlace } from '../../moving/places/spelling.ts'

const digest = `sha256:${'a'.repeat(64)}`

const rows: [text: string, means: string][] = [
  ['nginx', 'https://registry-1.docker.io library/nginx'],
  ['nginx:1.27', 'https://registry-1.docker.io library/nginx 1.27'],
  ['docker.io/team/app', 'https://registry-1.docker.io team/app'],
  ['docker://quay.io/team/app:v1', 'https://quay.io team/app v1'],
  ['registry.example:5000/team/app', 'https://registry.example:5000 team/app'],
  [`registry.example/team/app@${digest}`, `https://registry.example team/app ${digest}`],
  [`registry.example/team/app:v1@${digest}`, `https://registry.example team/app ${digest}`],
  ['localhost/app:v1', 'http://localhost app v1'],
  ['127.0.0.1:5000/app', 'http://127.0.0.1:5000 app'],
  ['[::1]:5000/app:v1', 'http://[::1]:5000 app v1'],
  ['https://localhost:5000/app', 'https://localhost:5000 app'],
  ['http://registry.example/app', 'http://registry.example app'],
  ['oci:some/folder', 'layout some/folder'],
  ['oci:/some/folder:v1', 'layout /some/folder v1'],
  ['oci-archive:image.tar:v1', 'archive image.tar v1'],
  ['Team/App', 'none'],
  ['registry.example/', 'none'],
  ['registry.example/app:', 'none'],
  ['registry.example/app:-v1', 'none'],
  ['registry.example/app@sha256:abc', 'none'],
  ['registry.example/../app', 'none'],
  ['ann:secret@registry.example/app', 'none'],
  ['oci:folder:-v1', 'none'],
  ['', 'none'],
]

function meaning(text: string): string {
  try {
    const place = parsePlace(text)
    const where =
      place.kind === 'registry' ? [place.url.origin, place.repository] : [place.kind, place.path]
    return [...where, place.reference].filter(Boolean).join(' ')
  } catch (error) {
    expect((error as Error).message).toMatch(/is no place for an image: .* it is written as /)
    return 'none'
  }
}

it.each(rows)('%j means %s', (text, means) => {
  expect(meaning(text)).toBe(means)
})

it('http is for those hosts that the command line says it for', () => {
  const { url } = parsePlace('registry.example/app', { plainHttp: true }) as { url: URL }
  expect(url.protocol).toBe('http:')
})
