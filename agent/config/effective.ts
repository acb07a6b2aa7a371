/**
 * The effective configuration: every value that is in force, as it would be written, with where it comes from. Secrets
 * and values of environment variables are shown as references only.
 */
import { Document, isScalar } from 'yaml';
import * as z from 'zod';
import type { Site } from '../core/site.ts';
import { bare } from './issues.ts';
import type { Path } from './problem.ts';
import { LINE_DEFAULTS, sparkplugClientId } from './resolve.ts';
import { siteSchema } from './schema.ts';
import { type MapNode, nodeAt, type ScalarNode, type Tree } from './tree.ts';
import { formatDuration } from './values.ts';

export type From =
  | {
      readonly kind: 'file' | 'template';
      readonly file: string;
      readonly line: number;
      readonly column: number;
    }
  /** A template variable or environment variable, and the place that names it. */
  | {
      readonly kind: 'var' | 'env';
      readonly name: string;
      readonly file: string;
      readonly line: number;
      readonly column: number;
    }
  | { readonly kind: 'default' }
  | { readonly kind: 'profile'; readonly name: string };

export interface EffectiveValue {
  readonly path: Path;
  readonly value: string | number | boolean | null | readonly never[];
  readonly from: From;
}

/** All values in force, in the order of the schema. `files` are those of the load, the site file first. */
export function effective(site: Site, root: MapNode, files: readonly string[]): readonly EffectiveValue[] {
  const found: EffectiveValue[] = [];
  const add = (path: Path, value: EffectiveValue['value'], from: From) => found.push({ path, value, from });

  const leaf = (node: ScalarNode, path: Path) => {
    const { file, line, column, via } = node.at;
    if (via !== undefined) {
      const value = via.kind === 'env' ? node.source : node.value;
      add(path, value, { kind: via.kind, name: via.name, file, line, column });
      return;
    }
    add(path, node.value, { kind: file === files[0] ? 'file' : 'template', file, line, column });
  };
  const written = (node: Tree, path: Path): void => {
    if (node.kind === 'scalar') leaf(node, path);
    else if (node.kind === 'list') {
      if (node.items.length === 0) add(path, [], { kind: 'file', ...node.at });
      node.items.forEach((item, i) => {
        written(item, [...path, i]);
      });
    } else for (const [key, entry] of node.entries) written(entry.node, [...path, key]);
  };
  const byDefault = (value: unknown, path: Path): void => {
    if (Array.isArray(value)) {
      if (value.length === 0) add(path, [], { kind: 'default' });
      value.forEach((item, i) => {
        byDefault(item, [...path, i]);
      });
    } else add(path, value as EffectiveValue['value'], { kind: 'default' });
  };
  const walk = (schema: z.core.$ZodType, node: Tree | undefined, path: Path): void => {
    const inner = bare(schema);
    if (inner instanceof z.ZodObject && (node === undefined || node.kind === 'map')) {
      if (node === undefined && !(schema instanceof z.ZodPrefault) && path.length > 0) return;
      const shape: Readonly<Record<string, z.core.$ZodType>> = inner.shape;
      for (const [key, child] of Object.entries(shape)) {
        walk(child, node === undefined ? undefined : nodeAt(node, [key]), [...path, key]);
      }
      for (const [key, value] of dependent(site, node, path)) add([...path, key], value.value, value.from);
      for (const [key, entry] of node?.entries ?? []) {
        if (!(key in shape)) written(entry.node, [...path, key]);
      }
    } else if (inner instanceof z.ZodArray && node?.kind === 'list' && node.items.length > 0) {
      const element = inner.element as z.core.$ZodType;
      node.items.forEach((item, i) => {
        walk(element, item, [...path, i]);
      });
    } else if (node !== undefined) written(node, path);
    else if (schema instanceof z.ZodPrefault) byDefault(schema.def.defaultValue, path);
  };
  walk(siteSchema, root, []);
  return found;
}

type Dependent = readonly [key: string, value: Pick<EffectiveValue, 'value' | 'from'>];

/** Defaults that come from a neighbour: the kind of the line, the profile of the device, the id of the agent. */
function dependent(site: Site, node: MapNode | undefined, path: Path): readonly Dependent[] {
  const [list, index] = path;
  const absent = (key: string) => node?.entries.has(key) !== true;
  const result: Dependent[] = [];
  const byDefault = (key: string, value: EffectiveValue['value']) => {
    if (absent(key)) result.push([key, { value, from: { kind: 'default' } }]);
  };
  if (path.length === 2 && list === 'lines' && typeof index === 'number') {
    const line = site.lines[index];
    if (line?.kind === 'tcp') byDefault('framing', line.framing);
    if (line?.serial !== undefined) {
      byDefault('baud', LINE_DEFAULTS.baud);
      byDefault('format', LINE_DEFAULTS.format);
    }
    if (line !== undefined) byDefault('timeout', formatDuration(line.timeout));
  }
  if (path.length === 2 && list === 'devices' && typeof index === 'number') {
    const profile = site.devices[index]?.profile;
    if (profile !== undefined && absent('every')) {
      const from: From = { kind: 'profile', name: profile.id };
      result.push(['every', { value: formatDuration(profile.every), from }]);
    }
  }
  if (path.length === 3 && list === 'uplinks' && path[2] === 'mqtt') byDefault('client_id', site.agent.id);
  if (path.length === 3 && list === 'uplinks' && path[2] === 'sparkplug') {
    byDefault('client_id', sparkplugClientId(site.agent.id));
    byDefault('node', site.agent.id);
  }
  if (path.length === 2 && list === 'lamps') byDefault('fallback', 100);
  return result;
}

/** `site.yaml:14`, `template pole.yaml:3`, `default`, `env CITY_URL (site.yaml:66)`. */
export function fromText(from: From, name: (file: string) => string): string {
  if (from.kind === 'default') return 'default';
  if (from.kind === 'profile') return `profile ${from.name}`;
  const place = `${name(from.file)}:${from.line}`;
  if (from.kind === 'var' || from.kind === 'env') return `${from.kind} ${from.name} (${place})`;
  return from.kind === 'file' ? place : `template ${place}`;
}

/** As YAML that can be read back, each value with a comment on where it comes from. */
export function effectiveYaml(values: readonly EffectiveValue[], name: (file: string) => string): string {
  const document = new Document({});
  for (const { path, value } of values) {
    // `setIn` makes maps for all steps; a list has to be there before its first item.
    path.forEach((step, i) => {
      const above = path.slice(0, i);
      if (typeof step === 'number' && !document.hasIn(above)) document.setIn(above, document.createNode([]));
    });
    document.setIn(path, document.createNode(value));
  }
  for (const { path, from } of values) {
    const node = document.getIn(path, true);
    if (isScalar(node)) node.comment = ` ${fromText(from, name)}`;
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
