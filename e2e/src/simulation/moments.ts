import type { FromDaemon, ToDaemon } from '@tandem/shared'
import type { Machine } from './sim-daemon.ts'

/** Moments at which a failure is worst: as a machine says something that matters, or is told it. */
export type Moments = {
  /** Calls once, when next this machine says or is told what `roll` draws. */
  next(machine: Machine, roll: () => number, call: () => void): void
  said(machine: string, t: FromDaemon['t'] | ToDaemon['t']): void
  /** Nothing more is called. */
  end(): void
}

const worst = ['claim', 'claim', 'grant', 'grant', 'report', 'report', 'ack', 'cancel', 'hello-ack'] as const

export function createMoments(): Moments {
  let waiting: { machine: string; t: string; call: () => void }[] = []
  return {
    next: ({ id }, roll, call) => {
      waiting.push({ machine: id, t: worst[Math.floor(roll() * worst.length)] ?? 'claim', call })
    },
    said: (machine, t) => {
      const now = waiting.filter((each) => each.machine === machine && each.t === t)
      if (now.length === 0) return
      waiting = waiting.filter((each) => !now.includes(each))
      for (const { call } of now) call()
    },
    end: () => {
      waiting = []
    },
  }
}
