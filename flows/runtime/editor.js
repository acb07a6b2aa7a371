/**
 * The thread that Node-RED and its flows run in. What they do can only stop this thread; `main.js`, which speaks with the
 * agent, sees it from outside and names who it was.
 *
 * @typedef {import('./main.js').Start} Start
 */
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import RED from 'node-red';
import { guard } from './headers.js';
import { Holder } from './holder.js';
import { settings } from './settings.js';
import { flowStorage } from './storage.js';
import { Tickets } from './tickets.js';
import { TraceWriter } from './trace.js';
import { FlowVersions } from './versions.js';

const BEAT_MS = 250;
/** A node that never calls its close callback must not keep the gateway from stopping, ms. */
const CLOSE_MS = 1500;

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const {
  memory,
  start: asked,
  found,
} = /** @type {{memory: SharedArrayBuffer, start: Start,
  found: import('./versions.js').Found}} */ (workerData);

const trace = new TraceWriter(memory, (index, id) => port.postMessage({ type: 'node', index, id }));
const versions = new FlowVersions(asked.userDir);
const tickets = new Tickets();
const server = createServer((request, response) => {
  guard(request, response);
  RED.httpAdmin(request, response);
});
const storage = flowStorage(versions, found, (flows, saved) => {
  port.postMessage({ type: 'flows', flows });
  if (saved !== undefined) port.postMessage({ type: 'deployed', ...saved });
});
RED.init(
  server,
  settings(asked, tickets, storage, (id) => port.postMessage({ type: 'timeout', id })),
);
RED.hooks.add('onReceive.kerbside', ({ destination: { id, node } }) => trace.received(node?._alias ?? id));
RED.hooks.add('postReceive.kerbside', () => trace.handled());

port.on('message', (message) => {
  if (message.type === 'ticket') tickets.add(message.ticket, message.expires, message.by);
  if (message.type === 'good') void versions.markGood().catch(() => {});
  if (message.type === 'stop') void stop();
});

await listen();
await RED.start();
const address = server.address();
port.postMessage({ type: 'ready', port: typeof address === 'object' && address !== null ? address.port : 0 });
beat();

/** Listens on the asked port, or on the next free one. */
async function listen() {
  for (let next = asked.port; ; next += 1) {
    try {
      await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(next, asked.host, () => {
          server.off('error', reject);
          resolve(undefined);
        });
      });
      return;
    } catch (error) {
      const taken = /** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE';
      if (!taken || next >= asked.port + 20) throw error;
    }
  }
}

function beat() {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const holder = new Holder(asked.heap, (id) => port.postMessage({ type: 'holder', id }));
  setInterval(() => {
    const { heapUsed, external } = process.memoryUsage();
    trace.beat(heapUsed, external, delay.max / 1e6);
    delay.reset();
    holder.look(heapUsed).catch(() => {});
  }, BEAT_MS);
}

async function stop() {
  server.close();
  server.closeAllConnections();
  await Promise.race([RED.stop(), new Promise((resolve) => setTimeout(resolve, CLOSE_MS))]);
  process.exit(0);
}
