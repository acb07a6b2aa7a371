/**
 * Addresses: primary (1 to 250, 254 whoever is alone) or secondary, by number, maker, version and medium, in which F stands
 * for any digit. EN 13757-3 §11
 */
import type { Issue } from '../../agent/core/profile.ts';
import { shown } from '../issues.ts';
import { ANYBODY } from './frame.ts';
import type { Header } from './header.ts';

export type Address =
  | { readonly kind: 'primary'; readonly primary: number }
  /** The eight bytes of a select telegram as hex: number as printed, then maker, version and medium as on the wire. */
  | { readonly kind: 'secondary'; readonly mask: string };

/** Any maker, version and medium. */
const OPEN = 'FFFFFFFF';
const HIGHEST_PRIMARY = 250;

/** Reads an address of the site file; undefined where it is none. Without one whoever is alone on the bus is asked. */
export function addressOf(address: number | string | undefined): Address | undefined {
  if (address === undefined) return { kind: 'primary', primary: ANYBODY };
  const text = String(address).toUpperCase().replace(/[\s-]/g, '');
  if (/^\d{1,3}$/.test(text)) {
    const primary = Number(text);
    return primary <= HIGHEST_PRIMARY || primary === ANYBODY ? { kind: 'primary', primary } : undefined;
  }
  if (/^[0-9F]{8}$/.test(text)) return { kind: 'secondary', mask: text + OPEN };
  // Numbers that YAML has taken the zeros from.
  if (typeof address === 'number' && /^\d{4,7}$/.test(text))
    return { kind: 'secondary', mask: text.padStart(8, '0') + OPEN };
  return /^[0-9F]{8}[0-9A-F]{8}$/.test(text) ? { kind: 'secondary', mask: text } : undefined;
}

export function addressIssues(address: number | string | undefined): readonly Issue[] {
  if (addressOf(address) !== undefined) return [];
  const message = `expected a primary address from 0 to 250, or the 8 digits printed on the meter (16 with maker, version and medium), got ${shown(address)}`;
  return [{ path: ['address'], message, fix: 'write address: 1, or address: "12345678"' }];
}

/** What goes into a select telegram: number lowest byte first, then maker, version, medium. */
export function selectBytes(mask: string): Uint8Array {
  const bytes = Buffer.from(mask, 'hex');
  return Uint8Array.from([...bytes.subarray(0, 4).reverse(), ...bytes.subarray(4)]);
}

/** The secondary address of whoever has this header, in full; undefined where the header does not tell. */
export function maskOf({ id, manufacturer, version, medium }: Header): string | undefined {
  if (id === undefined) return undefined;
  if (manufacturer === undefined) return id + OPEN;
  const code = [...manufacturer].reduce((all, letter) => all * 32 + ((letter.charCodeAt(0) - 64) & 31), 0);
  return id + [code & 0xff, code >> 8, version ?? 0xff, medium ?? 0xff].map(byte).join('');
}

/** Whether a meter with this header is meant by a mask. */
export function isMeant(mask: string, header: Header): boolean {
  const own = maskOf(header);
  // A short header, and none, do not tell: then it is who was selected.
  if (own === undefined) return true;
  const number = [...mask.slice(0, 8)].every((digit, i) => digit === 'F' || digit === own[i]);
  const rest = (mask.slice(8).match(/../g) ?? []).every((pair, i) => {
    const got = own.slice(8 + 2 * i, 10 + 2 * i);
    return pair === 'FF' || got === 'FF' || pair === got;
  });
  return number && rest;
}

function byte(value: number): string {
  return value.toString(16).padStart(2, '0').toUpperCase();
}
