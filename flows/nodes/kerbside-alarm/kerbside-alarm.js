/** Input node: changes of alarms, of one or of all, from a priority on. */

import { listening } from '../kerbside-agent/node.js';

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
    listening(RED, this, config, {
      up: () => this.status({ fill: 'green', shape: 'ring', text: 'listening' }),
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
