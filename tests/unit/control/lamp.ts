/**
 * One lamp in virtual time: the real controller, router and hub; the board is bytes' stand-in, a level and a read-back,
 * that can be silent, reset or refuse.
 */
import { CommandRouter } from '../../../agent/command/router.ts';
import { type Lighting, startLighting } from '../../../agent/control/lighting/lighting.ts';
import type { Command, CommandJournal, CommandResult } from '../../../agent/core/command.ts';
import type { WriteOutcome } from '../../../agent/core/driver.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import type { LightingProgramme } from '../../../agent/core/lighting/lighting.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Point } from '../../../agent/core/point.ts';
import { good, type Reading, type Value } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import type { LampConfig } from '../../../agent/core/site.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { TIMEZONE, ZIBO } from './programme-of.ts';

export interface Somewhere {
  readonly place: { readonly lat: number; readonly lon: number };
  readonly timezone: string;
}

export const LEVEL: Point = {
  id: 'lamp-level',
  title: { en: 'Lamp level' },
  type: 'number',
  unit: '%',
  range: [0, 100],
  access: 'read-write',
  aggregation: 'mean',
  lane: 'telemetry',
};

/** What survives the agent: the board's level, and the journal of commands. */
export class Pole {
  readonly clock: VirtualClock;
  level = 0;
  alive = true;
  readonly writes: { readonly time: number; readonly level: number }[] = [];
  readonly accepted = new Map<string, Command>();
  readonly results = new Map<string, CommandResult>();
  /** The disk does not take a commit. */
  ill = false;

  /** `rate`: wall time per monotonic time. */
  constructor(start: number, rate = 1) {
    this.clock = new VirtualClock(start, rate);
  }

  get now(): number {
    const { wall, mono, rate } = this.clock.mapping();
    return wall + (this.clock.mono() - mono) * rate;
  }

  readonly journal: CommandJournal = {
    accept: async (command) => {
      if (this.ill) throw new AgentError('store-failed', 'commit failed: the disk is full');
      const known = this.accepted.get(command.id);
      const result = this.results.get(command.id) ?? { id: command.id, state: 'accepted', at: this.now };
      if (known !== undefined) return { fresh: false, result, same: known.value === command.value };
      this.accepted.set(command.id, command);
      return { fresh: true };
    },
    finish: async (result) => void this.results.set(result.id, result),
    open: async () => [...this.accepted.values()].filter(({ id }) => !this.results.has(id)),
    recent: async (limit) =>
      [...this.accepted.values()]
        .reverse()
        .slice(0, limit)
        .flatMap((command) => {
          const result = this.results.get(command.id);
          return result === undefined ? [] : [{ command, result }];
        }),
  };

  async write(value: Value): Promise<WriteOutcome> {
    if (!this.alive) throw new AgentError('timeout', 'write failed: no answer within 300 ms');
    this.level = Number(value);
    this.writes.push({ time: this.now, level: this.level });
    return { kind: 'done', readback: this.reading() };
  }

  reading(): Reading {
    return good({ device: 'board', point: LEVEL.id, unit: '%' }, this.level, this.clock.mono());
  }
}

export interface RunningLamp extends AsyncDisposable {
  readonly hub: Hub;
  readonly lighting: Lighting;
  readonly events: AgentEvent[];
  submit(change: Partial<Command>): Promise<CommandResult>;
}

let ids = 0;

/** One run of the agent at this pole, as after a start. */
export async function runLamp(
  pole: Pole,
  programme: LightingProgramme,
  lampChange: Partial<LampConfig> = {},
  { place, timezone }: Somewhere = { place: ZIBO, timezone: TIMEZONE },
  /** What devices have said before the controller starts. */
  before: readonly Reading[] = [],
): Promise<RunningLamp> {
  const { clock } = pole;
  const stack = new AsyncDisposableStack();
  const hub = new Hub({ clock, log: silent, window: 5000, lane: () => 'telemetry', append: async () => {} });
  const events: AgentEvent[] = [];
  hub.onEvent((event) => void events.push(event));
  hub.readings([...before]);
  const lamp: LampConfig = {
    id: 'lamp-1',
    device: 'board',
    point: LEVEL.id,
    programme: programme.id,
    overrideFor: 3_600_000,
    ...lampChange,
  };
  let lighting: Lighting | undefined;
  const router = stack.use(
    await CommandRouter.start({
      clock,
      log: silent,
      hub,
      journal: pole.journal,
      points: (device) => (device === 'board' ? [LEVEL] : undefined),
      write: (_, { value }) => pole.write(value),
      fallback: () => 100,
      holds: () => lamp.overrideFor,
      onOverride: (device, point) => lighting?.onOverride(device, point),
    }),
  );
  const site = {
    lamps: [lamp],
    programmes: [programme],
    position: { ...place, datum: 'WGS84' as const },
    timezone,
  };
  lighting = stack.use(
    startLighting({ site, clock, hub, log: silent, steer: router.steer, override: router.override }),
  );
  if (pole.alive) hub.readings([pole.reading()]);
  const submit = (change: Partial<Command>) =>
    router.submit({
      id: `command-${ids++}`,
      device: 'board',
      point: LEVEL.id,
      value: 30,
      issuer: 'uplink:city',
      issued: pole.now,
      expires: pole.now + 60_000,
      ...change,
    });
  return { hub, lighting, events, submit, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
