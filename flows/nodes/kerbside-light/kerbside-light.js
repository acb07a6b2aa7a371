/** Output node: holds a lamp at a level for some minutes against its programme, or gives it back. */
import { acting, needed, setting } from '../kerbside-agent/node.js';
import { command } from '../kerbside-command/kerbside-command.js';

/** Longest override, minutes: a week. */
const LONGEST = 10_080;
/** A lease so short gives the lamp back to its programme, s. */
const BACK = 1;

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, lamp: string, lampType?: string, act: 'set' | 'end' | '', level: string, levelType?: string,
   *   minutes: string}} config
   */
  function KerbsideLight(config) {
    RED.nodes.createNode(this, config);
    acting(RED, this, config, async (client, msg) => {
      const id = needed(setting(config.lamp, config.lampType, msg, 'lamp'), 'lamp');
      /** @type {{lamps: {id: string, device: string, point: string}[]}} */
      const { lamps } = await client.call('/site');
      const lamp = lamps.find((one) => one.id === id);
      if (lamp === undefined)
        throw new Error(`there is no lamp ${id}; there is ${lamps.map((one) => one.id).join(', ')}`);
      const { device, point } = lamp;
      if ((config.act || msg.act) === 'end') {
        const { points } = await client.call(`/points?device=${encodeURIComponent(device)}`);
        const value = points.find((/** @type {{point: string}} */ one) => one.point === point)?.value;
        return command(client, msg, {
          device,
          point,
          value: Number(value ?? 0),
          expires_in_s: 30,
          lease_s: BACK,
        });
      }
      const level = Number(config.levelType === 'msg' ? msg[config.level || 'payload'] : config.level);
      if (!(level >= 0 && level <= 100)) throw new Error(`the level of a lamp is 0 to 100 %, got ${level}`);
      const minutes = Number(msg.minutes ?? config.minutes);
      if (!(minutes > 0 && minutes <= LONGEST))
        throw new Error(`an override lasts 1 to ${LONGEST} minutes, got ${minutes}`);
      this.status({ fill: 'blue', shape: 'ring', text: `sending ${level} %` });
      return command(client, msg, { device, point, value: level, expires_in_s: 30, lease_s: minutes * 60 });
    });
  }
  RED.nodes.registerType('kerbside light', KerbsideLight);
}
