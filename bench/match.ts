/**
 * Registries in one setting, in turns: one after the other through all of a round, then the next round,
 * so that whatever else the machine does meets all of them alike.
 */
import { readFile } from 'node:fs/promises'
import { type Turn, takeTurn } from './load/turn.ts'
import { peers } from './peers/all.ts'
import type { Started } from './peers/peer.ts'
import { type ScenarioName, scenarios } from './scenarios/all.ts'
import { makeCertificate, settings } from './settings.ts'
import type { Stage } from './stage.ts'
import type { Storage } from './storage.ts'

export type PeerName = keyof typeof peers
export type SettingName = keyof typeof settings

export type Plan = {
  peers: readonly PeerName[]
  scenarios: readonly ScenarioName[]
  /** Of the numbers of connections that scenarios know, those to try. */
  connections: readonly number[]
  rounds: number
  seconds: number
}

/** A line of a report: one scenario, and the turns of each peer, the n-th of all in the same round. */
export type Line = {
  setting: SettingName
  scenario: ScenarioName
  connections: number
  turns: Partial<Record<PeerName, Turn[]>>
}

type Contender = Started & { name: PeerName; storage: Storage; authority: string | undefined }
type Task = { scenario: ScenarioName; connections: number }

const warmUpSeconds = 1

/** `progress` hears what is begun. */
export async function* playMatch(
  setting: SettingName,
  plan: Plan,
  { stage, progress }: { stage: Stage; progress: (words: string) => void },
): AsyncGenerator<Line> {
  const contenders = await startAll(setting, plan.peers, stage)
  for (const { scenario, connections } of tasksOf(plan)) {
    progress(`${setting}: ${scenario}, ${connections} at once`)
    const task = { scenario, connections }
    await playRound(contenders, { ...task, seconds: Math.min(warmUpSeconds, plan.seconds) })
    const turns: Line['turns'] = Object.fromEntries(plan.peers.map((name) => [name, []]))
    for (let round = 0; round < plan.rounds; round++) {
      const played = await playRound(contenders, { ...task, seconds: plan.seconds })
      for (const { name, turn } of played) turns[name]?.push(turn)
    }
    yield { setting, ...task, turns }
  }
}

async function startAll(setting: SettingName, names: readonly PeerName[], stage: Stage) {
  const { tls, open } = settings[setting]
  const certificate = tls ? await makeCertificate(stage) : undefined
  const authority = certificate && (await readFile(certificate.certificate, 'utf8'))
  const openStorage = await open(stage)
  const contenders: Contender[] = []
  for (const name of names) {
    const storage = await openStorage(name)
    const started = await peers[name].start({ stage, storage, certificate })
    contenders.push({ ...started, name, storage, authority })
  }
  return contenders
}

function tasksOf(plan: Plan): Task[] {
  return plan.scenarios.flatMap((scenario) =>
    scenarios[scenario].connections
      .filter((connections) => plan.connections.includes(connections))
      .map((connections) => ({ scenario, connections })),
  )
}

async function playRound(contenders: readonly Contender[], task: Task & { seconds: number }) {
  const played: { name: PeerName; turn: Turn }[] = []
  for (const contender of contenders) {
    const { name, url, authority, processes, storage } = contender
    const turn = await takeTurn({ ...task, url, authority }, processes).catch((cause: Error) => {
      throw new Error(`${name}: ${cause.message}\n${contender.output()}`, { cause })
    })
    if (scenarios[task.scenario].isLarge) await storage.removeLarge()
    played.push({ name, turn })
  }
  return played
}
