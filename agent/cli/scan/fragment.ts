/** What a scan found as a piece of site.yaml, ready to be copied. */
import { stringify } from 'yaml';
import type { LineConfig } from '../../core/site.ts';
import { settingText } from './plan.ts';

export interface Found {
  readonly line: LineConfig;
  /** Absent: it talks by itself. */
  readonly unit?: number;
  /** Fitting profiles, best first. */
  readonly profiles: readonly string[];
  /** Points the best one read. */
  readonly points: number;
  /** What the device says of itself (Modbus 43/14). */
  readonly says?: string;
}

/** YAML with one line for each setting that devices were found at. */
export function fragment(found: readonly Found[]): string {
  const settings = [...new Set(found.map(({ line }) => settingText(line)))];
  const lineId = (text: string) => `line-${settings.indexOf(text) + 1}`;
  const lines = settings.flatMap((text): readonly object[] => {
    const line = found.find((one) => settingText(one.line) === text)?.line;
    if (line === undefined) return [];
    if (line.kind === 'tcp') return [{ id: lineId(text), tcp: text }];
    const [, format] = text.split(' ');
    return [{ id: lineId(text), port: line.port, baud: line.serial.baud, format }];
  });
  const devices = found.map(({ line, unit, profiles }) => {
    const profile = profiles[0] ?? 'name-a-profile';
    return {
      id: unit === undefined ? profile : `${profile}-${unit}`,
      line: lineId(settingText(line)),
      profile,
      ...(unit === undefined ? {} : { address: unit }),
    };
  });
  const several =
    settings.length > 1 && found[0]?.line.kind === 'serial'
      ? '# Devices answer at different settings: set all of a line to the same before you use them together.\n'
      : '';
  return several + stringify({ lines, devices }, { lineWidth: 0 });
}
