/** Profiles of the repository as the agent gets them: YAML with defaults filled in and durations in ms. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import type { Profile, ProfilePoint } from '../../../agent/core/profile.ts';
import type { DeviceConfig } from '../../../agent/core/site.ts';

const ROOT = join(import.meta.dirname, '../../../drivers/profiles');
const MS: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000 };

export interface ProfileFile {
  readonly stem: string;
  readonly folder: string;
  readonly yaml: Record<string, unknown>;
  readonly profile: Profile;
}

function duration(text: unknown): number {
  const found = /^(\d+)(s|min|h)$/.exec(String(text));
  if (found === null) throw new Error(`not a duration: ${String(text)}`);
  return Number(found[1]) * (MS[found[2] ?? ''] ?? Number.NaN);
}

function profileOf(yaml: Record<string, unknown>): Profile {
  const protocol = String(yaml.protocol);
  const points = (yaml.points as Record<string, unknown>[]).map((raw): ProfilePoint => {
    const { [protocol]: wire, every, ...rest } = raw;
    const defaults = { type: 'number', access: 'read', aggregation: 'mean', lane: 'telemetry' };
    const period = every === undefined ? {} : { every: duration(every) };
    return { ...defaults, ...rest, ...period, wire } as unknown as ProfilePoint;
  });
  const { profile: id, every, [protocol]: options, ...rest } = yaml;
  return { ...rest, id, every: duration(every), options, points } as unknown as Profile;
}

/** Every profile file of the repository. */
export function profileFiles(): readonly ProfileFile[] {
  files ??= load();
  return files;
}

let files: readonly ProfileFile[] | undefined;

function load(): readonly ProfileFile[] {
  return globSync(join(ROOT, '*/*.yaml'))
    .sort()
    .map((file) => {
      const yaml = parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      return {
        stem: basename(file, '.yaml'),
        folder: basename(join(file, '..')),
        yaml,
        profile: profileOf(yaml),
      };
    });
}

export function profile(stem: string): Profile {
  const found = profileFiles().find((file) => file.stem === stem);
  if (found === undefined) throw new Error(`no profile ${stem}`);
  return found.profile;
}

/** A device of that profile, as the configuration gives it. */
export function device(of: Profile, more: Partial<DeviceConfig> = {}): DeviceConfig {
  return { id: 'dev', title: { en: 'Device' }, line: 'line', profile: of, address: 1, options: {}, ...more };
}
