/** Output node: shows a signed template on a display, with its fields filled in, or takes it away. */
import { acting, needed, setting } from '../kerbside-agent/node.js';
import { command } from '../kerbside-command/kerbside-command.js';

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, display: string, displayType?: string, template: string, templateType?: string, fields: string,
   *   fieldsType?: 'json' | 'msg', priority: string, seconds: string, act: 'show' | 'withdraw'}} config
   */
  function KerbsideMessage(config) {
    RED.nodes.createNode(this, config);
    acting(RED, this, config, async (client, msg) => {
      const display = needed(setting(config.display, config.displayType, msg, 'display'), 'display');
      const template = needed(setting(config.template, config.templateType, msg, 'template'), 'template');
      const withdraw = (msg.act ?? config.act) === 'withdraw';
      const wish = {
        template,
        fields: fieldsOf(config, msg),
        priority: Number(config.priority) || 1,
        seconds: withdraw ? 0 : Number(msg.seconds ?? config.seconds) || 600,
      };
      const value = JSON.stringify(wish);
      const done = await command(client, msg, { device: display, point: 'message', value, expires_in_s: 30 });
      const text = withdraw ? `${template} taken away` : template;
      return done.error === undefined ? { ...done, status: { ...done.status, text } } : done;
    });
  }
  RED.nodes.registerType('kerbside message', KerbsideMessage);
}

/**
 * @param {{fields: string, fieldsType?: 'json' | 'msg'}} config
 * @param {import('../red.d.ts').Msg} msg
 * @returns {Record<string, number | string>}
 */
function fieldsOf({ fields, fieldsType }, msg) {
  let value = fieldsType === 'msg' ? msg[fields || 'payload'] : fields || '{}';
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {
      throw new Error('fields: expected JSON such as {"line": 7}');
    }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return /** @type {Record<string, number | string>} */ (value);
  throw new Error('fields: expected an object such as { line: 7 }');
}
