/** The agent's door to login links, a socket in its state folder. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Longest wait for a link, ms. */
const PATIENCE_MS = 5000;

/** A one-time link to the console, as `kerbside login` prints it. Rejects while the agent is away. */
export async function linkFrom(door: string): Promise<string> {
  const socket = connect(door);
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  // The short code for another device stands in the second line.
  const [link = ''] = (await text(socket)).split('\n');
  if (!URL.canParse(link)) throw new Error('the agent gives no link now');
  return link;
}
