/** Entry of the pages: takes over the session's key from a login, then shows the app. */
import { html, render } from 'htm/preact';
import { takeKey } from './api.ts';
import { App } from './app.ts';
import { start } from './live.ts';

takeKey();
const root = document.getElementById('app');
if (root !== null) {
  render(html`<${App} />`, root);
  void start();
}
