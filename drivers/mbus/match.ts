/** Finds the answer to a request among the bytes of an M-Bus line. */
import type { Match, Matcher } from '../../agent/core/link.ts';
import { START } from '../meter-frame.ts';
import { ACK, type Frame, frameAt, isAnswer, type LongFrame } from './frame.ts';

/**
 * The matcher of an acknowledge: E5 and nothing else. One byte has no check, so that it counts only where it stands
 * alone; anything else that came is noise as a whole.
 */
export const acknowledged: Matcher = (received) => {
  if (received.length === 1 && received[0] === ACK) return { kind: 'frame', length: 1 };
  return { kind: 'skip', length: received.length };
};

/** The matcher of a slave's data that `answers` takes. Any other whole frame (another slave, a second master) is foreign. */
export function answer(answers: (frame: LongFrame) => boolean): Matcher {
  const fits = (frame: Frame): boolean => isAnswer(frame) && answers(frame);
  const nextAnswer = (received: Uint8Array, from: number): number | undefined => {
    for (let at = received.indexOf(START, from); at >= 0; at = received.indexOf(START, at + 1)) {
      const found = frameAt(received, at);
      if (found.kind === 'frame' && fits(found.frame)) return at;
    }
    return undefined;
  };
  return (received): Match => {
    if (received.length === 0) return { kind: 'more' };
    const here = frameAt(received, 0);
    // A lone byte is no frame here: noise has it as well.
    if (here.kind === 'frame' && here.frame.kind !== 'ack') {
      return { kind: fits(here.frame) ? 'frame' : 'foreign', length: here.length };
    }
    // A whole answer further on proves that what stands before it is noise, even where it could still grow.
    const next = nextAnswer(received, 1);
    if (next !== undefined) return { kind: 'skip', length: next };
    if (here.kind === 'more') return { kind: 'more' };
    const start = received.indexOf(START, 1);
    return { kind: 'skip', length: start < 0 ? received.length : start };
  };
}
