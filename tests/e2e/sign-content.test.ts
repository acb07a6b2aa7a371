/**
 * The whole agent as a process: what the city signs is on panel and phone, what somebody else wants there is not, and a
 * restart changes nothing of either.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TextPanel } from '../../hw-sim/devices/text-panel.ts';
import { startAgent } from '../support/agent-process.ts';
import { freePort } from '../support/free-port.ts';
import { MINIMAL, SiteFolder } from '../unit/config/site-folder.ts';
import { CITY, iso, pack, STRANGER, seal, takeover } from '../unit/sign/content/pack.ts';
import { logIn, type Person } from './console-session.ts';

const PATIENCE = { timeout: 30_000, interval: 100 };

/** A simulated panel behind a serial server. */
async function panelServer(): Promise<{
  readonly server: Server;
  readonly panel: TextPanel;
  readonly port: number;
}> {
  const panel = new TextPanel({ now: () => performance.now() });
  const server = createServer((socket: Socket) => {
    let heard = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard = Buffer.concat([heard, bytes]);
      const told = panel.answer(heard);
      if (told === undefined) return;
      heard = Buffer.alloc(0);
      socket.write(told.bytes);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, panel, port: (server.address() as AddressInfo).port };
}

const signed = (document: Record<string, unknown>, by: typeof CITY = CITY) => {
  const now = Date.now();
  const times = {
    issued: iso(now - 60_000),
    expires: iso(now + 86_400_000),
    scope: { sites: ['demo-street'] },
  };
  return seal(Buffer.from(JSON.stringify({ ...document, ...times })), by);
};

test('signed words are shown, others are not, before and after a restart', { timeout: 120_000 }, async () => {
  using folder = new SiteFolder();
  const { server, panel, port } = await panelServer();
  await using _ = { [Symbol.asyncDispose]: async () => void server.close() };
  const phone = await freePort();
  const content = join(folder.dir, 'content');
  mkdirSync(content);
  writeFileSync(join(content, 'pack.json'), signed(pack(4)));
  const file = join(folder.dir, 'site.yaml');
  writeFileSync(
    file,
    `${MINIMAL}console: { listen: "127.0.0.1:0" }
lines: [{ id: led, tcp: "127.0.0.1:${port}", framing: raw }]
devices: [{ id: led-1, line: led, profile: kerbside-text-panel }]
content:
  keys: [{ id: ${CITY.key.id}, public: "${CITY.key.public}" }]
  folder: ./content
sign:
  id: stop-1
  title: { en: Market, zh: 市场路 }
  stops: ["1"]
  screen: { phone: "0533-12345", listen: "127.0.0.1:0", feedback: true }
  phone: { listen: "127.0.0.1:${phone}" }
  panels: [{ device: led-1, rows: 4, columns: 24 }]
  speech: {}
`,
  );
  const page = async (language: string) =>
    (await fetch(`http://127.0.0.1:${phone}/?lang=${language}`)).text();
  let count = 0;
  const command = (person: Person, device: string, point: string, value: unknown) => {
    count += 1;
    return person.post<{ state: string; code?: string; reason?: string }>('/commands', {
      id: `c-${Date.now()}-${count}`,
      device,
      point,
      value: typeof value === 'string' ? value : JSON.stringify(value),
      expires_in_s: 30,
    });
  };
  const wish = { template: 'road', fields: { road: 'west', why: 'flood' }, priority: 6, seconds: 600 };
  {
    await using agent = startAgent(file);
    const person = await logIn((await agent.ready).link);
    await expect.poll(() => page('zh-CN'), PATIENCE).toContain('市场路');
    await expect
      .poll(() => command(person, 'stop-1', 'message', wish), PATIENCE)
      .toMatchObject({ state: 'done' });
    await expect.poll(() => page('zh-CN'), PATIENCE).toContain('西街因积水绕行');
    await expect.poll(() => page('en'), PATIENCE).toContain('Detour: flooding on West Street');
    await expect.poll(() => panel.rows().join(' '), PATIENCE).toContain('西街因积水绕行');

    const refused = { state: 'rejected' };
    expect(await command(person, 'stop-1', 'message', 'FREE WORDS')).toMatchObject(refused);
    expect(await command(person, 'stop-1', 'message', { ...wish, text: 'FREE WORDS' })).toMatchObject(
      refused,
    );
    expect(await command(person, 'led-1', 'text', ' FREE WORDS')).toMatchObject({
      ...refused,
      code: 'not-allowed',
    });
    expect(await command(person, 'led-1', 'loss-text', ' FREE WORDS')).toMatchObject(refused);

    const fire = {
      id: 'fire',
      priority: 9,
      severity: 'emergency',
      spoken: true,
      title: { 'zh-CN': '火灾请离开', en: 'Fire' },
      text: { 'zh-CN': '请离开', en: 'Leave the stop' },
      until: iso(Date.now() + 3_600_000),
    };
    const forged = { ...fire, title: { 'zh-CN': 'FREE WORDS', en: 'FREE WORDS' } };
    writeFileSync(join(content, 'a-forged.json'), signed(takeover(9, [forged]), STRANGER));
    writeFileSync(join(content, 'b-old.json'), signed(pack(3, { templates: [] })));
    writeFileSync(join(content, 'c-takeover.json'), signed(takeover(1, [fire])));
    await expect.poll(() => panel.rows().join(' '), PATIENCE).toContain('火灾请离开');
    await expect.poll(() => page('en'), PATIENCE).toContain('Leave the stop');
    const { parts } = await person.get<{
      parts: readonly { readonly part: string; readonly facts: Readonly<Record<string, unknown>> }[];
    }>('/health');
    expect(parts.find(({ part }) => part === 'content')?.facts).toMatchObject({
      pack_version: 4,
      takeover_version: 1,
    });
    expect(parts.find(({ part }) => part === 'sign:speech')).toBeDefined();
    await agent.stop();
  }
  await using agent = startAgent(file);
  const person = await logIn((await agent.ready).link);
  await expect.poll(() => page('zh-CN'), PATIENCE).toContain('火灾请离开');
  expect(await command(person, 'stop-1', 'message', { ...wish, template: 'hello' })).toMatchObject({
    state: 'rejected',
    reason: expect.stringContaining('unknown-template'),
  });
  const shown = Buffer.concat(panel.shown).toString('latin1');
  expect(shown).not.toContain('FREE');
});
