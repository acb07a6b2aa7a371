/** Input node: what a camera counts in one place (a line, zone, lane or bay, or its whole picture), as one message an interval. */
import { listening } from '../kerbside-agent/node.js';

/** @typedef {import('../kerbside-agent/client.js').Reading} Reading */

/** What is counted in the whole picture. */
const WHOLE = ['vehicles', 'vehicles-passed', 'faces', 'faces-passed', 'bus-present'];

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, camera: string, place: string, empty?: boolean}} config
   */
  function KerbsideCounts(config) {
    RED.nodes.createNode(this, config);
    const { camera, place } = config;
    /** @type {string | undefined} */
    let told;
    listening(RED, this, config, {
      readings: (readings) => {
        for (const [time, some] of byTime(readings.filter((one) => one.device === camera))) {
          const counts = countsOf(some, place);
          if (counts === undefined) continue;
          const { payload, quality, reason } = counts;
          const text = Object.entries(payload)
            .map(([name, value]) => `${name} ${value ?? '–'}`)
            .join(', ');
          this.status({
            fill: quality === 'bad' ? 'red' : quality === 'good' ? 'green' : 'yellow',
            shape: 'dot',
            text,
          });
          const same = JSON.stringify([payload, quality]);
          const quiet = !config.empty && Object.values(payload).every((value) => !value) && same === told;
          told = same;
          if (!quiet)
            this.send({
              topic: `${camera}/${place || 'picture'}`,
              payload,
              camera,
              place,
              quality,
              reason,
              time,
            });
        }
      },
    });
  }
  RED.nodes.registerType('kerbside counts', KerbsideCounts);
}

/** @param {readonly Reading[]} readings */
function byTime(readings) {
  /** @type {Map<number, Reading[]>} */
  const groups = new Map();
  for (const reading of readings) groups.set(reading.time, [...(groups.get(reading.time) ?? []), reading]);
  return groups;
}

/**
 * The counts of a place by their names without it; undefined where none is among the readings.
 *
 * @param {readonly Reading[]} readings of one moment
 * @param {string} place
 */
function countsOf(readings, place) {
  /** @type {Record<string, Reading['value']>} */
  const payload = {};
  /** @type {'good' | 'uncertain' | 'bad'} */
  let quality = 'good';
  /** @type {string | undefined} */
  let reason;
  for (const { point, value, quality: one, reason: why } of readings) {
    const name = place === '' ? WHOLE.find((whole) => whole === point) : inPlace(point, place);
    if (name === undefined) continue;
    payload[name] = value;
    if (one === 'bad' || (one === 'uncertain' && quality === 'good')) {
      quality = one;
      reason = why;
    }
  }
  return Object.keys(payload).length === 0 ? undefined : { payload, quality, reason };
}

/**
 * @param {string} point
 * @param {string} place
 */
function inPlace(point, place) {
  return point.startsWith(`${place}-`) ? point.slice(place.length + 1) : undefined;
}
