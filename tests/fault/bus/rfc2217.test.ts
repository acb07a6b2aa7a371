/** RFC 2217 over real sockets, against a small server written apart from the client, and the telnet decoder fuzzed. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { rfc2217Port } from '../../../agent/bus/port/rfc2217.ts';
import { tcpPort } from '../../../agent/bus/port/tcp.ts';
import { escaped, negotiation, subnegotiation, TelnetDecoder } from '../../../agent/bus/port/telnet.ts';
import { silent } from '../../../agent/core/log.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { seeded } from '../../support/seeded.ts';
import { readAnswer, sound } from './modbus-words.ts';
import { device, Sink, testDriver } from './test-driver.ts';

const clock = new SystemClock();
const forever = new AbortController().signal;
const serial = { baud: 19_200, dataBits: 8, parity: 'even', stopBits: 1 } as const;
let servers: Server[] = [];

interface Server2217 {
  readonly port: number;
  /** Values set, by command. */
  readonly set: Map<number, readonly number[]>;
  socket?: Socket;
}

interface Behaviour {
  /** Answer to an option request: [verb, option], or none. */
  readonly option?: (verb: number, option: number) => readonly number[] | undefined;
  /** The value confirmed for a setting. */
  readonly confirm?: (command: number, value: readonly number[]) => readonly number[] | undefined;
  /** Serial data came: what the serial side answers. */
  readonly data?: (bytes: number[]) => readonly number[];
  /** How an answer is cut into segments. */
  readonly segments?: (bytes: Buffer) => readonly Buffer[];
}

/** The usual server: agrees to binary, go-ahead and COM port, refuses the rest. */
const agrees = (verb: number, option: number) => {
  const known = [0, 3, 44].includes(option);
  if (verb === 251) return [known ? 253 : 254, option];
  return verb === 253 ? [known && option !== 44 ? 251 : 252, option] : undefined;
};

async function server(behaviour: Behaviour = {}): Promise<Server2217> {
  const set = new Map<number, readonly number[]>();
  const { option = agrees, confirm = (_, value) => value, data = (bytes) => bytes } = behaviour;
  const { segments = (bytes) => [bytes] } = behaviour;
  const result: { port: number; set: typeof set; socket?: Socket } = { port: 0, set };
  const listening = createServer({ noDelay: true }, (socket) => {
    result.socket = socket;
    socket.on('error', () => {});
    const say = (bytes: readonly number[]) => {
      for (const piece of segments(Buffer.from(bytes))) socket.write(piece);
    };
    let rest: number[] = [];
    socket.on('data', (bytes) => {
      rest.push(...bytes);
      const plain: number[] = [];
      while (rest.length > 0) {
        const [first = 0, second, third] = rest;
        if (first !== 255) plain.push(...rest.splice(0, 1));
        else if (second === 255) {
          plain.push(255);
          rest.splice(0, 2);
        } else if (second === 250) {
          const end = rest.findIndex((byte, i) => byte === 255 && rest[i + 1] === 240);
          if (end < 0) break;
          const body = rest.splice(0, end + 2).slice(2, -2);
          const [, command = 0, ...value] = body;
          set.set(command, value);
          const confirmed = confirm(command, value);
          if (confirmed !== undefined) say([255, 250, 44, command + 100, ...confirmed, 255, 240]);
        } else if (second === undefined || third === undefined) break;
        else {
          rest = rest.slice(3);
          const answer = option(second, third);
          if (answer !== undefined) say([255, ...answer]);
        }
      }
      if (plain.length > 0) say(data(plain).flatMap((byte) => (byte === 255 ? [255, 255] : [byte])));
    });
  });
  servers.push(listening);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  result.port = typeof address === 'object' && address !== null ? address.port : 0;
  return result;
}

const open = (port: number) => rfc2217Port(tcpPort('127.0.0.1', port, clock), serial, clock).open(forever);

afterEach(() => {
  for (const one of servers) one.close();
  servers = [];
});

