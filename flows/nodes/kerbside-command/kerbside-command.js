/** Output node: sends a command to a point of a device and gives back what became of it. */
import { randomUUID } from 'node:crypto';
import { acting, needed, setting } from '../kerbside-agent/node.js';

/** Colours of the dot by what became of a command. */
export const STATES = /** @type {const} */ ({
  accepted: 'blue',
  done: 'green',
  rejected: 'red',
  expired: 'yellow',
  unknown: 'yellow',
});

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, device: string, deviceType?: string, point: string, pointType?: string, expires: string,
   *   lease: string}} config
   */
  function KerbsideCommand(config) {
    RED.nodes.createNode(this, config);
    acting(RED, this, config, async (client, msg) => {
      const device = needed(setting(config.device, config.deviceType, msg, 'device'), 'device');
      const point = needed(setting(config.point, config.pointType, msg, 'point'), 'point');
      const { payload: value } = msg;
      if (typeof value !== 'number' && typeof value !== 'boolean' && typeof value !== 'string') {
        const got = value === null ? 'null' : typeof value;
        throw new Error(`msg.payload: expected a number, true, false or text, got ${got}`);
      }
      const lease = Number(config.lease) || 0;
      this.status({ fill: 'blue', shape: 'ring', text: `sending ${value}` });
      return command(client, msg, {
        device,
        point,
        value,
        expires_in_s: Number(config.expires) || 30,
        ...(lease > 0 ? { lease_s: lease } : {}),
      });
    });
  }
  RED.nodes.registerType('kerbside command', KerbsideCommand);
}

/**
 * Sends a command; what became of it is the payload, and an error where it was rejected.
 *
 * @param {import('../kerbside-agent/client.js').AgentClient} client
 * @param {import('../red.d.ts').Msg} msg
 * @param {object} body
 */
export async function command(client, msg, body) {
  const id = typeof msg.commandId === 'string' ? msg.commandId : `flow-${randomUUID()}`;
  const result = await client.call('/commands', { method: 'POST', body: { id, ...body } });
  const state = /** @type {keyof typeof STATES} */ (result.state);
  const why = result.reason ?? result.code ?? state;
  return {
    send: { ...msg, payload: result },
    status: /** @type {import('../red.d.ts').Status} */ ({
      fill: STATES[state],
      shape: 'dot',
      text: state === 'done' ? `reads ${result.readback}` : why,
    }),
    ...(state === 'rejected' ? { error: `command rejected: ${why}` } : {}),
  };
}
