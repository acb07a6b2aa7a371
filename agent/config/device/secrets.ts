/**
 * Secrets among the options of devices: drivers say which options those are, and the site file gives them by reference only,
 * as it does elsewhere. What they resolve to is never part of a message or of `config show`.
 */
import type { Driver } from '../../core/driver.ts';
import type { DeviceConfig } from '../../core/site.ts';
import { teller } from '../checks.ts';
import { type Path, type Problem, problem } from '../problem.ts';
import type { LineSecrets } from '../resolve.ts';
import { revealer, type SecretSource } from '../reveal.ts';
import type { LineFile } from '../schema.ts';
import { parseSecretRef, resolveSecret, type SecretRef } from '../secret.ts';
import { type MapNode, nodeAt } from '../tree.ts';

export interface WithSecrets {
  readonly device: DeviceConfig;
  /** For the log to mask. */
  readonly secrets: readonly string[];
  readonly problems: readonly Problem[];
  /** Places, as problems name them, whose values could not be looked at. */
  readonly blind: readonly string[];
  /** Places whose values must not be repeated. */
  readonly hidden: readonly string[];
}

/** The device with its references resolved. `index`: its number in the file. */
export async function withSecrets(
  root: MapNode,
  index: number,
  device: DeviceConfig,
  driver: Driver,
  source: SecretSource,
): Promise<WithSecrets> {
  let { options } = device;
  const secrets: string[] = [];
  const problems: Problem[] = [];
  const blind: string[] = [];
  const hidden: string[] = [];
  for (const keys of driver.secrets ?? []) {
    const path: Path = ['devices', index, ...keys];
    const node = nodeAt(root, path);
    if (node?.kind !== 'scalar') continue;
    hidden.push(problem(node.at, path, '').path);
    const say = (message: string, fix: string) => problems.push(problem(node.at, path, message, fix));
    if (node.at.via?.kind === 'env') {
      // Put in before: a number may have been made of it.
      secrets.push(String(node.value));
      options = put(options, keys, String(node.value));
      continue;
    }
    const ref = parseSecretRef(node.value);
    if (ref === undefined) {
      say(
        `expected a reference to a secret (\${env:NAME} or file:path), got a value`,
        `write ${keys.at(-1)}: \${env:${constant(device.id)}_${constant(keys.at(-1) ?? '')}}`,
      );
      continue;
    }
    if (source.mode === 'skip') {
      blind.push(problem(node.at, path, '').path);
      continue;
    }
    const resolved = await resolveSecret(ref, source.file, source.env, source.read);
    if (!resolved.ok) say(resolved.message, resolved.fix);
    else {
      secrets.push(resolved.value);
      options = put(options, keys, resolved.value);
    }
  }
  blind.push(...problems.map(({ path }) => path));
  return { device: { ...device, options }, secrets, problems, blind, hidden };
}

const LINE_SECRETS = ['token', 'password', 'ca', 'cert', 'key'] as const;

/** Secrets of a line of messages, resolved; what is wrong with them. */
export async function secretsOfLine(
  root: MapNode,
  index: number,
  { mqtt, http, ocpp }: LineFile,
  source: SecretSource,
): Promise<{ readonly secrets: LineSecrets; readonly problems: readonly Problem[] }> {
  const kind = mqtt !== undefined ? 'mqtt' : ocpp !== undefined ? 'ocpp' : 'http';
  const refs: Readonly<Record<string, unknown>> = mqtt ?? ocpp ?? http ?? {};
  const secrets: Partial<Record<(typeof LINE_SECRETS)[number], string>> = {};
  const problems: Problem[] = [];
  const { reveal } = revealer(source, teller(root, problems));
  for (const name of LINE_SECRETS) {
    const found = await reveal(refs[name] as SecretRef | undefined, ['lines', index, kind, name]);
    if (found !== undefined) secrets[name] = found;
  }
  return { secrets, problems };
}

type Options = Readonly<Record<string, unknown>>;

function put(options: Options, [key, ...rest]: readonly string[], value: string): Options {
  if (key === undefined) return options;
  const inner = options[key];
  const below = typeof inner === 'object' && inner !== null ? (inner as Options) : {};
  return { ...options, [key]: rest.length === 0 ? value : put(below, rest, value) };
}

/** `meter-1` as `METER_1`. */
function constant(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}
