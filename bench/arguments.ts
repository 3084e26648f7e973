/** The plan of a run, from the command line; an option that is missing there means all. */
import { parseArgs } from 'node:util'
import type { Plan, SettingName } from './match.ts'
import { peers } from './peers/all.ts'
import { scenarios } from './scenarios/all.ts'
import { settings } from './settings.ts'

export type Arguments = Plan & { settings: SettingName[]; json: string | undefined }

export const usage = `node bench/run.ts
  --peer ${Object.keys(peers).join(',')}
  --setting ${Object.keys(settings).join(',')}
  --scenario ${Object.keys(scenarios).join(',')}
  --connections 1,8
  --rounds 3
  --seconds 2
  --json FILE`

const options = {
  peer: { type: 'string' },
  setting: { type: 'string' },
  scenario: { type: 'string' },
  connections: { type: 'string', default: '1,8' },
  rounds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '2' },
  json: { type: 'string' },
} as const

/** Throws with what was found and what is allowed. */
export function parseArguments(args: string[]): Arguments {
  const { values } = parseArgs({ args, options })
  return {
    peers: chosen('peer', values.peer, peers),
    settings: chosen('setting', values.setting, settings),
    scenarios: chosen('scenario', values.scenario, scenarios),
    connections: values.connections.split(',').map((it) => positive('connections', it)),
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    json: values.json,
  }
}

function chosen<T extends object>(option: string, text: string | undefined, table: T) {
  const names = Object.keys(table) as (keyof T & string)[]
  if (text === undefined) return names
  return text.split(',').map((word) => {
    const found = names.find((name) => name === word)
    if (found) return found
    throw new Error(`--${option}: there is no ${word}; there are ${names.join(', ')}`)
  })
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new Error(`--${option}: ${text} is no number above 0`)
}
