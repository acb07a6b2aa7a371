/** Scenarios: what stands in a simulated street and what goes wrong in it, one YAML file each in hw-sim/scenarios. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { METERS } from './building/plan.ts';
import { DATAGRAM_MODELS } from './devices/datagram-devices.ts';
import { METER_MODELS } from './devices/meters.ts';
import { MODBUS_MODELS } from './devices/modbus-models.ts';
import { SERIAL_TALKERS } from './devices/serial-talkers.ts';
import { faultSchema, troubleOfLink } from './scenario-faults.ts';
import { storyKeys } from './scenario-story.ts';
import { durationSchema } from './scenario-values.ts';

const FOLDER = fileURLToPath(new URL('./scenarios/', import.meta.url));

/** Devices that are not Modbus. */
export const OTHER_MODELS: readonly string[] = [
  'plantower-pms5003',
  'arduino-firmata',
  ...SERIAL_TALKERS.keys(),
  ...DATAGRAM_MODELS,
];

/** Whether a device speaks only when it is asked, so that it shares its line. */
const isAsked = (stem: string): boolean => MODBUS_MODELS.has(stem) || METER_MODELS.includes(stem);

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected letters, digits, _ and -, at most 64');
const title = z.strictObject({ en: z.string(), zh: z.string().optional() });

const device = z.strictObject({
  id,
  title: title.optional(),
  model: z.string().refine((stem) => isAsked(stem) || OTHER_MODELS.some((other) => other === stem), {
    error: `expected one of ${[...MODBUS_MODELS.keys(), ...METER_MODELS, ...OTHER_MODELS].join(', ')}`,
  }),
  unit: z.int().min(1).max(255).optional(),
  /** Digits printed on a meter that has no unit id. */
  address: z
    .string()
    .regex(/^\d{1,14}$/, 'expected the digits printed on the meter')
    .optional(),
  every: durationSchema.optional(),
  asset: z.string().optional(),
  turnaround: durationSchema.optional(),
  /** Settings of its own, where they are not those of its line; the pseudo-terminal shows the rate, and takes the format from here. */
  baud: z.int().min(300).max(921_600).optional(),
  format: z
    .string()
    .regex(/^[78][NEO][12]$/, 'expected 8N1, 8E1, 7E1 …')
    .optional(),
});

const line = z.strictObject({
  id,
  /** Serial settings; absent with `tcp: true`. */
  baud: z.int().min(300).max(921_600).default(9600),
  format: z
    .string()
    .regex(/^[78][NEO][12]$/, 'expected 8N1, 8E1, 7E1 …')
    .default('8N1'),
  duplex: z.enum(['half', 'full']).default('half'),
  tcp: z.boolean().default(false),
  timeout: durationSchema.optional(),
  /** Time for which its adapter collects bytes; absent: a whole short answer, see `StreetOptions.latency`. */
  latency: durationSchema.optional(),
  devices: z.array(device).min(1),
});

export const scenarioSchema = z.strictObject({
  title: z.string(),
  /** Name of a scenario whose keys stand where this one has none. */
  extends: z.string().optional(),
  seed: z.int(),
  /** World time at the start: `now`, or a moment like 2027-01-20T17:30:00+08:00. */
  start: z.union([z.literal('now'), z.iso.datetime({ offset: true })]).default('now'),
  ...storyKeys,
  /** Factor on vehicles and faces. */
  traffic: z.number().min(0).max(3).default(1),
  site: z.strictObject({
    id,
    title,
    timezone: z.string().refine(isZone, {
      error: 'expected an IANA time zone such as Asia/Shanghai',
    }),
    position: z.strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) }),
  }),
  agent: id,
  lines: z.array(line).min(1),
  /** Lines that stand in no site file: their devices are there to be commissioned. */
  spare: z.array(line).default([]),
  cameras: z
    .array(z.strictObject({ id, title, rate: z.number().min(0.1).max(30).default(6) }))
    .max(1, 'one camera looks at the street')
    .default([]),
  // As in a site file: the agent's own check judges them.
  lamps: z.array(z.looseObject({ id, device: id, point: id })).default([]),
  programmes: z.array(z.looseObject({ id })).default([]),
  /** The pole carries a stop sign, and a made-up city runs its buses there. */
  sign: z.strictObject({ id, phone: z.string() }).optional(),
  /** Devices named as the meters of the simulated building (hw-sim/building/plan.ts) see what flows there. */
  building: z.strictObject({ seed: z.int() }).optional(),
  alarms: z.looseObject({}).optional(),
  faults: z.array(faultSchema).default([]),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioLine = Scenario['lines'][number];
export type ScenarioDevice = ScenarioLine['devices'][number];

/** Names of the scenarios that come with the simulator. */
export async function scenarioNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files.filter((file) => extname(file) === '.yaml').map((file) => basename(file, '.yaml'));
}

/**
 * A scenario by name, or by the path of a YAML file. Rejects with everything that is wrong in it, one line each:
 * `street.yaml:14:7 lines.0.baud: …`.
 */
