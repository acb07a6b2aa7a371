/** Config node: the agent that the other Kerbside nodes talk to. Without an address: the one this Node-RED belongs to. */
import { AgentClient } from './client.js';

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{url?: string}} config
   */
  function KerbsideAgent(config) {
    RED.nodes.createNode(this, config);
    const own = RED.settings.kerbside;
    const client =
      config.url || own === undefined
        ? new AgentClient(config.url ?? '', this.credentials?.token ?? '')
        : new AgentClient(own.url, own.token);
    this.client = client;
    this.on('close', (done) => {
      client.close();
      done();
    });
  }
  RED.nodes.registerType('kerbside agent', KerbsideAgent, { credentials: { token: { type: 'password' } } });
}
