/**
 * The frame every part of the page shares: a heading with a short explanation beside (on a phone,
 * above) its content, and the small pieces that several parts use: legend, table.
 */
import { html, type Child, type Html } from './html.ts';

export function section(title: string, explanation: Child, body: Child): Html {
  return html`<section>
    <div class="aside">
      <h2>${title}</h2>
      <p>${explanation}</p>
    </div>
    <div class="body">${body}</div>
  </section>`;
}

export interface Key {
  readonly fill: 'proof' | 'attack' | 'noise' | 'clean' | 'open' | 'ink' | 'faint';
  readonly shape?: 'line' | 'dots' | 'tick';
  readonly text: Child;
}

export function legend(keys: readonly Key[]): Html {
  return html`<ul class="legend">
    ${keys.map(
      (key) => html`<li><i class="key fill-${key.fill} ${key.shape ?? ''}"></i>${key.text}</li>`,
    )}
  </ul>`;
}

export interface Column {
  readonly title: string;
  /** Numbers are set flush right. */
  readonly numeric?: boolean;
}

export interface Cell {
  readonly content: Child;
  /** A fraction drawn as a fine line under the cell, in the colour of a tone. */
  readonly part?: { readonly fraction: number; readonly tone: Key['fill'] };
}

function cell(column: Column | undefined, { content, part }: Cell): Html {
  const kind = column?.numeric === true ? 'n' : 'break';
  if (part === undefined) return html`<td class="${kind}">${content}</td>`;
  const width = (Math.min(1, Math.max(0, part.fraction)) * 100).toFixed(1);
  return html`<td class="${kind} bar" style="--part:${width}%;--level:var(--${part.tone})">
    ${content}
  </td>`;
}

/** A table; `total`, when given, closes it; `named` keeps room for names in its first column. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  total: readonly Cell[] | null = null,
  kind: 'plain' | 'named' = 'plain',
): Html {
  const line = (cells: readonly Cell[]): Html =>
    html`<tr>
      ${cells.map((one, index) => cell(columns[index], one))}
    </tr>`;
  const heads = columns.map(
    (column) =>
      html`<th scope="col" class="${column.numeric === true ? 'n' : ''}">${column.title}</th>`,
  );
  return html`<div class="scroll">
    <table class="${kind}">
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows.map(line)}
      </tbody>
      ${
        total !== null &&
        html`<tfoot>
          ${line(total)}
        </tfoot>`
      }
    </table>
  </div>`;
}
