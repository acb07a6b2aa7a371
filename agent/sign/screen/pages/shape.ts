/** The three shapes a sign's panel has, and what each has room for. */
export type Shape = 'tall' | 'wide' | 'bar';

export function shapeOf(width: number, height: number): Shape {
  if (height >= width) return 'tall';
  return width / height >= 2.6 ? 'bar' : 'wide';
}

/** Lines at once, and notices at once. */
export function room(shape: Shape, aside: boolean): { readonly lines: number; readonly notices: number } {
  if (shape === 'tall') return { lines: aside ? 5 : 7, notices: 3 };
  if (shape === 'wide') return { lines: aside ? 5 : 8, notices: 2 };
  return { lines: aside ? 3 : 6, notices: 1 };
}

/** Time for each page of lines and each round of notices, ms. */
export const PAGE_TIME = 10_000;
export const NOTICE_TIME = 8000;

/**
 * Those of `all` that are shown in this round. Signs turn their pages together where they know the time: `now` is ms of
 * any clock.
 */
export function round<T>(
  all: readonly T[],
  at: number,
  now: number,
  time: number,
): { readonly shown: readonly T[]; readonly page: number; readonly pages: number } {
  const pages = Math.max(1, Math.ceil(all.length / at));
  const page = Math.floor(now / time) % pages;
  return { shown: all.slice(page * at, page * at + at), page, pages };
}

const GRAVE: ReadonlySet<string> = new Set(['fault', 'offline', 'alert', 'warning']);

/**
 * The notices of this round. What riders must know comes first: the gravest always stands, and news waits until there is
 * room.
 */
export function noticeRound<T extends { readonly kind: string }>(
  all: readonly T[],
  at: number,
  now: number,
): readonly T[] {
  const grave = all.filter(({ kind }) => GRAVE.has(kind));
  const light = all.filter(({ kind }) => !GRAVE.has(kind));
  const [first] = grave;
  if (all.length <= at) return all;
  if (grave.length < at) {
    return [...grave, ...round(light, at - grave.length, now, NOTICE_TIME).shown];
  }
  if (first === undefined || at === 1) return round(grave, at, now, NOTICE_TIME).shown;
  return [first, ...round(grave.slice(1), at - 1, now, NOTICE_TIME).shown];
}
