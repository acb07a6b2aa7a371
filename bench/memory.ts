/**
 * `npm run bench:memory`: proportional set size (PSS, /proc/<pid>/smaps_rollup) of each process after two minutes on
 * the simulated street: the agent without vision, what vision adds, the Node-RED child; bare node beside them.
 * `--seconds N` shortens, and the line says so.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { childrenOf } from './children.ts';
import { startBenchAgent, startStreetProcess, variant } from './street.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '120' } } });
const seconds = Number(values.seconds);
const off = { enabled: false, listen: '127.0.0.1:0' };

await using street = await startStreetProcess();
const without = await measure(variant(street, 'without-vision', { cameras: [], node_red: off }));
const all = await measure(variant(street, 'whole', { node_red: { enabled: true, listen: '127.0.0.1:0' } }));
const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
await sleep(2);
const node = pss(bare.pid ?? 0);
bare.kill();

process.stdout.write(
  `${JSON.stringify({
    bench: 'memory',
    seconds,
    pss_mb: {
      agent_without_vision: without.agent,
      vision_adds: all.agent - without.agent,
      node_red: all.children,
      bare_node: node,
    },
    aims_mb: { agent_without_vision: 130, vision_adds: 150, node_red: 150 },
  })}\n`,
);

async function measure(site: string): Promise<{ agent: number; children: number }> {
  await using agent = startBenchAgent(site);
  await agent.event('agent.started');
  await sleep(seconds);
  return { agent: pss(agent.pid), children: childrenOf(agent.pid).reduce((sum, pid) => sum + pss(pid), 0) };
}

/** MB of 10⁶ bytes. */
function pss(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Math.round((Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]) * 1024) / 1e6);
}

function sleep(s: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, s * 1000));
}
