/**
 * `kerbside calibrate`: walks zero and span of a sensor and writes the record. Readings come from the running agent, or
 * from the device itself where the agent is stopped; meanwhile the device is in maintenance.
 */
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { findDevice, openDevice } from '../compose/device-access.ts';
import { AgentError } from '../core/errors.ts';
import type { SenseActs } from '../core/sense.ts';
import type { Site } from '../core/site.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { refused, withActs } from './acts/acts.ts';
import { openDialogue, somebodyThere } from './acts/dialogue.ts';
import { type Measure, type Walked, walk } from './calibrate/walk.ts';
import { EXIT } from './exit.ts';
import { interruptible } from './interrupt.ts';
import { correctionText } from './meter/text.ts';

export function register(program: Command): void {
  program
    .command('calibrate')
    .description('walk zero and span of a point and write the record; asks for what is not given')
    .argument('<device>', 'id of the device in the site file')
    .argument('<point>', 'id of the point')
    .option('--zero <reference=raw>', 'what the zero reference is, and what the device said to it', pair)
    .option('--span <reference=raw>', 'the same of the span reference', pair)
    .option('--samples <count>', 'readings that one measurement takes', count, 5)
    .option('--by <name>', 'who; default: the user of this shell', userInfo().username)
    .option('--note <text>', 'reference gas or instrument, certificate')
    .option('--force', 'take a slope under 0.5 or over 2')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExit code 0: written. 1: refused or given up.')
    .action(calibrate);
}

interface Flags {
  readonly site: string;
  readonly by: string;
  readonly samples: number;
  readonly zero?: { readonly reference: number; readonly raw: number };
  readonly span?: { readonly reference: number; readonly raw: number };
  readonly note?: string;
  readonly force?: true;
  readonly json?: true;
}

/** How long the device stays in maintenance where nobody ends the walk, ms. */
const LONGEST = 2 * 3_600_000;

async function calibrate(device: string, point: string, flags: Flags): Promise<void> {
  await withActs(flags.site, async (acts, site, running) => {
    using interrupt = interruptible();
    const walked = await refused(
      flags.zero !== undefined || flags.span !== undefined
        ? walk({ ...flags, given: { zero: flags.zero, span: flags.span } })
        : guided(acts, site, running, device, point, flags, interrupt.signal),
    );
    if (walked === undefined) {
      process.exitCode = EXIT.no;
      return;
    }
    const now = Date.now();
    const { slope, offset, points } = walked;
    const made = await refused(
      acts.correct({
        device,
        point,
        slope,
        offset,
        by: flags.by,
        ...(flags.note === undefined ? {} : { note: flags.note }),
        calibration: points.map((one) => ({ ...one, at: now })),
      }),
    );
    if (made === undefined) return;
    process.stdout.write(flags.json === true ? `${JSON.stringify(made, null, 2)}\n` : correctionText(made));
  });
}

async function guided(
  acts: SenseActs,
  site: Site,
  running: boolean,
  device: string,
  point: string,
  flags: Flags,
  signal: AbortSignal,
): Promise<Walked | undefined> {
  if (!somebodyThere())
    throw new AgentError(
      'unsupported',
      `calibration of ${device} ${point} not begun: nobody is there to walk it`,
      {
        fix: 'give --zero and --span as reference=raw',
      },
    );
  await acts.beginMaintenance({ device, by: flags.by, why: `calibration of ${point}`, lasts: LONGEST });
  try {
    using dialogue = openDialogue();
    const measure = running ? ofAgent(acts, device, point, signal) : ofDevice(site, device, point, signal);
    return await walk({ ...flags, dialogue, measure });
  } finally {
    await acts.endMaintenance(device, flags.by);
  }
}

/** New readings of the running agent, one after the other. */
function ofAgent(acts: SenseActs, device: string, point: string, signal: AbortSignal): Measure {
  const clock = new SystemClock();
  let seen = 0;
  return async () => {
    for (;;) {
      const last = await acts.raw(device, point).catch((thrown: unknown) => {
        if (thrown instanceof AgentError && thrown.code === 'unsupported') return undefined;
        throw thrown;
      });
      if (last !== undefined && last.at > seen) {
        const first = seen === 0;
        seen = last.at;
        // The one that was there may be from before the reference was applied.
        if (!first) return last.raw;
      }
      await clock.sleep(500, signal);
    }
  };
}

function ofDevice(site: Site, id: string, point: string, signal: AbortSignal): Measure {
  const { device, line } = findDevice(site, id);
  return async () => {
    await using access = await openDevice(line, device, new SystemClock(), signal);
    const { readings, errors } = await access.read(signal);
    const value = readings.find((one) => one.point === point)?.value;
    if (typeof value === 'number') return value;
    throw errors[0]?.error ?? new AgentError('not-found', `${id} has no number ${point} right now`);
  };
}

function pair(text: string): { reference: number; raw: number } {
  const match = /^(-?\d+(?:\.\d+)?)=(-?\d+(?:\.\d+)?)$/.exec(text.trim());
  if (match === null) throw new InvalidArgumentError('Expected reference=raw, as 0=3.2.');
  return { reference: Number(match[1]), raw: Number(match[2]) };
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000)
    throw new InvalidArgumentError('Expected a whole number from 1 to 1000.');
  return value;
}
