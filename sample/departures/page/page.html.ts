import { SCRIPT } from './page.script.js';
import { STYLE } from './page.style.js';

/** The smallest part of the drawing that holds the whole map. */
const VIEW_BOX = '60 15 870 570';

const ICON = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><text y='13' font-size='13'>🛫</text></svg>";

/**
 * The page, whole: style and script are in it. What is data comes by server-sent events, and the script shows it as text.
 * @param outlines the `d` of an SVG path
 */
export function renderPage(outlines: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Departures</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<style>${STYLE}</style>
<header>
  <h1>Departures</h1>
  <p id="connection" role="status">Connecting …</p>
  <p>US flights of 2001, as three consumer groups see them</p>
</header>
<main>
  <dl>
    ${tile('departures', 'departures')}
    ${tile('longDelays', 'over an hour late')}
    ${tile('sentPerSecond', 'sent per second')}
    ${tile('deadLetters', 'dead letters')}
  </dl>
  <figure>
    <svg viewBox="${VIEW_BOX}" role="img" aria-label="Delays of departures by airport">
      <path d="${outlines}"></path>
      <g id="airports"></g>
    </svg>
    <figcaption>
      Late on average: ${['under 5', '5 to 10', '10 to 15', '15 to 20', '20 minutes or more'].map(legend).join(' ')}
    </figcaption>
  </figure>
  ${table('busiest', 'Busiest airports', ['Airport', '#Departures', '#Late, min', '#Over 1 h'])}
  ${table('groups', 'Consumer groups', ['Group', 'Commits', '#Records/s', '#Lag'])}
  ${table('alerts', 'Latest alerts', ['From', 'To', '#Late, min'])}
  ${table('letters', 'Dead letters', ['Record', 'Reason'])}
</main>
<script>${SCRIPT}</script>
</html>
`;
}

function tile(id: string, label: string): string {
  return `<div><dt>${label}</dt><dd id="${id}">–</dd></div>`;
}

function legend(label: string, level: number): string {
  return `<span class="level${level}">${label}</span>`;
}

/** @param columns `#` marks those of numbers */
function table(id: string, title: string, columns: readonly string[]): string {
  const head = columns
    .map(
      (column) => `<th scope="col"${column.startsWith('#') ? ' class="number"' : ''}>${column.replace('#', '')}</th>`,
    )
    .join('');
  return `<section><h2>${title}</h2><table><thead><tr>${head}</tr></thead><tbody id="${id}"></tbody></table></section>`;
}
