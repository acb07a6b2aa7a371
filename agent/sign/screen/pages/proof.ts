/**
 * Proof of display, the page's half: after a picture has really been drawn, what stands in the document is read back, with
 * whether it can be seen, and told to the agent, which knows what should stand there.
 */
import type { Painted } from '../painted.ts';

/** Texts of an element as `sayings` spells them. */
function read(element: Element): string {
  const parts = element.querySelectorAll('.main, .second, .figure');
  if (parts.length === 0) return element.textContent?.trim() ?? '';
  return Array.from(parts, ({ textContent }) => textContent ?? '').join('\n');
}

/** Whether the middle of it is on the screen and nothing foreign lies over it. */
function seen(element: Element): boolean {
  const { left, top, width, height } = element.getBoundingClientRect();
  if (width < 1 || height < 1) return false;
  const [x, y] = [left + width / 2, top + height / 2];
  if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return false;
  const above = document.elementFromPoint(x, y);
  if (above === null) return false;
  // A row's own button lies over its texts, and an open explanation over rows.
  return (
    element.contains(above) ||
    above.contains(element) ||
    above.closest('.line')?.contains(element) === true ||
    above.closest('.why') !== null
  );
}

/** Resolves after the next picture has been handed to the screen. */
function drawn(): Promise<number> {
  return new Promise((resolve) =>
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now()))),
  );
}

/** The panel's page is opened with a key; others look only, and are not asked. */
const key = new URLSearchParams(location.search).get('key');
let count = 0;

/** Which board stands in the document, and how old it was when it was last held against it, ms of street time. */
export interface Standing {
  readonly run: string;
  readonly seq: number;
  readonly elapsed: number;
}

/** Reads back what stands there once it is drawn, and tells. `since`: when it was put there. */
export async function tell(standing: () => Standing, since: number): Promise<void> {
  if (key === null) return;
  const at = await drawn();
  const { run, seq, elapsed } = standing();
  const texts: Record<string, string> = {};
  const hidden: string[] = [];
  for (const element of document.querySelectorAll('[data-k]')) {
    const key = element.getAttribute('data-k') ?? '';
    texts[key] = read(element);
    if (!seen(element)) hidden.push(key);
  }
  count += 1;
  const painted: Painted = {
    run,
    seq,
    count,
    elapsed,
    waited: Math.round(at - since),
    visible: document.visibilityState === 'visible',
    size: [innerWidth, innerHeight],
    texts,
    hidden,
  };
  await fetch('/painted', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-kerbside-key': key },
    body: JSON.stringify(painted),
    signal: AbortSignal.timeout(4000),
  }).catch(() => {});
}
