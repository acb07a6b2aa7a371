/** Input node: changes of alarms, of one or of all, from a priority on. */

/** @typedef {import('../kerbside-agent/client.js').AgentEvent} AgentEvent */
/** @typedef {Record<string, unknown> & {alarm: string, state: string, priority: string}} Status */

const PRIORITIES = ['critical', 'high', 'medium', 'low'];

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, alarm: string, priority: string, changes: string}} config
   */
  function KerbsideAlarm(config) {
    RED.nodes.createNode(this, config);
    const agent = RED.nodes.getNode(config.agent);
    if (agent === null) {
      this.status({ fill: 'red', shape: 'ring', text: 'no agent chosen' });
      return;
    }
    const client = /** @type {import('../kerbside-agent/client.js').AgentClient} */ (agent.client);
    this.status({ fill: 'grey', shape: 'ring', text: 'connecting' });
    const end = client.listen({
      reading: () => {},
      state: (up, why) => {
        if (up) this.status({ fill: 'green', shape: 'ring', text: 'listening' });
        else this.status({ fill: 'red', shape: 'ring', text: why ?? 'not connected' });
      },
      event: (event) => {
        for (const { change, status } of toldIn(event)) {
          if (!chosen(config, change, status)) continue;
          this.status({
            fill: status.state === 'unacknowledged' ? 'red' : status.state === 'normal' ? 'green' : 'yellow',
            shape: 'dot',
            text: `${status.alarm}: ${status.state}`,
          });
          this.send({
            topic: status.alarm,
            payload: status.state,
            change,
            alarm: status.alarm,
            priority: status.priority,
            device: status.device,
            time: event.time,
            status,
          });
        }
      },
    });
    this.on('close', (done) => {
      end();
      done();
    });
  }
  RED.nodes.registerType('kerbside alarm', KerbsideAlarm);
}

/**
 * What an event tells of alarms: of one, or of several that are told together.
 *
 * @param {AgentEvent} event
 * @returns {{change: string, status: Status}[]}
 */
function toldIn({ event, body }) {
  if (event !== 'alarm') return [];
  const all = body.what === 'together' && Array.isArray(body.marks) ? body.marks : [body];
  return all.flatMap((status) =>
    typeof status.alarm === 'string' && typeof status.state === 'string'
      ? [{ change: String(body.what), status }]
      : [],
  );
}

/**
 * @param {{alarm: string, priority: string, changes: string}} config
 * @param {string} change
 * @param {Status} status
 */
function chosen({ alarm, priority, changes }, change, status) {
  if (alarm && alarm !== status.alarm) return false;
  if (priority && PRIORITIES.indexOf(status.priority) > PRIORITIES.indexOf(priority)) return false;
  return changes !== 'raised' || change === 'raised' || change === 'chattering' || change === 'reminder';
}
