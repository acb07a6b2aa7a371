/** Questions to whoever sits at the terminal. */
import { createInterface } from 'node:readline/promises';

export interface Dialogue {
  /** The answer; `fallback` where only Enter was pressed. */
  ask(question: string, fallback?: string): Promise<string>;
}

/** True where somebody sits there to answer. */
export function somebodyThere(): boolean {
  return process.stdin.isTTY === true;
}

/** Asks on stderr, so that stdout stays for the answer of the command. */
export function openDialogue(): Dialogue & Disposable {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return {
    ask: async (question, fallback) => {
      const hint = fallback === undefined || fallback === '' ? '' : ` [${fallback}]`;
      const answer = (await terminal.question(`${question}${hint}: `)).trim();
      return answer === '' ? (fallback ?? '') : answer;
    },
    [Symbol.dispose]: () => terminal.close(),
  };
}

/** Asks until the answer is a number. */
export async function askNumber({ ask }: Dialogue, question: string, fallback?: number): Promise<number> {
  for (let text = question; ; text = `${question} (a number, please)`) {
    const answer = await ask(text, fallback === undefined ? undefined : String(fallback));
    const number = answer === '' ? Number.NaN : Number(answer);
    if (Number.isFinite(number)) return number;
  }
}

export async function agrees({ ask }: Dialogue, question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N]`));
}
