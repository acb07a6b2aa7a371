/** Output node: gives a value to a virtual point that the site file declares. */
import { acting, needed, QUALITY, setting, shown } from '../kerbside-agent/node.js';

/** Longest name of a source, characters. */
const LONGEST = 100;

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, name?: string, device: string, deviceType?: string, point: string, pointType?: string,
   *   quality?: string}} config
   */
  function KerbsidePublish(config) {
    RED.nodes.createNode(this, config);
    const source = sourceOf(this, config.name);
    acting(RED, this, config, async (client, msg) => {
      const device = needed(setting(config.device, config.deviceType, msg, 'device'), 'device');
      const point = needed(setting(config.point, config.pointType, msg, 'point'), 'point');
      const { payload: value = null, unit } = msg;
      const quality = config.quality || msg.quality;
      const reading = await client.call(
        `/virtual/${encodeURIComponent(device)}/${encodeURIComponent(point)}`,
        {
          method: 'POST',
          body: {
            value: quality === 'bad' ? null : value,
            source,
            ...(typeof unit === 'string' && unit !== '' ? { unit } : {}),
            ...(quality === 'uncertain' ? { quality } : {}),
          },
        },
      );
      const status = /** @type {const} */ ({
        fill: QUALITY[/** @type {'good'} */ (reading.quality)],
        shape: 'dot',
      });
      return { send: { ...msg, reading }, status: { ...status, text: shown(reading) } };
    });
  }
  RED.nodes.registerType('kerbside publish', KerbsidePublish);

  /**
   * Name of the flow, and of the node where it has one.
   *
   * @param {import('../red.d.ts').RedNode} node
   * @param {string | undefined} name
   */
  function sourceOf({ z, id, _flow }, name) {
    const flow = /** @type {{flow?: {label?: string, name?: string}} | undefined} */ (_flow)?.flow;
    const label = flow?.label || flow?.name || z || 'flow';
    return `${label} / ${name || id}`.slice(0, LONGEST);
  }
}
