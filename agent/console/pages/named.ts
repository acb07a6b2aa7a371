/** What an address names on a page of many (`/uplinks/city`): it is brought into sight once, and marked. */
import { type State, use } from './state.ts';

const path = (state: State) => state.path;

/** Id that the address names below its page. */
export function useAddressed(): string | undefined {
  return use(path).split('/')[2];
}

/** What the part called `id` gets beside its own class: `named` and its way into sight, or nothing. */
export function useNamed(id: string): {
  readonly class: string;
  readonly ref?: (part: HTMLElement | null) => void;
} {
  return useAddressed() === id ? { class: 'named', ref: intoSight } : { class: '' };
}

/** Called by preact once for the part that is there. */
function intoSight(part: HTMLElement | null): void {
  part?.scrollIntoView({ block: 'start' });
}
