/** Commissioning over the running agent: its lines lend their time, its site file is what is written. */
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { driverFor } from '../../../drivers/index.ts';
import type { Lines } from '../../bus/lines.ts';
import type { ConfigChanges } from '../../core/config-change.ts';
import type { DeviceConfig, Site } from '../../core/site.ts';
import { type Guest, guestOn } from '../scan/access.ts';
import { allProfiles } from '../scan/profiles.ts';
import { type CommissioningOptions, type OpenCommissioning, openCommissioning } from './commissioning.ts';

export interface AgentCommissioningOptions
  extends Pick<CommissioningOptions, 'site' | 'clock' | 'log' | 'audit'> {
  readonly lines: Pick<Lines, 'lines'>;
  readonly config: ConfigChanges | undefined;
}

export function agentCommissioning({
  lines,
  config,
  ...options
}: AgentCommissioningOptions): OpenCommissioning {
  return openCommissioning({
    ...options,
    ...(config === undefined ? {} : { config }),
    guest: (line) => guestOf(line, options.site(), lines),
    profiles: () => allProfiles(config === undefined ? [] : ownFolders(config)),
  });
}

/** Undefined where somebody on the line talks by itself. */
function guestOf(id: string, site: Site, { lines }: Pick<Lines, 'lines'>): Guest | undefined {
  const line = lines.find((one) => one.id === id);
  const asked = ({ profile }: DeviceConfig) => driverFor(profile.protocol)?.kind === 'polled';
  if (line === undefined || !site.devices.filter((device) => device.line === id).every(asked))
    return undefined;
  return guestOn(line);
}

/** `profiles:` of the site file, which the running site does not keep. */
function ownFolders(config: ConfigChanges): readonly string[] {
  const { file, text } = config.state();
  const { profiles = [] } = (parse(text) ?? {}) as { readonly profiles?: unknown };
  const names = Array.isArray(profiles) ? profiles : [];
  return names.flatMap((name) => (typeof name === 'string' ? [resolve(dirname(file), name)] : []));
}
