/** The run document as it is read back: checked, since a folder may have been changed by hand. */
import type { Run } from '@glacis/core';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { SavedPart } from './collected.ts';

const nullable = z.number().nullable();
const fraction = z.number().min(0).max(1).nullable();
const interval = z.tuple([z.number(), z.number()]).nullable();
const verdict = z.enum(['certified', 'falsified', 'unknown', 'timeout', 'error', 'misclassified']);
const counts = z.number().int().min(0);

const port = z.object({
  name: z.string(),
  type: z.string(),
  shape: z.array(z.union([z.number(), z.string()])),
});

const sample = z.object({
  index: counts,
  label: z.number(),
  target: counts.nullable(),
  prediction: z.number(),
  adversarialPrediction: nullable,
  verdict,
  lower: nullable,
  lowerMethod: z.string().nullable(),
  upper: nullable,
  upperMethod: z.string().nullable(),
  marginLower: nullable,
  estimate: nullable,
  margin: nullable,
  noiseBroken: z.boolean().nullable(),
  forwards: counts,
  gradients: counts,
  seconds: z.number(),
  error: z.string().nullable(),
});

const method = z.object({
  id: z.string(),
  side: z.enum(['attack', 'proof', 'noise']),
  asked: counts,
  decided: counts,
  forwards: counts,
  gradients: counts,
  seconds: z.number(),
  accuracy: fraction,
});

const criterion = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('misclassified') }),
  z.object({ kind: z.literal('target'), class: counts.nullable() }),
  z.object({ kind: z.literal('rejected'), class: counts }),
  z.object({ kind: z.literal('confidence'), below: z.number() }),
  z.object({ kind: z.literal('error'), above: z.number() }),
]);

const accuracy = <T extends z.ZodType>(of: T) =>
  z.object({ clean: of, noise: of, robustUpper: of, certifiedLower: of });

const indicator = z.object({
  id: z.string(),
  fired: z.boolean(),
  value: nullable,
  threshold: nullable,
  evidence: z.string(),
  meaning: z.string(),
  advice: z.string(),
});

const figures = z.object({
  curve: z.array(z.object({ eps: z.number(), gradient: z.number(), all: z.number() })),
  climb: z.array(z.object({ step: counts, low: z.number(), middle: z.number(), high: z.number() })),
  landscape: z
    .object({
      index: counts,
      label: z.number(),
      side: counts,
      reach: z.number(),
      margins: z.array(z.number()),
      distances: z.array(z.number()),
      path: z.array(z.tuple([z.number(), z.number()])),
    })
    .nullable(),
  gradients: z.array(
    z.object({
      index: counts,
      shape: z.array(z.number()),
      input: z.array(z.number()),
      own: z.array(z.number()),
      other: z.array(z.number()).nullable(),
    }),
  ),
  looseness: z.array(
    z.object({ layer: z.string(), interval: nullable, crown: nullable, alphaCrown: nullable }),
  ),
});

export const runSchema = z.object({
  schema: z.literal('glacis/run/1'),
  glacis: z.string(),
  seed: counts,
  command: z.array(z.string()),
  model: z.object({
    path: z.string(),
    sha256: z.string(),
    inputs: z.array(port),
    outputs: z.array(port),
    parameters: counts,
  }),
  data: z.object({ path: z.string(), sha256: z.string(), samples: counts }),
  threat: z.object({
    norm: z.enum(['linf', 'l2', 'l1', 'l0']),
    eps: z.number().min(0),
    clip: z.tuple([z.number(), z.number()]).nullable(),
    weights: z.array(z.number()).nullable(),
    frozen: z.array(counts).nullable(),
    eightBit: z.boolean(),
  }),
  criterion,
  semantics: z.enum(['float32', 'real']),
  accuracy: accuracy(fraction),
  intervals: accuracy(interval),
  verdicts: z.record(verdict, counts),
  curve: z.array(
    z.object({ eps: z.number(), noise: fraction, robustUpper: fraction, certifiedLower: fraction }),
  ),
  samples: z.array(sample),
  masking: z
    .object({
      verdict: z.enum(['none', 'suspected', 'confirmed']),
      credibleUpper: fraction,
      measuredUpper: fraction,
      gradientUpper: fraction,
      indicators: z.array(indicator),
      figures: figures.nullable(),
    })
    .nullable(),
  methods: z.array(method),
  notes: z.array(z.string()),
  partial: z.boolean(),
  environment: z.record(z.string(), z.string()),
  seconds: z.object({ total: z.number() }).catchall(z.number()),
});

const partsSchema = z.array(
  z.object({
    block: counts,
    samples: z.array(sample),
    methods: z.array(method),
    notes: z.array(z.string()),
    seconds: z.record(z.string(), z.number()),
  }),
);

/** Throws UsageError when the text is not a run document. */
export function parseRun(text: string, where: string): Run {
  return parsed(runSchema, text, where);
}

export function parseParts(text: string, where: string): SavedPart[] {
  return parsed(partsSchema, text, where);
}

function parsed<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${where} is not JSON; it is damaged: run the audit again.`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new UsageError(`${where} is no run of this schema (${place}: ${issue?.message ?? ''}).`);
}
