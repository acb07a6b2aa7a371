/** Config node: the agent that the other Kerbside nodes talk to. Without an address: the one this Node-RED belongs to. */
import { AgentClient } from './client.js';

/** What the editor's pickers may ask of an agent. */
const CHOICES = /** @type {const} */ ({
  points: '/points',
  site: '/site',
  virtual: '/virtual',
  alarms: '/alarms',
  ledger: '/ledger',
  templates: '/sign/templates',
});

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{url?: string, fingerprint?: string}} config
   */
  function KerbsideAgent(config) {
    RED.nodes.createNode(this, config);
    const own = RED.settings.kerbside;
    const { token = '', ca = '' } = this.credentials ?? {};
    const client =
      config.url || own === undefined
        ? new AgentClient(config.url ?? '', token, { ca, fingerprint: config.fingerprint ?? '' })
        : new AgentClient(own.url, own.token);
    this.client = client;
    this.on('close', (done) => {
      client.close();
      done();
    });
  }
  RED.nodes.registerType('kerbside agent', KerbsideAgent, {
    credentials: { token: { type: 'password' }, ca: { type: 'text' } },
  });

  // What stands at the chosen agent, for the editor's pickers. A node that was not deployed yet has no connection.
  RED.httpAdmin?.get(
    '/kerbside/:id/:what',
    RED.auth.needsPermission('flows.read'),
    async (request, response) => {
      const what = /** @type {keyof typeof CHOICES} */ (request.params.what);
      const path = Object.hasOwn(CHOICES, what) ? CHOICES[what] : undefined;
      if (path === undefined) return void response.status(404).json({ error: 'no such list' });
      const { kerbside } = RED.settings;
      const node = RED.nodes.getNode(request.params.id ?? '');
      const asked = /** @type {AgentClient | undefined} */ (node?.client);
      const own = asked === undefined && request.query.own === 'yes' && kerbside !== undefined;
      const client = own ? new AgentClient(kerbside.url, kerbside.token) : asked;
      try {
        if (client === undefined)
          throw new Error('deploy the agent node first: until then it has no connection');
        response.json(await client.call(path));
      } catch (error) {
        response.status(502).json({ error: error instanceof Error ? error.message : String(error) });
      } finally {
        if (own) client?.close();
      }
    },
  );
}
