/**
 * The agent as a device that takes commands: update, restart of a part, timed trace, diagnostics. Commands say what to begin;
 * what becomes of it is told by events. An update needs the city's signature besides, whoever sends the command.
 */
import * as z from 'zod';
import type { WriteOutcome } from '../core/driver.ts';
import { asAgentError } from '../core/errors.ts';
import type { Point } from '../core/point.ts';
import { good, type Value } from '../core/reading.ts';
import type { Description } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import { FLEET_DEVICE, type FleetAct, type FleetConfig, type Updates } from '../core/update.ts';

const TITLES: Readonly<Record<FleetAct, { readonly en: string; readonly zh: string }>> = {
  update: { en: 'Take a signed bundle', zh: '接收签名更新包' },
  restart: { en: 'Restart a part', zh: '重启部件' },
  trace: { en: 'Record raw frames for a while', zh: '限时记录原始报文' },
  diagnostics: { en: 'Make a diagnostics bundle', zh: '生成诊断包' },
};

export function fleetPoints({ acts }: Pick<FleetConfig, 'acts'>): readonly Point[] {
  return acts.map((id) => ({
    id,
    title: TITLES[id],
    type: 'string',
    unit: '1',
    access: 'write',
    aggregation: 'last',
    lane: 'event',
  }));
}

export function fleetDescription(config: FleetConfig): Description {
  return {
    device: FLEET_DEVICE,
    title: { en: 'The agent itself', zh: '边缘代理' },
    class: 'agent',
    brand: 'Kerbside',
    model: 'agent',
    points: fleetPoints(config),
  };
}

export interface FleetActs {
  readonly updates: Updates;
  /** Restarts a part (`line:<id>`, `uplinks`, `sign`, `vision`, `node-red`, `agent`); resolves with why it cannot, if so. */
  restart(part: string): Promise<string | undefined>;
  /** Begins to record frames of a device for so long, ms; resolves with why it cannot, if so. */
  trace(device: string, ms: number): Promise<string | undefined>;
  /** Begins to make a bundle. */
  diagnose(why: string): void;
}

const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'expected JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

/** Longest trace, s. */
const LONGEST_TRACE = 600;
const WISHES = {
  update: json(z.strictObject({ act: z.enum(['stage', 'apply']), source: z.string().min(1).max(500) })),
  restart: json(z.strictObject({ part: z.string().regex(/^[a-z-]{1,16}(:[A-Za-z0-9_-]{1,64})?$/) })),
  trace: json(
    z.strictObject({
      device: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
      seconds: z.number().min(1).max(LONGEST_TRACE),
    }),
  ),
  diagnostics: json(z.strictObject({ why: z.string().max(200) })),
} as const;

/** Takes a command for the device `agent`, as drivers answer writes. Never throws. */
export async function fleetWrite(
  acts: FleetActs,
  clock: Clock,
  { point, value, issuer }: { readonly point: string; readonly value: Value; readonly issuer: string },
): Promise<WriteOutcome> {
  try {
    const refused = await begin(acts, point, value, issuer);
    if (refused !== undefined) return { kind: 'rejected', reason: refused };
  } catch (thrown) {
    return { kind: 'rejected', reason: asAgentError(thrown).message };
  }
  return { kind: 'done', readback: good({ device: FLEET_DEVICE, point, unit: '1' }, value, clock.mono()) };
}

async function begin(
  acts: FleetActs,
  point: string,
  value: Value,
  issuer: string,
): Promise<string | undefined> {
  switch (point) {
    case 'update': {
      const wish = WISHES.update.safeParse(value);
      if (!wish.success) return wrong(wish.error);
      const { busy, trial, watched } = acts.updates.status();
      if (busy !== undefined) return `${busy} is being taken`;
      const tried = trial?.version ?? watched;
      if (tried !== undefined) return `${tried} is on trial`;
      // Its end is told by events: a download takes longer than a command may.
      void acts.updates.take({ ...wish.data, by: issuer }, NEVER).catch(() => {});
      return undefined;
    }
    case 'restart': {
      const wish = WISHES.restart.safeParse(value);
      return wish.success ? acts.restart(wish.data.part) : wrong(wish.error);
    }
    case 'trace': {
      const wish = WISHES.trace.safeParse(value);
      return wish.success ? acts.trace(wish.data.device, wish.data.seconds * 1000) : wrong(wish.error);
    }
    case 'diagnostics': {
      const wish = WISHES.diagnostics.safeParse(value);
      if (!wish.success) return wrong(wish.error);
      acts.diagnose(wish.data.why);
      return undefined;
    }
    default:
      return `the agent has no point ${point}`;
  }
}

/** The agent's own stop ends what is under way. */
const NEVER = new AbortController().signal;

function wrong({ issues: [issue] }: z.ZodError): string {
  const place = issue?.path.map(String).join('.') ?? '';
  return `expected JSON as docs/upgrade.md has it${place === '' ? '' : ` (see ${place})`}: ${issue?.message}`;
}
