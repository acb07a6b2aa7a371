/** Commissioning over the API: who may, what is refused, what the stream tells. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCAN } from '../../support/commissioning-data.ts';
import { openConsole, type TestConsole } from './open-console.ts';

let console_: TestConsole;
let technician: Record<string, string>;
beforeAll(async () => {
  console_ = await openConsole();
  technician = await console_.login('technician');
});
afterAll(() => console_[Symbol.asyncDispose]());

const post = (path: string, body: unknown) => console_.post(`/api/v1/commissioning${path}`, body, technician);
const SAVE = {
  devices: [{ key: 'unit-7', profile: 'eastron-sdm120', id: 'sdm120-7', title: { en: 'Lamp' } }],
};

describe('commissioning over the API', () => {
  test('is for technicians; a flow with a token of that role may, too', async () => {
    const viewer = await console_.login('viewer');
    expect((await console_.ask('/api/v1/commissioning/ports', { headers: viewer })).status).toBe(403);
    technician = await console_.login('technician');
    const { status, text } = await console_.ask('/api/v1/commissioning/ports', { headers: technician });
    expect([status, JSON.parse(text).ports.length]).toEqual([200, 3]);
  });

  test.each([
    ['/dev/ttyUSB0', 200],
    ['/dev/serial/by-id/usb-FTDI_FT232R-if00-port0', 200],
    ['10.0.0.7:502', 200],
    ['[fe80::1]:502', 200],
    ['gateway.local', 200],
    ['', 400],
    ['../../etc/passwd', 400],
    ['http://10.0.0.7/', 400],
    ['/dev/tty USB', 400],
    ['a\nb', 400],
    ['/dev/busy', 503],
  ])('a scan of %j is answered with %i', async (port, status) => {
    const answer = await post('/scans', { port });
    expect(answer.status).toBe(status);
    if (status === 503) expect(JSON.parse(answer.text)).toMatchObject({ code: 'port-busy', fix: 'Wait.' });
  });

  test('who asks goes along, and what is wrong stops the save', async () => {
    const { agent } = console_;
    agent.commissioning.asked.length = 0;
    await post('/scans', { port: '/dev/ttyUSB1', thorough: true });
    await post(`/scans/${SCAN}/stop`, {});
    await post(`/scans/${SCAN}/readings`, { devices: [{ key: 'unit-7', profile: 'eastron-sdm120' }] });
    agent.commissioning.problems = [{ key: 'unit-7', message: 'sdm120-7 is there already' }];
    const refused = await post(`/scans/${SCAN}/save`, SAVE);
    expect([refused.status, JSON.parse(refused.text).detail]).toEqual([409, 'sdm120-7 is there already']);
    agent.commissioning.problems = [];
    const saved = JSON.parse((await post(`/scans/${SCAN}/save`, SAVE)).text);
    expect(saved).toMatchObject({ change: 4, scan: { phase: 'saved', saved: { devices: ['sdm120-7'] } } });
    expect(agent.commissioning.asked).toEqual([
      'start /dev/ttyUSB1 true console:technician',
      `stop ${SCAN} console:technician`,
      `read ${SCAN} unit-7=eastron-sdm120`,
      `save ${SCAN} sdm120-7 console:technician`,
      `save ${SCAN} sdm120-7 console:technician`,
    ]);
    expect((await post('/scans/beef/stop', {})).status).toBe(404);
    expect((await post('/scans/..%2f/stop', {})).status).toBe(400);
  });

  test('the stream tells how a scan goes, at once to who comes later', async () => {
    const gone = new AbortController();
    const { body } = await fetch(`${console_.console.url}/api/v1/stream`, {
      headers: technician,
      signal: gone.signal,
    });
    let text = '';
    const reading = (async () => {
      for await (const chunk of body ?? []) text += new TextDecoder().decode(chunk);
    })().catch(() => {});
    await expect.poll(() => text).toContain('event: scan');
    const told = () =>
      [...text.matchAll(/^event: scan\ndata: (.*)$/gm)].map(([, data = '']) => JSON.parse(data).scan);
    expect(told()[0]).toMatchObject({ id: SCAN, found: [{ key: 'unit-7' }, { key: 'unit-9' }] });
    console_.agent.commissioning.set({ phase: 'searching', setting: '9600 8E1', unit: 3, left: 41_000 });
    await expect.poll(() => told().at(-1)).toMatchObject({ setting: '9600 8E1', unit: 3, left_s: 41 });
    gone.abort();
    await reading;
  });
});
