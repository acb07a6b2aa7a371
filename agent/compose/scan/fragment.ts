/** What a scan found as pieces of site.yaml. */
import { stringify } from 'yaml';
import type { NewItems, SiteItem } from '../../config/add-devices.ts';
import type { Text } from '../../core/point.ts';
import type { LineConfig } from '../../core/site.ts';
import type { Found } from './found.ts';
import { settingText } from './plan.ts';

/** A found device as it is called in the site. */
export interface Named {
  readonly found: Found;
  readonly profile: string;
  readonly id: string;
  readonly title?: Text;
}

/** YAML of one line and its devices with names to be replaced, ready to be copied. */
export function fragment(found: readonly Found[]): string {
  const named = found.map((one): Named => {
    const profile = one.profiles[0] ?? 'name-a-profile';
    const where = one.unit ?? one.address;
    return { found: one, profile, id: where === undefined ? profile : `${profile}-${where}` };
  });
  return stringify(siteItems(named, 'line-1'), { lineWidth: 0 });
}

/**
 * Items of `lines:` and `devices:`. A new line has the setting that most devices answered at; a device with another one than its
 * line has it written beside its address, for the port is set from device to device. `existing`: the line is in the site.
 */
export function siteItems(named: readonly Named[], id: string, existing?: LineConfig): NewItems {
  const settings = named.map(({ found }) => settingText(found.line));
  const usual = existing === undefined ? mostOf(settings) : settingText(existing);
  const line = named.find((_one, i) => settings[i] === usual)?.found.line;
  const devices = named.map(({ found, profile, id: device, title }, i) => {
    const { line: own, unit, address, options } = found;
    const where = unit ?? address;
    const [baud, format] = (settings[i] ?? '').split(' ');
    const differs = settings[i] !== usual && own.kind === 'serial';
    return {
      id: device,
      ...(title === undefined ? {} : { title }),
      line: id,
      profile,
      ...(where === undefined ? {} : { address: where }),
      ...(differs ? { baud: Number(baud), format } : {}),
      ...options,
    };
  });
  return { lines: existing !== undefined || line === undefined ? [] : [lineItem(line, id)], devices };
}

function lineItem(line: LineConfig, id: string): SiteItem {
  if (line.kind !== 'serial') return { id, tcp: settingText(line) };
  const [, format] = settingText(line).split(' ');
  return { id, port: line.port, baud: line.serial.baud, format };
}

/** The text that stands most often, of several the first. */
function mostOf(texts: readonly string[]): string | undefined {
  const count = (text: string) => texts.filter((other) => other === text).length;
  return texts.reduce<string | undefined>(
    (best, text) => (best === undefined || count(text) > count(best) ? text : best),
    undefined,
  );
}
