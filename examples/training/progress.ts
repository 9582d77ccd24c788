/** What a training prints: one line an epoch. */
import type { EpochReport } from '@glacis/core';

export function epochLine({ epoch, epochs, loss, seconds, stepTime }: EpochReport): string {
  return `epoch ${epoch} of ${epochs}: loss ${loss.toFixed(4)}, ${seconds.toFixed(1)} s, ${stepTime.toFixed(2)} ms a step`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
