/** The live stream, over real sockets and virtual time. */
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { BATCH, HEARTBEAT, MOST_CLIENTS } from '../../../agent/console/api/feed.ts';
import { good } from '../../../agent/core/reading.ts';
import { openConsole, type TestConsole } from './open-console.ts';

const VOLTAGE = { device: 'meter-feeder', point: 'voltage', unit: 'V' } as const;

interface Event {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A client of the stream that keeps what it got. */
class Listener {
  readonly events: Event[] = [];
  comments = 0;
  ended = false;
  #rest = '';
  readonly #waiting = new Set<() => void>();

  constructor(response: Response, signal: AbortSignal) {
    void this.#read(response, signal);
  }

  async #read(response: Response, signal: AbortSignal): Promise<void> {
    try {
      for await (const chunk of response.body ?? []) this.#take(new TextDecoder().decode(chunk));
    } catch (error) {
      if (!signal.aborted && !(error instanceof TypeError)) throw error;
    }
    this.ended = true;
    this.#wake();
  }

  #take(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event] = /^event: (.*)$/m.exec(block) ?? [];
      const [, data] = /^data: (.*)$/m.exec(block) ?? [];
      if (block.startsWith(':')) this.comments += 1;
      if (event !== undefined && data !== undefined) this.events.push({ event, data: JSON.parse(data) });
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  of(event: string): Record<string, unknown>[] {
    return this.events.filter((one) => one.event === event).map(({ data }) => data);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }
}

let console_: TestConsole;
let stop: AbortController;

async function open(headers?: Record<string, string>): Promise<Listener> {
  const shown = headers ?? (await console_.login('viewer'));
  const response = await fetch(`${console_.console.url}/api/v1/stream`, {
    headers: shown,
    signal: stop.signal,
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ]);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  const listener = new Listener(response, stop.signal);
  await listener.until(() => listener.of('ledger').length > 0);
  return listener;
}

async function begin(): Promise<void> {
  console_ = await openConsole();
  stop = new AbortController();
}

afterEach(async () => {
  stop.abort();
  await console_[Symbol.asyncDispose]();
});

