/**
 * What outlives a session: what was reported of each function, the period the centre asked for, the books. The period is
 * kept in a file too, where the agent gives uplinks a folder, so that a restart does not forget the centre's word.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFileSync } from '../../core/durable-file.ts';
import type { BuildingEnergyUplinkConfig } from '../../core/site.ts';
import { LocalTime } from '../../core/time/local-time.ts';
import type { UplinkContext } from '../../core/uplink.ts';
import { Sampler } from './sampler.ts';

export interface Memory {
  readonly sampler: Sampler;
  readonly local: LocalTime;
  setPeriod(ms: number): void;
}

const memories = new WeakMap<UplinkContext, Memory>();

/** The memory of an uplink: its context is one for all of its sessions. */
export function memoryOf(config: BuildingEnergyUplinkConfig, context: UplinkContext): Memory {
  const known = memories.get(context);
  if (known !== undefined) return known;
  const local = new LocalTime(context.timezone ?? 'UTC');
  const sampler = new Sampler(config, local);
  const file = context.stateDir === undefined ? undefined : join(context.stateDir, `${config.id}.json`);
  const kept = file === undefined ? undefined : periodIn(file);
  if (kept !== undefined && config.periodByCentre) sampler.setPeriod(kept);
  // What is known from before the start answers the centre's questions until the meters are read again.
  for (const reading of context.newest?.() ?? []) sampler.know(reading);
  const memory: Memory = {
    sampler,
    local,
    setPeriod(ms) {
      sampler.setPeriod(ms);
      if (file === undefined) return;
      try {
        replaceFileSync(file, `${JSON.stringify({ period_ms: ms })}\n`);
      } catch (thrown) {
        context.log.warn('building-energy.period-not-kept', { error: String(thrown) });
      }
    },
  };
  memories.set(context, memory);
  return memory;
}

function periodIn(file: string): number | undefined {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const ms = typeof kept === 'object' && kept !== null ? Reflect.get(kept, 'period_ms') : undefined;
    return typeof ms === 'number' && ms >= 60_000 && ms <= 3_600_000 && ms % 60_000 === 0 ? ms : undefined;
  } catch {
    return undefined;
  }
}
