/** Sizes for axes that a model leaves open: those of the data, or, where there are none, usual ones. */
import type { DeclaredInputs } from '@glacis/core';
import { openSource } from '../data/source.ts';
import type { OptionValues } from '../cli/options.ts';

/** The sizes of one stored sample, where the model has one input and the data as many axes. */
export async function sizesOfData(
  { inputs, open }: DeclaredInputs,
  path: string,
  { x, y }: OptionValues,
): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  const [input] = inputs.filter(({ name }) => open.some((axis) => axis.input === name));
  if (!input) return sizes;
  const source = await openSource(path, { x, y });
  const { stored } = await source.load([0]);
  if (stored.shape.length !== input.shape.length) return sizes;
  for (const { symbol, axis } of open) sizes[symbol] = stored.shape[axis] ?? 1;
  return sizes;
}

const [SEQUENCE, SIDE] = [8, 32];

/** For looking at a model without data: images of 32 × 32, sequences of 8. */
export function usualSizes({ inputs, open }: DeclaredInputs): Record<string, number> {
  return Object.fromEntries(
    open.map(({ input, symbol }) => {
      const rank = inputs.find(({ name }) => name === input)?.shape.length ?? 0;
      return [symbol, rank === 4 ? SIDE : SEQUENCE];
    }),
  );
}
