/** Changes a deployed flow through Node-RED's admin API, with the session of an open editor. */
import type { Page } from 'playwright-core';

/** Sets properties of one node and deploys; resolves when Node-RED has taken it. */
export async function changeFlow(editor: Page, node: string, change: Record<string, unknown>): Promise<void> {
  const status = await editor.evaluate(
    async ([id, wanted]) => {
      const { access_token: token } = JSON.parse(localStorage.getItem('auth-tokens') ?? '{}');
      const headers = { authorization: `Bearer ${token}`, 'node-red-api-version': 'v2' };
      const flows = await (await fetch('/flows', { headers })).json();
      for (const one of flows.flows) if (one.id === id) Object.assign(one, wanted);
      const answer = await fetch('/flows', {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'node-red-deployment-type': 'full' },
        body: JSON.stringify(flows),
      });
      return answer.status;
    },
    [node, change] as const,
  );
  if (status !== 200) throw new Error(`the flow could not be deployed: Node-RED answered ${status}`);
}
