/** A real HTTP receiver with books per agent, which refuses what the test calls poison. */
import { readEnvelope } from '../../agent/cli/verify/envelope.ts';
import { ReceiverLedger, type Report } from '../../agent/cli/verify/ledger.ts';
import { receiveHttp } from '../../agent/cli/verify/receive-http.ts';

export interface HttpCity extends AsyncDisposable {
  readonly port: number;
  receive(agent: string): Promise<AsyncDisposable & { report(): Report }>;
  /** Refuses every batch with one of these numbers as a whole. */
  poison(agent: string, seqs: ReadonlySet<number>): void;
}

/** `status`: what a poisoned batch is answered with. */
export async function httpCity(status: 400 | 413 | 422): Promise<HttpCity> {
  const ledgers = new Map<string, ReceiverLedger>();
  const poisoned = new Map<string, ReadonlySet<number>>();
  const ledgerOf = (agent: string) => {
    const ledger = ledgers.get(agent) ?? new ReceiverLedger({ complete: true });
    ledgers.set(agent, ledger);
    return ledger;
  };
  const receiver = await receiveHttp(
    {
      port: 0,
      agent: '+',
      judge: (message) => {
        const read = readEnvelope(message);
        if (typeof read === 'string') return { status: 400 };
        const seqs = poisoned.get(read.agent);
        const bad = read.records.some(({ seq }) => seqs?.has(seq) === true);
        return bad ? { status } : undefined;
      },
    },
    {
      take: (message) => ledgerOf(String((message as { agent: unknown }).agent)).take(message),
      malformed: (why) => {
        for (const ledger of ledgers.values()) ledger.malformed(why);
      },
    },
  );
  return {
    port: receiver.port,
    receive: async (agent) => {
      const ledger = ledgerOf(agent);
      return { report: () => ledger.report(), [Symbol.asyncDispose]: async () => {} };
    },
    poison: (agent, seqs) => void poisoned.set(agent, seqs),
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}
