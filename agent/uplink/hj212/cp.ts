/** The data field CP of HJ 212: items apart by `;`, the values of one item by `,` (2017 §6.3.3, 2025 §6.3.4.1). */

export type Pair = readonly [name: string, value: string];
/** Values that belong together, e.g. the average, the extremes and the mark of one factor. */
export type Item = readonly Pair[];

/** Pieces between separators; log texts stand between `//` and may hold separators (2017 Table C.45). */
const ITEMS = /(?:\/\/[\s\S]*?\/\/|[^;])+/g;
const PAIRS = /(?:\/\/[\s\S]*?\/\/|[^,])+/g;

/**
 * Items of a data field, in order. Forgives what platforms do: blanks round names, empty items, a `,` where a `;`
 * should be. A piece without `=` is a name without a value.
 */
export function parseCp(text: string): Item[] {
  return (text.match(ITEMS) ?? [])
    .map((item) => (item.match(PAIRS) ?? []).flatMap(pairOf))
    .filter((item) => item.length > 0);
}

function pairOf(piece: string): Pair[] {
  const text = piece.trim();
  if (text === '') return [];
  const at = text.indexOf('=');
  return at < 0 ? [[text, '']] : [[text.slice(0, at).trim(), text.slice(at + 1).trim()]];
}

/** All values by name; of a name that stands there more than once, the first. */
export function namesOf(items: readonly Item[]): Record<string, string> {
  const names: Record<string, string> = Object.create(null);
  for (const item of items) for (const [name, value] of item) names[name] ??= value;
  return names;
}

/** Text of one item. */
export function itemText(item: Item): string {
  return item.map(([name, value]) => `${name}=${value}`).join(',');
}

/** Text of a data field; inverse of `parseCp` for names and values without separators. */
export function cpText(items: readonly Item[]): string {
  return items.map(itemText).join(';');
}
