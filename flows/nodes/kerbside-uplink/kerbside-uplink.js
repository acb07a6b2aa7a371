/** Input node: how an uplink stands: connected or not, what waits, whether its books balance. */
import { listening } from '../kerbside-agent/node.js';

/** @typedef {import('../kerbside-agent/client.js').Ledger} Ledger */

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, uplink: string, when: 'link' | 'all', backlog: string}} config
   */
  function KerbsideUplink(config) {
    RED.nodes.createNode(this, config);
    const limit = Number(config.backlog) || 0;
    /** @type {Map<string, string>} */
    const told = new Map();
    listening(RED, this, config, {
      ledgers: (ledgers) => {
        for (const ledger of ledgers) {
          if (config.uplink && config.uplink !== ledger.uplink) continue;
          const behind = limit > 0 && ledger.backlog > limit;
          this.status(statusOf(ledger, behind));
          const state = config.when === 'all' ? JSON.stringify(ledger) : `${ledger.connected} ${behind}`;
          if (told.get(ledger.uplink) === state) continue;
          told.set(ledger.uplink, state);
          const { uplink, connected, backlog } = ledger;
          this.send({ topic: uplink, payload: connected, uplink, backlog, behind, ledger });
        }
      },
    });
  }
  RED.nodes.registerType('kerbside uplink', KerbsideUplink);
}

/**
 * @param {Ledger} ledger
 * @param {boolean} behind
 * @returns {import('../red.d.ts').Status}
 */
function statusOf({ connected, backlog, missing, doubled }, behind) {
  if (missing > 0 || doubled > 0)
    return { fill: 'red', shape: 'dot', text: `${missing} missing, ${doubled} doubled` };
  if (!connected) return { fill: 'red', shape: 'ring', text: `not connected, ${backlog} wait` };
  return {
    fill: behind ? 'yellow' : 'green',
    shape: 'dot',
    text: backlog === 0 ? 'all sent' : `${backlog} wait`,
  };
}