describe('the stream', () => {
  test('begins with everything as it is, then sends batches of readings', async () => {
    await begin();
    const { agent, clock } = console_;
    agent.publish([good(VOLTAGE, 230, clock.mono())]);
    agent.setHealth({ part: 'store', state: 'ok', since: 1, facts: {} });
    const listener = await open();
    expect(listener.of('readings')[0]).toMatchObject({
      readings: [{ ...VOLTAGE, value: 230, quality: 'good' }],
    });
    expect(listener.of('health')[0]).toMatchObject({ parts: [{ part: 'store' }] });

    for (let i = 0; i < 5; i++) agent.publish([good(VOLTAGE, 231 + i, clock.mono())]);
    await clock.advance(BATCH - 1);
    expect(listener.of('readings')).toHaveLength(1);
    await clock.advance(1);
    await listener.until(() => listener.of('readings').length === 2);
    const values = [231, 232, 233, 234, 235].map((value) => ({ ...VOLTAGE, value, quality: 'good' }));
    expect(listener.of('readings')[1]).toMatchObject({ readings: values });
  });

  test('tells health, events and the ledger when it has changed', async () => {
    await begin();
    const { agent, clock } = console_;
    const listener = await open();
    agent.setHealth({ part: 'line:rs485-1', state: 'down', since: 1, message: 'gone', facts: {} });
    agent.event({ event: 'command', severity: 'info', time: clock.mono(), body: { id: 'c' } });
    await listener.until(() => listener.of('event').length === 1);
    expect(listener.of('health').at(-1)).toMatchObject({
      parts: [{ part: 'line:rs485-1', message: 'gone' }],
    });
    expect(listener.of('event')[0]).toMatchObject({ event: 'command', body: { id: 'c' } });
    const before = listener.of('ledger').length;
    agent.ledgerList = [
      {
        uplink: 'city',
        connected: true,
        epoch: 'e',
        stored: 3,
        acknowledged: 1,
        refused: 0,
        dropped: 0,
        backlog: 2,
        resent: 0,
        heads: { alarm: 0, event: 0, meter: 0, telemetry: 3, bulk: 0 },
      },
    ];
    await clock.advance(3000);
    await listener.until(() => listener.of('ledger').length > before);
    expect(listener.of('ledger').at(-1)).toMatchObject({ ledgers: [{ stored: 3, backlog: 2, missing: 0 }] });
    const told = listener.of('ledger').length;
    await clock.advance(5000);
    expect(listener.of('ledger')).toHaveLength(told);
  });

  test('keeps the link alive and ends when the right to it ends', async () => {
    await begin();
    const person = await console_.login('viewer');
    const listener = await open(person);
    await console_.clock.advance(HEARTBEAT);
    await listener.until(() => listener.comments > 0);
    await console_.post('/api/v1/logout', {}, person);
    await console_.clock.advance(HEARTBEAT);
    await listener.until(() => listener.ended);
    expect(listener.events.at(-1)).toEqual({ event: 'end', data: { code: 'not-logged-in' } });
  });

  test('ends for a token that was taken back', async () => {
    await begin();
    const listener = await open(await console_.token('viewer', 'flow'));
    await console_.token('viewer', 'flow');
    await console_.clock.advance(HEARTBEAT);
    await listener.until(() => listener.ended);
  });

  test('listens to the agent only while somebody looks', async () => {
    await begin();
    expect(console_.agent.listeners).toBe(0);
    await open();
    await open();
    expect(console_.agent.listeners).toBe(3);
    stop.abort();
    await expect.poll(() => console_.agent.listeners).toBe(0);
  });

  test('has room for a bounded number', async () => {
    await begin();
    const person = await console_.login('viewer');
    for (let i = 0; i < MOST_CLIENTS; i++) await open(person);
    const refused = await console_.ask('/api/v1/stream', { headers: person });
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '10']);
  });

  test('cuts off a client that does not keep up, and nobody else', async () => {
    await begin();
    const { agent, clock } = console_;
    const person = await console_.login('viewer');
    const quick = await open(person);
    const slow = await stalled(console_, person);
    expect(agent.listeners).toBe(3);
    const many = Array.from({ length: 2000 }, (_, i) => good(VOLTAGE, i, clock.mono()));
    let rounds = 0;
    while (!slow.cut && rounds++ < 400) {
      agent.publish(many);
      await clock.advance(BATCH);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(slow.cut).toBe(true);
    expect(quick.ended).toBe(false);
    const before = quick.of('readings').length;
    agent.publish([good(VOLTAGE, 1, clock.mono())]);
    await clock.advance(BATCH);
    await quick.until(() => quick.of('readings').length > before);
    slow.socket.destroy();
  });

  test('ends with the console', async () => {
    await begin();
    const listener = await open();
    await console_.console[Symbol.asyncDispose]();
    await listener.until(() => listener.ended);
    expect(console_.agent.listeners).toBe(0);
  });
});

/** A client that asks for the stream and then never reads. */
async function stalled(
  { console: { url } }: TestConsole,
  headers: Record<string, string>,
): Promise<{ socket: Socket; readonly cut: boolean }> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const state = { socket, cut: false };
  // Reading the head is needed to know that the stream has begun; then nothing is read any more.
  const begun = new Promise<void>((resolve) =>
    socket.once('data', () => {
      socket.pause();
      resolve();
    }),
  );
  socket.on('error', () => {
    state.cut = true;
  });
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /api/v1/stream HTTP/1.1\r\n${lines.join('')}\r\n`);
  await begun;
  // A paused socket sees the cut only when it writes.
  const probe = setInterval(() => !state.cut && !socket.destroyed && socket.write('\r\n'), 20);
  socket.once('close', () => {
    state.cut = true;
    clearInterval(probe);
  });
  return state;
}
