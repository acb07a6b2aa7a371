/** A device that sends JSON messages: which are its own, when they were true, and what they say. For mqtt-in and http-in. */
import { z } from 'zod';
import type { DriverContext, Message, MessageSession } from '../agent/core/driver.ts';
import type { Issue, Profile, ProfilePoint } from '../agent/core/profile.ts';
import type { Mono, Reading } from '../agent/core/reading.ts';
import type { DeviceConfig } from '../agent/core/site.ts';
import { wallAt } from '../agent/core/time/clock.ts';
import { schemaIssues, shown } from './issues.ts';
import {
  at,
  conditionSchema,
  jsonOf,
  pointer,
  readingOf,
  timeSchema,
  type ValueWire,
  valueProblems,
  valueSchema,
} from './message-values.ts';
import { SERVERS, serverNames } from './network-servers.ts';

const SPAN = /^(\d+(?:\.\d+)?)(s|min|h|d)$/;
const MS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `26h` as ms. */
const span = z
  .string()
  .regex(SPAN, 'expected a time such as 26h')
  .transform((text) => {
    const [, number = '', unit = 's'] = SPAN.exec(text) ?? [];
    return Number(number) * MS[unit as keyof typeof MS];
  });

/** Profiles give a pattern of the topic or path; `{address}` is the device's. */
const pattern = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\s\0]+$/, 'expected a topic such as sensors/{address}/up');

/** What both profile and device may say. */
const ownKeys = {
  /** Network server whose envelope the data comes in. */
  server: z.enum(serverNames).optional(),
  topic: pattern.optional(),
  /** Where the device's data begins. */
  root: pointer.optional(),
  /** Where the message names the device, if the topic does not. */
  identity: pointer.optional(),
  /** Longest silence. */
  seen: span.optional(),
  time: timeSchema.optional(),
};
export const optionsSchema = z.strictObject({
  ...ownKeys,
  where: z.array(conditionSchema).max(8).default([]),
});
export const deviceSchema = z.strictObject(ownKeys);

/** A day with room for one message that is lost. */
const SEEN = 26 * MS.h;
/** Older than this is no measurement of now: a history that a device sends after an outage is its server's business. */
const OLDEST = 7 * MS.d;
/** Clocks of devices and servers may be a little ahead, ms. */
const AHEAD = 60_000;

interface Plan {
  readonly filters: readonly string[];
  readonly root: string;
  readonly identity: string | undefined;
  readonly address: string;
  readonly seen: number;
  readonly time: z.output<typeof timeSchema> | undefined;
  readonly where: z.output<typeof optionsSchema>['where'];
  readonly radio: Readonly<Partial<Record<'rssi' | 'snr' | 'battery', string>>>;
  readonly points: readonly { readonly point: ProfilePoint; readonly wire: ValueWire }[];
}

/** Throws a `ZodError` where profile or options have not passed their checks. */
function planOf(device: DeviceConfig, path: boolean): Plan {
  const options = optionsSchema.parse(device.profile.options ?? {});
  const own = deviceSchema.parse(device.options);
  const server = SERVERS[own.server ?? options.server ?? 'plain'];
  const address = device.address === undefined ? device.id : String(device.address);
  const topic = own.topic ?? options.topic ?? server.topic ?? (path ? '{address}' : undefined) ?? '';
  return {
    filters: topic === '' ? [] : [topic.replaceAll('{address}', address)],
    root: own.root ?? options.root ?? server.root,
    identity: own.identity ?? options.identity,
    address,
    seen: own.seen ?? options.seen ?? SEEN,
    time: own.time ?? options.time ?? server.time,
    where: options.where,
    radio: server.radio,
    points: device.profile.points.map((point) => ({ point, wire: valueSchema.parse(point.wire) })),
  };
}

export function staleAfter(device: DeviceConfig): number {
  return planOf(device, true).seen;
}