export async function loadScenario(name: string): Promise<Scenario> {
  const isPath = name.endsWith('.yaml') || name.includes('/');
  return load(isPath ? resolve(name) : fileOf(name), name, []);
}

const fileOf = (name: string): string => `${FOLDER}${name}.yaml`;

async function load(file: string, name: string, above: readonly string[]): Promise<Scenario> {
  const text = await read(file, name);
  return parseScenario(text, basename(file), await beneath(text, [...above, file]));
}

async function read(file: string, name: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const known = (await scenarioNames()).join(', ');
    throw new Error(`scenario "${name}" cannot be read: there is no ${basename(file)}; known are ${known}`, {
      cause,
    });
  }
}

/** The keys of the scenario that a text stands on, and of what that one stands on; each is checked by itself. */
async function beneath(text: string, above: readonly string[]): Promise<object> {
  const named = z.object({ extends: z.string() }).safeParse(parseDocument(text).toJS());
  if (!named.success) return {};
  const name = named.data.extends;
  const file = fileOf(basename(name, '.yaml'));
  if (above.includes(file))
    throw new Error(
      `scenario "${name}" stands on itself: ${[...above, file].map((one) => basename(one)).join(' -> ')}`,
    );
  await load(file, name, above);
  const own = await read(file, name);
  const raw: unknown = parseDocument(own).toJS();
  return { ...(await beneath(own, [...above, file])), ...(typeof raw === 'object' ? raw : {}) };
}

/** As `loadScenario`, from text; `file` is named in messages, keys of `base` stand where the text has none. */
export function parseScenario(text: string, file = 'scenario.yaml', base: object = {}): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const place = (offset: number): string => {
    const { line: row, col } = lines.linePos(offset);
    return `${file}:${row}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new Error(document.errors.map((error) => `${place(error.pos[0])} ${error.message}`).join('\n'));
  }
  const own: unknown = document.toJS();
  const parsed = scenarioSchema.safeParse(typeof own === 'object' ? { ...base, ...own } : own);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => {
      // The nearest part of the path that stands in the file: a missing key has no place of its own.
      let path = issue.path;
      let node = document.getIn(path, true);
      while (node === undefined && path.length > 0) {
        path = path.slice(0, -1);
        node = document.getIn(path, true);
      }
      const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
      const offset = Array.isArray(range) ? Number(range[0]) : 0;
      return `${place(offset)} ${issue.path.join('.')}: ${issue.message}`;
    });
    throw new Error(problems.join('\n'));
  }
  const problems = crossCheck(parsed.data);
  if (problems.length > 0) throw new Error(problems.map((problem) => `${file} ${problem}`).join('\n'));
  return parsed.data;
}

/** Whether something happens on its way to the city, so that the way has to be one of the simulator's. */
export function hasLinkFaults({ faults }: Pick<Scenario, 'faults'>): boolean {
  return faults.some((one) => troubleOfLink(one) !== undefined);
}

/** What no single field shows. */
function crossCheck(scenario: Scenario): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const one of [
    ...scenario.lines,
    ...scenario.spare,
    ...[...scenario.lines, ...scenario.spare].flatMap((each) => each.devices),
    ...scenario.cameras,
    ...(scenario.sign === undefined ? [] : [scenario.sign]),
  ]) {
    if (seen.has(one.id)) problems.push(`the id "${one.id}" is there twice`);
    seen.add(one.id);
  }
  for (const each of [...scenario.lines, ...scenario.spare]) {
    const modbus = each.devices.every((one) => MODBUS_MODELS.has(one.model));
    if (!each.devices.every((one) => isAsked(one.model)) && each.devices.length > 1) {
      problems.push(`line "${each.id}": a device that talks by itself needs a line of its own`);
    }
    if (!modbus && each.tcp) problems.push(`line "${each.id}": tcp is for Modbus devices`);
    const units = each.devices.map(
      (one) => `${METER_MODELS.includes(one.model)} ${one.address ?? one.unit ?? 1}`,
    );
    if (new Set(units).size < units.length) {
      problems.push(`line "${each.id}": two devices have one unit; the fault shared-address plays that`);
    }
  }
  if (scenario.building !== undefined) {
    for (const { id: named, model } of scenario.lines.flatMap((each) => each.devices)) {
      const meter = METERS.find((one) => one.id === named);
      if (meter !== undefined && meter.model !== model) {
        problems.push(`device "${named}": this meter of the building is a ${meter.model}, not a ${model}`);
      }
    }
  }
  if (scenario.takeovers.length > 0 && scenario.sign === undefined) {
    problems.push('takeovers: there is no sign to take over; write sign: { id: sign-1, phone: … }');
  }
  for (const fault of scenario.faults) {
    if (fault.fault === 'fleet-blackout' && scenario.fleet === undefined) {
      problems.push('faults: fleet-blackout needs a fleet; write fleet: { agents: 50 }');
    }
    if (fault.fault === 'camera-fog' && scenario.cameras.length === 0) {
      problems.push('faults: camera-fog needs a camera');
    }
    if ('line' in fault && !scenario.lines.some((each) => each.id === fault.line)) {
      problems.push(`faults: there is no line "${fault.line}"`);
    }
  }
  return problems;
}
