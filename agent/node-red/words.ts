/** What became of the flows, as sentences for people. What comes from the process is text of strangers: bounded. */
import type { Culprit, FlowMessage, Restored } from './process.ts';

type Ended = Extract<FlowMessage, { type: 'ended' }>;

const WHY = {
  looping: 'does not come to an end (a loop)',
  leaking: 'uses up the memory',
  crashed: 'ends Node-RED with an error',
} as const;

/** `flow “Night”, node “sum”`; undefined where nobody is known. */
export function culpritText(culprit: Culprit | undefined): string | undefined {
  const { flow, node, id } = culprit ?? {};
  const which = [
    ...(flow === undefined ? [] : [`flow “${short(flow)}”`]),
    ...(node === undefined && id === undefined ? [] : [`node “${short(node ?? id ?? '')}”`]),
  ].join(', ');
  return which === '' ? undefined : which;
}

/** `flows were stopped: flow “Night”, node “sum” does not come to an end (a loop)`. */
export function endedText({ why, culprit, error }: Ended): string {
  const which = culpritText(culprit);
  const who = which === undefined ? 'a flow' : `${culprit?.sure === 'certain' ? '' : 'probably '}${which}`;
  const said = error === undefined ? '' : `: ${short(error)}`;
  return `flows were stopped: ${who} ${WHY[why] ?? WHY.crashed}${said}`;
}

/** `flows of 2026-11-28T01:02:03Z by technician (no. 7) are back: flows.json is empty`. */
export function restoredText({ version, time, by, why }: Restored): string {
  return `flows of ${short(time)} by ${short(by)} (no. ${version}) are back: ${short(why)}`;
}

function short(text: string): string {
  return String(text).replace(/\s+/g, ' ').slice(0, 160);
}