/** `path`: without a topic the device's address is one (HTTP). */
export function messageSession(context: DriverContext, path: boolean): MessageSession {
  const { device, clock } = context;
  const plan = planOf(device, path);
  return {
    filters: plan.filters,
    take({ payload, retained, time }: Message): readonly Reading[] | undefined {
      const whole = jsonOf(payload);
      if (plan.identity !== undefined && !isSame(at(whole, plan.identity), plan.address)) return undefined;
      if (!plan.where.every(({ pointer: where, equals }) => at(whole, where) === equals)) return [];
      const moment = momentOf(at(whole, plan.time?.pointer ?? '/'), plan.time?.format, time);
      // Kept by the broker, and nobody says since when: it would make a silent device look alive.
      if (retained && moment === undefined) return undefined;
      const root = at(whole, plan.root);
      return plan.points.flatMap(({ point, wire }) => {
        const where = wire.radio === undefined ? undefined : plan.radio[wire.radio];
        const raw = wire.radio === undefined ? at(root, wire.pointer ?? '') : where && at(whole, where);
        return readingOf(device.id, point, wire, raw, moment ?? time) ?? [];
      });
    },
  };

  /** On the monotonic clock; undefined where the message does not say, or says what cannot be. */
  function momentOf(raw: unknown, format: string | undefined, now: Mono): Mono | undefined {
    if (format === undefined) return undefined;
    const wall =
      format === 'iso' && typeof raw === 'string'
        ? Date.parse(raw)
        : typeof raw === 'number' || (typeof raw === 'string' && raw !== '')
          ? Number(raw) * (format === 's' ? 1000 : 1)
          : Number.NaN;
    const age = wallAt(clock.mapping(), now).time - wall;
    return Number.isFinite(age) && age >= -AHEAD && age <= OLDEST ? now - Math.max(0, age) : undefined;
  }
}

/** EUIs are written in capitals or not. */
function isSame(told: unknown, address: string): boolean {
  return String(told).toLowerCase() === address.toLowerCase();
}

/** Everything wrong with the blocks of a profile. */
export function profileIssues(profile: Profile): readonly Issue[] {
  const issues: Issue[] = [...schemaIssues(optionsSchema, profile.options ?? {}, [profile.protocol])];
  profile.points.forEach((point, i) => {
    const path = ['points', i, profile.protocol];
    const found = schemaIssues(valueSchema, point.wire ?? {}, path);
    issues.push(...found);
    if (found.length > 0) return;
    for (const message of valueProblems(point, valueSchema.parse(point.wire))) issues.push({ path, message });
  });
  return issues;
}

/** Everything wrong with a device. `path`: it needs no topic. */
export function deviceIssues(device: DeviceConfig, path: boolean): readonly Issue[] {
  const issues = schemaIssues(deviceSchema, device.options, ['options']);
  if (issues.length > 0) return issues;
  const { filters, identity, address } = planOf(device, path);
  const [topic] = filters;
  if (topic === undefined) {
    const message = `missing: expected a topic, the profile and the server give none`;
    return [
      {
        path: ['options', 'topic'],
        message,
        fix: 'write topic: sensors/{address}/up, or server: chirpstack',
      },
    ];
  }
  const written = optionsTopic(device, path);
  if (!written.includes('{address}') && identity === undefined && device.address !== undefined) {
    const message = `expected {address} in the topic, or identity, got ${shown(written)}`;
    return [
      { path: ['options', 'topic'], message, fix: 'messages of other devices would be taken for its own' },
    ];
  }
  if (/[+#\s]/.test(address)) {
    return [{ path: ['address'], message: `expected an address without + and #, got ${shown(address)}` }];
  }
  return [];
}

function optionsTopic(device: DeviceConfig, path: boolean): string {
  const options = optionsSchema.parse(device.profile.options ?? {});
  const own = deviceSchema.parse(device.options);
  const server = SERVERS[own.server ?? options.server ?? 'plain'];
  return own.topic ?? options.topic ?? server.topic ?? (path ? '{address}' : '');
}
