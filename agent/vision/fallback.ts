/** A model that is replaced by the one before it when it fails: counting goes on, and somebody is told. */
import { type AgentError, asAgentError } from '../core/errors.ts';
import type { Detector } from './detector.ts';

/** Failed looks in a row: one may be the picture's fault. */
const GIVEN_UP = 3;

export interface FallbackOptions {
  readonly wanted: () => Promise<Detector>;
  readonly fallback: () => Promise<Detector>;
  /** Called once, with why. */
  readonly onFallback: (error: AgentError) => void;
}

/** Rejects only where the fallback cannot be loaded. Does not own the detectors: disposing it does nothing. */
export async function withFallback({ wanted, fallback, onFallback }: FallbackOptions): Promise<Detector> {
  let current: Detector;
  let fell = false;
  let failures = 0;
  const fall = async (thrown: unknown): Promise<Detector> => {
    fell = true;
    onFallback(asAgentError(thrown, 'model-invalid'));
    return fallback();
  };
  try {
    current = await wanted();
  } catch (thrown) {
    current = await fall(thrown);
  }
  return {
    get pack() {
      return current.pack;
    },
    async detect(picture, look) {
      try {
        const found = await current.detect(picture, look);
        failures = 0;
        return found;
      } catch (thrown) {
        failures += 1;
        if (!fell && failures >= GIVEN_UP) current = await fall(thrown);
        throw thrown;
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}
