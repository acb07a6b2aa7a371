/** The simulated mobile network: what passes, what does not, what is told. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nameServerEnv } from '../../../hw-sim/agent-launch.ts';
import { openMobileLink } from '../../../hw-sim/city/mobile-link.ts';

/** A city that gives back what it hears. */
async function echo() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

function call(address: string) {
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
  const heard: string[] = [];
  const said = { code: undefined as string | undefined, closed: false };
  socket.setEncoding('utf8').on('data', (text: string) => void heard.push(text));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    said.code = error.code;
  });
  socket.on('close', () => {
    said.closed = true;
  });
  return { socket, heard, said, [Symbol.dispose]: () => void socket.destroy() };
}

const PATIENCE = { timeout: 10_000, interval: 10 };

test('passes bytes, late and in order where it is slow', async () => {
  await using city = await echo();
  await using link = openMobileLink();
  const address = await link.doorTo(city.port);
  using phone = call(address);
  phone.socket.write('one');
  await expect.poll(() => phone.heard.join(''), PATIENCE).toBe('one');
  const slow = link.trouble({ kind: 'slow', delay: 150, rate: 1000 });
  const begun = performance.now();
  phone.socket.write('two');
  phone.socket.write('three');
  await expect.poll(() => phone.heard.join(''), PATIENCE).toBe('onetwothree');
  // There and back.
  expect(performance.now() - begun).toBeGreaterThan(290);
  phone.socket.write('four');
  // It is on its way when the link gets faster: nothing overtakes it.
  await new Promise((done) => setTimeout(done, 30));
  slow[Symbol.dispose]();
  phone.socket.write('five');
  await expect.poll(() => phone.heard.join(''), PATIENCE).toBe('onetwothreefourfive');
});

test('half-open: nothing passes and nobody is told; afterwards what lost bytes is gone, and what did not goes on', async () => {
  await using city = await echo();
  await using link = openMobileLink();
  const address = await link.doorTo(city.port);
  using talking = call(address);
  using quiet = call(address);
  for (const one of [talking, quiet]) {
    one.socket.write('hello');
    await expect.poll(() => one.heard.join(''), PATIENCE).toBe('hello');
  }
  const half = link.trouble({ kind: 'half-open' });
  expect(link.troubles).toEqual(['half-open']);
  talking.socket.write('lost');
  await new Promise((done) => setTimeout(done, 100));
  expect([talking.heard.join(''), talking.said.closed]).toEqual(['hello', false]);
  half[Symbol.dispose]();
  half[Symbol.dispose]();
  await expect.poll(() => talking.said.closed, PATIENCE).toBe(true);
  quiet.socket.write('still');
  await expect.poll(() => quiet.heard.join(''), PATIENCE).toBe('hellostill');
});

test('refused: what is open breaks, nothing opens, and the same door opens again', async () => {
  await using city = await echo();
  await using link = openMobileLink();
  const address = await link.doorTo(city.port);
  using before = call(address);
  before.socket.write('x');
  await expect.poll(() => before.heard.length, PATIENCE).toBe(1);
  {
    using _ = link.trouble({ kind: 'refused' });
    await expect.poll(() => before.said.closed, PATIENCE).toBe(true);
    using during = call(address);
    await expect.poll(() => during.said.code, PATIENCE).toBe('ECONNREFUSED');
  }
  await expect
    .poll(async () => {
      using after = call(address);
      after.socket.write('again');
      await Promise.race([once(after.socket, 'data'), once(after.socket, 'close')]);
      return after.heard.join('');
    }, PATIENCE)
    .toBe('again');
});

test('no names: told to the name server of the street by a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'link-'));
  const file = join(folder, 'no-names');
  try {
    await using link = openMobileLink(file);
    {
      using _ = link.trouble({ kind: 'no-names' });
      await expect.poll(() => existsSync(file), PATIENCE).toBe(true);
    }
    await expect.poll(() => existsSync(file), PATIENCE).toBe(false);
    const ask = (name: string) =>
      spawnSync(
        process.execPath,
        [
          '-e',
          `require('node:net').connect(9, ${JSON.stringify(name)}).on('error', (e) => console.log(e.code ?? e.errors[0].code))`,
        ],
        { env: { ...process.env, ...nameServerEnv(file) }, encoding: 'utf8' },
      ).stdout.trim();
    expect(ask('localhost')).toBe('ECONNREFUSED');
    writeFileSync(file, '');
    expect(ask('localhost')).toBe('EAI_AGAIN');
    expect(ask('127.0.0.1')).toBe('ECONNREFUSED');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
