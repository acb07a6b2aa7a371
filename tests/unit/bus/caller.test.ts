/** The port of a device that calls us without a name, over real sockets of the loopback. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { callerPort } from '../../../agent/bus/port/caller.ts';
import { type Log, silent } from '../../../agent/core/log.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { until } from '../../support/mqtt-receiver.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const never = new AbortController().signal;

async function listening(transport: 'tcp' | 'udp', from?: readonly string[], log: Log = silent) {
  const told = Promise.withResolvers<number>();
  const port = callerPort({
    host: '127.0.0.1',
    port: 0,
    transport,
    clock: new SystemClock(),
    log,
    listening: told.resolve,
    ...(from === undefined ? {} : { from }),
  });
  const opening = port.open(never);
  opening.catch(() => {});
  return { port, opening, number: await told.promise };
}

describe('a device that calls', () => {
  it.each(['tcp', 'udp'] as const)(
    'over %s: what it says before anybody listens is heard, and it is answered',
    async (transport) => {
      const { port, opening, number } = await listening(transport);
      const heard: string[] = [];
      const answers: string[] = [];
      await using stack = new AsyncDisposableStack();
      stack.defer(() => port[Symbol.asyncDispose]?.());
      if (transport === 'tcp') {
        const socket = connect({ host: '127.0.0.1', port: number });
        stack.defer(() => void socket.destroy());
        socket.on('data', (bytes) => void answers.push(bytes.toString()));
        socket.write('fire');
      } else {
        const socket = createSocket('udp4');
        stack.defer(() => void socket.close());
        socket.on('message', (bytes) => void answers.push(bytes.toString()));
        socket.send('fire', number, '127.0.0.1');
      }
      const pipe = await opening;
      await new Promise((done) => setImmediate(done));
      pipe.onData((bytes) => void heard.push(Buffer.from(bytes).toString()));
      await until(() => heard.join('') === 'fire', 'the first words');
      await pipe.write(Buffer.from('heard'), never);
      await until(() => answers.join('') === 'heard', 'the answer');
    },
  );

  it('comes back on a new connection, which replaces the old one', async () => {
    const { port, opening, number } = await listening('tcp');
    await using stack = new AsyncDisposableStack();
    stack.defer(() => port[Symbol.asyncDispose]?.());
    const first = connect({ host: '127.0.0.1', port: number });
    stack.defer(() => void first.destroy());
    const pipe = await opening;
    const second = connect({ host: '127.0.0.1', port: number });
    stack.defer(() => void second.destroy());
    await pipe.closed;
    const again = await port.open(never);
    const heard: string[] = [];
    again.onData((bytes) => void heard.push(Buffer.from(bytes).toString()));
    second.write('x');
    await until(() => heard.length > 0, 'the new connection');
  });

  it('is turned away where it may not call, and said once', async () => {
    const said: string[] = [];
    const log: Log = { ...silent, warn: (event) => void said.push(event) };
    const { port, number } = await listening('tcp', ['10.0.0.5', '::1'], log);
    await using stack = new AsyncDisposableStack();
    stack.defer(() => port[Symbol.asyncDispose]?.());
    for (let i = 0; i < 3; i++) {
      const socket = connect({ host: '127.0.0.1', port: number });
      await new Promise((done) => {
        socket.once('close', done);
        socket.on('error', () => {});
      });
    }
    expect(said).toEqual(['caller.refused']);
  });

  it('does not come: said within 10 s, with what to do', async () => {
    const clock = new VirtualClock();
    const told = Promise.withResolvers<number>();
    const port = callerPort({
      host: '127.0.0.1',
      port: 0,
      transport: 'udp',
      clock,
      log: silent,
      listening: told.resolve,
    });
    const opening = port.open(never).then(
      () => undefined,
      (error: unknown) => error,
    );
    await told.promise;
    await clock.advance(10_000);
    expect(await opening).toMatchObject({ code: 'port-missing', fix: expect.any(String) });
    await port[Symbol.asyncDispose]?.();
  });

  it('finds the port taken', async () => {
    const { port, number } = await listening('tcp');
    const other = callerPort({
      host: '127.0.0.1',
      port: number,
      transport: 'tcp',
      clock: new SystemClock(),
      log: silent,
    });
    await expect(other.open(never)).rejects.toMatchObject({ code: 'port-busy' });
    await port[Symbol.asyncDispose]?.();
  });
});
