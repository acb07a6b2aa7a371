/** What the nodes have in common: their agent, its state under them, and how a message is worked on. */

/** Colours of the dot by quality. */
export const QUALITY = /** @type {const} */ ({ good: 'green', uncertain: 'yellow', bad: 'red' });

/** Longest text under a node. */
const LONGEST = 60;

/**
 * The client of the chosen agent; where none is chosen the node says so.
 *
 * @param {import('../red.d.ts').Red} RED
 * @param {import('../red.d.ts').RedNode} node
 * @param {{agent: string}} config
 */
export function clientOf(RED, node, { agent }) {
  const chosen = RED.nodes.getNode(agent);
  if (chosen === null) node.status({ fill: 'red', shape: 'ring', text: 'no agent chosen' });
  return /** @type {import('./client.js').AgentClient | undefined} */ (chosen?.client);
}

/**
 * Listens until the node is closed, and shows where there is no connection.
 *
 * @param {import('../red.d.ts').Red} RED
 * @param {import('../red.d.ts').RedNode} node
 * @param {{agent: string}} config
 * @param {Omit<import('./client.js').Listener, 'state'> & {up?: () => void}} listener `up`: what is shown while it is there
 */
export function listening(RED, node, config, { up, ...listener }) {
  const client = clientOf(RED, node, config);
  if (client === undefined) return;
  node.status({ fill: 'grey', shape: 'ring', text: 'connecting' });
  const end = client.listen({
    ...listener,
    state: (there, why) => {
      if (!there) node.status({ fill: 'red', shape: 'ring', text: short(why ?? '') });
      else if (up === undefined) node.status({ fill: 'green', shape: 'ring', text: 'connected' });
      else up();
    },
  });
  node.on('close', (done) => {
    end();
    done();
  });
}

/**
 * Works on each message; what goes wrong stands under the node and goes to a catch node.
 *
 * @param {import('../red.d.ts').Red} RED
 * @param {import('../red.d.ts').RedNode} node
 * @param {{agent: string}} config
 * @param {(client: import('./client.js').AgentClient, msg: import('../red.d.ts').Msg) =>
 *   Promise<{send: import('../red.d.ts').Msg, status: import('../red.d.ts').Status, error?: string}>} work
 */
export function acting(RED, node, config, work) {
  const client = clientOf(RED, node, config);
  node.on('input', async (msg, send, done) => {
    try {
      if (client === undefined) throw new Error('no agent chosen: open the node and choose one');
      const { send: out, status, error } = await work(client, msg);
      node.status({ ...status, text: short(status.text ?? '') });
      send(out);
      done(error === undefined ? undefined : new Error(error));
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      node.status({ fill: 'red', shape: 'ring', text: short(reason.message) });
      done(reason);
    }
  });
}

/**
 * A value with its unit as it stands under a node. The unit of counts, `1` in UCUM, says nothing.
 *
 * @param {{value: unknown, unit?: string, reason?: string}} reading
 */
export function shown({ value, unit = '', reason }) {
  if (value === null) return reason ?? 'bad';
  return unit === '' || unit === '1' ? String(value) : `${value} ${unit}`;
}

/** @param {string} text */
export function short(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/**
 * A setting that is an id, or the property of the message that it names.
 *
 * @param {string | undefined} value
 * @param {string | undefined} type `msg`: a property of the message
 * @param {import('../red.d.ts').Msg} msg
 * @param {string} fallback property where nothing is set
 * @returns {unknown}
 */
export function setting(value, type, msg, fallback) {
  if (type === 'msg') return msg[value || fallback];
  return value || msg[fallback];
}

/**
 * The same as text; throws where there is none.
 *
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
export function needed(value, name) {
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`no ${name}: set it in the node or in msg.${name}`);
}
