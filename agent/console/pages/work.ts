/** What a page does for somebody: one thing at a time, and what it was refused with. */
import { useState } from 'preact/hooks';
import { Refusal } from './api.ts';

/** Does it, and shows what it was refused with; resolves with whether it was done. */
export type Run = (work: () => Promise<unknown>) => Promise<boolean>;

export interface Work {
  /** While it is under way. */
  readonly busy: boolean;
  /** Empty where the last one was done. */
  readonly failed: string;
  readonly run: Run;
  /** Forgets what was refused. */
  readonly forget: () => void;
}

/** `after`: called behind each, however it ended. */
export function useWork(after: () => void = () => {}): Work {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState('');
  const run: Run = async (work) => {
    setBusy(true);
    setFailed('');
    try {
      await work();
      return true;
    } catch (thrown) {
      setFailed(reasonOf(thrown));
      return false;
    } finally {
      setBusy(false);
      after();
    }
  };
  return { busy, failed, run, forget: () => setFailed('') };
}

/** Why it was refused, and what to do about it where the API says so. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof Refusal && thrown.fix !== undefined) return `${thrown.message} ${thrown.fix}`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
