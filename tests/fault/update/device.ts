/**
 * A device that takes an update and is killed on the way: `node device.ts <releases> <bundle> <public key> <step>`. Without a step it
 * goes through to the end and prints the steps there are, one a line.
 */
import { REMOTE } from '../../support/update-bundles.ts';
import { updatingAgent } from '../../support/updating-agent.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const [dir = '', bundle = '', key = '', killAt = ''] = process.argv.slice(2);
const seen: string[] = [];
const clock = new VirtualClock();
const agent = updatingAgent({
  dir,
  agent: 'pole-1',
  clock,
  config: { ...REMOTE, keys: [{ id: 'city-2026', public: key }] },
  more: {
    step: (name) => {
      const at = `${name} ${seen.filter((one) => one.startsWith(name)).length + 1}`;
      seen.push(at);
      if (at === killAt) process.kill(process.pid, 'SIGKILL');
    },
  },
});
const next = agent.next();
const taken = await agent.updates.take(
  { source: bundle, act: 'apply', by: 'cli' },
  new AbortController().signal,
);
if (!taken.ok) throw new Error(taken.reason);
await next;
await clock.advance(200_000);
await agent.updates.told();
await agent[Symbol.asyncDispose]();
process.stdout.write(`${seen.join('\n')}\n`);
