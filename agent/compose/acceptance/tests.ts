/** The tests themselves: each watches or commands the running agent as anybody would, and says what it has seen. */
import { randomUUID } from 'node:crypto';
import type { TestFact, TestFault } from '../../core/acceptance.ts';
import type { SosConfig } from '../../core/alarm/alarm.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Mono, Reading, Value } from '../../core/reading.ts';
import type { LampConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { AgentView, Ledger } from '../../core/view.ts';
import type { Subject } from './subjects.ts';

/** A person walks to the button, and back, ms. */
export const PATIENCE = 60_000;
/** An output follows within this, ms. */
const OUTPUT_WAIT = 5000;
/** A meter tells the new power within this, ms; the lamp has to settle first. */
const METER_WAIT = 40_000;
const SETTLE = 1500;
/** An override of a test ends by itself, whatever happens to it, ms. */
const LEASE = 90_000;
const LIFE = 15_000;
/** A centre acknowledges within this, ms: batches wait 5 s for their commit. */
const ACKNOWLEDGE_WAIT = 45_000;
const LOOK = 250;
export const LEVELS = [0, 50, 100] as const;

export interface Verdict {
  readonly facts: readonly TestFact[];
  readonly fault?: TestFault;
  readonly detail?: string;
}

export interface TestOptions {
  readonly view: Pick<
    AgentView,
    'hub' | 'submit' | 'screen' | 'ledgers' | 'audit' | 'now' | 'alarms' | 'site'
  >;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly by: string;
  /** Told of what was seen so far. */
  readonly onFact: (facts: readonly TestFact[]) => void;
}

export async function runTest(subject: Subject, options: TestOptions): Promise<Verdict> {
  switch (subject.kind) {
    case 'sos':
      return sosTest(subject.sos, options);
    case 'lamp':
      return lampTest(subject.lamp, options);
    case 'door':
      return doorTest(subject.device, subject.point, options);
    case 'sign':
      return signTest(options);
    default:
      return uplinkTest(subject.uplink, options);
  }
}

async function sosTest(
  { id, device, point, pressed, outputs }: SosConfig,
  options: TestOptions,
): Promise<Verdict> {
  const { clock, view, onFact } = options;
  const began = clock.mono();
  const press = await nextReading(
    options,
    device,
    point,
    (one) => one.value === pressed && one.time >= began,
    PATIENCE,
  );
  if (press === undefined) return { facts: [], fault: 'nobody-pressed' };
  const facts: TestFact[] = [{ what: 'pressed', of: `${device}/${point}`, value: true }];
  onFact(facts);
  const alarm = () => view.alarms?.rows().find(({ status }) => status.alarm === id)?.status.state;
  await until(options, () => alarm() !== 'normal', OUTPUT_WAIT);
  facts.push({ what: 'alarm', of: id, value: alarm() ?? null });
  const dark: string[] = [];
  for (const output of outputs) {
    const name = `${output.device}/${output.point}`;
    const shines = await until(
      options,
      () => view.hub.latest(output.device, output.point)?.value === output.on,
      OUTPUT_WAIT,
    );
    facts.push({
      what: 'output',
      of: name,
      value: view.hub.latest(output.device, output.point)?.value ?? null,
    });
    if (!shines) dark.push(name);
  }
  return dark.length === 0 ? { facts } : { facts, fault: 'output-dark', detail: dark.join(', ') };
}

async function lampTest(lamp: LampConfig, options: TestOptions): Promise<Verdict> {
  const { view, clock, onFact } = options;
  const before = view.hub.latest(lamp.device, lamp.point)?.value;
  const facts: TestFact[] = [];
  const watts: number[] = [];
  let verdict: Verdict | undefined;
  for (const level of LEVELS) {
    const result = await command(lamp, level, LEASE, options);
    if (result.fault !== undefined) {
      verdict = { facts, ...result };
      break;
    }
    facts.push({ what: 'level', of: `${level} %`, value: result.readback ?? null, unit: '%' });
    onFact([...facts]);
    if (lamp.power === undefined) {
      facts.push({ what: 'not-measured', of: `${level} %`, value: null });
      continue;
    }
    const { device, point } = lamp.power;
    const settled = clock.mono() + SETTLE;
    const measured = await nextReading(
      options,
      device,
      point,
      ({ time, quality }) => time >= settled && quality !== 'bad',
      METER_WAIT,
    );
    if (typeof measured?.value !== 'number') {
      verdict = { facts, fault: 'no-power-reading', detail: `${device}/${point}` };
      break;
    }
    watts.push(measured.value);
    facts.push({ what: 'power', of: `${level} %`, value: measured.value, unit: measured.unit });
    onFact([...facts]);
  }
  // The local programme has it again a moment later.
  const back = await command(lamp, typeof before === 'number' ? before : 100, 1000, options);
  facts.push({ what: 'returned', value: back.fault === undefined });
  if (verdict !== undefined) return verdict;
  const [off = 0, half = 0, full = 0] = watts;
  const follows = watts.length < LEVELS.length || (off < half && half < full);
  return follows ? { facts } : { facts, fault: 'power-does-not-follow' };
}

async function command(
  { device, point }: LampConfig,
  value: number,
  lease: number,
  { view, by }: TestOptions,
): Promise<{ readonly readback?: Value; readonly fault?: TestFault; readonly detail?: string }> {
  const issued = Math.round(view.now());
  const life = LIFE * view.site.rate;
  try {
    const { state, readback, code, reason } = await view.submit({
      id: `acceptance-${randomUUID()}`,
      device,
      point,
      value,
      issuer: by,
      issued,
      expires: issued + life,
      lease,
    });
    if (state === 'done') return readback === undefined ? {} : { readback };
    return {
      fault: 'command-refused',
      detail: [state, code, reason].filter((text) => text !== undefined).join(': '),
    };
  } catch (thrown) {
    return { fault: 'command-refused', detail: asAgentError(thrown).message };
  }
}

async function doorTest(device: string, point: string, options: TestOptions): Promise<Verdict> {
  const { view, clock, onFact } = options;
  const shut = view.hub.latest(device, point)?.value ?? false;
  const began = clock.mono();
  const moved = await nextReading(
    options,
    device,
    point,
    (one) => one.time >= began && one.value !== null && one.value !== shut,
    PATIENCE,
  );
  if (moved === undefined) return { facts: [], fault: 'nobody-opened' };
  const opened: TestFact = { what: 'opened', of: `${device}/${point}`, value: moved.value };
  onFact([opened]);
  const back = await nextReading(
    options,
    device,
    point,
    ({ time, value }) => time > moved.time && value === shut,
    PATIENCE,
  );
  if (back === undefined) return { facts: [opened], fault: 'not-closed' };
  return { facts: [opened, { what: 'closed', of: `${device}/${point}`, value: back.value }] };
}

async function signTest({ view }: TestOptions): Promise<Verdict> {
  const seen = view.screen();
  if (seen === undefined) return { facts: [], fault: 'no-screen' };
  const facts: TestFact[] = [
    { what: 'screen', value: seen.state },
    { what: 'stop', value: [seen.stop, seen.time].filter((text) => text !== undefined).join(' · ') },
    ...seen.lines.map(
      ({ badge, to, note, times }): TestFact => ({
        what: 'line',
        of: badge,
        value: [to, ...(note === undefined ? [] : [note]), ...times.map(({ text }) => text)].join(' · '),
      }),
    ),
  ];
  if (seen.state === 'proven') return { facts };
  return { facts, fault: 'not-proven', detail: seen.problems.join('; ') };
}

/** A record that is made now has to be settled by the uplink, and nothing refused or dropped on the way. */
async function uplinkTest(uplink: string, options: TestOptions): Promise<Verdict> {
  const { view, clock, by, onFact } = options;
  const ledger = () => view.ledgers().find((one) => one.uplink === uplink);
  const before = ledger();
  const began = clock.mono();
  view.audit({ act: 'acceptance-test', test: `uplink.${uplink}`, by });
  const stored = () => (ledger()?.heads.event ?? 0) > (before?.heads.event ?? 0);
  if (!(await until(options, stored, ACKNOWLEDGE_WAIT))) return { facts: [], fault: 'not-acknowledged' };
  const mark = ledger()?.stored ?? 0;
  const record: TestFact = { what: 'record', of: 'event', value: ledger()?.heads.event ?? null };
  onFact([record]);
  const settled = ({ stored: all, backlog }: Ledger) => all - backlog;
  const done = () => {
    const now = ledger();
    return now !== undefined && settled(now) >= mark;
  };
  if (!(await until(options, done, ACKNOWLEDGE_WAIT))) return { facts: [record], fault: 'not-acknowledged' };
  const after = ledger();
  const seconds = Math.round((clock.mono() - began) / 100) / 10;
  const facts: readonly TestFact[] = [record, { what: 'acknowledged-after', value: seconds, unit: 's' }];
  const lost =
    (after?.refused ?? 0) > (before?.refused ?? 0) || (after?.dropped ?? 0) > (before?.dropped ?? 0);
  return lost ? { facts, fault: 'not-acknowledged', detail: 'refused or dropped' } : { facts };
}

/** The next reading of a point that `fits`; undefined where none comes in time. */
function nextReading(
  { view, clock, signal }: TestOptions,
  device: string,
  point: string,
  fits: (reading: Reading) => boolean,
  wait: number,
): Promise<Reading | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Reading | undefined>();
  const stack = new DisposableStack();
  stack.use(
    view.hub.onReadings((readings) => {
      const found = readings.find((one) => one.device === device && one.point === point && fits(one));
      if (found !== undefined) resolve(found);
    }),
  );
  stack.use(clock.after(wait, () => resolve(undefined)));
  const abort = () => reject(asAgentError(signal.reason, 'aborted'));
  signal.addEventListener('abort', abort, { once: true });
  stack.defer(() => signal.removeEventListener('abort', abort));
  if (signal.aborted) abort();
  return promise.finally(() => stack.dispose());
}

/** Looks again and again; false where it does not hold in time. */
async function until({ clock, signal }: TestOptions, holds: () => boolean, wait: number): Promise<boolean> {
  const end: Mono = clock.mono() + wait;
  while (!holds()) {
    if (clock.mono() >= end) return false;
    await clock.sleep(LOOK, signal);
  }
  return true;
}
