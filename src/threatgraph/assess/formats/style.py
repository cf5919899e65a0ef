"""The style sheet of the HTML page: one column on a phone, black on white in print."""

STYLE = """\
:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --page: #fff; --line: #d0d7de; --band: #f6f8fa;
  --link: #0550ae; --red: #a40e26; --amber: #7a4b00; --green: #116329; --note: #fff8e1; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9da7b1; --page: #0d1117; --line: #30363d;
  --band: #161b22; --link: #79c0ff; --red: #ff9492; --amber: #f0b72f; --green: #6fdd8b; --note: #272115; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: .5rem 0 1rem; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.12rem; margin: 2rem 0 .5rem; }
h4 { font-size: 1rem; margin: 1.25rem 0 .35rem; }
a { color: var(--link); }
.note { background: var(--note); border-left: .3rem solid var(--amber); padding: .6rem .9rem; }
blockquote { margin: 0; padding: .2rem .9rem; border-left: .3rem solid var(--line); color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; list-style: none; padding: 0; margin: 1rem 0; }
ul, ol { padding-left: 1.4rem; }
li { margin: .3rem 0; }
dl { margin: .5rem 0; }
dl div { display: flex; gap: 1rem; padding: .3rem 0; border-bottom: 1px solid var(--line); }
dl div:last-child { border-bottom: 0; }
dt { flex: 0 0 10rem; color: var(--soft); }
dd { margin: 0; flex: 1; min-width: 0; }
.table { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
table.wide { font-size: .82rem; min-width: 90rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .55rem; border: 1px solid var(--line); }
th { background: var(--band); }
.tag { display: inline-block; padding: 0 .5rem; border: 1px solid; border-radius: 1rem; font-size: .85em;
  font-weight: 600; white-space: nowrap; color: var(--soft); }
.status-candidate, .severity-critical, .severity-high { color: var(--red); }
.status-to-check, .certainty-likely, .severity-medium { color: var(--amber); }
.certainty-strong { color: var(--green); }
@media screen and (max-width: 40rem) {
  dl div { flex-direction: column; gap: 0; }
  dt { flex: none; font-size: .85rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, table.wide { min-width: 0; font-size: .95rem; }
  table, tbody, tr, td { display: block; width: 100%; }
  tr { border: 1px solid var(--line); border-radius: .4rem; margin: 0 0 .75rem; padding: .3rem .6rem; }
  td { border: 0; padding: .2rem 0; }
  td::before { content: attr(data-label); display: block; color: var(--soft); font-size: .82rem; }
  td.blank { display: none; }
}
@media print {
  :root { color-scheme: light; --text: #000; --soft: #444; --page: #fff; --line: #999; --band: #eee; --link: #000;
    --red: #000; --amber: #000; --green: #000; --note: #fff; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  .table { overflow: visible; }
  table.wide { min-width: 0; font-size: 6.5pt; }
  table.wide th, table.wide td { padding: 1pt 2pt; }
  h2, h3, h4 { break-after: avoid; }
  tr, dl div, li { break-inside: avoid; }
  thead { display: table-header-group; }
  @page { margin: 1.5cm; }
}
"""