describe('a serial server', () => {
  test.each([
    ['in one piece', (bytes: Buffer) => [bytes]],
    ['byte by byte', (bytes: Buffer) => [...bytes].map((byte) => Buffer.of(byte))],
  ])('is set, purged and passes every byte, %s', async (_, segments) => {
    const far = await server({ segments });
    await using pipe = await open(far.port);
    expect(Object.fromEntries(far.set)).toEqual({
      1: [0, 0, 0x4b, 0],
      2: [8],
      3: [3],
      4: [1],
      5: [1],
      10: [0],
      11: [0],
      12: [3],
    });
    const all = Uint8Array.from({ length: 256 }, (__, i) => i);
    const back: number[] = [];
    const whole = new Promise<void>((resolve) => {
      pipe.onData((bytes) => {
        back.push(...bytes);
        if (back.length >= 256) resolve();
      });
    });
    await pipe.write(all, forever);
    await whole;
    expect(back).toEqual([...all]);
  });

  test('is set anew while it is open; one that keeps its rate says so', async () => {
    let stubborn = false;
    const far = await server({
      confirm: (command, value) => (stubborn && command === 1 ? [0, 0, 0x25, 0x80] : value),
    });
    await using pipe = await open(far.port);
    far.set.clear();
    await pipe.configure?.({ baud: 2400, dataBits: 8, parity: 'none', stopBits: 2 }, forever);
    expect([1, 2, 3, 4].map((command) => far.set.get(command))).toEqual([[0, 0, 9, 0x60], [8], [1], [2]]);
    stubborn = true;
    await expect(pipe.configure?.(serial, forever)).rejects.toMatchObject({
      code: 'unsupported',
      message: /keeps baud rate 9600 where 19200 was asked/,
    });
  });

  test('that refuses to be set, or to pass bytes as they are, says so', async () => {
    for (const refused of [44, 0]) {
      const far = await server({
        option: (verb, option) => (verb === 251 && option === refused ? [254, option] : agrees(verb, option)),
      });
      await expect(open(far.port)).rejects.toMatchObject({ code: 'unsupported', message: /refuses/ });
    }
  });

  test('that keeps another baud rate says which', async () => {
    const far = await server({ confirm: (command, value) => (command === 1 ? [0, 0, 0x25, 0x80] : value) });
    await expect(open(far.port)).rejects.toMatchObject({
      code: 'unsupported',
      message: /keeps baud rate 9600 where 19200 was asked/,
    });
  });

  test('that is none, or goes away meanwhile, is given up', async () => {
    const mute = await server({ option: () => undefined });
    await expect(open(mute.port)).rejects.toMatchObject({ code: 'unsupported', message: /does not speak/ });
    const far = await server({
      option: () => {
        far.socket?.destroy();
        return undefined;
      },
    });
    await expect(open(far.port)).rejects.toMatchObject({ code: 'link-lost' });
    const abort = new AbortController();
    const opening = rfc2217Port(tcpPort('127.0.0.1', mute.port, clock), serial, clock).open(abort.signal);
    setTimeout(() => abort.abort(), 50);
    await expect(opening).rejects.toMatchObject({ code: 'aborted' });
  }, 20_000);

  test('that speaks of its modem lines and asks for options in between disturbs nothing', async () => {
    const far = await server({
      data: (bytes) => {
        far.socket?.write(Buffer.from([255, 250, 44, 107, 0x30, 255, 240, 255, 253, 24, 255, 251, 1]));
        return bytes;
      },
    });
    await using pipe = await open(far.port);
    const back: number[] = [];
    const whole = new Promise<void>((resolve) => {
      pipe.onData((bytes) => {
        back.push(...bytes);
        if (back.length >= 3) resolve();
      });
    });
    await pipe.write(Uint8Array.of(1, 255, 3), forever);
    await whole;
    expect(back).toEqual([1, 255, 3]);
  });
});

test('a line reads Modbus RTU through it, loses it and reads again', async () => {
  let requests = 0;
  const behind = (bytes: number[]) => {
    const request = Uint8Array.from(bytes);
    if (!sound(request)) return [];
    requests += 1;
    const address = (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0);
    return readAnswer(
      1,
      Array.from({ length: bytes[5] ?? 0 }, (_, i) => (i === 0 ? address : requests)),
    );
  };
  const far = await server({ data: (bytes) => [...behind(bytes)] });
  const sim = {
    get requests() {
      return requests;
    },
  } as Parameters<typeof testDriver>[0];
  const { driver, wrong } = testDriver(sim);
  const sink = new Sink();
  await using _line = openLine({
    line: {
      id: 'far',
      kind: 'tcp',
      host: '127.0.0.1',
      port: far.port,
      framing: 'rfc2217',
      serial,
      timeout: 500,
    },
    devices: [device(1, [{ address: 0, count: 4, period: 100 }], 'far')],
    driver: () => driver,
    clock,
    log: silent,
    publisher: sink,
  });
  await expect.poll(() => sink.good('meter-1'), { timeout: 10_000 }).toBeGreaterThan(2);
  far.socket?.resetAndDestroy();
  const before = sink.good('meter-1');
  await expect.poll(() => sink.good('meter-1'), { timeout: 10_000 }).toBeGreaterThan(before + 1);
  expect(wrong).toEqual([]);
}, 30_000);

/** `FUZZ_INPUTS` as in the other fuzz tests. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
const PATIENCE = { timeout: 60_000 + INPUTS / 10 };

test(
  `fuzz: data and commands in any pieces are parted right; ${INPUTS} random pieces never crash`,
  PATIENCE,
  () => {
    const seed = 20_261_122;
    const random = seeded(seed);
    const whole = (length: number) =>
      Uint8Array.from({ length }, () => (random() < 0.3 ? 255 : random() * 256));
    for (let round = 0; round < 2000; round++) {
      const said: number[] = [];
      const meant: number[] = [];
      const options: number[] = [];
      for (let i = 0; i < 6; i++) {
        const data = whole(random() * 20);
        meant.push(...data);
        const option = Math.floor(random() * 256);
        options.push(option);
        const command =
          random() < 0.5 ? negotiation(251, option) : subnegotiation(option, ...whole(random() * 8));
        said.push(...escaped(data), ...command);
      }
      const decoder = new TelnetDecoder();
      const got: number[] = [];
      const seen: number[] = [];
      for (let at = 0; at < said.length; ) {
        const step = 1 + Math.floor(random() * 12);
        const { data, commands } = decoder.feed(Uint8Array.from(said.slice(at, at + step)));
        got.push(...data);
        seen.push(...commands.map((command) => command.option));
        at += step;
      }
      expect(got, `seed ${seed}, round ${round}`).toEqual(meant);
      expect(seen.length, `seed ${seed}, round ${round}`).toBe(options.length);
    }
    const decoder = new TelnetDecoder();
    for (let i = 0; i < INPUTS; i++) {
      const piece = Uint8Array.from({ length: random() * 40 }, () =>
        random() < 0.4 ? 240 + random() * 16 : random() * 256,
      );
      const { data, commands } = decoder.feed(piece);
      if (data.length > piece.length)
        throw new Error(`seed ${seed}, piece ${i}: ${data.length} bytes of data`);
      for (const command of commands)
        if ('body' in command && command.body.length > 256)
          throw new Error(`seed ${seed}, piece ${i}: no end`);
    }
  },
);
