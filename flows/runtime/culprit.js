/**
 * Which node of which flow it was. What is certain comes first: the code of a function node carries its node's id as its
 * file name, in stacks and in profiles; then the node that was handling a message. What is only likely says so.
 *
 * @typedef {object} Culprit
 * @property {string} [flow] label of the tab (or name of the subflow)
 * @property {string} [node] name of the node, or its type and id
 * @property {string} [id] id of the node
 * @property {'certain' | 'likely'} sure
 *
 * @typedef {{id: string, type: string, name?: string, label?: string, z?: string}} FlowItem
 */

const FUNCTION = /Function node:([0-9A-Za-z._-]+)/;

/** The flows as they are deployed, to find names by ids. */
export class FlowNames {
  /** @type {Map<string, FlowItem>} */
  #items = new Map();

  /** @param {unknown} flows */
  set(flows) {
    const list = Array.isArray(flows) ? flows : [];
    this.#items = new Map(list.flatMap((one) => (typeof one?.id === 'string' ? [[one.id, one]] : [])));
  }

  /**
   * @param {string} id
   * @param {'certain' | 'likely'} sure
   * @returns {Culprit}
   */
  name(id, sure) {
    const item = this.#items.get(id);
    if (item === undefined) return { id, sure };
    const flow = this.#items.get(item.z ?? '');
    const label = flow?.label || flow?.name || (item.type === 'tab' ? item.label : undefined);
    const node = short(item.name || `${item.type} ${id}`);
    return { id, sure, node, ...(label ? { flow: short(label) } : {}) };
  }
}

/** @param {unknown} text */
function short(text) {
  return String(text).slice(0, 100);
}

/**
 * Id of the function node in a stack of an error.
 *
 * @param {unknown} error
 */
export function nodeOfStack(error) {
  const stack = /** @type {{stack?: unknown} | undefined} */ (error)?.stack;
  return typeof stack === 'string' ? nodeOfFile(stack) : undefined;
}

/**
 * Id of the function node whose code is in that file, as V8 knows it.
 *
 * @param {string} file
 */
export function nodeOfFile(file) {
  return FUNCTION.exec(file)?.[1];
}

/**
 * Id of the function node whose code, with all it called, holds most of the memory in a heap profile.
 *
 * @param {{head: unknown}} profile a sampling heap profile of V8
 */
export function nodeOfHeapProfile({ head }) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  /** @type {[any, string | undefined][]} */
  const open = [[head, undefined]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [{ callFrame, selfSize, children = [] }, above] = next;
    const id = nodeOfFile(callFrame.url) ?? above;
    if (id !== undefined) sums.set(id, (sums.get(id) ?? 0) + selfSize);
    for (const child of children) open.push([child, id]);
  }
  return [...sums].filter(([, sum]) => sum > 0).sort((a, b) => b[1] - a[1])[0]?.[0];
}
