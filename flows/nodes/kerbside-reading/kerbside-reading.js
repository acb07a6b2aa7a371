/** Input node: readings of one point, a device or the whole street, in the unit and quality that are wanted. */
import { listening, QUALITY, shown } from '../kerbside-agent/node.js';
import { convert } from './units.js';

/** @typedef {import('../kerbside-agent/client.js').Reading} Reading */
/**
 * @typedef {{agent: string, device: string, point: string, quality: 'good' | 'usable' | 'any', deadband: string,
 *   changes?: boolean, unit: string}} Config
 */

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {Config} config
   */
  function KerbsideReading(config) {
    RED.nodes.createNode(this, config);
    const moved = deadband(Number(config.deadband) || 0, config.changes === true);
    listening(RED, this, config, {
      readings: (readings) => {
        for (const one of readings) {
          if (!chosen(config, one)) continue;
          const reading = inUnit(one, config.unit);
          if (reading === undefined) {
            this.status({ fill: 'yellow', shape: 'ring', text: `${one.unit} is not ${config.unit}` });
            continue;
          }
          this.status({ fill: QUALITY[reading.quality], shape: 'dot', text: shown(reading) });
          if (wanted(config.quality, reading) && moved(reading)) this.send(message(reading));
        }
      },
    });
  }
  RED.nodes.registerType('kerbside reading', KerbsideReading);
}

/**
 * @param {Config} config
 * @param {Reading} reading
 */
function chosen({ device, point }, reading) {
  return (!device || device === reading.device) && (!point || point === reading.point);
}

/**
 * The reading in the wanted unit; undefined where it measures something else.
 *
 * @param {Reading} reading
 * @param {string} unit '': its own
 * @returns {Reading | undefined}
 */
function inUnit(reading, unit) {
  if (!unit || unit === reading.unit) return reading;
  if (typeof reading.value !== 'number') return reading.value === null ? reading : undefined;
  const value = convert(reading.value, reading.unit, unit);
  return value === undefined ? undefined : { ...reading, value, unit };
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
 * @param {number} band 0: every reading, or every change
 * @param {boolean} changes only what is another value than before
 * @returns {(reading: Reading) => boolean}
 */
function deadband(band, changes) {
  /** @type {Map<string, Reading>} */
  const last = new Map();
  return (reading) => {
    const key = `${reading.device}/${reading.point}`;
    const before = last.get(key);
    const still =
      (band > 0 || changes) &&
      before !== undefined &&
      before.quality === reading.quality &&
      (band > 0 && typeof reading.value === 'number' && typeof before.value === 'number'
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
