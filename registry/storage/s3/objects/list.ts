/**
 * The children of a folder in byte order of their names. A service orders by key, where a folder `a`
 * counts as `a/` and so comes behind `a-b` and `a.b`: each page is put in order, and before one that is
 * not the last is given out, the few folders that could still belong in it are looked for.
 */
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Call, Entry } from '../../driver.ts'
import type { S3Bucket } from '../bucket.ts'

type Options = Call & { after?: string | undefined }

export async function* listFolder(
  bucket: S3Bucket,
  folder: string,
  { after = '', signal }: Options,
): AsyncGenerator<Entry> {
  const early = new Set<string>()
  let token: string | undefined
  do {
    const start = token ? { ContinuationToken: token } : startAfter(bucket, folder, after)
    const page = await pageOf(bucket, folder, { start, signal })
    const folders = page.folders.filter((name) => !early.has(name))
    token = page.next
    if (token) {
      const last = lastOf(page.folders, page.values)
      const late = await lateFolders(bucket, folder, { last, signal })
      const unseen = late.filter((name) => !early.has(name) && !folders.includes(name))
      for (const name of unseen) early.add(name)
      folders.push(...unseen)
    }
    yield* inOrder(folders, page.values).filter(({ name }) => name > after)
  } while (token)
}

type Start = { ContinuationToken: string } | { StartAfter?: string }

function startAfter(bucket: S3Bucket, folder: string, name: string): Start {
  return name ? { StartAfter: `${bucket.prefix(folder)}${name}` } : {}
}

async function pageOf(
  bucket: S3Bucket,
  folder: string,
  { start, signal }: Call & { start: Start },
) {
  const Prefix = bucket.prefix(folder)
  const place = { Bucket: bucket.name, Prefix, Delimiter: '/' }
  const command = new ListObjectsV2Command({ ...place, ...start })
  const found = await bucket.quick.send(command, { abortSignal: signal })
  const { CommonPrefixes = [], Contents = [], NextContinuationToken } = found
  return {
    folders: CommonPrefixes.map((it) => it.Prefix?.slice(Prefix.length, -1) ?? ''),
    values: Contents.map((it) => it.Key?.slice(Prefix.length) ?? ''),
    next: found.IsTruncated ? NextContinuationToken : undefined,
  }
}

/** A key that ends in a slash is the folder itself, as consoles make them. */
function inOrder(folders: string[], values: string[]): Entry[] {
  const entries = [
    ...folders.map((name) => ({ name, isFolder: true })),
    ...values.map((name) => ({ name, isFolder: false })),
  ]
  return entries
    .filter(({ name }) => name !== '')
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** The name that ended the page. */
function lastOf(folders: string[], values: string[]): string {
  const [folder = '', value = ''] = [folders.at(-1), values.at(-1)]
  return `${folder}/` > value ? folder : value
}

/** Folders behind `last` in order of keys, but before it by name: beginnings of it, and no others. */
async function lateFolders(
  bucket: S3Bucket,
  folder: string,
  { last, signal }: Call & { last: string },
): Promise<string[]> {
  const beginnings = [...last]
    .map((char, at) => (at > 0 && char < '/' ? last.slice(0, at) : ''))
    .filter(Boolean)
  const found = await Promise.all(
    beginnings.map(async (name) => {
      const Prefix = bucket.prefix(folder ? `${folder}/${name}` : name)
      const page = await bucket.quick.send(
        new ListObjectsV2Command({ Bucket: bucket.name, Prefix, MaxKeys: 1 }),
        { abortSignal: signal },
      )
      return page.Contents?.length ? [name] : []
    }),
  )
  return found.flat()
}
