/**
 * What a face says, text by text, under the keys that the page's elements carry. What stands on the screen is read back
 * under the same keys, so that agent and page can be held against each other.
 */
import type { Words } from '../../core/board.ts';
import type { Face } from './face.ts';
import type { FaceTime } from './face-line.ts';

export type Sayings = Readonly<Record<string, string>>;

/** Both languages of a text, as they are read back: the first, and the second on a line of its own. */
export function spelt({ main, second }: Words): string {
  return second === undefined ? main : `${main}\n${second}`;
}

/** The time of one bus as it is read back. */
export function speltTime({ figure, words, unit, mark, under }: FaceTime): string {
  const parts = [mark === undefined ? undefined : spelt(mark), figure];
  for (const part of [words, unit, under]) parts.push(part === undefined ? undefined : spelt(part));
  return parts.filter((part) => part !== undefined).join('\n');
}

/** Everything a face may say; a screen with little room says less, but nothing else. */
export function sayings(face: Face): Sayings {
  const said: Record<string, string> = { phone: face.phone, device: face.device };
  const { cover } = face;
  if (cover !== undefined) {
    said['cover:label'] = spelt(cover.label);
    said['cover:title'] = spelt(cover.title);
    if (cover.body !== undefined) said['cover:body'] = spelt(cover.body);
    if (cover.code !== undefined) said['cover:code'] = cover.code;
    return said;
  }
  said.stop = spelt(face.stop);
  said.updated = spelt(face.updated.words);
  if (face.time !== undefined) said.time = face.time;
  if (face.clockLost !== undefined) said.time = spelt(face.clockLost);
  if (face.headline !== undefined) said.headline = spelt(face.headline.words);
  for (const { id, badge, to, times, note } of face.lines) {
    said[`line:${id}:badge`] = badge;
    said[`line:${id}:to`] = spelt(to);
    if (note !== undefined) said[`line:${id}:0`] = spelt(note.words);
    for (const [index, time] of times.entries()) said[`line:${id}:${index}`] = speltTime(time);
  }
  for (const { id, title } of face.notices) said[`notice:${id}`] = spelt(title);
  return said;
}

/** Keys of which a screen must show each while it shows this face: what it is for. */
export function musts(face: Face): readonly string[] {
  if (face.cover !== undefined) return ['cover:title', 'phone', 'device'];
  return ['stop', 'time', 'updated', ...(face.headline === undefined ? [] : ['headline'])];
}
