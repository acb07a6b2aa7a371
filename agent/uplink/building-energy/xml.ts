/**
 * XML as this protocol has it, read by a strict parser that knows no entities but the five of XML. A document type, too
 * much depth, size or too many elements end it at once: what stands on the other side of a socket decides nothing here.
 */
import { SaxesParser } from 'saxes';

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Text directly in it, trimmed. */
  readonly text: string;
}

export type Parsed =
  | { readonly ok: true; readonly root: Element }
  | { readonly ok: false; readonly error: string };

/** Largest document, bytes. */
export const LARGEST = 1024 * 1024;
const DEEPEST = 8;
const MOST_ELEMENTS = 50_000;
const MOST_ATTRIBUTES = 16;
const LONGEST_NAME = 64;
const LONGEST_TEXT = 4096;

class Refused extends Error {}

interface Open {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: Open[];
  text: string;
}

/** Never throws. Bytes are UTF-8, or what their XML declaration says of GBK and its kin. */
export function parseXml(input: Uint8Array | string): Parsed {
  if (input.length > LARGEST) return { ok: false, error: `xml: larger than ${LARGEST} bytes` };
  const text = typeof input === 'string' ? input : textOf(input);
  if (text === undefined) return { ok: false, error: 'xml: not UTF-8' };
  const parser = new SaxesParser({ fragment: false });
  const path: Open[] = [];
  let root: Open | undefined;
  let elements = 0;
  const refuse = (why: string): never => {
    throw new Refused(why);
  };
  parser.on('error', (error) => refuse(error.message));
  parser.on('doctype', () => refuse('a document type is not taken'));
  parser.on('opentag', ({ name, attributes }) => {
    elements += 1;
    if (elements > MOST_ELEMENTS) refuse(`more than ${MOST_ELEMENTS} elements`);
    if (path.length >= DEEPEST) refuse(`deeper than ${DEEPEST} elements`);
    if (name.length > LONGEST_NAME) refuse(`a name longer than ${LONGEST_NAME} characters`);
    const given = Object.entries(attributes);
    if (given.length > MOST_ATTRIBUTES) refuse(`more than ${MOST_ATTRIBUTES} attributes`);
    const kept: Record<string, string> = Object.create(null);
    for (const [key, value] of given) {
      if (key.length > LONGEST_NAME || value.length > LONGEST_TEXT) refuse('an attribute that is too long');
      kept[key] = value;
    }
    const element: Open = { name, attributes: kept, children: [], text: '' };
    path.at(-1)?.children.push(element);
    if (path.length === 0) root = element;
    path.push(element);
  });
  const add = (part: string) => {
    const element = path.at(-1);
    if (element === undefined) return;
    if (element.text.length + part.length > LONGEST_TEXT && part.trim() !== '')
      refuse('a text that is too long');
    // White space between elements may be as much as it likes; of it nothing is kept.
    if (part.trim() !== '' || element.text !== '') element.text += part;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', () => {
    const closed = path.pop();
    if (closed !== undefined) closed.text = closed.text.trim();
  });
  try {
    parser.write(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text).close();
  } catch (thrown) {
    return { ok: false, error: `xml: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
  }
  return root === undefined ? { ok: false, error: 'xml: no element' } : { ok: true, root };
}

function textOf(bytes: Uint8Array): string | undefined {
  const declared = /^(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}encoding\s*=\s*["']([A-Za-z0-9._-]{1,20})["']/.exec(
    Buffer.from(bytes.subarray(0, 256)).toString('latin1'),
  )?.[1];
  const chinese = declared !== undefined && /^(gbk|gb2312|gb18030)$/i.test(declared);
  try {
    return new TextDecoder(chinese ? 'gb18030' : 'utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The first child of this name. */
export function child(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((one) => one.name === name);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for the inside of an element or attribute. Characters XML 1.0 has no place for become spaces. */
export function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ' ')
    .replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}
