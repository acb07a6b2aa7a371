/**
 * Writes found devices into the text of a site file. What stood there stays as it was, byte for byte, comments and all: new items are
 * put behind the last one of their list. Only a list that is written in one row (`[a, b]`) is written anew, by the library. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Document, isSeq, parseDocument, Scalar, stringify, type YAMLSeq } from 'yaml';
import { AgentError } from '../core/errors.ts';

/** Keys of an item in the order in which they are written. Values are plain; `title` is written in one row. */
export type SiteItem = Readonly<Record<string, unknown>>;

export interface NewItems {
  readonly lines: readonly SiteItem[];
  readonly devices: readonly SiteItem[];
}

export interface Written {
  readonly text: string;
  /** First and last line of each new device in the text, counted from 1, in the order given; empty where it is not known. */
  readonly places: readonly (readonly [number, number])[];
}

/** Throws `AgentError` `config-invalid` where the text is no YAML map. */
export function addDevices(text: string, { lines, devices }: NewItems): Written {
  const withLines = append(text, 'lines', lines);
  const written = append(withLines.text, 'devices', devices);
  // The list of lines may stand behind that of devices, and cannot move them then: it was written first.
  const wanted = wantedOf(text, { lines, devices });
  if (!isDeepStrictEqual(plain(written.text), wanted)) {
    throw new AgentError(
      'config-invalid',
      'the site file cannot be added to: its lists are made by anchors or tags',
      {
        fix: 'Write the new devices by hand; kerbside scan shows them as they are to be written.',
      },
    );
  }
  return written;
}

/** A list of the site file as text, as it is shown before it is saved. */
export function itemsText({ lines, devices }: NewItems): string {
  const part = (key: string, items: readonly SiteItem[]) =>
    items.length === 0 ? '' : `${key}:\n${rendered(items, 2)}`;
  return part('lines', lines) + part('devices', devices);
}

function append(text: string, key: 'lines' | 'devices', items: readonly SiteItem[]): Written {
  if (items.length === 0) return { text, places: [] };
  const document = read(text);
  const list: unknown = document.get(key, true);
  if (isSeq(list) && list.flow !== true) return behind(text, list, items);
  if (isSeq(list) && list.items.length > 0) return anew(document, key, list, items);
  const [from, to] = (isSeq(list) || list instanceof Scalar ? list.range : undefined) ?? [
    text.length,
    text.length,
  ];
  if (list === undefined || list === null) return atEnd(text, document, key, items);
  // `devices: []` and `devices:` with nothing behind it.
  const start = text.slice(0, from).trimEnd().length;
  return at(
    text,
    Math.max(start, 0),
    to,
    `\n${rendered(items, 2)}`.replace(/\n$/, text.slice(to).startsWith('\n') ? '' : '\n'),
    items,
  );
}

function behind(text: string, list: YAMLSeq, items: readonly SiteItem[]): Written {
  const range = list.range;
  if (range === undefined || range === null)
    throw new AgentError('internal', 'a list of the site file has no place');
  const column = range[0] - (text.lastIndexOf('\n', range[0] - 1) + 1);
  const end = range[1];
  const first = end > 0 && text[end - 1] !== '\n' ? '\n' : '';
  return at(text, end, end, `${first}${rendered(items, column)}`, items);
}

/** The key is not there: it goes to the end, but before a mark that ends the document. */
function atEnd(text: string, document: Document, key: string, items: readonly SiteItem[]): Written {
  const range = document.contents?.range;
  const end = range === undefined || range === null ? text.length : Math.min(text.length, range[2]);
  const first = end > 0 && text[end - 1] !== '\n' ? '\n' : '';
  return at(text, end, end, `${first}${key}:\n${rendered(items, 2)}`, items);
}

function at(text: string, from: number, to: number, more: string, items: readonly SiteItem[]): Written {
  const whole = text.slice(0, from) + more + text.slice(to);
  let row = text.slice(0, from).split('\n').length;
  const start = more.search(/^ *- /m);
  row += more.slice(0, start).split('\n').length - 1;
  const places = items.map((item): readonly [number, number] => {
    const length = rendered([item], 0).split('\n').length - 1;
    row += length;
    return [row - length, row - 1];
  });
  return { text: whole, places };
}

function anew(document: Document, key: string, list: YAMLSeq, items: readonly SiteItem[]): Written {
  list.flow = false;
  for (const item of items) document.addIn([key], document.createNode(item));
  return { text: document.toString({ lineWidth: 0 }), places: [] };
}

/** Items of a list, each line begun with `column` spaces. */
function rendered(items: readonly SiteItem[], column: number): string {
  const document = parseDocument(stringify(items, { lineWidth: 0, aliasDuplicateObjects: false }));
  items.forEach((item, i) => {
    if (typeof item.title === 'object') {
      const title = document.getIn([i, 'title'], true);
      if (typeof title === 'object' && title !== null) Object.assign(title, { flow: true });
    }
  });
  const indent = ' '.repeat(column);
  return document.toString({ lineWidth: 0 }).replace(/^(?=.)/gm, indent);
}

function read(text: string): Document {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined)
    throw new AgentError('config-invalid', `the site file is no YAML: ${error.message}`);
  return document;
}

function plain(text: string): unknown {
  return read(text).toJS();
}

function wantedOf(text: string, { lines, devices }: NewItems): unknown {
  const before: unknown = plain(text) ?? {};
  if (typeof before !== 'object' || before === null || Array.isArray(before)) {
    throw new AgentError('config-invalid', 'the site file is no map of keys');
  }
  const whole: Record<string, unknown> = { ...before };
  for (const [key, items] of [
    ['lines', lines],
    ['devices', devices],
  ] as const) {
    const own = whole[key] ?? [];
    if (items.length > 0) whole[key] = [...(Array.isArray(own) ? own : []), ...items];
  }
  return whole;
}
