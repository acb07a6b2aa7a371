/** Whether what a page says it has painted is what it should have painted. */
import type { Mono } from '../../core/reading.ts';
import { faceOf } from './face.ts';
import type { Painted } from './painted.ts';
import { musts, sayings } from './sayings.ts';
import type { Showing } from './showing.ts';

export interface Verdict {
  /** What is wrong, each as a sentence; none: it is proven. */
  readonly problems: readonly string[];
}

/** A page may be this much behind the newest board, ms. */
const BEHIND = 6000;
/** It may be this much off with the age of its board, ms of real time: pictures and posts take their time. */
const ROUND = 6000;
/** From the change of a document to its picture, ms; more is a browser that hardly draws. */
const SLOW = 4000;
const MOST = 5;

/** `now`: when it came. */
export function judge(painted: Painted, showing: Showing, now: Mono): Verdict {
  const problems: string[] = [];
  if (!painted.visible) problems.push('the page is not visible');
  if (painted.waited > SLOW) problems.push(`a picture took ${painted.waited} ms`);
  const { board: newest } = showing.current();
  const made = painted.run === newest.run ? showing.of(painted.seq) : undefined;
  if (made === undefined) return { problems: [...problems, 'it shows a board of long ago'] };
  const replaced = showing.replaced(painted.seq);
  if (replaced !== undefined && now - replaced > BEHIND) {
    return {
      problems: [
        ...problems,
        `it shows a board that was replaced ${Math.round((now - replaced) / 1000)} s ago`,
      ],
    };
  }
  const really = now - made.at;
  if (Math.abs(painted.elapsed / made.board.rate - really) > ROUND) {
    problems.push(`its clock is off by ${Math.round(really - painted.elapsed / made.board.rate)} ms`);
  }
  // A board passes over minute by minute; just at a change the page may have the one or the other.
  const faces = [painted.elapsed, painted.elapsed + 300 * made.board.rate].map((elapsed) =>
    faceOf(made.board, elapsed),
  );
  const allowed = faces.map(sayings);
  for (const key of musts(faces[0] ?? faceOf(made.board, painted.elapsed))) {
    if (painted.texts[key] === undefined) problems.push(`${key} is missing`);
    else if (painted.hidden.includes(key)) problems.push(`${key} cannot be seen`);
  }
  for (const [key, text] of Object.entries(painted.texts)) {
    if (allowed.some((said) => said[key] === text)) continue;
    const [said] = allowed;
    problems.push(`${key} reads ${quoted(text)} in place of ${quoted(said?.[key])}`);
  }
  const lines = Object.keys(painted.texts).filter((key) => key.startsWith('line:'));
  const [face] = faces;
  if (face?.cover === undefined && (face?.lines.length ?? 0) > 0 && lines.length === 0) {
    problems.push('no line is shown');
  }
  const covered = lines.filter((key) => key.endsWith(':0') && painted.hidden.includes(key));
  if (covered.length > 0) problems.push(`${covered.join(', ')} cannot be seen`);
  return { problems: problems.slice(0, MOST) };
}

function quoted(text: string | undefined): string {
  return text === undefined ? 'nothing' : `"${text.replaceAll('\n', ' / ').slice(0, 60)}"`;
}
