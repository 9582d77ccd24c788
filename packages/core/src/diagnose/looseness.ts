/** How loose each bound becomes, layer by layer, around one input: mean widths of what an activation bends next. */
import type { BoundName } from '../bounds/methods.ts';
import { OutputBounder } from '../bounds/outputs.ts';
import type { Entry } from '../audit/ledger.ts';
import type { LoosenessRecord } from '../audit/run.ts';
import type { CancelSignal } from '../runtime/cancel.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { openNetwork } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Threat } from '../threats/threat.ts';
import { isProvable } from '../bounds/provable.ts';
import { significant } from './significant.ts';

const methods = ['interval', 'crown', 'alpha-crown'] as const satisfies readonly BoundName[];

interface Around {
  readonly threat: Threat;
  readonly entry: Entry;
  readonly signal?: CancelSignal | undefined;
}

/** Empty where the model is not one that bounds are known of. Throws Stopped. */
export async function loosenessOf(
  { model }: Classifier,
  runtime: Runtime,
  { threat, entry, signal }: Around,
): Promise<LoosenessRecord[]> {
  if (model.random.length > 0 || model.rounded || !isProvable(model, 'float32')) return [];
  const network = await openNetwork(model, runtime);
  try {
    const bounder = new OutputBounder({ network, threat, semantics: 'float32', outward: true });
    const found = new Map<string, Partial<Record<(typeof methods)[number], number>>>();
    for (const method of methods) {
      signal?.throwIfAborted();
      const bounds = await bounder.over(bounder.ball(entry.x, threat.eps), method);
      const layers = bounds ? [...bounds.layers, { ...bounds, label: 'output' }] : [];
      layers.forEach(({ label, lower, upper }, place) => {
        const name = place === layers.length - 1 ? label : `${place + 1} ${label}`;
        const widths = Array.from(lower, (low, k) => (upper[k] ?? 0) - low);
        const mean = widths.reduce((sum, width) => sum + width, 0) / Math.max(1, widths.length);
        found.set(name, { ...found.get(name), [method]: significant(mean) });
      });
    }
    return [...found].map(([layer, own]) => ({
      layer,
      interval: own.interval ?? null,
      crown: own.crown ?? null,
      alphaCrown: own['alpha-crown'] ?? null,
    }));
  } finally {
    await network.release();
  }
}
