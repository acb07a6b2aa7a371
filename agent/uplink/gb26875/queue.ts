/**
 * Frames on their way to the centre. Alarms have places of their own and never wait for anything else; several are under
 * way at once, but word of one system or part never overtakes an earlier one of the same.
 */
import type { Outcome } from '../../codec/gb26875/peer.ts';
import type { Packed } from './objects.ts';

const ALARMS = 8;
const OTHERS = 1;

interface Waiting {
  readonly packed: Packed;
  readonly done: (outcome: Outcome) => void;
}

export class FireQueue {
  readonly #send: (adu: Uint8Array) => Promise<Outcome>;
  readonly #queues = { alarm: [] as Waiting[], other: [] as Waiting[] };
  readonly #under = { alarm: new Set<Waiting>(), other: new Set<Waiting>() };
  #closed = false;

  constructor(send: (adu: Uint8Array) => Promise<Outcome>) {
    this.#send = send;
  }

  push(kind: 'alarm' | 'other', packed: Packed): Promise<Outcome> {
    return new Promise((done) => {
      if (this.#closed) return done({ kind: 'silent' });
      this.#queues[kind].push({ packed, done });
      this.#fill(kind);
    });
  }

  close(): void {
    this.#closed = true;
    for (const queue of Object.values(this.#queues))
      for (const { done } of queue.splice(0)) done({ kind: 'silent' });
  }

  #fill(kind: 'alarm' | 'other'): void {
    const under = this.#under[kind];
    const queue = this.#queues[kind];
    const before: Waiting[] = [...under];
    for (const one of [...queue]) {
      if (this.#closed || under.size >= (kind === 'alarm' ? ALARMS : OTHERS)) return;
      const waits = before.some((other) => touches(other.packed, one.packed));
      before.push(one);
      if (waits) continue;
      queue.splice(queue.indexOf(one), 1);
      under.add(one);
      void this.#send(one.packed.adu)
        .catch((): Outcome => ({ kind: 'silent' }))
        .then((outcome) => {
          under.delete(one);
          one.done(outcome);
          this.#fill(kind);
        });
    }
  }
}

/** Whether both say something of one system or part; `*` is about everything. */
function touches(a: Packed, b: Packed): boolean {
  return a.objects.some((one) => b.objects.some((other) => same(one.about, other.about)));
}

function same(a: string, b: string): boolean {
  return a === '*' || b === '*' || a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}
