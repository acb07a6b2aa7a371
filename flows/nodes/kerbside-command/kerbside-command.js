/** Output node: sends a command to a point of a device and gives back what became of it. */
import { randomUUID } from 'node:crypto';

const COLOURS = /** @type {const} */ ({
  done: 'green',
  rejected: 'red',
  expired: 'yellow',
  unknown: 'yellow',
});

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, device: string, point: string, expires: string, lease: string}} config
   */
  function KerbsideCommand(config) {
    RED.nodes.createNode(this, config);
    const agent = RED.nodes.getNode(config.agent);
    if (agent === null) this.status({ fill: 'red', shape: 'ring', text: 'no agent chosen' });
    this.on('input', async (msg, send, done) => {
      try {
        if (agent === null) throw new Error('no agent chosen: open the node and choose one');
        const client = /** @type {import('../kerbside-agent/client.js').AgentClient} */ (agent.client);
        const body = command(config, msg);
        this.status({ fill: 'blue', shape: 'ring', text: `sending ${body.value}` });
        const response = await client.call('/commands', { method: 'POST', body });
        const result =
          /** @type {{state: keyof typeof COLOURS, readback?: unknown, code?: string, reason?: string}} */ (
            await response.json()
          );
        const text = result.state === 'done' ? `reads ${result.readback}` : (result.reason ?? result.state);
        this.status({ fill: COLOURS[result.state], shape: 'dot', text });
        send({ ...msg, payload: result });
        done(
          result.state === 'rejected'
            ? new Error(`command rejected: ${result.reason ?? result.code}`)
            : undefined,
        );
      } catch (error) {
        const reason = error instanceof Error ? error : new Error(String(error));
        this.status({ fill: 'red', shape: 'ring', text: reason.message });
        done(reason);
      }
    });
  }
  RED.nodes.registerType('kerbside command', KerbsideCommand);
}

/**
 * @param {{device: string, point: string, expires: string, lease: string}} config
 * @param {import('../red.d.ts').Msg} msg
 */
function command(config, msg) {
  const device = config.device || msg.device;
  const point = config.point || msg.point;
  const value = msg.payload;
  if (typeof device !== 'string' || typeof point !== 'string')
    throw new Error('no device and point: set them here or in msg');
  if (typeof value !== 'number' && typeof value !== 'boolean' && typeof value !== 'string') {
    throw new Error(
      `msg.payload: expected a number, true, false or text, got ${value === null ? 'null' : typeof value}`,
    );
  }
  const lease = Number(config.lease) || 0;
  return {
    id: typeof msg.commandId === 'string' ? msg.commandId : `flow-${randomUUID()}`,
    device,
    point,
    value,
    expires_in_s: Number(config.expires) || 30,
    ...(lease > 0 ? { lease_s: lease } : {}),
  };
}
