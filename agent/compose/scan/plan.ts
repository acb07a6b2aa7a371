/** In which order a port is searched, and how long that takes where nothing answers. */
import { characterTime, silenceTime } from '../../bus/airtime.ts';
import type { LineConfig, SerialSettings } from '../../core/site.ts';
import { FULL_METERS, type MeterSearch, QUICK_METERS, silentSearch } from './meters.ts';

/** One setting of the line and the unit ids to ask for there. */
export interface Stage {
  readonly line: LineConfig;
  readonly units: readonly number[];
  /** Longest wait for an answer, ms. */
  readonly timeout: number;
  /** Meters of other protocols to look for. */
  readonly meters: readonly MeterSearch[];
}

export interface Target {
  readonly kind: 'serial' | 'tcp';
  readonly port: string;
  readonly host: string;
  readonly tcpPort: number;
}

/** `/dev/ttyUSB0`, `10.0.0.7:502`, `[::1]:502`, `10.0.0.7` (port 502). */
export function parseTarget(text: string): Target {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const named = match?.[3] !== undefined || (host?.includes('.') ?? false) || match?.[1] !== undefined;
  if (text.startsWith('/') || text.startsWith('.') || host === undefined || !named) {
    return { kind: 'serial', port: text, host: '', tcpPort: 0 };
  }
  return { kind: 'tcp', port: text, host, tcpPort: Number(match?.[3] ?? 502) };
}

const units = (last: number): readonly number[] => Array.from({ length: last }, (_, i) => i + 1);
/** Real meters answer within 20 to 200 ms; the quick plan must end within 60 s on a silent line. */
const QUICK_TIMEOUT = 230;
const FULL_TIMEOUT = 400;

function settings(baud: number, format: '8N1' | '8E1' | '8O1' | '8N2'): SerialSettings {
  const parity = { N: 'none', E: 'even', O: 'odd' } as const;
  return {
    baud,
    dataBits: 8,
    parity: parity[format[1] as keyof typeof parity],
    stopBits: format[2] === '2' ? 2 : 1,
  };
}

function stage(
  target: Target,
  serial: SerialSettings,
  ids: readonly number[],
  timeout: number,
  meters: readonly MeterSearch[] = [],
): Stage {
  const line: LineConfig = { id: 'scan', kind: 'serial', port: target.port, serial, timeout };
  return { line, units: ids, timeout, meters };
}

function tcpStage({ host, tcpPort }: Target, ids: readonly number[], timeout: number): Stage {
  const line: LineConfig = { id: 'scan', kind: 'tcp', host, port: tcpPort, framing: 'modbus-tcp', timeout };
  return { line, units: ids, timeout, meters: [] };
}

/**
 * What is usual, in the order in which it is met: units 1-32 at 9600 baud 8N1 and 8E1, meters as they leave the factory (2400 8E1),
 * units 1-32 at 19200, then 2400-115200 at units 1-4, and meters of 1997 (1200 8E1).
 */
export function quickPlan(target: Target): readonly Stage[] {
  if (target.kind === 'tcp') return [tcpStage(target, [255, ...units(32)], 1000)];
  const at = (baud: number, format: '8N1' | '8E1', last: number) =>
    stage(target, settings(baud, format), units(last), QUICK_TIMEOUT, quickMeters(baud, format));
  const others = [4800, 38_400, 57_600, 115_200].flatMap((baud) => [at(baud, '8N1', 4), at(baud, '8E1', 4)]);
  return [
    at(9600, '8N1', 32),
    at(9600, '8E1', 32),
    at(2400, '8E1', 4),
    at(19_200, '8N1', 32),
    at(19_200, '8E1', 32),
    at(2400, '8N1', 4),
    ...others,
    at(1200, '8E1', 0),
  ];
}

/**
 * The stages of a plan as they can be asked on a running line: those with its own setting first, for what shares a line mostly
 * shares that. A network line has only its own.
 */
export function lineStages(line: LineConfig, plan: readonly Stage[]): readonly Stage[] {
  if (line.kind !== 'serial') {
    const [first] = plan;
    return first === undefined ? [] : [{ ...first, line: { ...line, timeout: first.timeout }, meters: [] }];
  }
  const own = settingText(line);
  const ordered = plan.toSorted(
    (a, b) => Number(settingText(b.line) === own) - Number(settingText(a.line) === own),
  );
  return ordered.map((stage) => ({
    ...stage,
    line: { ...line, serial: stage.line.serial ?? line.serial, timeout: stage.line.timeout },
  }));
}

function quickMeters(baud: number, format: string): readonly MeterSearch[] {
  return format === '8E1' ? (QUICK_METERS[baud] ?? []) : [];
}

/** Every unit at every setting. */
export function fullPlan(target: Target): readonly Stage[] {
  if (target.kind === 'tcp') return [tcpStage(target, units(247), 1000)];
  return [9600, 19_200, 4800, 2400, 38_400, 57_600, 115_200, 1200].flatMap((baud) =>
    (['8N1', '8E1', '8O1', '8N2'] as const).map((format) =>
      stage(target, settings(baud, format), units(247), FULL_TIMEOUT, FULL_METERS),
    ),
  );
}

/** Characters of the request that asks whether a unit is there. */
const REQUEST = 8;

/** Time of a stage in which nothing answers, ms. */
export function silentTime({ line, units: ids, timeout, meters }: Stage): number {
  const character = line.serial === undefined ? 0 : characterTime(line.serial);
  const asked = meters.reduce((sum, search) => sum + silentSearch(search, character), 0);
  const wire =
    line.serial === undefined ? 0 : REQUEST * characterTime(line.serial) + 2 * silenceTime(line.serial);
  return ids.length * (timeout + wire) + asked;
}

/** `9600 8N1`, or the address of a TCP line. */
export function settingText(line: LineConfig): string {
  const { serial } = line;
  if (line.kind === 'mqtt' || line.kind === 'network') return line.id;
  if (serial === undefined) return line.kind === 'serial' ? line.port : `${line.host}:${line.port}`;
  const parity = { none: 'N', even: 'E', odd: 'O' } as const;
  return `${serial.baud} ${serial.dataBits}${parity[serial.parity]}${serial.stopBits}`;
}
