/** A look at raw frames as server-sent events: ends by itself after its time, after enough frames, or with its reader. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../core/time/clock.ts';
import { type ApiFrame, MOST_FRAMES } from './device-contract.ts';

/** Bytes waiting for a reader before it is cut off. */
const MOST_WAITING = 256 * 1024;
/** Whether the reader may still be here is asked this often, ms. */
const ASK = 5000;

export interface FrameStreamOptions {
  readonly clock: Clock;
  readonly seconds: number;
  readonly allowed: () => boolean;
  /** Called once. */
  readonly onEnd: () => void;
}

export class FrameStream {
  readonly #options: FrameStreamOptions;
  readonly #stack = new DisposableStack();
  #response: ServerResponse | undefined;
  #told = 0;
  #over = false;

  constructor(options: FrameStreamOptions) {
    this.#options = options;
    this.#stack.defer(options.onEnd);
  }

  /** `until`: the agent's time, Unix epoch ms. */
  begin(response: ServerResponse, headers: Record<string, string>, tap: Disposable, until: number): void {
    const { clock, seconds } = this.#options;
    this.#response = response;
    this.#stack.use(tap);
    response.on('error', () => this.end('gone'));
    response.on('close', () => this.end('gone'));
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(event('begin', { until }));
    this.#stack.use(clock.after(seconds * 1000, () => this.end('time')));
    const ask = () => {
      if (!this.#options.allowed()) return this.end('not-logged-in');
      if (!this.#over) this.#stack.use(clock.after(ASK, ask));
    };
    ask();
  }

  tell(frame: ApiFrame): void {
    const response = this.#response;
    if (response === undefined || this.#over) return;
    response.write(event('frame', frame));
    this.#told += 1;
    if (this.#told >= MOST_FRAMES) this.end('enough');
    else if (response.writableLength > MOST_WAITING) this.end('slow');
  }

  end(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#stack.dispose();
    if (this.#response !== undefined && !this.#response.writableEnded)
      this.#response.end(event('end', { why }));
  }
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
