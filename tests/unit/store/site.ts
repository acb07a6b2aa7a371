/** A store on a folder of its own, with a clock that the test moves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../../agent/core/log.ts';
import type { Reading, Value } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { openStore, type PointFacts, type Store, type StoreOptions } from '../../../agent/store/store.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

export const CONFIG = { window: 5000, budget: 64 * 2 ** 20, maxAge: 30 * 86_400_000, ring: 2 ** 20 };

export const FACTS: Readonly<Record<string, PointFacts>> = {
  voltage: { type: 'number', unit: 'V', decimals: 1, aggregation: 'mean', lane: 'telemetry', every: 1000 },
  energy: { type: 'number', unit: 'kW.h', decimals: 2, aggregation: 'counter', lane: 'meter', every: 1000 },
  noise: { type: 'number', unit: 'dB(A)', decimals: 1, aggregation: 'leq', lane: 'telemetry' },
  direction: {
    type: 'number',
    unit: 'deg',
    decimals: 0,
    aggregation: 'vector',
    weight: 'wind',
    lane: 'telemetry',
  },
  wind: { type: 'number', unit: 'm/s', decimals: 1, aggregation: 'mean', lane: 'telemetry' },
  door: { type: 'boolean', unit: '1', aggregation: 'state', lane: 'telemetry' },
  cars: { type: 'number', unit: '1', decimals: 0, aggregation: 'sum', lane: 'bulk' },
};

export function folder(): { dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-store-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

export interface Opened {
  readonly store: Store;
  readonly clock: VirtualClock;
  /** What `onEvent` told. */
  readonly events: AgentEvent[];
}

export async function open(dir: string, options: Partial<StoreOptions> = {}): Promise<Opened> {
  const clock = options.clock instanceof VirtualClock ? options.clock : new VirtualClock();
  const events: AgentEvent[] = [];
  const store = await openStore({
    dir,
    agent: 'agent-1',
    timezone: 'Europe/Berlin',
    config: CONFIG,
    log: silent,
    hardware: 'test:1',
    describe: (_, point) => FACTS[point],
    onEvent: (event) => void events.push(event),
    ...options,
    clock,
  });
  return { store, clock, events };
}

export function reading(point: string, value: Value, time: number, device = 'meter-1'): Reading {
  return { device, point, value, unit: FACTS[point]?.unit ?? '1', quality: 'good', time };
}

/** Waits for a thing that another thread brings about; real time, for tests that cannot know the moment. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain for ${what}`);
}
