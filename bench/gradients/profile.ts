/**
 * Why a gradient costs what it costs: where ONNX Runtime says its time goes, by kernel.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Model, Tensor } from 'glacis';
import * as ort from 'onnxruntime-node';
import { gradientBytes, rowsFor } from './timing.ts';

/** One line of a profile; `dur` in microseconds. */
interface ProfileEvent {
  readonly cat?: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

const [WARM, RUNS, NAMED, LEAST_SHARE] = [3, 10, 3, 0.08];

/** The kernels that take most of the gradient's time, with their shares. */
export async function costliest(model: Model, batch: number): Promise<string> {
  const prefix = path.join(tmpdir(), `glacis-gradients-${process.pid}`);
  const session = await ort.InferenceSession.create(gradientBytes(model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    enableProfiling: true,
    profileFilePrefix: prefix,
  });
  const feeds = Object.fromEntries(
    Object.entries(rowsFor(model, batch, 'derived')).map(([name, rows]) => [name, ortTensor(rows)]),
  );
  for (let run = 0; run < WARM + RUNS; run++) await session.run(feeds);
  session.endProfiling();
  await session.release();
  return shares(eventsOf(prefix));
}

function ortTensor({ data, shape }: Tensor): ort.Tensor {
  return new ort.Tensor('float32', data as Float32Array, shape);
}

function eventsOf(prefix: string): ProfileEvent[] {
  const folder = path.dirname(prefix);
  const written = readdirSync(folder)
    .filter((file) => file.startsWith(path.basename(prefix)))
    .map((file) => path.join(folder, file));
  const events = written.flatMap(
    (file) => JSON.parse(readFileSync(file, 'utf8')) as ProfileEvent[],
  );
  for (const file of written) rmSync(file);
  return events;
}

function shares(events: readonly ProfileEvent[]): string {
  const times = new Map<string, number>();
  for (const { cat, dur, args } of events) {
    if (cat !== 'Node' || args?.op_name === undefined) continue;
    times.set(args.op_name, (times.get(args.op_name) ?? 0) + dur);
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, NAMED)
    .filter(([, time]) => time >= LEAST_SHARE * total)
    .map(([op, time]) => `${op} ${Math.round((100 * time) / total)} %`)
    .join(', ');
}
