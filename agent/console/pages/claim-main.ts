/** Entry of the page of an unclaimed unit. */
import { html, render } from 'htm/preact';
import { ClaimApp } from './claim-app.ts';

const root = document.getElementById('app');
if (root !== null) render(html`<${ClaimApp} />`, root);
