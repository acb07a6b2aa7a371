/** Node-RED as a technician's browser reaches it: a one-time ticket from the console, then its own editor API. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentEye } from './agent-eye.ts';

export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Of the example that dims by traffic: its tab, and the node that holds the level. */
export const DIMMING = { tab: 'kb-tab', hold: 'kb-hold' } as const;

const PATIENCE_MS = 10_000;
/** Between two tries to reach a Node-RED that is coming up, and the longest they go on, ms. */
const AGAIN_MS = 500;
const LONGEST_MS = 180_000;

export class Flows {
  readonly #origin: string;
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(origin: string, token: string) {
    this.#origin = origin;
    this.#headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'node-red-api-version': 'v2',
    };
  }

  /** Rejects while Node-RED is not up. */
  static async open(eye: AgentEye): Promise<Flows> {
    const { url } = await eye.ask<{ url: string }>('POST', '/node-red/ticket', {});
    const entered = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) });
    const { origin } = new URL(url);
    // Node-RED hands out a code for seconds, which is exchanged for the token.
    // It stands there unescaped, and a + in it is no blank.
    const code = /[?&]code=([^&]+)/.exec(entered.headers.get('location') ?? '')?.[1];
    if (code === undefined) throw new Error(`Node-RED let nobody in: ${entered.status}`);
    const exchanged = await fetch(`${origin}/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const { accessToken: token } = (await exchanged.json()) as { accessToken?: string };
    if (token === undefined) throw new Error(`Node-RED gave no token: ${exchanged.status}`);
    return new Flows(origin, token);
  }

  /** Does it once Node-RED is up, and again where it went away meanwhile. Rejects with the last reason after three minutes. */
  static async whenUp(eye: AgentEye, act: (flows: Flows) => Promise<void>): Promise<void> {
    for (const end = performance.now() + LONGEST_MS; ; await sleep(AGAIN_MS)) {
      try {
        return await act(await Flows.open(eye));
      } catch (error) {
        if (performance.now() > end) throw error;
      }
    }
  }

  async read(): Promise<readonly FlowNode[]> {
    const answer = await fetch(`${this.#origin}/flows`, {
      headers: this.#headers,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!answer.ok) throw new Error(`reading the flows failed: ${answer.status}`);
    return ((await answer.json()) as { flows: readonly FlowNode[] }).flows;
  }

  /** Deploys all of them, as the button of the editor does. */
  async deploy(flows: readonly FlowNode[]): Promise<void> {
    const answer = await fetch(`${this.#origin}/flows`, {
      method: 'POST',
      headers: { ...this.#headers, 'node-red-deployment-type': 'full' },
      body: JSON.stringify({ flows }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!answer.ok) throw new Error(`deploying the flows failed: ${answer.status} ${await answer.text()}`);
  }
}
