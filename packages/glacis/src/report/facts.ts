/** What a page was made from: the command that makes it again, and facts about it. */
import { html, isolated, type Child, type Html } from './html.ts';
import { section } from './section.ts';
import { shellCommand } from './shell.ts';

export type Fact = readonly [term: string, value: Child];

/** A file by its path and its hash. */
export function fileFact(path: string, sha256: string): Html {
  return html`${isolated(path)}<br /><span class="mono">sha256 ${sha256}</span>`;
}

export function madeFrom(
  explanation: string,
  command: readonly string[],
  facts: readonly Fact[],
): Html {
  const list = facts.map(
    ([term, value]) =>
      html`<dt>${term}</dt>
        <dd>${value}</dd>`,
  );
  return section(
    'Made from',
    explanation,
    html`<pre><code>${shellCommand(command)}</code></pre>
      <dl class="facts">${list}</dl>`,
  );
}
