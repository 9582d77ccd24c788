/** Text can never become markup, and a command can be pasted into a shell. */
import { execFileSync } from 'node:child_process';
import { assert as holds, property, string } from 'fast-check';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { html, trusted } from '../../src/report/html.ts';
import { shellCommand } from '../../src/report/shell.ts';

describe('the html template', () => {
  it('escapes whatever is put into it, in elements and in attributes', () => {
    const evil = `<img src=x onerror="alert('1')">&amp;`;
    expect(html`<p title="${evil}">${[evil]}</p>`.markup).toBe(
      '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;">&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;</p>',
    );
  });

  it('passes markup and drops what is absent', () => {
    expect(html`${html`<b>${1}</b>`}${null}${undefined}${false}${trusted('<i></i>')}`.markup).toBe(
      '<b>1</b><i></i>',
    );
  });

  it('gives back any printable text when parsed', () => {
    holds(
      property(string({ unit: 'grapheme' }), (text) => {
        const { document } = parseHTML(`<!doctype html>${html`<p>${text}</p>`.markup}`);
        expect(document.querySelector('p')?.textContent).toBe(text);
        expect(document.querySelectorAll('*').length).toBe(1);
      }),
    );
  });
});

describe('a command', () => {
  it('survives a shell', () => {
    const words = ["it's", 'a b', '$HOME', '`id`', '--eps=8/255', '', 'ünï*?', '"q"'];
    const out = execFileSync('sh', ['-c', `printf '%s\\n' ${shellCommand(words)}`], {
      encoding: 'utf8',
    });
    expect(out.split('\n').slice(0, -1)).toEqual(words);
    expect(shellCommand(['glacis', '--eps', '0.1'])).toBe('glacis --eps 0.1');
  });
});
