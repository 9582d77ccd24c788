/**
 * Files exported for exactly n samples, as models of one: taken so where the file itself, fed n different
 * samples, answers each as it answers it alone.
 */
import { fixedRows, forAnyRows, forOneRow } from '../onnx/fixed-rows.ts';
import { ModelError } from '../onnx/model-error.ts';
import { type Model, readAgain } from '../onnx/read.ts';
import { RandomBlock } from '../tensor/random.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { AGREEMENT } from './agreement.ts';
import { fedAs } from './original.ts';
import type { Runtime, Session } from './runtime.ts';

/** The model of one sample; the given one where it is for any number of samples, or where samples meet. */
export async function withFreeRows(model: Model, runtime: Runtime): Promise<Model> {
  const rows = fixedRows(model);
  if (rows === undefined) return model;
  for (const form of [forAnyRows, forOneRow]) {
    const single = readForm(model, form);
    if (!single || !(await answersAlike(model, single, rows, runtime))) continue;
    const note = `The file was exported for ${rows} samples at once; they do not meet, and it is read as a model of one.`;
    return { ...single, notes: [...single.notes, note] };
  }
  return model;
}

function readForm(model: Model, form: typeof forOneRow): Model | undefined {
  try {
    return readAgain(model, { bytes: form(model) });
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

type Answers = Readonly<Record<string, readonly number[]>>;

/** Whether each of n different samples has the same results alone; not so where the runtime refuses a file. */
async function answersAlike(
  model: Model,
  single: Model,
  rows: number,
  runtime: Runtime,
): Promise<boolean> {
  const sessions: Session[] = [];
  try {
    for (const { bytes } of [model, single]) sessions.push(await runtime.session(bytes));
    const [whole, alone] = sessions;
    const [input] = model.inputs;
    if (!whole || !alone || !input) return false;
    const [, ...sample] = input.shape.map(Number);
    const size = sizeOf(sample);
    const random = new RandomBlock(0, 0, 0);
    const data = Float32Array.from({ length: rows * size }, (_, i) => random.uniform(i));
    const answers = async (session: Session, own: Float32Array): Promise<Answers> => {
      const shape = [own.length / size, ...sample];
      const results = await session.run({ [input.name]: fedAs(input, shape, own) });
      const named = single.graph.outputs.map(({ name }) => [
        name,
        Array.from((results[name]?.data ?? []) as ArrayLike<number>, Number),
      ]);
      return Object.fromEntries(named) as Answers;
    };
    const together = await answers(whole, data);
    for (let row = 0; row < rows; row++) {
      const own = await answers(alone, data.slice(row * size, (row + 1) * size));
      if (!isRow(together, own, row, rows, AGREEMENT[model.precision])) return false;
    }
    return true;
  } catch {
    return false;
  } finally {
    for (const session of sessions) await session.release();
  }
}

/** Whether `own` is one row of all `rows`, but for an error relative to its largest number. */
function isRow(all: Answers, own: Answers, row: number, rows: number, error: number): boolean {
  return Object.entries(own).every(([name, values]) => {
    const [whole, width] = [all[name] ?? [], values.length];
    const expected = whole.slice(row * width, (row + 1) * width);
    const allowed = error * Math.max(...expected.map(Math.abs)) + 1e-6;
    return (
      whole.length === rows * width &&
      values.every((value, i) => Math.abs(value - (expected[i] ?? Number.NaN)) <= allowed)
    );
  });
}
