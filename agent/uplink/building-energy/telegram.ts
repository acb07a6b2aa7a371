/**
 * What an XML document of this protocol says: `<root><common>building, gateway, type</common><operation…/></root>`.
 * `type` is the operation with some platforms, the group of the operation with others: both are taken.
 */
import { child, type Element, escaped, parseXml } from './xml.ts';

/** One value of a meter as it stands in the document; a missing attribute stays away. */
export interface FunctionValue {
  readonly meter: string;
  readonly id: string;
  readonly coding?: string;
  readonly error?: string;
  readonly value: string;
}

export interface Telegram {
  /** Null where the element is missing. */
  readonly building: string | null;
  readonly gateway: string | null;
  readonly type: string | null;
  /** Groups (`id_validate`, `heart_beat`, `data`, `config` …) with their operation, null without one. */
  readonly operations: readonly (readonly [group: string, operation: string | null])[];
  /** Texts of the first group: `sequence`, `md5`, `result`, `time`, `period`, `total`, `current`, `parser` … */
  readonly fields: Readonly<Record<string, string>>;
  readonly functions: readonly FunctionValue[];
}

/** Elements with a text of their own that have a meaning. */
const FIELDS: ReadonlySet<string> = new Set([
  'sequence',
  'md5',
  'result',
  'time',
  'period',
  'total',
  'current',
  'parser',
]);

export type ReadTelegram =
  | { readonly ok: true; readonly telegram: Telegram }
  | { readonly ok: false; readonly error: string };

/** Never throws. */
export function readTelegram(input: Uint8Array | string): ReadTelegram {
  const parsed = parseXml(input);
  if (!parsed.ok) return parsed;
  const { root } = parsed;
  if (root.name !== 'root') return { ok: false, error: `root: expected root, got ${root.name}` };
  const common = child(root, 'common');
  if (common === undefined) return { ok: false, error: 'common: missing' };
  const groups = root.children.filter((one) => one !== common);
  const textOf = (name: string) => child(common, name)?.text ?? null;
  const fields: Record<string, string> = Object.create(null);
  for (const { name, children, text } of groups[0]?.children ?? []) {
    if (children.length === 0 && FIELDS.has(name)) fields[name] ??= text;
  }
  return {
    ok: true,
    telegram: {
      building: textOf('building_id'),
      gateway: textOf('gateway_id'),
      type: textOf('type'),
      operations: groups.map(({ name, attributes }) => [name, attributes.operation ?? null] as const),
      fields,
      functions: groups.flatMap(functionsOf),
    },
  };
}

function functionsOf(group: Element): FunctionValue[] {
  return group.children
    .filter(({ name }) => name === 'meter')
    .flatMap(({ attributes: { id: meter = '' }, children }) =>
      children
        .filter(({ name }) => name === 'function')
        .map(({ attributes: { id = '', coding, error }, text }) => ({
          meter,
          id,
          ...(coding === undefined ? {} : { coding }),
          ...(error === undefined ? {} : { error }),
          value: text,
        })),
    );
}

/** Whether a telegram is this operation, also where only `type` says so (which may be in either style). */
export function operationOf({ operations, type }: Telegram): readonly [group: string, operation: string] {
  const [group = '', operation = null] = operations[0] ?? [];
  return [group, operation ?? type ?? ''];
}

export interface Common {
  readonly building: string;
  readonly gateway: string;
  /** What stands in `type`: the operation, its group, or no such element. */
  readonly typeStyle: 'operation' | 'group' | 'none';
  /** `version` attribute of the group; absent: none. */
  readonly version?: string;
}

/** A document; `inner` is XML already. */
export function writeTelegram(common: Common, group: string, operation: string, inner: string): string {
  const { building, gateway, typeStyle, version } = common;
  const type = typeStyle === 'none' ? '' : `<type>${typeStyle === 'group' ? group : operation}</type>`;
  const edition = version === undefined ? '' : ` version="${escaped(version)}"`;
  return (
    '<?xml version="1.0" encoding="UTF-8"?><root><common>' +
    `<building_id>${escaped(building)}</building_id><gateway_id>${escaped(gateway)}</gateway_id>${type}</common>` +
    `<${group} operation="${operation}"${edition}>${inner}</${group}></root>`
  );
}

/** `<name>text</name>` */
export function element(name: string, text: string): string {
  return `<${name}>${escaped(text)}</${name}>`;
}

export interface ReportMeter {
  readonly id: string;
  /** Address on the line, where the platform wants it. */
  readonly address?: string;
  readonly functions: readonly {
    readonly id: string;
    readonly coding?: string;
    readonly error?: string;
    readonly value: string;
  }[];
}

export interface Report {
  /** Up to 20 digits; the same again where it is sent again. */
  readonly sequence: string;
  /** `yyyyMMddHHmmss`, local time of the site. */
  readonly time: string;
  /** In a resend after a break: how many there are, and which this is, from 1. */
  readonly resend?: { readonly total: number; readonly current: number };
  readonly meters: readonly ReportMeter[];
}

/** The inside of a `data` group. */
export function reportXml({ sequence, time, resend, meters }: Report): string {
  const counted =
    resend === undefined
      ? ''
      : element('total', String(resend.total)) + element('current', String(resend.current));
  return (
    element('sequence', sequence) +
    element('parser', 'yes') +
    element('time', time) +
    counted +
    meters.map(meterXml).join('')
  );
}

function meterXml({ id, address, functions }: ReportMeter): string {
  const at = address === undefined ? '' : ` addr="${escaped(address)}"`;
  const inside = functions.map(({ id: name, coding, error, value }) => {
    const coded = coding === undefined ? '' : ` coding="${escaped(coding)}"`;
    const judged = error === undefined ? '' : ` error="${escaped(error)}"`;
    return `<function id="${escaped(name)}"${coded}${judged}>${escaped(value)}</function>`;
  });
  return `<meter id="${escaped(id)}"${at}>${inside.join('')}</meter>`;
}
