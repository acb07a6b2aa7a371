/** What a scan found as a piece of site.yaml, ready to be copied. */
import { stringify } from 'yaml';
import type { LineConfig } from '../../core/site.ts';
import { settingText } from './plan.ts';

export interface Found {
  readonly line: LineConfig;
  /** Unit id of a Modbus device. */
  readonly unit?: number;
  /** Address of a meter; neither this nor a unit: it talks by itself. */
  readonly address?: number | string;
  /** Fitting profiles, best first. */
  readonly profiles: readonly string[];
  /** Points the best one read. */
  readonly points: number;
  /** What the device says of itself (Modbus 43/14, the header of an M-Bus meter). */
  readonly says?: string;
  /** Keys of the device that it needs besides. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What tells one found device from another, whatever setting it was found at. */
export function keyOf({ unit, address, profiles }: Found): string {
  return unit !== undefined ? `unit ${unit}` : address !== undefined ? `meter ${address}` : `${profiles[0]}`;
}

/**
 * YAML of one line with the setting that most devices answered at; a device with another one has it written beside its
 * address, for the port is set from device to device.
 */
export function fragment(found: readonly Found[]): string {
  const settings = found.map(({ line }) => settingText(line));
  const usual = mostOf(settings);
  const line = found.find((_one, i) => settings[i] === usual)?.line;
  const devices = found.map(({ line: own, unit, address, profiles, options }, i) => {
    const profile = profiles[0] ?? 'name-a-profile';
    const where = unit ?? address;
    const [baud, format] = (settings[i] ?? '').split(' ');
    const differs = settings[i] !== usual && own.kind === 'serial';
    return {
      id: where === undefined ? profile : `${profile}-${where}`,
      line: 'line-1',
      profile,
      ...(where === undefined ? {} : { address: where }),
      ...(differs ? { baud: Number(baud), format } : {}),
      ...options,
    };
  });
  return stringify({ lines: line === undefined ? [] : [lineOf(line)], devices }, { lineWidth: 0 });
}

function lineOf(line: LineConfig): object {
  if (line.kind !== 'serial') return { id: 'line-1', tcp: settingText(line) };
  const [, format] = settingText(line).split(' ');
  return { id: 'line-1', port: line.port, baud: line.serial.baud, format };
}

/** The text that stands most often, of several the first. */
function mostOf(texts: readonly string[]): string | undefined {
  const count = (text: string) => texts.filter((other) => other === text).length;
  return texts.reduce<string | undefined>(
    (best, text) => (best === undefined || count(text) > count(best) ? text : best),
    undefined,
  );
}
