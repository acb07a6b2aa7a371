/** Alerts out of XML: only the elements of CAP 1.2, by a strict parser inside limits of our own. */
import { SaxesParser } from 'saxes';

/** An element with its text, white space trimmed, and its children. */
export interface CapElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly CapElement[];
}

export type CapAlerts =
  | { readonly ok: true; readonly alerts: readonly CapElement[] }
  | { readonly ok: false; readonly reason: string };

const NAMESPACE = 'urn:oasis:names:tc:emergency:cap:1.2';
const DEEPEST = 16;
const MOST_ELEMENTS = 50_000;
/** Longer texts are cut, characters; a board shows 500 of them. */
const LONGEST_TEXT = 20_000;

class Refused extends Error {}

interface Open {
  readonly name: string;
  text: string;
  readonly children: Open[];
}

/** All `alert` elements of a document, alone or inside a feed. Takes any bytes, never throws. */
export function readCap(bytes: Uint8Array): CapAlerts {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, reason: 'it is not UTF-8' };
  }
  const parser = new SaxesParser({ xmlns: true });
  const alerts: Open[] = [];
  const path: Open[] = [];
  let depth = 0;
  let elements = 0;
  const refuse = (why: string): never => {
    throw new Refused(why);
  };
  parser.on('error', (error) => refuse(error.message));
  parser.on('doctype', () => refuse('a document type is not taken'));
  parser.on('opentag', ({ local, uri }) => {
    depth += 1;
    elements += 1;
    if (depth > DEEPEST) refuse(`deeper than ${DEEPEST} elements`);
    if (elements > MOST_ELEMENTS) refuse(`more than ${MOST_ELEMENTS} elements`);
    if (path.length === 0 && (local !== 'alert' || uri !== NAMESPACE)) return;
    const element: Open = { name: uri === NAMESPACE ? local : '', text: '', children: [] };
    if (path.length === 0) alerts.push(element);
    else path.at(-1)?.children.push(element);
    path.push(element);
  });
  const add = (part: string) => {
    const element = path.at(-1);
    if (element !== undefined && element.text.length < LONGEST_TEXT) element.text += part;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', () => {
    depth -= 1;
    const closed = path.pop();
    if (closed !== undefined) closed.text = closed.text.slice(0, LONGEST_TEXT).trim();
  });
  try {
    parser.write(text).close();
  } catch (thrown) {
    return {
      ok: false,
      reason: `it is no XML: ${thrown instanceof Error ? firstLine(thrown.message) : 'broken'}`,
    };
  }
  return { ok: true, alerts };
}

/** Text of the first child of that name; undefined where there is none, or it is empty. */
export function textOf(element: CapElement, name: string): string | undefined {
  const text = element.children.find((child) => child.name === name)?.text;
  return text === '' ? undefined : text;
}

export function childrenOf(element: CapElement, name: string): readonly CapElement[] {
  return element.children.filter((child) => child.name === name);
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.slice(0, 120) ?? '';
}
