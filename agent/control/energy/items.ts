/** Items of the sub-metering guideline as sums of circuits, none of them counted twice. Pure. */
import type { Circuit } from '../../core/energy/energy.ts';

/** The part of a code that says something: `01A00` is 01A, `01000` is 01. */
function stem(code: string): string {
  return code.slice(0, 2) + code.slice(2).replace(/0+$/, '');
}

/** Whether `code` is `above` or something of it. */
export function isWithin(code: string, above: string): boolean {
  return code.startsWith(stem(above));
}

/** All codes that circuits have, and those above them but the class: `01A1B` also gives 01A10 and 01A00. */
export function codesOf(circuits: readonly Circuit[]): readonly string[] {
  const codes = new Set<string>();
  for (const { code } of circuits) {
    if (code === undefined) continue;
    codes.add(code);
    for (const digits of [4, 3])
      if (stem(code).length > digits) codes.add(code.slice(0, digits).padEnd(5, '0'));
  }
  return [...codes].sort();
}

/** Circuits whose sum is the item: such that have it or something of it, without those fed by one that is counted. */
export function itemCircuits(circuits: readonly Circuit[], item: string): readonly Circuit[] {
  const byId = new Map(circuits.map((one) => [one.id, one]));
  const has = ({ code }: Circuit) => code !== undefined && isWithin(code, item);
  return circuits.filter((one) => {
    if (!has(one)) return false;
    for (let above = byId.get(one.fedBy ?? ''); above !== undefined; above = byId.get(above.fedBy ?? ''))
      if (has(above)) return false;
    return true;
  });
}
