/** The modem: whether it is there, whether the network has let it in, and how well it hears: by the driver's last readings. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Value } from '../../core/reading.ts';
import type { Site } from '../../core/site.ts';
import { logFile } from '../../store/aside.ts';
import { readingsOf, spanOf } from '../../store/stretch.ts';
import { type Finding, fault, fine, unknown, warning } from './finding.ts';

/** What is older says nothing of now, ms. */
const FRESH = 15 * 60_000;
/** RSRP of LTE in dBm: below the first one calls break off now and then, below the second mostly (3GPP TS 36.133 §9.1.4 has the range). */
const WEAK = -110;
const HARDLY = -120;
/** States of registration, 3GPP TS 27.007 §10.1.22. */
const REGISTRATION = [
  'it does not search',
  'registered',
  'it searches',
  'the network refuses it',
  'unknown',
  'registered, roaming',
] as const;

/** Whether the modem that a site without a wired network needs is there. */
export async function modem(sys: string): Promise<readonly Finding[]> {
  const interfaces = await readdir(`${sys}/class/net`).catch(() => []);
  const mobile = interfaces.filter((name) => /^(?:wwan|ppp|usb|wwp)/.test(name));
  return [
    mobile.length === 0
      ? unknown('modem', 'no mobile interface (wwan, ppp, usb) is there')
      : fine('modem', `interface ${mobile.join(', ')}`),
  ];
}

/** What the modems of the site told last; nothing where there are none. */
export function radio(site: Site): readonly Finding[] {
  return site.devices
    .filter(({ profile }) => profile.class === 'modem')
    .flatMap(({ id }) => radioOf(id, lastOf(site.state, id)));
}

/** Values of the last quarter of an hour by point; undefined where the log has none. */
function lastOf(state: string, device: string): ReadonlyMap<string, Value> | undefined {
  try {
    const file = logFile(state);
    const span = existsSync(file) ? spanOf(file) : undefined;
    if (span === undefined || span.to < Date.now() - FRESH) return undefined;
    const last = new Map<string, Value>();
    const stretch = { from: span.to - FRESH, to: span.to, wanted: (one: string) => one === device };
    for (const { point, value } of readingsOf(file, stretch)) if (value !== null) last.set(point, value);
    return last;
  } catch {
    return undefined;
  }
}

export function radioOf(device: string, last: ReadonlyMap<string, Value> | undefined): readonly Finding[] {
  const about = `modem ${device}`;
  if (last === undefined || last.size === 0)
    return [unknown(about, 'the log has nothing of it from the last 15 min: is the agent running?')];
  const sim = last.get('sim');
  if (typeof sim === 'string' && sim !== 'READY')
    return [fault(about, `SIM: ${sim}`, 'put the SIM in, enter or switch off its PIN, or have it unblocked')];
  const found: Finding[] = [];
  const state = Number(last.get('registration') ?? Number.NaN);
  const operator = last.get('operator');
  const at = typeof operator === 'string' ? ` at ${operator}` : '';
  if (Number.isInteger(state)) {
    const says = `${REGISTRATION[state] ?? `state ${state}`}${at}`;
    found.push(
      state === 1 || state === 5
        ? fine(about, says)
        : state === 3
          ? fault(about, says, 'ask the operator whether the SIM is active and allowed for this device')
          : fault(about, says, 'check the antenna and its plug, and whether this operator serves the place'),
    );
  }
  const rsrp = last.get('rsrp');
  if (typeof rsrp === 'number') {
    const says = `RSRP ${rsrp} dBm`;
    const fix = 'move or exchange the antenna, outside of metal; check its cable';
    found.push(
      rsrp < HARDLY
        ? fault(about, `${says}: hardly usable`, fix)
        : rsrp < WEAK
          ? warning(about, `${says}: weak`, fix)
          : fine(about, says),
    );
  }
  return found.length === 0 ? [unknown(about, 'it tells neither registration nor signal')] : found;
}
