/** Output node: acknowledges, resets or shelves an alarm. What wants a person, a flow cannot acknowledge. */

import { acting } from '../kerbside-agent/node.js';

const ACTS = ['acknowledge', 'reset', 'shelve', 'unshelve'];

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, alarm: string, act: string, note: string, minutes: string}} config
   */
  function KerbsideAlarmAct(config) {
    RED.nodes.createNode(this, config);
    acting(RED, this, config, async (client, msg) => {
      const { alarm, body } = wish(config, msg);
      const status = await client.call(`/alarms/${encodeURIComponent(alarm)}/acts`, { method: 'POST', body });
      return {
        send: { ...msg, payload: status.state, alarm, status },
        status: { fill: 'green', shape: 'dot', text: `${alarm}: ${status.state}` },
      };
    });
  }
  RED.nodes.registerType('kerbside alarm act', KerbsideAlarmAct);
}

/**
 * @param {{alarm: string, act: string, note: string, minutes: string}} config
 * @param {import('../red.d.ts').Msg} msg
 */
function wish(config, msg) {
  const alarm = config.alarm || msg.alarm;
  const act = config.act || msg.act;
  const note = config.note || msg.note;
  if (typeof alarm !== 'string') throw new Error('no alarm: set it here or in msg.alarm');
  if (typeof act !== 'string' || !ACTS.includes(act))
    throw new Error(`act: expected one of ${ACTS.join(', ')}`);
  const minutes = Number(config.minutes) || 0;
  return {
    alarm,
    body: {
      act,
      ...(typeof note === 'string' && note !== '' ? { note } : {}),
      ...(act === 'shelve' ? { for_s: (minutes || 60) * 60 } : {}),
    },
  };
}
