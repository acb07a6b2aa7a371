/** The whole agent as a process: devices that post to it, pulses of a contact that go on over a stop and a kill. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { freePort } from '../support/free-port.ts';
import { MINIMAL, SiteFolder } from '../unit/config/site-folder.ts';
import { logIn, type Person } from './console-session.ts';

const IMEI = '868681040000017';

test('posts become readings, and their contact counts on over restarts', { timeout: 60_000 }, async () => {
  using folder = new SiteFolder();
  const port = await freePort();
  const file = join(folder.dir, 'site.yaml');
  writeFileSync(
    file,
    `${MINIMAL}console: { listen: "127.0.0.1:0" }
lines:
  - { id: posts, http: { listen: "127.0.0.1:${port}", token: "\${env:POST_TOKEN}" } }
devices:
  - id: stairwell
    line: posts
    profile: generic-http-smoke
    address: "${IMEI}"
    pulses: [{ id: alarms, of: smoke-alarm, unit: "1", per_pulse: 1, start: 40 }]
`,
  );
  const env = { POST_TOKEN: 'e2e-token' };
  const post = async (alarm: 0 | 1, token = env.POST_TOKEN) => {
    const answer = await fetch(`http://127.0.0.1:${port}/smoke`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ imei: IMEI, data: { alarm, battery_mv: 3550, rsrp: -97 } }),
    });
    return answer.status;
  };
  const look = async (agent: AgentProcess) => {
    const person = await logIn((await agent.ready).link);
    return (id: string) => point(person, id);
  };
  const point = async (person: Person, id: string) => {
    const { points } = await person.get<{
      points: readonly { readonly point: string; readonly unit: string; readonly value?: unknown }[];
    }>('/points?device=stairwell');
    return points.find(({ point }) => point === id);
  };
  {
    await using agent = startAgent(file, env);
    const shown = await look(agent);
    expect(await post(0, 'guessed')).toBe(401);
    for (const alarm of [0, 1, 0, 1, 0] as const) expect(await post(alarm)).toBe(204);
    expect(await shown('battery')).toMatchObject({ value: 3.55, unit: 'V' });
    expect(await shown('alarms')).toMatchObject({ value: 42 });
    await agent.stop();
  }
  {
    await using agent = startAgent(file, env);
    const shown = await look(agent);
    // The edge that happened while the agent was off.
    expect(await post(1)).toBe(204);
    expect(await shown('alarms')).toMatchObject({ value: 43 });
    // What has been saved, 10 s after the first pulse and a second for the file, outlives a kill.
    await new Promise((resolve) => setTimeout(resolve, 12_500));
    await agent.kill();
  }
  await using agent = startAgent(file, env);
  const shown = await look(agent);
  for (const alarm of [0, 1] as const) expect(await post(alarm)).toBe(204);
  expect(await shown('alarms')).toMatchObject({ value: 44 });
});
