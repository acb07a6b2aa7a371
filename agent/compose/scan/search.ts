/** The search itself: opens the port at each setting, listens, asks every unit, and tells what it finds as it comes. */
import { DRIVERS, identifyModbus } from '../../../drivers/index.ts';
import { characterTime } from '../../bus/airtime.ts';
import type { Pipe, Port } from '../../bus/port/port.ts';
import type { PolledDriver } from '../../core/driver.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Exchange } from '../../core/link.ts';
import { silent } from '../../core/log.ts';
import type { Profile } from '../../core/profile.ts';
import type { LineConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { type OpenStage, ownPort, type StageAccess } from './access.ts';
import { type Candidate, type Found, keyOf } from './found.ts';
import { identify } from './identify.ts';
import { searchMeters } from './meters.ts';
import { type Stage, settingText, silentTime } from './plan.ts';
import { remembered } from './remembered.ts';
import { ASKED, deviceOf, TALKING, type TalkingProtocol } from './searcher.ts';

/** A long answer takes its time on the wire, and an adapter may hold it back, ms. */
const IDENTIFY_TIMEOUT = 600;

export interface SearchOptions {
  readonly stages: readonly Stage[];
  readonly profiles: readonly Profile[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Found by an earlier plan; a unit is searched once. */
  readonly known: readonly Found[];
  /** Units that are not asked: devices of the site, which their line asks. */
  readonly taken?: ReadonlySet<number>;
  readonly onFound: (found: Found) => void;
  /** Told before each setting: what it is and how long the rest takes if nothing answers, ms. */
  readonly onStage: (setting: string, left: number, stage: number) => void;
  /** Told before each unit that is asked. */
  readonly onUnit?: (unit: number) => void;
  /** Something sent bytes that make no sense at this setting. */
  readonly onNoise: (setting: string) => void;
  /** In place of the port that a line names; for tests. */
  readonly port?: (line: LineConfig) => Port;
  /** How a stage gets to its line. Default: a port of its own, opened for each setting. */
  readonly open?: OpenStage;
}

/** Ends when all stages are done or the signal aborts. Rejects with `AgentError` where the port cannot be opened. */
export async function search(options: SearchOptions): Promise<void> {
  const { stages, clock, signal } = options;
  const open = options.open ?? ownPort(clock, options.port);
  const units = new Set([
    ...(options.taken ?? []),
    ...options.known.flatMap(({ unit }) => (unit === undefined ? [] : [unit])),
  ]);
  const heard = new Set<string>(
    options.known.flatMap(({ unit, address, profiles }) =>
      unit === undefined && address === undefined ? profiles : [],
    ),
  );
  const meters = new Set(
    options.known.flatMap((found) => (found.address === undefined ? [] : [keyOf(found)])),
  );
  for (const [i, stage] of stages.entries()) {
    if (signal.aborted) return;
    const left = stages.slice(i).reduce((sum, next) => sum + silentTime(next), 0);
    options.onStage(settingText(stage.line), left, i);
    await using access = await open(stage, signal);
    const talker = access.pipe === undefined ? undefined : await listen(stage, access.pipe, heard, options);
    if (talker !== undefined) {
      heard.add(talker.profile);
      const { profile } = talker;
      options.onFound({
        line: stage.line,
        profiles: [profile],
        points: 0,
        candidates: [{ profile, by: 'talks' }],
      });
      // Whoever talks by itself has the line alone.
      return;
    }
    await ask(stage, access, units, options);
    await askMeters(stage, access, meters, options);
  }
}

/** Looks for meters of other protocols, and reads once what each of them has. */
async function askMeters(
  { line, meters: searches }: Stage,
  access: StageAccess,
  known: Set<string>,
  options: SearchOptions,
): Promise<void> {
  const { clock, signal, profiles } = options;
  const character = line.serial === undefined ? 0 : characterTime(line.serial);
  for (const search of searches) {
    if (signal.aborted) return;
    const exchange = access.lend(search.protocol);
    const { meters, noisy } = await searchMeters(search, exchange, character, signal);
    if (noisy && meters.length === 0) options.onNoise(settingText(line));
    const driver = DRIVERS.find(({ protocol }) => protocol === search.protocol);
    for (const { address, profiles: names, says, options: own = {} } of meters) {
      const profile = profiles.find(({ id }) => id === names[0]);
      const found = { line, address, profiles: names, options: own, ...(says === undefined ? {} : { says }) };
      if (known.has(keyOf(found))) continue;
      known.add(keyOf(found));
      const points =
        profile === undefined || driver?.kind !== 'polled'
          ? 0
          : await pointsOf(driver, profile, { line, address, options: own, clock, exchange, signal });
      const candidates = names.map(
        (name, i): Candidate => ({ profile: name, by: 'address', ...(i === 0 ? { points } : {}) }),
      );
      options.onFound({ ...found, points, candidates });
    }
  }
}

interface Meter {
  readonly line: LineConfig;
  readonly address: number | string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly signal: AbortSignal;
}

/** How many points of a profile the meter gives. */
async function pointsOf(driver: PolledDriver, profile: Profile, meter: Meter): Promise<number> {
  const { line, address, options, clock, exchange, signal } = meter;
  const device = { ...deviceOf(profile, 0), address, options };
  const session = driver.open({ device, clock, log: silent }, line);
  let points = 0;
  for (const poll of [...session.polls]) {
    signal.throwIfAborted();
    const readings = await poll.execute(exchange, signal).catch(() => []);
    points += readings.filter(({ quality }) => quality !== 'bad').length;
  }
  return points;
}

/** At a rate that a talking device uses, listens as long as it may be silent. Once a rate is enough. */
async function listen(
  stage: Stage,
  pipe: Pipe,
  heard: Set<string>,
  { clock, signal }: SearchOptions,
): Promise<TalkingProtocol | undefined> {
  const { serial } = stage.line;
  const candidates = TALKING.filter(
    ({ baud, profile }) => baud === serial?.baud && serial.parity === 'none' && !heard.has(profile),
  );
  if (candidates.length === 0) return undefined;
  let bytes = new Uint8Array();
  using _listener = pipe.onData((more) => {
    bytes = Uint8Array.from([...bytes.slice(-512), ...more]);
  });
  const end = clock.mono() + Math.max(...candidates.map(({ every }) => every));
  while (clock.mono() < end && !signal.aborted) {
    await clock.sleep(100, signal).catch(() => {});
    const found = candidates.find((candidate) => candidate.hears(bytes));
    if (found !== undefined) return found;
  }
  for (const { profile } of candidates) heard.add(profile);
  return undefined;
}

async function ask(
  stage: Stage,
  access: StageAccess,
  units: Set<number>,
  options: SearchOptions,
): Promise<void> {
  const { clock, signal, profiles } = options;
  const { line, timeout } = stage;
  let noisy = false;
  for (const unit of stage.units) {
    for (const { driver, isThere } of ASKED) {
      if (signal.aborted) return;
      if (units.has(unit)) continue;
      options.onUnit?.(unit);
      const exchange = access.lend(`unit ${unit}`);
      try {
        if (!(await isThere({ unit, line, clock, exchange, signal }))) continue;
      } catch (thrown) {
        const { code } = asAgentError(thrown);
        if (code === 'link-lost') throw thrown;
        if (code === 'frame-invalid' && !noisy) {
          noisy = true;
          options.onNoise(settingText(line));
        }
        continue;
      }
      units.add(unit);
      const candidates = profiles.filter(({ protocol }) => protocol === driver.protocol);
      const patient = access.lend(`unit ${unit}`, IDENTIFY_TIMEOUT);
      const who = await selfNamed(exchange, unit, line, candidates, timeout, signal);
      // One that says which model it is is tried as that alone.
      const named = candidates.filter(({ id }) => who.profiles.some(({ profile }) => profile === id));
      const tried = named.length === 0 ? candidates : named;
      const fits = await identify(driver, tried, unit, line, clock, remembered(patient), signal).catch(
        () => [],
      );
      // What a device says of itself goes before what its values look like.
      const said = new Map(who.profiles.map(({ profile, by }) => [profile, by] as const));
      const names = [...new Set([...said.keys(), ...fits.map(({ profile }) => profile.id)])];
      const [best] = names;
      options.onFound({
        line,
        unit,
        profiles: names,
        points: fits.find(({ profile }) => profile.id === best)?.points ?? 0,
        candidates: names.map((name): Candidate => {
          const fit = fits.find(({ profile }) => profile.id === name);
          return {
            profile: name,
            by: said.get(name) ?? 'values',
            ...(fit === undefined ? {} : { points: fit.points, telling: fit.telling }),
          };
        }),
        ...(who.says === undefined ? {} : { says: who.says }),
      });
    }
  }
}

/** What a Modbus device says of itself: by 43/14, and by the identification registers that profiles know. Only reads. */
async function selfNamed(
  exchange: Exchange,
  unit: number,
  line: LineConfig,
  profiles: readonly Profile[],
  timeout: number,
  signal: AbortSignal,
): Promise<{
  readonly profiles: readonly { readonly profile: string; readonly by: 'register' | 'identification' }[];
  readonly says?: string;
}> {
  const framing = line.kind === 'tcp' && line.framing === 'modbus-tcp' ? 'tcp' : 'rtu';
  try {
    const who = await identifyModbus(exchange, { unit, framing, profiles, timeout }, signal);
    const says = Object.values(who.identification ?? {}).filter(
      (text) => typeof text === 'string' && text !== '',
    );
    return {
      profiles: who.profiles.flatMap(({ profile, by }) =>
        by === 'name' ? [] : [{ profile: profile.id, by }],
      ),
      ...(says.length === 0 ? {} : { says: says.join(' ') }),
    };
  } catch {
    // It was there a moment ago; what its values look like is asked all the same.
    return { profiles: [] };
  }
}
