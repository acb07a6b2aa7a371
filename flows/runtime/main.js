/**
 * Node-RED in a process of its own, child of the agent or a service beside it: an origin of its own, no rights but those
 * of its token.
 *
 * The agent sends one `start` message; everything else goes over its local API. It answers `{type:'ready', port}`, then
 * `{type:'beat', …}` every 5 s, so that the agent sees a looping or leaking flow from outside. Ends by itself when the
 * agent is gone.
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
 */
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import RED from 'node-red';
import { reachAgent } from './agent.js';
import { ACCOUNT, Tickets } from './tickets.js';

const BEAT_MS = 5000;

const agent = await reachAgent();
const [first] = await once(agent, 'message');
await start(/** @type {Start} */ (first));

/** @param {Start} asked */
async function start(asked) {
  // A service has a folder of its own, which the agent's user cannot write.
  const options = { ...asked, userDir: process.env.STATE_DIRECTORY ?? asked.userDir };
  mkdirSync(options.userDir, { recursive: true, mode: 0o700 });
  const flows = join(options.userDir, 'flows.json');
  if (!existsSync(flows)) copyFileSync(options.example, flows);

  const tickets = new Tickets();
  const server = createServer((request, response) => {
    guard(request, response);
    RED.httpAdmin(request, response);
  });
  RED.init(server, settings(options, tickets));
  const stop = stopper(server);
  agent.on('message', (message) => {
    const { type, ticket, expires } = /** @type {{type?: string, ticket?: string, expires?: number}} */ (
      message ?? {}
    );
    if (type === 'ticket' && typeof ticket === 'string' && typeof expires === 'number')
      tickets.add(ticket, expires);
    if (type === 'stop') void stop();
  });
  await listen(server, options);
  await RED.start();
  const address = server.address();
  agent.say({
    type: 'ready',
    port: typeof address === 'object' && address !== null ? address.port : options.port,
  });
  beat();
}

/**
 * Settings of the embedded Node-RED. No exec node, no downloads, no telemetry, no projects: a gateway's flows are
 * configuration, not an app store.
 *
 * @param {Start} options
 * @param {Tickets} tickets
 */
function settings(options, tickets) {
  return {
    userDir: options.userDir,
    flowFile: 'flows.json',
    nodesDir: options.nodesDir,
    nodesExcludes: ['90-exec.js'],
    credentialSecret: options.secret,
    httpAdminRoot: '/',
    httpNodeRoot: false,
    safeMode: options.safe,
    adminAuth: {
      type: 'strategy',
      strategy: tickets.strategy(),
      users: [{ username: ACCOUNT, permissions: '*' }],
    },
    httpAdminCookieOptions: { name: 'kerbside-flows', sameSite: 'strict' },
    externalModules: {
      autoInstall: false,
      palette: { allowInstall: false, allowUpload: false },
      modules: { allowInstall: false },
    },
    functionExternalModules: false,
    telemetry: { enabled: false, updateNotification: false },
    diagnostics: { enabled: false },
    editorTheme: {
      page: { title: 'Kerbside flows' },
      header: { title: 'Kerbside flows' },
      tours: false,
      projects: { enabled: false },
      palette: { categories: ['kerbside', 'common', 'function', 'network', 'sequence', 'parser', 'storage'] },
    },
    logging: { console: { level: 'warn', metrics: false, audit: false } },
    kerbside: options.agent,
  };
}

/**
 * Its own content policy (the editor needs inline scripts and eval, the console does not), and no cookie of another
 * origin of this host: cookies know no ports.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
function guard(request, response) {
  const own = (request.headers.cookie ?? '')
    .split(/;\s*/)
    .filter((cookie) => cookie.startsWith('kerbside-flows='));
  if (own.length > 0) request.headers.cookie = own.join('; ');
  else delete request.headers.cookie;
  response.setHeader(
    'Content-Security-Policy',
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
      "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; " +
      "frame-ancestors 'none'; form-action 'self'",
  );
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
}

/**
 * Listens on the asked port, or on the next free one.
 *
 * @param {import('node:http').Server} server
 * @param {Start} options
 */
async function listen(server, { host, port }) {
  for (let next = port; ; next += 1) {
    try {
      await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(next, host, () => {
          server.off('error', reject);
          resolve(undefined);
        });
      });
      return;
    } catch (error) {
      const taken = /** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE';
      if (!taken || next >= port + 20) throw error;
    }
  }
}

/** Tells the parent every 5 s how much heap is used and how long the event loop was held up at worst. */
function beat() {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  setInterval(() => {
    agent.say({ type: 'beat', heapBytes: process.memoryUsage().heapUsed, loopDelayMs: delay.max / 1e6 });
    delay.reset();
    agent.feed();
  }, BEAT_MS).unref();
}

/** @param {import('node:http').Server} server */
function stopper(server) {
  return async () => {
    server.close();
    server.closeAllConnections();
    // A node that never calls its close callback must not keep the gateway from stopping.
    await Promise.race([RED.stop(), new Promise((resolve) => setTimeout(resolve, 1500))]);
    process.exit(0);
  };
}
