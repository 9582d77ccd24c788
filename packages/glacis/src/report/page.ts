/** The frame of every page: one HTML file with its style sheet and no script. */
import { html, trusted, type Html } from './html.ts';
import { styleSheet } from './style.ts';

export interface Page {
  readonly title: string;
  /** What a search or a preview shows. */
  readonly description: string;
  readonly header: Html;
  /** Sections. */
  readonly main: Html;
  readonly footer: Html;
}

export function page({ title, description, header, main, footer }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="description" content="${description}" />
        <title>${title}</title>
        <style>
          ${trusted(styleSheet)}
        </style>
      </head>
      <body>
        <header>${header}</header>
        <main>${main}</main>
        <footer>${footer}</footer>
      </body>
    </html> `.markup;
}

/** A long gentle slope up to a wall: what a glacis is. */
export const emblem = trusted(
  '<svg viewBox="0 0 52 22" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"><path d="M1 20 L36 9 V13 H40 V3 H51 V20"/><path d="M1 20 H51" opacity=".45"/></svg>',
);
