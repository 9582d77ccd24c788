/**
 * HTML as a value. The template tag `html` escapes whatever is put into it, so text from a file name,
 * a label or a note can never become markup; only another `Html` passes unescaped. `trusted` is the
 * one way in for markup made elsewhere (a chart's SVG).
 */

export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }

  toString(): string {
    return this.markup;
  }
}

/** What a template may hold: nothing, text, numbers, markup, or lists of these. */
export type Child = Html | string | number | null | undefined | false | readonly Child[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it must be written in an element or a quoted attribute. Control characters become �. */
export function escaped(text: string): string {
  return text
    .replace(/(?![\t\n\r])\p{Cc}/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function markupOf(child: Child): string {
  if (child === null || child === undefined || child === false) return '';
  if (child instanceof Html) return child.markup;
  if (typeof child === 'string') return escaped(child);
  if (typeof child === 'number') return String(child);
  return child.map(markupOf).join('');
}

/** Markup from a template; every value is escaped unless it is `Html` already. */
export function html(strings: TemplateStringsArray, ...values: readonly Child[]): Html {
  let markup = strings[0] ?? '';
  values.forEach((value, index) => {
    markup += markupOf(value) + (strings[index + 1] ?? '');
  });
  return new Html(markup);
}

/** Markup that is known to be safe. Never for anything a user supplied. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

/** A user's text, isolated from the direction of what surrounds it (right-to-left labels). */
export function isolated(text: string | number): Html {
  return html`<bdi>${text}</bdi>`;
}
