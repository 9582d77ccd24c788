/** The page is complete in itself, well formed, safe against its own data, and true to the run. */
import { parseHTML } from 'linkedom';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import type { SampleRecord } from '@glacis/core';
import type { ReportInput } from '../../src/report/input.ts';
import { percent } from '../../src/report/numbers.ts';
import { renderReport } from '../../src/report/report.ts';
import { fakeGallery, fakePlane, fakeRun } from './fixture.ts';

const eps = 0.1;

function isolatedDocument(page: string) {
  expect(page.match(/https?:\/\//g)?.every((url) => url === 'http://') ?? true).toBe(true);
  expect(page.replaceAll(/xmlns(:\w+)?="http:\/\/www\.w3\.org[^"]*"/g, '')).not.toMatch(/https?:/);
  expect(page).not.toMatch(/<script|<link|<iframe|@import|url\((?!#)/i);
  expect(page).not.toMatch(/\bNaN\b|\bundefined\b|\[object |Infinity/);
  const { document } = parseHTML(page);
  for (const image of document.querySelectorAll('img')) {
    expect(image.getAttribute('src')).toMatch(/^data:image\/png;base64,/);
  }
  return document;
}

/** Every element that is opened is closed, in order. */
function expectBalanced(page: string): void {
  const single = /^(meta|img|br|link|input|hr)$/;
  const open: string[] = [];
  for (const [, close, name = '', self] of page.matchAll(
    /<(\/?)([a-z][a-zA-Z0-9]*)\b[^>]*?(\/?)>/g,
  )) {
    if (self === '/' || single.test(name)) continue;
    if (close === '/') expect(open.pop()).toBe(name);
    else open.push(name);
  }
  expect(open).toEqual([]);
}

async function documentOf(input: ReportInput) {
  const page = await renderReport(input);
  expectBalanced(page);
  return { page, document: isolatedDocument(page) };
}

describe('the report', () => {
  it('shows the numbers of the run', async () => {
    const run = fakeRun();
    const { document } = await documentOf({ run, gallery: fakeGallery(eps, [1, 28, 28]) });
    for (const [key, value] of Object.entries(run.accuracy) as [string, number][]) {
      expect(document.querySelector(`.big[data-key="${key}"]`)?.textContent).toBe(percent(value));
    }
    const whole = document.querySelector('.whole')?.getAttribute('aria-label');
    expect(whole).toContain(`${run.verdicts.certified} proven`);
    expect(whole).toContain(`${run.verdicts.falsified} broken`);
    const text = document.body.textContent ?? '';
    expect(text).toContain(run.model.sha256);
    expect(text).toContain(run.data.sha256);
    expect(text).toContain(
      'glacis audit models/mnist-cnn.onnx --data digits.npz --norm linf --eps 0.1',
    );
    for (const note of run.notes) expect(text).toContain(note);
    for (const method of run.methods) expect(text).toContain(method.id);
  });

  it('adds up by class to the whole', async () => {
    const run = fakeRun({ samples: 60 });
    const { document } = await documentOf({ run, gallery: [] });
    const table = [...document.querySelectorAll('table')].find((one) =>
      one.textContent?.includes('median upper'),
    );
    const total = [...(table?.querySelectorAll('tfoot td') ?? [])].map((cell) =>
      cell.textContent?.trim(),
    );
    const { clean, robustUpper, certifiedLower } = run.accuracy;
    expect(total.slice(1, 5)).toEqual([
      '60',
      percent(clean),
      percent(robustUpper),
      percent(certifiedLower),
    ]);
  });

  it('keeps markup in names, labels, notes and errors as text', async () => {
    const evil = '<script>alert(1)<\u2044script>"\'&.onnx';
    const base = fakeRun({ samples: 3, each: (sample) => ({ ...sample, error: evil }) });
    const run = {
      ...base,
      model: { ...base.model, path: `models/${evil}` },
      data: { ...base.data, path: evil },
      command: ['glacis', 'audit', evil],
      notes: [evil],
      environment: { [evil]: evil },
      methods: base.methods.map((method) => ({ ...method, id: evil })),
      masking: {
        verdict: 'confirmed' as const,
        credibleUpper: 0.1,
        measuredUpper: null,
        gradientUpper: null,
        figures: null,
        indicators: [
          {
            id: evil,
            fired: true,
            value: 1,
            threshold: null,
            evidence: evil,
            meaning: evil,
            advice: evil,
          },
        ],
      },
    };
    const gallery = fakeGallery(eps, [1, 8, 8], 2).map((item) => ({
      ...item,
      label: evil,
      prediction: evil,
      method: evil,
    }));
    const plane = { ...fakePlane('l2', 20), features: [evil, evil] as const, label: evil };
    const classes = new Array<string>(10).fill(evil);
    const { document } = await documentOf({ run, gallery, plane, classes });
    expect(document.querySelector('script')).toBeNull();
    expect(document.querySelector('h1')?.textContent).toBe(evil);
  });

  it('says whether other attacks of the audit saw past masked gradients', async () => {
    const told = async (measuredUpper: number): Promise<string> => {
      const masking = {
        verdict: 'confirmed' as const,
        credibleUpper: 0.1,
        measuredUpper,
        gradientUpper: 0.98,
        figures: null,
        indicators: [],
      };
      const run = { ...fakeRun({ samples: 3 }), masking };
      const { document } = await documentOf({ run, gallery: [] });
      return document.querySelector('p.alert')?.textContent ?? '';
    };
    expect(await told(0.5)).toContain('The attacks failed because they were blinded');
    expect(await told(0.1)).toContain(
      'leave 98% standing; other attacks of the audit found as much',
    );
  });

  it('isolates labels of any script', async () => {
    const gallery = fakeGallery(eps, [28, 28, 1], 1).map((item) => ({
      ...item,
      label: 'قطة',
      prediction: 'قطة',
      adversarialPrediction: '🐕',
    }));
    const { document } = await documentOf({ run: fakeRun({ samples: 2 }), gallery });
    const names = [...document.querySelectorAll('.pictures bdi')].map((name) => name.textContent);
    expect(names).toEqual(['قطة', '🐕']);
  });

  it.each([
    ['one input', fakeRun({ samples: 1 })],
    ['no input', fakeRun({ samples: 0 })],
    ['nothing right', fakeRun({ samples: 5, errorRate: 2 })],
    ['an unfinished run', fakeRun({ samples: 9, overrides: { partial: true } })],
    ['nothing broken', fakeRun({ each: unbroken })],
    ['nothing run', nothingRun()],
  ])('stands with %s', async (_, run) => {
    const { document } = await documentOf({ run, gallery: [] });
    expect(document.querySelector('.lead')?.textContent).not.toBe('');
  });

  it('stays small for ten thousand inputs', async () => {
    const { page } = await documentOf({ run: fakeRun({ samples: 10_000 }), gallery: [] });
    expect(page.length).toBeLessThan(600_000);
  });

  it.each([[[1, 28, 28]], [[3, 16, 16]], [[16, 16, 3]], [[784]], [[28, 28]]])(
    'shows inputs of shape %j as pictures',
    async (shape) => {
      const { document } = await documentOf({
        run: fakeRun({ samples: 2 }),
        gallery: fakeGallery(eps, shape, 1),
      });
      expect(document.querySelectorAll('.pictures img').length).toBe(3);
    },
  );

  it('shows other inputs as a table of what changed', async () => {
    const gallery = fakeGallery(eps, [5], 1);
    const { document } = await documentOf({
      run: fakeRun({ samples: 2 }),
      gallery,
      features: ['age', 'sex'],
    });
    expect(document.querySelectorAll('.cards img').length).toBe(0);
    expect(document.querySelector('.cards')?.textContent).toContain('age');
  });

  it('stores the picture of an input exactly', async () => {
    const [item] = fakeGallery(eps, [1, 9, 9], 1);
    if (item === undefined) throw new Error('no item');
    const { document } = await documentOf({ run: fakeRun({ samples: 2 }), gallery: [item] });
    const source = document.querySelector('.pictures img')?.getAttribute('src') ?? '';
    const png = PNG.sync.read(Buffer.from(source.split(',')[1] ?? '', 'base64'));
    expect([png.width, png.height]).toEqual([9, 9]);
    const levels = Array.from(item.original, (value) => Math.round(value * 255));
    expect(levels).toEqual(levels.map((_, pixel) => png.data[pixel * 4]));
  });

  it.each(['linf', 'l2', 'l1', 'l0'] as const)('draws the plane with an %s ball', async (norm) => {
    const { document } = await documentOf({
      run: fakeRun({ samples: 2 }),
      gallery: [],
      plane: fakePlane(norm, 30),
    });
    expect(document.querySelector('.plane svg')?.getAttribute('aria-label')).toContain(
      'ball of radius 0.4',
    );
  });
});

function unbroken(sample: SampleRecord): SampleRecord {
  if (sample.verdict === 'misclassified') return sample;
  return {
    ...sample,
    upper: null,
    upperMethod: null,
    adversarialPrediction: null,
    estimate: null,
    verdict: 'unknown',
  };
}

function nothingRun() {
  const none = { clean: 1, noise: null, robustUpper: null, certifiedLower: null };
  const each = (sample: SampleRecord): SampleRecord => ({ ...unbroken(sample), lower: null });
  const overrides = {
    accuracy: none,
    intervals: { ...none, clean: null },
    curve: [],
    methods: [],
    notes: [],
  };
  return fakeRun({ samples: 4, errorRate: 0, each, overrides });
}
