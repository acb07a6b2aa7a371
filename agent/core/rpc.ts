/**
 * Calls between threads: one side serves an object of async functions over a message port, the other calls it with a
 * deadline. A call that is not answered in time rejects; a port that closes rejects everything open.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import { AgentError, asAgentError, type ErrorCode } from './errors.ts';

type Port = MessagePort | Worker;
// biome-ignore lint/suspicious/noExplicitAny: parameters of the served functions are checked at the caller's side
type Functions = Record<string, (...args: any[]) => unknown>;

interface Ask {
  readonly ask: number;
  readonly name: string;
  readonly args: readonly unknown[];
}
interface Reply {
  readonly reply: number;
  readonly value?: unknown;
  readonly error?: {
    code: ErrorCode;
    message: string;
    retryable: boolean;
    fix: string | undefined;
    context: unknown;
  };
}

export type Remote<F extends Functions> = {
  readonly [K in keyof F]: (...args: Parameters<F[K]>) => Promise<Awaited<ReturnType<F[K]>>>;
};

/** Serves `functions` on `port` until it closes. Errors travel as `AgentError`. */
export function serve(port: Port, functions: Functions): void {
  port.on('message', async (message: Ask) => {
    if (typeof message?.ask !== 'number') return;
    const reply: Reply = await answer(functions, message);
    port.postMessage(reply);
  });
}

async function answer(functions: Functions, { ask, name, args }: Ask): Promise<Reply> {
  try {
    const run = functions[name];
    if (run === undefined) throw new AgentError('internal', `call of ${name} failed: not served`);
    return { reply: ask, value: await run(...args) };
  } catch (thrown) {
    const { code, message, retryable, fix, context } = asAgentError(thrown);
    return {
      reply: ask,
      error: { code, message, retryable, fix, context: JSON.parse(JSON.stringify(context)) },
    };
  }
}

export interface CallerOptions {
  /** Longest wait for an answer, ms. */
  readonly deadline: number;
  /** Names the other side in errors. */
  readonly peer: string;
}

/** The served functions of the other side, as promises. Dispose rejects what is open. */
export function caller<F extends Functions>(port: Port, options: CallerOptions): Remote<F> & Disposable {
  const open = new Map<
    number,
    { resolve(value: unknown): void; reject(error: AgentError): void; timer: NodeJS.Timeout }
  >();
  let next = 1;
  let dead: AgentError | undefined;

  const finish = (id: number) => {
    const call = open.get(id);
    open.delete(id);
    if (call !== undefined) clearTimeout(call.timer);
    return call;
  };
  const die = (error: AgentError) => {
    dead ??= error;
    for (const id of [...open.keys()]) finish(id)?.reject(dead);
  };
  port.on('message', (message: Reply) => {
    if (typeof message?.reply !== 'number') return;
    const call = finish(message.reply);
    if (message.error === undefined) call?.resolve(message.value);
    else {
      const { code, message: text, retryable, fix, context } = message.error;
      call?.reject(
        new AgentError(code, text, {
          retryable,
          ...(fix === undefined ? {} : { fix }),
          context: context as Record<string, unknown>,
        }),
      );
    }
  });
  const gone = () => die(new AgentError('thread-died', `${options.peer} is gone`));
  port.on('close', gone);
  port.on('exit', gone);

  const call = (name: string, args: unknown[]) =>
    new Promise((resolve, reject) => {
      if (dead !== undefined) return reject(dead);
      const id = next++;
      const timer = setTimeout(() => {
        finish(id)?.reject(
          new AgentError('timeout', `${options.peer} did not answer ${name} within ${options.deadline} ms`),
        );
      }, options.deadline);
      open.set(id, { resolve, reject, timer });
      port.postMessage({ ask: id, name, args } satisfies Ask);
    });

  return new Proxy({} as Remote<F> & Disposable, {
    get(_, name) {
      if (name === Symbol.dispose) return gone;
      // A proxy that looks like a promise would be called by `await`.
      if (typeof name === 'symbol' || name === 'then') return undefined;
      return (...args: unknown[]) => call(name, args);
    },
  });
}
