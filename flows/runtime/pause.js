/** What code a thread runs that does not answer any more: it is halted from outside and its stack is read. */
import { Session } from 'node:inspector/promises';

/**
 * File names of the code on the stack of a thread of this process, innermost first. Rejects where it cannot be halted
 * within `deadline` ms. The thread stays halted: it is meant to be ended.
 *
 * @param {string} title of the thread: `worker 3`
 * @param {number} deadline
 * @returns {Promise<string[]>}
 */
export async function stackOf(title, deadline) {
  const session = new Session();
  session.connect();
  try {
    return await new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`${title} could not be halted`)), deadline).unref();
      /** @type {Map<string, string>} */
      const scripts = new Map();
      session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
        if (!workerInfo.title.includes(`[${title}]`)) return;
        ['Debugger.enable', 'Debugger.pause'].forEach((method, id) => {
          const message = JSON.stringify({ id, method });
          session.post('NodeWorker.sendMessageToWorker', { sessionId, message }).catch(reject);
        });
      });
      session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
        const { method, params: said } = JSON.parse(params.message);
        if (method === 'Debugger.scriptParsed') scripts.set(said.scriptId, said.url);
        if (method !== 'Debugger.paused') return;
        resolve(
          said.callFrames.map(
            (/** @type {any} */ frame) => scripts.get(frame.location.scriptId) ?? frame.url,
          ),
        );
      });
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }).catch(reject);
    });
  } finally {
    session.disconnect();
  }
}
