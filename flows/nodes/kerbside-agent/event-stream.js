/** Server-sent events (HTML Standard §9.2.6) out of chunks of bytes. */

/** Longest event that is read, characters; the agent's are far shorter. */
const LONGEST = 8 * 1024 * 1024;

/**
 * A function that takes chunks as they come and calls back with each complete event. Throws where an event never ends.
 *
 * @param {(event: string, data: string) => void} onEvent
 * @returns {(chunk: Uint8Array) => void}
 */
export function eventReader(onEvent) {
  const decoder = new TextDecoder();
  let rest = '';
  return (chunk) => {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > LONGEST) throw new Error('the agent sent an event that does not end');
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) readBlock(block, onEvent);
  };
}

/**
 * @param {string} block
 * @param {(event: string, data: string) => void} onEvent
 */
function readBlock(block, onEvent) {
  let event = 'message';
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  if (data.length > 0) onEvent(event, data.join('\n'));
}
