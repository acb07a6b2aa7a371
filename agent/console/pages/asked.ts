/** An answer of the API that a part of a page is made of: asked once, and again every so often. */
import { useEffect, useState } from 'preact/hooks';
import { get, Refusal } from './api.ts';

export interface Asked<T> {
  readonly answer: T | undefined;
  /** Why there is none. */
  readonly failed: string;
}

/** `every`: ms; absent: asked once. The answer before stays until the next one is there. */
export function useAsked<T>(path: string, every?: number): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ answer: undefined, failed: '' });
  useEffect(() => {
    const gone = new AbortController();
    const look = () =>
      get<T>(path, gone.signal).then(
        (answer) => setAsked({ answer, failed: '' }),
        (thrown: unknown) => {
          if (gone.signal.aborted) return;
          const failed = thrown instanceof Refusal ? thrown.message : String(thrown);
          setAsked(({ answer }) => ({ answer, failed }));
        },
      );
    void look();
    const timer = every === undefined ? undefined : setInterval(() => void look(), every);
    return () => {
      gone.abort();
      clearInterval(timer);
    };
  }, [path, every]);
  return asked;
}
