/**
 * Radii as a row of block characters: how many fall into each equal part of [0, end]. Any non-empty
 * part shows at least the lowest block, so that a single outlier is seen.
 */

const blocks = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

export function histogram(values: readonly number[], end: number, bins: number): string {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    if (!(value >= 0) || value > end) continue;
    const bin = Math.min(bins - 1, Math.floor((value / end) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const most = Math.max(...counts);
  return counts
    .map((count) =>
      count === 0 ? ' ' : (blocks[Math.ceil((count / most) * blocks.length) - 1] ?? '█'),
    )
    .join('');
}

/** A bar of `columns` cells, so much of it filled. */
export function gauge(fraction: number, columns: number): { filled: string; rest: string } {
  const cells = fraction > 0 ? Math.max(1, Math.round(fraction * columns)) : 0;
  const filled = Math.min(fraction < 1 ? columns - 1 : columns, cells);
  return { filled: '━'.repeat(filled), rest: '─'.repeat(columns - filled) };
}
