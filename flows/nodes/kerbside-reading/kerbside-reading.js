/** Input node: readings of one point, a device or the whole street, filtered by quality and deadband. */

/** @typedef {import('../kerbside-agent/client.js').Reading} Reading */

const COLOURS = /** @type {const} */ ({ good: 'green', uncertain: 'yellow', bad: 'red' });

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, device: string, point: string, quality: 'good' | 'usable' | 'any', deadband: string, unit: string}} config
   */
  function KerbsideReading(config) {
    RED.nodes.createNode(this, config);
    const agent = RED.nodes.getNode(config.agent);
    if (agent === null) {
      this.status({ fill: 'red', shape: 'ring', text: 'no agent chosen' });
      return;
    }
    const client = /** @type {import('../kerbside-agent/client.js').AgentClient} */ (agent.client);
    const changes = deadband(Number(config.deadband) || 0);
    this.status({ fill: 'grey', shape: 'ring', text: 'connecting' });
    const end = client.listen({
      state: (up, why) => {
        if (!up) this.status({ fill: 'red', shape: 'ring', text: why ?? 'not connected' });
      },
      reading: (reading) => {
        if (!chosen(config, reading)) return;
        this.status({ fill: COLOURS[reading.quality], shape: 'dot', text: shown(reading) });
        if (wanted(config.quality, reading) && changes(reading)) this.send(message(reading));
      },
    });
    this.on('close', (done) => {
      end();
      done();
    });
  }
  RED.nodes.registerType('kerbside reading', KerbsideReading);
}

/**
 * What stands under the node. The unit of counts, `1` in UCUM, says nothing.
 *
 * @param {Reading} reading
 */
function shown({ value, unit, reason }) {
  if (value === null) return reason ?? 'bad';
  return unit === '' || unit === '1' ? String(value) : `${value} ${unit}`;
}

/**
 * @param {{device: string, point: string, unit: string}} config
 * @param {Reading} reading
 */
function chosen({ device, point, unit }, reading) {
  return (
    (!device || device === reading.device) &&
    (!point || point === reading.point) &&
    (!unit || unit === reading.unit)
  );
}

/**
 * @param {'good' | 'usable' | 'any'} quality
 * @param {Reading} reading
 */
function wanted(quality, reading) {
  if (quality === 'any') return true;
  return quality === 'usable' ? reading.quality !== 'bad' : reading.quality === 'good';
}

/**
 * Lets a reading through when its number has moved by `band` since the last one let through, or its state has changed.
 *
 * @param {number} band 0: every reading
 * @returns {(reading: Reading) => boolean}
 */
function deadband(band) {
  /** @type {Map<string, Reading>} */
  const last = new Map();
  return (reading) => {
    const key = `${reading.device}/${reading.point}`;
    const before = last.get(key);
    const still =
      band > 0 &&
      before !== undefined &&
      before.quality === reading.quality &&
      (typeof reading.value === 'number' && typeof before.value === 'number'
        ? Math.abs(reading.value - before.value) < band
        : reading.value === before.value);
    if (!still) last.set(key, reading);
    return !still;
  };
}

/** @param {Reading} reading */
function message({ device, point, value, unit, quality, reason, time }) {
  return { topic: `${device}/${point}`, payload: value, device, point, unit, quality, reason, time };
}
