/** Finds the answer to a request among the bytes of a line, whatever stands before it. */
import type { Answer, Exchange, ExchangeRequest, Match, Matcher } from '../agent/core/link.ts';
import { type FrameAt, PREAMBLE, preambles, START } from './meter-frame.ts';

/**
 * The matcher for one answer: a whole frame that `answers` takes. Preambles belong to their frame. Any other whole frame (an
 * echo, another master, another meter) is foreign.
 */
export function matcher<F>(frameAt: FrameAt<F>, answers: (frame: F) => boolean): Matcher {
  const nextAnswer = (received: Uint8Array, from: number): number | undefined => {
    for (let at = received.indexOf(START, from); at >= 0; at = received.indexOf(START, at + 1)) {
      const found = frameAt(received, at);
      if (found.kind === 'frame' && answers(found.frame)) return at;
    }
    return undefined;
  };
  return (received): Match => {
    const begin = preambles(received, 0);
    if (begin === received.length) return { kind: 'more' };
    const here = frameAt(received, begin);
    if (here.kind === 'frame') {
      return { kind: answers(here.frame) ? 'frame' : 'foreign', length: begin + here.length };
    }
    // A whole answer further on proves that what stands before it is noise, even where it could still grow.
    const next = nextAnswer(received, begin + 1);
    if (next !== undefined) return { kind: 'skip', length: next };
    if (here.kind === 'more') return { kind: 'more' };
    return { kind: 'skip', length: nextStart(received, begin + 1) };
  };
}

/** Where the next byte is that a preamble or a frame could begin with. */
function nextStart(received: Uint8Array, from: number): number {
  let at = from;
  while (at < received.length && received[at] !== START && received[at] !== PREAMBLE) at++;
  return at;
}

/**
 * An exchange whose answer may come late without harm: what comes after its time-out is as good an answer to the next
 * question, which asks the same in other words. Without it the line would hold such an answer for owed to this one, and
 * never give it to the next.
 */
export async function forgiving(
  exchange: Exchange,
  request: ExchangeRequest & { readonly match: Matcher },
  signal: AbortSignal,
): Promise<Answer> {
  let over = false;
  const match: Matcher = (received) => {
    const found = request.match(received);
    return over && found.kind === 'frame' ? { kind: 'foreign', length: found.length } : found;
  };
  try {
    return await exchange({ ...request, match }, signal);
  } catch (error) {
    over = true;
    throw error;
  }
}
