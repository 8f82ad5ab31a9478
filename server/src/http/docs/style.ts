/** The page’s one style sheet: the client’s colours, in light and dark, and nothing from elsewhere. */
export const style = `
:root {
  color-scheme: light dark;
  --canvas: light-dark(#edf1f2, #0a0f10);
  --surface: light-dark(#fafcfd, #111718);
  --raised: light-dark(#f1f4f5, #181f21);
  --line: light-dark(#d4dadc, #252d2f);
  --ink: light-dark(#192123, #e2e7e8);
  --ink-2: light-dark(#4a5458, #a5aeaf);
  --ink-3: light-dark(#636e71, #848e90);
  --get: light-dark(#046b96, #64c6ea);
  --post: light-dark(#1d7339, #76cf8a);
  --put: light-dark(#a25317, #f7ab64);
  --delete: light-dark(#b6322d, #f47b74);
  --focus: light-dark(#1f5dc2, #8dc1ff);
  --code: ui-monospace, 'SF Mono', Menlo, Consolas, monospace;
}
* { box-sizing: border-box; }
html { scroll-padding-top: 16px; }
body {
  margin: 0;
  background: var(--canvas);
  color: var(--ink);
  font: 15px/1.55 system-ui, sans-serif;
  display: grid;
  grid-template-columns: 290px minmax(0, 1fr);
}
a { color: inherit; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
nav {
  position: sticky; top: 0; height: 100vh; overflow: auto;
  padding: 24px 20px; border-right: 1px solid var(--line); background: var(--surface);
  font-size: 13px;
}
nav strong { display: block; margin: 18px 0 4px; color: var(--ink-2); font-weight: 600; }
nav a { display: block; padding: 3px 0; color: var(--ink-2); text-decoration: none; }
nav a:hover { color: var(--ink); text-decoration: underline; }
main { max-width: 900px; padding: 40px 40px 120px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 20px; margin: 48px 0 12px; }
h3 { font-size: 15px; font-weight: 600; margin: 0; display: flex; gap: 10px; align-items: baseline; flex-wrap: wrap; }
h4 { font-size: 12px; font-weight: 600; color: var(--ink-3); margin: 14px 0 4px; }
p { margin: 8px 0; max-width: 68ch; }
.lead { color: var(--ink-2); }
code, pre { font-family: var(--code); font-size: 13px; }
pre {
  margin: 4px 0; padding: 10px 12px; overflow: auto; background: var(--raised);
  border: 1px solid var(--line); border-radius: 6px; line-height: 1.5;
}
pre.line { white-space: pre-wrap; overflow-wrap: anywhere; }
article { margin: 12px 0; padding: 16px 18px; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; }
article h3 code { overflow-wrap: anywhere; }
.method { font: 600 12px/1 var(--code); min-width: 52px; }
.get { color: var(--get); } .post { color: var(--post); } .put, .patch { color: var(--put); } .delete { color: var(--delete); }
.summary { margin: 6px 0 0; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: left; color: var(--ink-3); font-weight: 600; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
td code { white-space: nowrap; }
.table { overflow-x: auto; }
details { margin-top: 12px; }
summary { cursor: pointer; color: var(--ink-2); font-size: 13px; }
@media (max-width: 800px) {
  body { display: block; }
  nav { position: static; height: auto; max-height: 40vh; border-right: 0; border-bottom: 1px solid var(--line); }
  main { padding: 24px 16px 80px; }
}
`
