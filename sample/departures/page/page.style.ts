export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1d2733, #e6ebf1);
  --quiet: light-dark(#5d6b7a, #94a3b3);
  --ground: light-dark(#f4f6f8, #10161d);
  --card: light-dark(#fff, #19222c);
  --line: light-dark(#dde3e9, #2a3642);
  --land: light-dark(#e3e8ed, #26323e);
  --level0: light-dark(#3d7fb8, #5b9fd6);
  --level1: light-dark(#54a38c, #6cc2a8);
  --level2: light-dark(#d9a520, #e8bd4a);
  --level3: light-dark(#dd7324, #f0914a);
  --level4: light-dark(#b3263a, #e5566b);
}
* { box-sizing: border-box; margin: 0; }
body { font: 0.9375rem/1.45 system-ui, sans-serif; color: var(--text); background: var(--ground); }
header, main { max-width: 72rem; margin: auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; padding-bottom: 0; }
h1 { font-size: 1.5rem; letter-spacing: -0.02em; }
h2 { font-size: 0.9375rem; margin-bottom: 0.5rem; }
#connection { margin-left: auto; }
header p:last-child { width: 100%; }
header p, dt, th, figcaption { color: var(--quiet); font-size: 0.8125rem; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
dl, figure { grid-column: 1 / -1; }
dl { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); }
dl > div, figure, section { padding: 0.875rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
dl > div { display: flex; flex-direction: column-reverse; }
dd { font-size: 1.625rem; font-weight: 600; }
dd, td { font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; max-height: 70vh; }
path { fill: var(--land); stroke: var(--card); }
circle { fill-opacity: 0.75; stroke: var(--card); stroke-width: 0.75; transition: r 0.6s; }
figcaption { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; padding-top: 0.5rem; }
figcaption span::before { content: '●'; margin-right: 0.25rem; }
table { width: 100%; border-collapse: collapse; }
th { font-weight: normal; text-align: left; }
th, td { padding: 0.25rem 0 0.25rem 0.75rem; vertical-align: top; overflow-wrap: anywhere; }
thead th { white-space: nowrap; }
tbody tr { border-top: 1px solid var(--line); }
:is(th, td):first-child { padding-left: 0; }
.number { text-align: right; white-space: nowrap; }
${[0, 1, 2, 3, 4].map((level) => `.level${level} { fill: var(--level${level}); } .level${level}::before { color: var(--level${level}); }`).join('\n')}
@media (max-width: 40rem) { circle { transform: scale(1.7); transform-box: fill-box; transform-origin: center; } }
@media (prefers-reduced-motion: reduce) { circle { transition: none; } }
`;
