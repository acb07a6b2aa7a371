/**
 * Node-RED in a process of its own, child of the agent or a service beside it: an origin of its own, no rights but those
 * of its token. Flows run in a thread (`editor.js`), so that this one can always say what becomes of them.
 *
 * The agent sends one `start` message; everything else goes over its local API. It answers `{type:'ready', port}`, then
 * `{type:'beat', …}` every 5 s while the event loop of the flows turns, `{type:'deployed', …}` for each deploy, and before
 * it ends because of a flow `{type:'ended', why, culprit}`. Ends by itself when the agent is gone.
 *
 * @typedef {object} Start
 * @property {'start'} type
 * @property {string} host address to listen on
 * @property {number} port 0: any
 * @property {string} userDir folder for flows and credentials
 * @property {string} nodesDir palette folder
 * @property {string} example flow file for the first start
 * @property {string} secret key of the credentials file
 * @property {{url: string, token: string}} agent the agent's local API
 * @property {boolean} safe start with the flows stopped
 * @property {string} [back] go back to the last state that ran well, and why
 * @property {number} heap bytes the flows may use
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { reachAgent } from './agent.js';
import { traceMemory } from './trace.js';
import { FlowVersions } from './versions.js';
import { FlowWatch } from './watch.js';

const BEAT_MS = 5000;
/** New objects; V8 would take 48 MB. */
const YOUNG_MB = 12;
/** Flows that have run so long since they were deployed are good, ms. */
const GOOD_MS = 600_000;

const agent = await reachAgent();
const [first] = await once(agent, 'message');
await start(/** @type {Start} */ (first));

/** @param {Start} asked */
async function start(asked) {
  // A service has a folder of its own, which the agent's user cannot write.
  const options = { ...asked, userDir: process.env.STATE_DIRECTORY ?? asked.userDir };
  await mkdir(options.userDir, { recursive: true, mode: 0o700 });
  const versions = new FlowVersions(options.userDir);
  const flows = join(options.userDir, 'flows.json');
  const isNew = !existsSync(flows) && (await versions.list()).length === 0;
  if (isNew) await copyFile(options.example, flows);
  const back = options.back === undefined ? undefined : await versions.goBack(options.back);
  const found = await versions.load();
  const restored = back ?? found.restored;

  const memory = traceMemory();
  const worker = new Worker(new URL('./editor.js', import.meta.url), {
    workerData: { memory, start: options, found },
    resourceLimits: {
      maxOldGenerationSizeMb: Math.round(options.heap / 1e6),
      maxYoungGenerationSizeMb: YOUNG_MB,
    },
  });
  const watch = new FlowWatch(worker, memory, options.heap, (why, culprit, error) => {
    void end({ type: 'ended', why, ...(culprit && { culprit }), ...(error && { error }) });
  });
  worker.on('exit', (code) => {
    if (code === 0) process.exit(0);
    watch.exited(code);
  });
  /** @type {NodeJS.Timeout | undefined} */
  let good;
  const trial = () => {
    clearTimeout(good);
    good = setTimeout(() => worker.postMessage({ type: 'good' }), GOOD_MS);
  };
  worker.on('message', (message) => {
    watch.told(message);
    if (message.type === 'ready') {
      agent.say({ ...message, ...(restored && { restored }) });
      setInterval(() => beat(watch), BEAT_MS);
      if (!options.safe) trial();
    }
    if (message.type === 'deployed') {
      agent.say(message);
      trial();
    }
  });
  agent.on('message', (message) => {
    const { type } = /** @type {{type?: string}} */ (message ?? {});
    if (type === 'ticket' || type === 'stop' || type === 'good') worker.postMessage(message);
  });
}

/** @param {FlowWatch} watch */
function beat(watch) {
  if (!watch.alive) return;
  agent.say({ type: 'beat', ...watch.facts() });
  agent.feed();
}

let ending = false;

/**
 * Tells the agent why, and ends: at once, for a thread that was halted in a loop cannot be asked to.
 *
 * @param {object} message
 */
async function end(message) {
  if (ending) return;
  ending = true;
  await agent.lastWords(message);
  process.kill(process.pid, 'SIGKILL');
}
