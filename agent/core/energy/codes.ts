/**
 * Codes of energy (class, item, sub-item, second level: `CC I S T`) and of buildings. The tree is data per platform,
 * for platforms differ: the national order is the default, another tree or single codes come from the site file.
 */

import type { Unit } from '../unit.ts';
import tree from './codes.json' with { type: 'json' };

export interface EnergyCode {
  readonly code: string;
  readonly name: string;
  /** As platforms print it. */
  readonly unit: string;
}

/** Trees that ship with the agent. `local` is one platform's: same letters in another order. */
export const CODE_TREES = ['national', 'local'] as const;
export type CodeTree = (typeof CODE_TREES)[number];

interface Entry {
  readonly name?: string;
  readonly local?: string;
  readonly label?: string;
}
const ENTRIES: Readonly<Record<string, Entry>> = tree.codes;
const CLASSES: Readonly<Record<string, { readonly name: string; readonly unit: string }>> = tree.classes;
const BUILDINGS: Readonly<Record<string, string>> = tree.buildings;

export interface EnergyCodeParts {
  readonly class: string;
  readonly item: string;
  readonly sub: string;
  readonly second: string;
}

/** The parts of a code, or why it is none. */
export function energyCodeParts(code: string): EnergyCodeParts | string {
  if (!/^[0-9]{2}[0-9A-Z]{3}$/.test(code)) {
    return 'expected two digits and three digits or capital letters, such as 01A10';
  }
  const [kind, item = '', sub = '', second = ''] = [code.slice(0, 2), code[2], code[3], code[4]];
  if (CLASSES[kind] === undefined) return `class ${kind} is not one of 01 to 13`;
  if (!/^[0A-Z]$/.test(item)) return `item ${item} is not a letter or 0`;
  if (!/^[0-9]$/.test(sub)) return `sub-item ${sub} is not a digit`;
  if (item === '0' && (sub !== '0' || second !== '0')) return 'without an item there is no sub-item';
  if (sub === '0' && /[A-Z]/.test(second)) return 'without a sub-item there is no second level';
  return { class: kind, item, sub, second };
}

/** What a code means in `tree`; undefined where it is not in it. */
export function energyCode(code: string, which: CodeTree = 'national'): EnergyCode | undefined {
  const parts = energyCodeParts(code);
  if (typeof parts === 'string') return undefined;
  const entry = ENTRIES[code];
  const name = which === 'local' ? (entry?.local ?? entry?.name) : entry?.name;
  return name === undefined ? undefined : { code, name, unit: CLASSES[parts.class]?.unit ?? '' };
}

/** For people who read a capture and do not know whose it is: the names in both trees. */
export function energyCodeLabel(code: string): string | undefined {
  const entry = ENTRIES[code];
  if (entry === undefined) return undefined;
  const { name, local, label } = entry;
  if (label !== undefined) return label;
  if (name === undefined) return `${local} [local]`;
  return local === undefined || local === name ? name : `${name} (national order) / ${local} (local tree)`;
}

/** Unit in which a class is told, where there is one; heat and cold have two, the first is the default. */
export function classUnit(code: string): { readonly printed: string; readonly unit: Unit | undefined } {
  const printed = CLASSES[code.slice(0, 2)]?.unit ?? '';
  const units: Readonly<Record<string, Unit>> = { kWh: 'kW.h', m3: 'm3', 'GJ/kWh': 'GJ' };
  return { printed, unit: units[printed] };
}

export interface BuildingCode {
  readonly district: string;
  readonly category: string;
  readonly serial: string;
}

/** `330302D110`: district (GB/T 2260), type, serial number; or why it is none. H and Z both stand for other buildings. */
export function buildingCode(code: string): BuildingCode | string {
  const parts = /^(\d{6})([A-Z])(\d{3})$/.exec(code);
  if (parts === null) return 'expected six digits, a capital letter and three digits, such as 330302D110';
  const [, district = '', letter = '', serial = ''] = parts;
  const name = BUILDINGS[letter];
  return name === undefined
    ? `building type ${letter} is none of ${Object.keys(BUILDINGS).join(', ')}`
    : { district, category: `${letter} ${name}`, serial };
}
