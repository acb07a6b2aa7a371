/** A screen whose address is taken is told and tried again; nothing else of the agent waits for it. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent-process.ts';
import { MINIMAL, SiteFolder } from '../unit/config/site-folder.ts';
import { logIn } from './console-session.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };

interface Health {
  readonly parts: readonly { readonly part: string; readonly state: string; readonly message?: string }[];
}

test('the agent starts without its screen, and has it when the address is free', {
  timeout: 120_000,
}, async () => {
  using folder = new SiteFolder();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const file = join(folder.dir, 'site.yaml');
  writeFileSync(
    file,
    `${MINIMAL}console: { listen: "127.0.0.1:0" }
sign:
  id: stop-1
  title: { en: Market, zh: 市场路 }
  stops: ["1"]
  screen: { phone: "0533-12345", listen: "127.0.0.1:${port}" }
`,
  );
  await using agent = startAgent(file);
  const person = await logIn((await agent.ready).link);
  const screen = async () =>
    (await person.get<Health>('/health')).parts.find(({ part }) => part === 'sign:screen');
  await expect
    .poll(screen, PATIENCE)
    .toMatchObject({ state: 'down', message: expect.stringContaining(String(port)) });

  await new Promise((resolve) => other.close(resolve));
  await expect
    .poll(async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.ok, PATIENCE)
    .toBe(true);
});
