/** The summary fits its terminal, says what the page says, and cannot be hijacked by a file name. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { percent } from '../../src/report/numbers.ts';
import { headline, plainText } from '../../src/report/sentence.ts';
import { renderSummary } from '../../src/report/terminal.ts';
import { columnsOf, padded, shortened } from '../../src/report/terminal-text.ts';
import { fakeRun } from './fixture.ts';

describe('the summary', () => {
  it.each([10, 40, 57, 64, 80, 100, 120, 400])('fits %d columns', (width) => {
    const run = fakeRun({ overrides: { partial: true } });
    const most = Math.min(120, Math.max(40, width));
    for (const line of renderSummary(run, { color: false, width }).split('\n')) {
      expect(columnsOf(line)).toBeLessThanOrEqual(most);
    }
  });

  it('says the sentence and the numbers of the run', () => {
    const run = fakeRun();
    const summary = renderSummary(run, { color: false, width: 90, report: 'out/report.html' });
    expect(summary.replaceAll('\n', ' ')).toContain(plainText(headline(run)));
    const { clean, noise, robustUpper, certifiedLower } = run.accuracy;
    for (const value of [clean, noise, robustUpper, certifiedLower]) {
      expect(summary).toContain(percent(value));
    }
    for (const { id } of run.methods) expect(summary).toContain(id);
    expect(summary).toContain(`${run.verdicts.falsified} falsified`);
    expect(summary).toContain('out/report.html');
  });

  it('is the same text with and without colour', () => {
    const run = fakeRun();
    const plain = renderSummary(run, { color: false, width: 80 });
    const coloured = renderSummary(run, { color: true, width: 80 });
    expect(plain).not.toContain('\u001b');
    expect(coloured).toContain('\u001b[');
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });

  it('drops escape sequences from names', () => {
    const base = fakeRun({ samples: 2 });
    const run = { ...base, model: { ...base.model, path: 'a\u001b[31m\u202eb.onnx' } };
    expect(renderSummary(run, { color: false, width: 80 })).toMatch(/^a\[31mb\.onnx/);
  });

  it('shows what can be believed instead of what was measured when masking is confirmed', () => {
    const masking = {
      verdict: 'confirmed' as const,
      credibleUpper: 0.07,
      measuredUpper: null,
      gradientUpper: null,
      figures: null,
      indicators: [],
    };
    const summary = renderSummary(fakeRun({ overrides: { masking } }), { color: false, width: 80 });
    expect(summary).toMatch(/under attack ≤ +7% +not 41%/);
  });

  it.each([0, 1, 10_000])('stands with %d inputs', (samples) => {
    const summary = renderSummary(fakeRun({ samples }), { color: false, width: 80 });
    expect(summary).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('columns', () => {
  it('counts wide characters twice and combining marks not at all', () => {
    expect(columnsOf('犬🐕e\u0301')).toBe(5);
    expect(padded('犬', 4)).toBe('犬  ');
    expect(shortened('a-very-long-name.onnx', 10)).toBe('a-v…e.onnx');
    expect(columnsOf(shortened('犬犬犬犬犬犬犬犬', 9))).toBeLessThanOrEqual(9);
  });
});
