/**
 * Which records are an alarm: what an alarm point tells anew. A contact says every few seconds that nothing has changed;
 * a signature for each of that would be most of what a quiet pole sends.
 */
import { type Columns, KIND } from '../columns.ts';

export class AlarmStates {
  /** Value and quality of each point of the alarm lane, by its number in the log. */
  readonly #last = new Map<number, string>();

  /** Whether `columns`, readings of the alarm lane, hold a value that differs from the one before. */
  changed({ count, point, kind, value, code, texts }: Columns): boolean {
    let changed = false;
    for (let i = 0; i < count; i++) {
      const number = value[i] ?? 0;
      const told = kind[i] === KIND.text ? texts[number] : kind[i] === KIND.number ? number : '';
      const state = `${kind[i]} ${code[i]} ${told}`;
      const at = point[i] ?? 0;
      changed = this.#last.get(at) !== state || changed;
      this.#last.set(at, state);
    }
    return changed;
  }
}
