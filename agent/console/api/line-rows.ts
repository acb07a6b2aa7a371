/** Lines and their devices, put together from what they tell the health board. */
import type { DeviceConfig, LineConfig } from '../../core/site.ts';
import type { AgentView, PartHealth } from '../../core/view.ts';
import type { ApiLine, ApiLineDevice } from './device-contract.ts';

type Facts = PartHealth['facts'];

export function lineRows(view: AgentView): ApiLine[] {
  const parts = partsOf(view);
  return view.site.lines.map((line) => {
    const part = parts.get(`line:${line.id}`);
    const facts = part?.facts ?? {};
    return {
      ...talkOf(part, facts),
      id: line.id,
      kind: line.kind,
      port: typeof facts.port === 'string' ? facts.port : placeOf(line),
      settings: settingsOf(line),
      utilisation: number(facts, 'utilisation'),
      planned: number(facts, 'planned'),
      skipped: number(facts, 'skipped_periods') ?? 0,
      noise_bytes: number(facts, 'noise_bytes') ?? 0,
      foreign_frames: number(facts, 'foreign_frames') ?? 0,
      commands_waiting: number(facts, 'commands_waiting') ?? 0,
      commands_done: number(facts, 'commands_done') ?? 0,
      command_p50_ms: number(facts, 'command_p50_ms'),
      command_p95_ms: number(facts, 'command_p95_ms'),
      devices: view.site.devices
        .filter((device) => device.line === line.id)
        .map((device) => deviceRow(device, parts.get(`device:${device.id}`))),
    };
  });
}

/** Undefined: it stands in the site file under no line (a camera, a lamp). */
export function talkRow(view: AgentView, id: string): ApiLineDevice | undefined {
  const device = view.site.devices.find((one) => one.id === id);
  return device && deviceRow(device, partsOf(view).get(`device:${id}`));
}

function partsOf(view: AgentView): ReadonlyMap<string, PartHealth> {
  return new Map(view.health().map((part) => [part.part, part]));
}

function deviceRow({ id, title, address }: DeviceConfig, part: PartHealth | undefined): ApiLineDevice {
  const facts = part?.facts ?? {};
  return {
    ...talkOf(part, facts),
    // A device that talks by itself counts what it said.
    answers: number(facts, 'answers') ?? number(facts, 'readings') ?? number(facts, 'messages') ?? 0,
    id,
    title,
    address: address === undefined ? null : String(address),
    p50_ms: number(facts, 'turnaround_p50_ms'),
    p95_ms: number(facts, 'turnaround_p95_ms'),
    slowest_ms: number(facts, 'turnaround_slowest_ms'),
    requests: number(facts, 'requests_planned'),
    failures: number(facts, 'failures_in_a_row') ?? 0,
    breaker_open: facts.breaker_open === true,
  };
}

function talkOf(part: PartHealth | undefined, facts: Facts) {
  const errors = Object.entries(facts).flatMap(([fact, value]) =>
    fact.startsWith('errors_') && typeof value === 'number'
      ? [{ kind: fact.slice('errors_'.length).replaceAll('_', '-'), count: value }]
      : [],
  );
  return {
    state: part?.state ?? ('starting' as const),
    since: part?.since ?? 0,
    ...(part?.message === undefined ? {} : { message: part.message }),
    ...(part?.fix === undefined ? {} : { fix: part.fix }),
    answers: number(facts, 'answers') ?? 0,
    errors: errors.sort((a, b) => b.count - a.count),
  };
}

function number(facts: Facts, name: string): number | null {
  const value = facts[name];
  return typeof value === 'number' ? value : null;
}

const PARITY = { none: 'N', even: 'E', odd: 'O' } as const;

function settingsOf({ serial }: LineConfig): string | null {
  if (serial === undefined) return null;
  return `${serial.baud} ${serial.dataBits}${PARITY[serial.parity]}${serial.stopBits}`;
}

/** Where a line is, before its port has told. */
function placeOf(line: LineConfig): string {
  if (line.kind === 'serial') return line.port;
  if (line.kind === 'mqtt') return line.url;
  return 'host' in line ? `${line.host}:${line.port}` : line.kind;
}
