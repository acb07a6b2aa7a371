/**
 * Regular expressions of profiles, restricted to what a backtracking matcher does in linear time: anchored at the start;
 * `*`, `+`, `?`, `{n,m}` only behind a single character or class, and what follows a repetition cannot begin with a
 * character that the repetition takes; groups are not repeated; alternatives are plain texts, none the beginning of
 * another. So at no place of a line there is more than one way to go on.
 */

export type Compiled =
  | { readonly ok: true; readonly pattern: RegExp }
  | { readonly ok: false; readonly error: string };

interface Atom {
  /** What it takes, of the characters looked at. */
  readonly takes: ReadonlySet<string>;
  readonly optional: boolean;
  readonly repeated: boolean;
  readonly text: string;
}

const MOST = 200;
const MOST_GROUPS = 1;
/** A single character: escape, class, plain. */
const SINGLE =
  /^(\\[dDwWsS]|\\x[0-9A-Fa-f]{2}|\\[^A-Za-z0-9]|\\[trn]|\[(?:\\.|[^\]\\])+\]|[^\\()[\]{}*+?|^$])/;
const REPEAT = /^(\*|\+|\?|\{\d{1,3}(?:,\d{0,3})?\})/;
/** Of a class only these escapes are known. */
const CLASS = /^\[\^?(?:\\[dDwWsS]|\\x[0-9A-Fa-f]{2}|\\[^A-Za-z0-9]|\\[trn]|[^\\\]])+\]$/;

/** `source` as an expression that is safe on any line, or why it is not. */
export function compile(source: string): Compiled {
  const no = (error: string): Compiled => ({ ok: false, error });
  if (source.length > MOST) return no(`longer than ${MOST} characters`);
  const body = source.replace(/^\^/, '').replace(/(?<!\\)\$$/, '');
  const universe = [
    ...new Set([...Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)), ...body, '\uffff']),
  ];
  const atoms: Atom[] = [];
  let groups = 0;
  let open = false;
  let rest = body;
  while (rest !== '') {
    const words = /^\((?:\?:)?([^()|[\]{}*+?\\^$.]+(?:\|[^()|[\]{}*+?\\^$.]+)+)\)/.exec(rest);
    if (words !== null) {
      const wrong = alternatives(words, rest);
      if (wrong !== undefined) return no(wrong);
      if (!words[0].startsWith('(?:')) groups++;
      atoms.push(...alternativeAtom(words[1] ?? ''));
      rest = rest.slice(words[0].length);
      continue;
    }
    if (rest[0] === '(') {
      if (open) return no('a group within a group');
      if (rest[1] === '?' && !rest.startsWith('(?:')) return no('look-around and named groups are not known');
      if (!rest.startsWith('(?:')) groups++;
      open = true;
      rest = rest.slice(rest.startsWith('(?:') ? 3 : 1);
      continue;
    }
    if (rest[0] === ')') {
      if (!open) return no('a ) too many');
      open = false;
      rest = rest.slice(1);
      if (REPEAT.test(rest)) return no('a group that is repeated');
      continue;
    }
    const single = SINGLE.exec(rest)?.[0];
    if (single === undefined) return no(`"${rest.slice(0, 10)}" is not known here`);
    if (single[0] === '[' && !CLASS.test(single)) return no(`class ${single} is not known`);
    rest = rest.slice(single.length);
    const repeat = REPEAT.exec(rest)?.[0];
    rest = rest.slice(repeat?.length ?? 0);
    if (/^[?+*{]/.test(rest)) return no('a repetition of a repetition');
    const atom = atomOf(single, repeat, universe);
    if (atom === undefined) return no(`"${single}${repeat ?? ''}" is not an expression`);
    atoms.push(atom);
  }
  if (open) return no('a ( without its )');
  if (groups > MOST_GROUPS) return no(`more than ${MOST_GROUPS} group`);
  const wrong = ambiguous(atoms);
  if (wrong !== undefined) return no(wrong);
  try {
    return { ok: true, pattern: new RegExp(`^${body}${/(?<!\\)\$$/.test(source) ? '$' : ''}`, 's') };
  } catch (error) {
    return no(error instanceof Error ? error.message : String(error));
  }
}

function atomOf(single: string, repeat: string | undefined, universe: readonly string[]): Atom | undefined {
  try {
    const one = new RegExp(`^${single}$`, 's');
    const takes = new Set(universe.filter((char) => one.test(char)));
    const optional = repeat !== undefined && /^(\*|\?|\{0)/.test(repeat);
    const fixed = repeat === undefined || /^\{\d+\}$/.test(repeat);
    return { takes, optional, repeated: !fixed, text: `${single}${repeat ?? ''}` };
  } catch {
    return undefined;
  }
}

function alternatives(words: RegExpExecArray, rest: string): string | undefined {
  const all = (words[1] ?? '').split('|');
  const same = all.some((a, i) => all.some((b, j) => i !== j && b.startsWith(a)));
  if (same) return 'an alternative that is the beginning of another';
  return REPEAT.test(rest.slice(words[0].length)) ? 'a group that is repeated' : undefined;
}

/** Only what alternatives begin with matters to what stands before them. */
function alternativeAtom(text: string): readonly Atom[] {
  const firsts = new Set(text.split('|').map((word) => word[0] ?? ''));
  return [{ takes: firsts, optional: false, repeated: false, text: `(${text})` }];
}

/** Where two ways to go on meet, or undefined. */
function ambiguous(atoms: readonly Atom[]): string | undefined {
  for (const [i, atom] of atoms.entries()) {
    if (!atom.repeated) continue;
    for (const next of atoms.slice(i + 1)) {
      const both = [...atom.takes].find((char) => next.takes.has(char));
      if (both !== undefined)
        return `after ${atom.text} comes ${next.text}, and both take ${JSON.stringify(both)}`;
      if (!next.optional) break;
    }
  }
  return undefined;
}
