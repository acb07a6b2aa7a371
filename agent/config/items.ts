/** The lists of a site file before their items are looked at together: empty ones, and the items that are right. */
import { ZodPrefault } from 'zod';
import type { Numbered } from './checks.ts';
import { ITEMS, type ListName, siteSchema } from './schema.ts';
import type { MapNode } from './tree.ts';

/** `devices:` with nothing below it is no list, but everybody means an empty one; so with all that has a default. */
export function withoutEmpty(root: MapNode): MapNode {
  const shape: Readonly<Record<string, unknown>> = siteSchema.shape;
  const entries = [...root.entries].filter(([key, { node }]) => {
    const empty = node.kind === 'scalar' && node.value === null;
    return !(empty && shape[key] instanceof ZodPrefault);
  });
  return { ...root, entries: new Map(entries) };
}

/** By list: the items that are right in themselves, with their numbers there. */
export type Right = { readonly [K in ListName]: readonly Numbered<ReturnType<(typeof ITEMS)[K]['parse']>>[] };

/** The items of every list that are right in themselves, so that one wrong item hides no problem of the others. */
export function rightItems(plain: unknown): Right {
  const of = <K extends ListName>(name: K): Right[K] => {
    const list = (plain as Readonly<Record<string, unknown>>)[name];
    const items = Array.isArray(list) ? list : [];
    return items.flatMap((item: unknown, index) => {
      const parsed = ITEMS[name].safeParse(item);
      return parsed.success ? [{ index, item: parsed.data }] : [];
    }) as unknown as Right[K];
  };
  return {
    lines: of('lines'),
    devices: of('devices'),
    cameras: of('cameras'),
    lamps: of('lamps'),
    programmes: of('programmes'),
    interlocks: of('interlocks'),
    figures: of('figures'),
    virtual: of('virtual'),
    uplinks: of('uplinks'),
  };
}
